"""How a claim field becomes the text of an element: chosen once, when the table is compiled.

Strict: what the guide forbids is refused with the reason, and the writer adds the claim and the position.
Source  X12.md §2.1 (characters, numbers, dates, lengths).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from integration_engine.core.codes import parse_npi
from integration_engine.crosswalk.claim_forms import plain_number
from integration_engine.wire.x12.segments import clean

Form = Callable[[Any], str]
MOST_AMOUNT = 10  # characters of an amount, cents implied
_DIGITS = re.compile(r"\D+")
_POST_BOX = re.compile(r"^\s*(P\.?\s*O\.?\s*BOX|LOCK\s*BOX)\b", re.IGNORECASE)


def form_of(written_as: str, kind: Any, *, composite: bool) -> Form:
    """The text of a value. kind: its type in the claim. Texts that cannot be written raise ValueError with the reason."""
    if composite or written_as == "spread":
        return str
    if kind is date:
        return _day
    if kind is Decimal:
        return plain_number if written_as == "quantity" else _money
    if kind is int:
        return str
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _value
    return _TEXT_FORMS.get(written_as, clean)


def fits(written_as: str, kind: Any) -> bool:
    """A format that says something about a type is only written for that type."""
    wanted = {"date": date, "money": Decimal, "quantity": Decimal, "whole": int}.get(written_as)
    return wanted is None or kind is wanted or kind is str


def _day(value: date) -> str:
    return value.isoformat().replace("-", "")


def _value(value: Enum) -> str:
    return str(value.value)


def _money(value: Decimal) -> str:
    """At most two decimals; whole cents."""
    text = f"{value:.2f}"
    if len(text) - 1 > MOST_AMOUNT:
        msg = f"an amount has at most {MOST_AMOUNT} digits"
        raise ValueError(msg)
    if Decimal(text) != value:
        msg = "an amount has whole cents"
        raise ValueError(msg)
    return text.rstrip("0").rstrip(".")


def _npi(text: str) -> str:
    return parse_npi(text)


def _street(text: str) -> str:
    if _POST_BOX.match(text):
        msg = "the billing provider's address is a street, not a box"
        raise ValueError(msg)
    return clean(text)


def _digits(text: str) -> str:
    return _DIGITS.sub("", text)


def _postal_code(*lengths: int) -> Form:
    def form(text: str) -> str:
        digits = _DIGITS.sub("", text)
        if len(digits) not in lengths:
            msg = f"a postal code of {' or '.join(map(str, lengths))} digits"
            raise ValueError(msg)
        return digits

    return form


_TEXT_FORMS: dict[str, Form] = {
    "digits": _digits,
    "zip": _postal_code(5, 9),
    "zip9": _postal_code(9),
    "npi": _npi,
    "street": _street,
}
