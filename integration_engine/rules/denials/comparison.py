"""Baseline against the time since, category by category: rates of denied claims, money, and whether chance explains it.

A rate is denied claims of a category to adjudicated claims. Two rates differ beyond chance when the two-proportion z,
pooled, passes the 95 % point of the normal distribution; each rate carries its Wilson interval. With fewer than five
denials expected on either side nothing is said. Source  REQUIREMENTS S1.16, K8, K9; E. B. Wilson, J. Am. Stat. Assoc. 22
(1927), score interval; W. G. Cochran, Biometrics 10 (1954), the least expected count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.core.money import ZERO, round_money
from integration_engine.domain.baseline import Baseline, CategoryCount, Measured, Tally, Told
from integration_engine.domain.denial import DenialCategory

Z_95 = Decimal("1.959964")
LEAST_EXPECTED = 5
TARGETED = "targeted"
ALL = "all"
# K8: no authorization, benefit limit exceeded, invalid units or modifiers.
_TARGETS = frozenset(
    {DenialCategory.AUTHORIZATION, DenialCategory.BENEFIT_LIMIT, DenialCategory.UNITS, DenialCategory.MODIFIER}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Denied claims of a kind to all adjudicated ones, with their lines and money.

    Units    percent, low, high: with two places; low to high is the 95 % interval. None where nothing was adjudicated.
    """

    claims: int
    lines: int
    amount: Decimal
    percent: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row: what was and what is. category: a denial category, ``targeted`` (K8) or ``all`` (K9).

    Units    points: percentage points, positive where denials fell. z: None where it cannot be told.
    """

    category: str
    baseline: Rate
    current: Rate
    points: Decimal | None
    z: Decimal | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """The same rows for a part: by ``discipline`` or by ``payer``; a part that only one side has stands here, too."""

    by: str
    name: str
    baseline_claims: int
    current_claims: int
    rows: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """How much of what was denied has a category. percent: two places, None where nothing was denied.

    Shapes   denials: denied lines, and claims denied without one. told_discipline: claims whose discipline the answers
             tell, of ``claims``.
    """

    denials: int
    with_category: int
    percent: Decimal | None
    claims: int
    told_discipline: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A baseline against a later period, whole and in its parts.

    Shapes   notes: what has to be known before anyone quotes a number of it.
    """

    baseline: str
    baseline_from: date | None
    baseline_to: date | None
    baseline_claims: int
    baseline_classified: Classified
    current_from: date
    current_to: date
    current_claims: int
    current_classified: Classified
    rows: tuple[Change, ...]
    parts: tuple[PartChange, ...]
    notes: tuple[str, ...]


def compare(baseline: Baseline, current: Measured, period: tuple[date, date], definitions: str) -> Comparison:
    """The rows of every category, of the targeted ones together and of all.

    Shapes   current: first answers of ``period`` on our own claims, counted by the same rules. definitions: the version
             of the denial rules that counted them.
    """
    before, after = baseline.measured.whole, current.whole
    return Comparison(
        baseline=baseline.name,
        baseline_from=baseline.measured.first_on,
        baseline_to=baseline.measured.last_on,
        baseline_claims=before.adjudicated_claims,
        baseline_classified=classified(baseline.measured),
        current_from=period[0],
        current_to=period[1],
        current_claims=after.adjudicated_claims,
        current_classified=classified(current),
        rows=_rows(before, after),
        parts=_parts(baseline.measured, current),
        notes=tuple(_notes(baseline, period, definitions, len(before.categories))),
    )


def classified(measured: Measured) -> Classified:
    """The share of denials that has a category, and of claims whose discipline is told."""
    unmapped = sum(count for _, count in measured.unmapped)
    not_told = sum(part.tally.adjudicated_claims for part in measured.slices if part.name == Told.UNKNOWN)
    with_category = measured.denials - unmapped
    claims = measured.whole.adjudicated_claims
    return Classified(
        denials=measured.denials,
        with_category=with_category,
        percent=_percent(Decimal(with_category) / measured.denials) if measured.denials else None,
        claims=claims,
        told_discipline=claims - not_told,
    )


def rate(tally: Tally, counts: Iterable[CategoryCount]) -> Rate:
    """Some categories of a tally as one rate with its 95 % Wilson interval."""
    listed = tuple(counts)
    claims, adjudicated = sum(c.claims for c in listed), tally.adjudicated_claims
    low, high = wilson(claims, adjudicated) if adjudicated else (None, None)
    return Rate(
        claims=claims,
        lines=sum(c.lines for c in listed),
        amount=sum((c.amount for c in listed), ZERO),
        percent=_percent(Decimal(claims) / adjudicated) if adjudicated else None,
        low=_percent(low) if low is not None else None,
        high=_percent(high) if high is not None else None,
    )


def wilson(hits: int, of: int) -> tuple[Decimal, Decimal]:
    """The 95 % score interval of a share, both ends between 0 and 1; ``of`` is at least 1."""
    share, square = Decimal(hits) / of, Z_95 * Z_95
    middle = share + square / (2 * of)
    spread = Z_95 * ((share * (1 - share) + square / (4 * of)) / of).sqrt()
    whole = 1 + square / of
    low, high = (middle - spread) / whole, (middle + spread) / whole
    # The formula ends exactly at 0 and 1 there; rounding of the root must not push it over.
    return (Decimal(0) if hits == 0 else low, Decimal(1) if hits == of else high)


