"""Money: ``Decimal`` with two places, built from strings or integer cents; rounding lives here and nowhere else."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

ZERO = Decimal("0.00")
_CENT = Decimal("0.01")


def parse_money(text: str) -> Decimal:
    """Dollars from text such as ``100.000000`` or ``45``.

    Raises   ValueError when it is not a plain number or holds a fraction of a cent.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        msg = "an amount is a plain decimal number, such as 45.00"
        raise ValueError(msg) from None
    if not value.is_finite():
        msg = "an amount is a finite number"
        raise ValueError(msg)
    rounded = round_money(value)
    if rounded != value:
        msg = "an amount has whole cents"
        raise ValueError(msg)
    return rounded


def round_money(value: Decimal) -> Decimal:
    """To whole cents, half away from zero; only where a source or a contract says so."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def to_cents(value: Decimal) -> int:
    """Integer cents, as the tables hold money."""
    return int(value.scaleb(2).to_integral_exact())


def from_cents(cents: int) -> Decimal:
    """Dollars from the integer cents of a table."""
    return Decimal(cents).scaleb(-2)
