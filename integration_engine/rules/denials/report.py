"""The denial report: how many and how much by category, what no file maps, the initial rate, and what would prevent each.

Source  REQUIREMENTS S1.10, S1.14, S1.15, K9, K12; what prevents a category is data of mappings/responses/denials.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from integration_engine.core.findings import Queue
from integration_engine.core.money import ZERO, round_money
from integration_engine.domain.baseline import CategoryCount, Measured, Slice
from integration_engine.domain.denial import DenialCategory, UnmappedShare
from integration_engine.rules.denials.comparison import Rate, rate
from integration_engine.rules.responses.in_force import Responses

# Source  REQUIREMENTS S1.10: shown for orientation only, nothing is decided by it.
REFERENCE_BAND = "10 to 20 %"
OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeniedLine:
    """One line of the denial list, as far as counting needs it. recovered: what was paid on it later, in dollars."""

    claim: str
    category: DenialCategory
    state: str
    amount: Decimal
    recovered: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One category. by_count, by_money: its rank by claims and by dollars, 1 the worst; None where nothing was denied.

    Shapes   open_lines, open_amount: nothing was done about them yet; recovered: paid on them later; None of history,
             where it is not known. queue, prevented_by: where its causes wait before a claim is sent, and the gates and
             edits that look for them; None and empty where nothing of the engine does.
    """

    category: DenialCategory
    claims: int
    lines: int
    amount: Decimal
    open_lines: int | None
    open_amount: Decimal | None
    recovered: Decimal | None
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
    by_category = {category: [one for one in listed if one.category is category] for category in DenialCategory}
    still = {category: [one for one in lines if one.state == OPEN] for category, lines in by_category.items()}
    paid = {category: sum((one.recovered for one in lines), ZERO) for category, lines in by_category.items()}
    return DenialReport(
        lines=len(listed),
        amount=sum((one.amount for one in listed), ZERO),
        categories=_ranked(
            [_count(category, lines) for category, lines in by_category.items()], still, responses, paid
        ),
        unmapped=unmapped,
        initial=initial_rates(first_answers),
        reference_band=REFERENCE_BAND,
    )


def baseline_report(measured: Measured, responses: Responses) -> DenialReport:
    """The same of a baseline: what to build first, since it ranks what went wrong before (S1.15)."""
    unmapped = sum(count for _, count in measured.unmapped)
    return DenialReport(
        lines=measured.whole.denied_lines,
        amount=measured.whole.denied,
        categories=_ranked(measured.whole.categories, None, responses),
        unmapped=UnmappedShare(
            denied=measured.denials,
            unmapped=unmapped,
            percent=round_money(Decimal(100 * unmapped) / measured.denials) if measured.denials else None,
            limit_percent=responses.unmapped_limit_percent,
            codes=measured.unmapped,
        ),
        initial=initial_rates(measured),
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


def _ranked(
    counts: Iterable[CategoryCount],
    still: Mapping[DenialCategory, list[DeniedLine]] | None,
    responses: Responses,
    paid: Mapping[DenialCategory, Decimal] | None = None,
) -> tuple[Ranked, ...]:
    listed = tuple(counts)
    by_count = _ranks({c.category: Decimal(c.claims) for c in listed})
    by_money = _ranks({c.category: c.amount for c in listed})
    ranked = [
        Ranked(
            category=count.category,
            claims=count.claims,
            lines=count.lines,
            amount=count.amount,
            open_lines=len(still[count.category]) if still is not None else None,
            open_amount=sum((one.amount for one in still[count.category]), ZERO) if still is not None else None,
            recovered=paid.get(count.category, ZERO) if paid is not None else None,
            by_count=by_count.get(count.category),
            by_money=by_money.get(count.category),
            queue=responses.actions[count.category].queue,
            prevented_by=responses.actions[count.category].prevented_by,
        )
        for count in listed
    ]
    return tuple(sorted(ranked, key=lambda one: (-one.amount, -one.claims)))


def _count(category: DenialCategory, lines: list[DeniedLine]) -> CategoryCount:
    return CategoryCount(
        category=category,
        claims=len({one.claim for one in lines}),
        lines=len(lines),
        amount=sum((one.amount for one in lines), ZERO),
    )


def _ranks(values: Mapping[DenialCategory, Decimal]) -> dict[DenialCategory, int]:
    """Place of each category that has any, 1 the largest; equals share a place."""
    found = {category: value for category, value in values.items() if value}
    return {category: 1 + sum(other > value for other in found.values()) for category, value in found.items()}
