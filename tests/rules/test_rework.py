"""Rework against margin: touches times minutes times wage, never a figure that nobody gave."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from integration_engine.domain.round_trip import RoundTrip
from integration_engine.rules.denials.rework import ReworkFigures, rework


def trip(touches: int, allowed: int, cash: date | None = None) -> RoundTrip:
    return RoundTrip(
        numbers=("C1",),
        visits="V1",
        payer="MEDICARE",
        discipline="PT",
        date_of_service=date(2026, 10, 1),
        submissions=1,
        refused=0,
        answers=3,
        denials=0,
        touches=touches,
        first_cash_on=cash,
        paid_cents=allowed,
        allowed_cents=allowed,
    )


@pytest.mark.parametrize(
    ("touches", "allowed", "cost", "margin", "loses"),
    [
        (0, 10000, "0.00", "15.00", False),
        (2, 10000, "12.00", "15.00", False),
        (3, 10000, "18.00", "15.00", True),
        (1, 0, "6.00", "0.00", True),
        (5, 20000, "30.00", "30.00", False),  # as much as is earned is not more
    ],
)
def test_rework_loses_when_it_costs_more_than_the_margin(
    touches: int, allowed: int, cost: str, margin: str, loses: bool
) -> None:
    figures = ReworkFigures(minutes_per_touch=Decimal(12), hourly_rate=Decimal("30.00"), margin_percent=Decimal(15))
    (found,) = rework([trip(touches, allowed)], figures)
    assert (found.cost, found.margin, found.loses) == (Decimal(cost), Decimal(margin), loses)


def test_figures_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="not below zero"):
        ReworkFigures(minutes_per_touch=Decimal(-1), hourly_rate=Decimal(30), margin_percent=Decimal(15))


def test_days_to_cash_are_counted_from_the_date_of_service_and_not_nought_while_unpaid() -> None:
    assert trip(0, 100, date(2026, 10, 31)).days_to_cash == 30
    assert trip(0, 100).days_to_cash is None
