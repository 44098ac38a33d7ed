"""Text of a claim file as amounts, dates and identifiers, each read once: the same few values come in every claim."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from integration_engine.core.codes import parse_npi

_AMOUNT = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)?(?:\.\d?[1-9])?")
_MOST_DIGITS = 10  # cents implied
_DAY_LENGTH = 8
_PERIOD_LENGTH = 17


@lru_cache(maxsize=65_536)
def amount(text: str) -> Decimal | None:
    """Dollars; None where the text is no number."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


@lru_cache(maxsize=65_536)
def amount_fault(text: str) -> str:
    """``form``, ``zeros`` or ``negative``; "" for a well-written amount, and for no number at all (the guide's to say).

    Source   X12.6 decimal numbers; X222A1 appendix on amounts: ten digits, cents implied.
    """
    value = amount(text)
    if value is None:
        return ""
    whole, _, cents = text.lstrip("-").partition(".")
    if len(cents.rstrip("0")) > 2 or len(whole.lstrip("0")) + 2 > _MOST_DIGITS:  # noqa: PLR2004 - cents
        return "form"
    if value < 0:
        return "negative"
    return "" if text and _PLAIN.fullmatch(text) and text not in {"", "-", "-0"} else "zeros"


@lru_cache(maxsize=65_536)
def day(text: str) -> date | None:
    """A day of the calendar from CCYYMMDD; None where it is none."""
    if len(text) != _DAY_LENGTH or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def period(text: str) -> tuple[date | None, date | None]:
    """First and last day of a date or period; the same day twice for a single date."""
    if len(text) == _PERIOD_LENGTH:
        return day(text[:_DAY_LENGTH]), day(text[_DAY_LENGTH + 1 :])
    one = day(text)
    return one, one


@lru_cache(maxsize=65_536)
def npi_holds(text: str) -> bool:
    """Ten digits with a valid check digit?"""
    try:
        parse_npi(text)
    except ValueError:
        return False
    return True
