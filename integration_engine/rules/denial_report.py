"""The denial report: how many and how much by category, what no file maps, the initial rate, and what would prevent each.

Source  REQUIREMENTS S1.10, S1.14, S1.15, K9; what prevents a category is data of mappings/responses/denials.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from integration_engine.core.findings import Queue
from integration_engine.core.money import ZERO
from integration_engine.domain.baseline import CategoryCount, Measured, Slice
from integration_engine.domain.denial import DenialCategory, UnmappedShare
from integration_engine.rules.baseline_comparison import Rate, rate
from integration_engine.rules.responses import Responses

# Source  REQUIREMENTS S1.10: shown for orientation only, nothing is decided by it.
REFERENCE_BAND = "10 to 20 %"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeniedLine:
    """One line of the denial list, as far as counting needs it."""

    claim: str
    category: DenialCategory
    state: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One category. by_count, by_money: its rank, 1 the worst; None where nothing was denied.

    Shapes   open_lines: nothing was done about them yet. queue, prevented_by: where its causes wait before a claim is
             sent, and the gates and edits that look for them; None and empty where nothing of the engine does.
    """

    category: DenialCategory
    claims: int
    lines: int
    amount: Decimal
    open_lines: int
    open_amount: Decimal
    by_count: int | None
    by_money: int | None
    queue: Queue | None
    prevented_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialRate:
    """Denied claims to adjudicated ones by the first answer (K9), of a part."""

    by: str
    name: str
    adjudicated: int
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialReport:
    """The whole report. reference_band: of initial denial rates, for orientation."""

    lines: int
    amount: Decimal
    categories: tuple[Ranked, ...]
    unmapped: UnmappedShare
    initial: tuple[InitialRate, ...]
    reference_band: str


def denial_report(
    denied: Iterable[DeniedLine], unmapped: UnmappedShare, first_answers: Measured, responses: Responses
) -> DenialReport:
    """Denials by category with their rank by count and by money, worst by money first."""
    listed = tuple(denied)
    counts = [_count(category, [one for one in listed if one.category is category]) for category in DenialCategory]
    by_count = _ranks({c.category: c.lines for c in counts})
    by_money = _ranks({c.category: c.amount for c in counts})
    still = {
        category: [o for o in listed if o.category is category and o.state == "open"] for category in DenialCategory
    }
    ranked = [
        Ranked(
            category=count.category,
            claims=count.claims,
            lines=count.lines,
            amount=count.amount,
            open_lines=len(still[count.category]),
            open_amount=sum((one.amount for one in still[count.category]), ZERO),
            by_count=by_count.get(count.category),
            by_money=by_money.get(count.category),
            queue=responses.actions[count.category].queue,
            prevented_by=responses.actions[count.category].prevented_by,
        )
        for count in counts
    ]
    return DenialReport(
        lines=len(listed),
        amount=sum((one.amount for one in listed), ZERO),
        categories=tuple(sorted(ranked, key=lambda one: (-one.amount, -one.lines))),
        unmapped=unmapped,
        initial=initial_rates(first_answers),
        reference_band=REFERENCE_BAND,
    )


def initial_rates(measured: Measured) -> tuple[InitialRate, ...]:
    """The initial denial rate, whole, by discipline and by payer; parts without claims are left out."""
    whole = Slice(by="all", name="", tally=measured.whole)
    return tuple(
        InitialRate(
            by=part.by,
            name=part.name,
            adjudicated=part.tally.adjudicated_claims,
            rate=rate(part.tally, part.tally.categories),
        )
        for part in (whole, *measured.slices)
        if part.tally.adjudicated_claims or part is whole
    )


def _count(category: DenialCategory, lines: list[DeniedLine]) -> CategoryCount:
    return CategoryCount(
        category=category,
        claims=len({one.claim for one in lines}),
        lines=len(lines),
        amount=sum((one.amount for one in lines), ZERO),
    )


def _ranks(values: dict[DenialCategory, int] | dict[DenialCategory, Decimal]) -> dict[DenialCategory, int]:
    """Place of each category that has any, 1 the largest; equals share a place."""
    found = {category: value for category, value in values.items() if value}
    return {category: 1 + sum(other > value for other in found.values()) for category, value in found.items()}
