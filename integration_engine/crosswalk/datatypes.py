"""HL7 text to values of the therapy model. What cannot be read raises ``ValueError`` saying what was wanted; nothing is
padded, guessed or defaulted. Dates are the sender's local calendar days: an offset never moves one over midnight.
Source  HL7 v2.5.1 ch. 2A (data types).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from integration_engine.core import codes
from integration_engine.core.money import parse_money
from integration_engine.domain.parties import Address, Identifier, LicenceLevel, PersonName, Practitioner
from integration_engine.wire.hl7 import Segment

_STAMP = re.compile(r"(\d{4})(\d{2})?(\d{2})?(?:(\d{2})(\d{2})(\d{2})?(?:\.\d+)?)?(?:[+-]\d{2}:?\d{2})?")
_MODIFIERS = re.compile(r"[,\s]+")
_MINUTES_UNITS = frozenset({"", "MIN", "MINS", "MINUTE", "MINUTES", "M"})
_HOURS_UNITS = frozenset({"H", "HR", "HRS", "HOUR", "HOURS"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader needs besides the text: the segment it came from and the feed's licence table."""

    segment: Segment
    licences: Mapping[str, str]


def read_date(text: str) -> date:
    """A whole date; ``YYYYMMDD`` with or without a time behind it."""
    match = _STAMP.fullmatch(text.strip())
    if match is None or not match.group(3):
        msg = "a whole date (YYYYMMDD) is wanted"
        raise ValueError(msg)
    try:
        return date(int(match.group(1)), int(match.group(2)), int(match.group(3)))
    except ValueError:
        msg = "no such date"
        raise ValueError(msg) from None


def read_timestamp(text: str) -> datetime | None:
    """A local moment; a date without a time says nothing of when, and is None."""
    match = _STAMP.fullmatch(text.strip())
    if match is None or not match.group(3):
        msg = "a date and time (YYYYMMDDHHMM) is wanted"
        raise ValueError(msg)
    if match.group(4) is None:
        return None
    try:
        year, month, day, hour, minute = (int(match.group(i)) for i in range(1, 6))
        return datetime(year, month, day, hour, minute, int(match.group(6) or 0))
    except ValueError:
        msg = "no such date and time"
        raise ValueError(msg) from None


def read_whole(text: str) -> int:
    """A whole number, also written ``1.00``."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        msg = "a whole number is wanted"
        raise ValueError(msg) from None
    if not value.is_finite() or value != value.to_integral_value() or value < 0 or value > 1_000_000:  # noqa: PLR2004
        msg = "a whole number, 0 or more, is wanted"
        raise ValueError(msg)
    return int(value)


def read_minutes(text: str, unit: str = "") -> int:
    """Whole minutes; ``unit`` may say hours."""
    unit = unit.strip().upper()
    value = read_whole(text)
    if unit in _MINUTES_UNITS:
        return value
    if unit in _HOURS_UNITS:
        return value * 60
    msg = "minutes are wanted and another unit was sent"
    raise ValueError(msg)


def read_quantity(text: str) -> Decimal:
    """A count or an amount, 0 or more."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        msg = "a number is wanted"
        raise ValueError(msg) from None
    if not value.is_finite() or value < 0:
        msg = "a number, 0 or more, is wanted"
        raise ValueError(msg)
    return value


def read_money(text: str) -> Decimal:
    """Dollars and whole cents."""
    return parse_money(text)


def read_money_text(text: str) -> str:
    """Dollars as text."""
    return str(parse_money(text))


def read_yes_no(text: str) -> bool:
    """Y or N."""
    answer = {"Y": True, "YES": True, "1": True, "N": False, "NO": False, "0": False}.get(text.strip().upper())
    if answer is None:
        msg = "Y or N is wanted"
        raise ValueError(msg)
    return answer


def read_place_of_service(text: str) -> str:
    """Two digits."""
    code = text.strip()
    if len(code) != 2 or not (code.isascii() and code.isdigit()):  # noqa: PLR2004
        msg = "a two-digit place of service is wanted"
        raise ValueError(msg)
    return code


def read_name(text: str, reading: Reading) -> PersonName | None:
    """XPN or the name parts of XCN: family^given^middle^suffix."""
    part = [reading.segment.inside(text, number).strip() or None for number in range(1, 5)]
    return PersonName(last=part[0], first=part[1], middle=part[2], suffix=part[3]) if any(part) else None


def read_address(text: str, reading: Reading) -> Address | None:
    """XAD: street^other^city^state^postal code^country."""
    part = [reading.segment.inside(text, number).strip() or None for number in range(1, 7)]
    if not any(part):
        return None
    postal = re.sub(r"\D", "", part[4] or "") or None
    return Address(line1=part[0], line2=part[1], city=part[2], state=part[3], postal_code=postal, country=part[5])


def read_identifier(text: str, reading: Reading) -> Identifier | None:
    """CX: value^^^authority^type."""
    value = reading.segment.inside(text, 1).strip()
    if not value:
        return None
    return Identifier(
        value=value, kind=reading.segment.inside(text, 5) or None, authority=reading.segment.inside(text, 4) or None
    )


def read_practitioner(text: str, reading: Reading) -> Practitioner | None:
    """XCN: id, name, credential; the id is an NPI when XCN-13 says so, or when it has ten digits and no type.

    Raises   ValueError when an id that is called an NPI is none.
    """
    inside = reading.segment.inside
    number, kind = inside(text, 1).strip(), inside(text, 13).strip().upper()
    authority = inside(text, 9).strip().upper()
    name = [inside(text, part).strip() or None for part in (2, 3, 4, 5)]
    credential = (inside(text, 21) or inside(text, 7)).strip() or None
    npi, local = None, None
    if number:
        looks = len(number) == 10 and number.isdigit()  # noqa: PLR2004 - the length of an NPI
        if "NPI" in {kind, authority} or (looks and not kind):
            npi = codes.parse_npi(number)
        else:
            local = number
    if not (number or any(name)):
        return None
    level = next(
        (reading.licences[c.upper()] for c in re.split(r"[,;\s]+", credential or "") if c.upper() in reading.licences),
        None,
    )
    return Practitioner(
        npi=npi,
        local_id=local,
        name=PersonName(last=name[0], first=name[1], middle=name[2], suffix=name[3]) if any(name) else None,
        credential=credential,
        licence=LicenceLevel(level) if level else None,
    )


def read_modifiers(texts: list[str], reading: Reading, *, lists: bool) -> tuple[codes.Modifier, ...]:
    """Repetitions in order; with ``lists`` also several in one repetition."""
    found: list[codes.Modifier] = []
    for text in texts:
        value = reading.segment.inside(text, 1).strip()
        parts = _MODIFIERS.split(value) if lists else [value]
        found.extend(codes.parse_modifier(part) for part in parts if part)
    return tuple(dict.fromkeys(found))