def two_proportion_z(hits: int, of: int, later_hits: int, later_of: int) -> Decimal | None:
    """How many standard errors the first share lies above the second; None with fewer than five expected on any side."""
    if not of or not later_of:
        return None
    pooled = Decimal(hits + later_hits) / (of + later_of)
    rarer = min(pooled, 1 - pooled) * min(of, later_of)
    if rarer < LEAST_EXPECTED:
        return None
    error = (pooled * (1 - pooled) * (Decimal(1) / of + Decimal(1) / later_of)).sqrt()
    return (Decimal(hits) / of - Decimal(later_hits) / later_of) / error


# --- parts ------------------------------------------------------------------------------------------------------------


def _rows(before: Tally, after: Tally) -> tuple[Change, ...]:
    """Every category, the targeted ones together, and all."""
    categories = [
        _change(b.category.value, before, after, [b], [a])
        for b, a in zip(before.categories, after.categories, strict=True)
    ]
    targeted = _change(TARGETED, before, after, _targeted(before), _targeted(after))
    return (*categories, targeted, _change(ALL, before, after, before.categories, after.categories))


def _parts(before: Measured, after: Measured) -> tuple[PartChange, ...]:
    """The parts that either side has claims of: disciplines, then payers, by name."""
    was = {(part.by, part.name): part.tally for part in before.slices}
    now = {(part.by, part.name): part.tally for part in after.slices}
    found = []
    for key in sorted(dict.fromkeys((*was, *now)), key=lambda one: (one[0], one[1])):
        one, other = was.get(key, _NOTHING), now.get(key, _NOTHING)
        if one.adjudicated_claims or other.adjudicated_claims:
            found.append(
                PartChange(
                    by=key[0],
                    name=key[1],
                    baseline_claims=one.adjudicated_claims,
                    current_claims=other.adjudicated_claims,
                    rows=_rows(one, other),
                )
            )
    return tuple(found)


_NOTHING = Tally(
    adjudicated_claims=0,
    denied_claims=0,
    adjudicated_lines=0,
    denied_lines=0,
    charged=ZERO,
    paid=ZERO,
    denied=ZERO,
    categories=tuple(CategoryCount(category=category, claims=0, lines=0, amount=ZERO) for category in DenialCategory),
)


def _targeted(tally: Tally) -> list[CategoryCount]:
    return [count for count in tally.categories if count.category in _TARGETS]


def _change(
    category: str, before: Tally, after: Tally, was: Iterable[CategoryCount], now: Iterable[CategoryCount]
) -> Change:
    first, second = rate(before, was), rate(after, now)
    z = two_proportion_z(first.claims, before.adjudicated_claims, second.claims, after.adjudicated_claims)
    points = first.percent - second.percent if first.percent is not None and second.percent is not None else None
    return Change(
        category=category,
        baseline=first,
        current=second,
        points=points,
        z=round_money(z) if z is not None else None,
        note=_note(z, points),
    )


def _note(z: Decimal | None, points: Decimal | None) -> str:
    if points is None:
        return "nothing was adjudicated on one side"
    if z is None:
        return "too few denials to tell: fewer than five expected"
    if abs(z) < Z_95:
        return "no difference beyond chance"
    return "fewer than before, beyond chance" if z > 0 else "more than before, beyond chance"


def _notes(baseline: Baseline, period: tuple[date, date], definitions: str, categories: int) -> Iterable[str]:
    yield (
        "A claim counts once, by the first answer on it, in the month it was answered; both sides are judged by the answer "
        "alone, without what we know of our own claims, so the denial queue may name another category."
    )
    yield f"{categories} categories are compared at 95 %: about one in twenty differs by chance alone."
    if definitions != baseline.definitions:
        yield (
            "The rules that categorize have changed since the baseline was frozen: import the same files as a baseline "
            "that supersedes it before the categories are compared."
        )
    if not baseline.coverage.enough:
        yield (
            f"The baseline covers {baseline.coverage.months_covered} of the {baseline.coverage.months_wanted} months "
            "asked for."
        )
    first, last = baseline.measured.first_on, baseline.measured.last_on
    if first is None or last is None:
        yield "The baseline counts no claim."
        return
    share = classified(baseline.measured)
    if share.percent is not None and share.with_category < share.denials:
        yield (
            f"Of {share.denials} denials of the baseline {share.with_category} have a category ({share.percent} %); the"
            " others stand under unmapped."
        )
    lengths = (last - first).days + 1, (period[1] - period[0]).days + 1
    if lengths[0] != lengths[1]:
        yield f"The periods differ in length: {lengths[0]} and {lengths[1]} days; rates can be compared, counts cannot."
    if (first.month, last.month) != (period[0].month, period[1].month):
        yield "The periods are not of the same season."


def _percent(share: Decimal) -> Decimal:
    return round_money(100 * share)
