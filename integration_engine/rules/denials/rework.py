"""What the work on a claim cost against what it earns: touches, minutes and wage on one side, margin on the other.

The figures are the practice's own and are given with the question; without them no cost is told.
Source  REQUIREMENTS S1.11 (touch minutes times rate per claim versus allowed amount), S1.12.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from integration_engine.core.money import from_cents, round_money
from integration_engine.domain.round_trip import RoundTrip

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ReworkFigures:
    """What a practice knows of its own work.

    Units    minutes_per_touch: minutes. hourly_rate: dollars, wage with its costs. margin_percent: of the allowed amount.
    """

    minutes_per_touch: Decimal
    hourly_rate: Decimal
    margin_percent: Decimal

    def __post_init__(self) -> None:
        """Hold what the figures can be.

        Raises   ValueError for one below zero.
        """
        if min(self.minutes_per_touch, self.hourly_rate, self.margin_percent) < 0:
            raise ValueError("minutes, rate and margin are not below zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """One claim's cost of rework and its margin, in dollars. loses: the work cost more than the claim earns."""

    trip: RoundTrip
    cost: Decimal
    margin: Decimal

    @property
    def loses(self) -> bool:
        """True when the rework ate the margin."""
        return self.cost > self.margin


def rework(trips: Iterable[RoundTrip], figures: ReworkFigures) -> tuple[Rework, ...]:
    """Cost and margin of each claim, in the order given."""
    each = figures.minutes_per_touch * figures.hourly_rate / MINUTES_PER_HOUR
    return tuple(
        Rework(
            trip=trip,
            cost=round_money(trip.touches * each),
            margin=round_money(from_cents(trip.allowed_cents) * figures.margin_percent / 100),
        )
        for trip in trips
    )
