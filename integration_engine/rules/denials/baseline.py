"""What a history of answers comes to: first answers on original claims, denied or not, each denial in one category.

The same count serves a baseline (claims that others sent) and the time since (our own), so that the two can be held
against each other; both are judged by the answer alone, since of a claim that others sent nothing else is known.
What is not counted is told with its reason. Source  REQUIREMENTS KPI registry, shared terms, K8 and K9; S1.13, S1.14.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.money import ZERO
from integration_engine.domain.baseline import (
    AnsweredClaim,
    CategoryCount,
    Coverage,
    FileCoverage,
    Measured,
    NotUsable,
    Slice,
    Tally,
    Told,
)
from integration_engine.domain.denial import Books, DenialCategory, DenialContext, DenialDecision
from integration_engine.domain.remit import RemitClaim, RemitLine
from integration_engine.rules.denials.categories import PREDETERMINATION, REVERSAL, categorize, of_claim, unmapped_share
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.posting.balance import all_adjustments, claim_difference
from integration_engine.rules.responses.in_force import Responses

MONTHS_WANTED = 3  # Source  REQUIREMENTS S1.13: at least three months of history
_NOT_OURS = "23"  # CLP02: not the payer's claim, passed on
_LATER_PAYERS = frozenset({"2", "3", "20", "21"})  # CLP02: processed as secondary or tertiary
_CORRECTIONS = frozenset({"7", "8"})
_UNKNOWN_CONTEXT = DenialContext()
_Identity = tuple[str, str, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A claim that is counted, with what was decided on it by its first answer.

    Shapes   parts: one answer, or several of one day where the payer split the claim. lines: of all parts, in order.
    """

    parts: tuple[AnsweredClaim, ...]
    paid_on: date
    discipline: Told
    whole: DenialDecision
    lines: tuple[DenialDecision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A history told apart. left_out: in the order given, with the reason each is not counted."""

    counted: tuple[Counted, ...]
    left_out: tuple[tuple[AnsweredClaim, NotUsable], ...]


def sort_out(
    answers: Iterable[AnsweredClaim],
    responses: Responses,
    parameters: Parameters,
    *,
    ours: AbstractSet[str] = frozenset(),
    within: tuple[date, date] | None = None,
) -> Sorted:
    """The first answer on each original claim, categorized, and why every other answer is not counted.

    Shapes   ours: claim numbers that this engine sent. within: only first answers of these dates are counted, both ends
             included; a claim first answered earlier stays first answered then. A claim is known by payer, claim number
             and first date of service, because older systems give one number to all claims of a patient. Answers of one
             day on one claim are parts of one answer, unless one of them takes another back.
    """
    left_out: list[tuple[AnsweredClaim, NotUsable]] = []
    dated: list[tuple[date, AnsweredClaim]] = []
    for answer in answers:
        reason = _not_usable(answer, responses, ours)
        if reason is not None:
            left_out.append((answer, reason))
        else:
            assert answer.paid_on is not None
            dated.append((answer.paid_on, answer))
    reversals = [answer for answer, reason in left_out if reason is NotUsable.REVERSAL]
    taken_back = {(_identity(answer), answer.paid_on) for answer in reversals}
    undone = {(_identity(a), a.paid_on, -a.claim.charge, -a.claim.paid) for a in reversals}
    # By date, and on one date what a reversal takes back before what took its place: files come in any order.
    dated.sort(key=lambda p: (p[0], (_identity(p[1]), p[0], p[1].claim.charge, p[1].claim.paid) not in undone))
    payments: set[str] = set()
    claims: dict[_Identity, tuple[date, list[AnsweredClaim]]] = {}
    for paid_on, answer in dated:
        if answer.key and answer.key in payments:
            left_out.append((answer, NotUsable.REPEATED))
            continue
        payments.add(answer.key)
        identity = _identity(answer)
        first_on, parts = claims.setdefault(identity, (paid_on, []))
        if parts and (paid_on != first_on or (identity, paid_on) in taken_back):
            left_out.append((answer, NotUsable.LATER_ANSWER))
        else:
            parts.append(answer)
    counted = [
        _counted(tuple(parts), paid_on, responses, parameters)
        for paid_on, parts in claims.values()
        if within is None or within[0] <= paid_on <= within[1]
    ]
    return Sorted(counted=tuple(counted), left_out=tuple(left_out))


def measure(counted: Sequence[Counted], responses: Responses) -> Measured:
    """Rates and money of a history that was sorted out, whole, by discipline and by payer."""
    by_discipline: dict[str, list[Counted]] = {}
    by_payer: dict[str, list[Counted]] = {}
    for one in counted:
        by_discipline.setdefault(one.discipline.value, []).append(one)
        by_payer.setdefault(one.parts[0].payer_id, []).append(one)
    days = [one.paid_on for one in counted]
    share = unmapped_share((d for one in counted for d in _denials(one)), responses)
    return Measured(
        first_on=min(days, default=None),
        last_on=max(days, default=None),
        whole=_tally(counted),
        slices=(
            *(Slice(by="discipline", name=t.value, tally=_tally(by_discipline.get(t.value, ()))) for t in Told),
            *(Slice(by="payer", name=name, tally=_tally(part)) for name, part in sorted(by_payer.items())),
        ),
        denials=share.denied,
        unmapped=share.codes,
    )


def coverage(files: Sequence[FileCoverage], history: Sorted, rows_refused: int = 0) -> Coverage:
    """How many claims and lines of an import count, and why the others do not.

    Shapes   files: with what was read of each; what of it counts is filled in here. rows_refused: claims of a spreadsheet
             with a row that could not be read.
    """
    used = [answer for one in history.counted for answer in one.parts]
    of_file = Counter(answer.file for answer in used)
    answers = [*used, *(answer for answer, _ in history.left_out)]
    reasons = Counter(reason for _, reason in history.left_out)
    reasons[NotUsable.ROW] += rows_refused
    return Coverage(
        files=tuple(_file(file, of_file[index]) for index, file in enumerate(files)),
        answers_read=len(answers) + rows_refused,
        answers_used=len(used),
        claims_counted=len(history.counted),
        lines_read=sum(len(answer.claim.lines) for answer in answers),
        lines_used=sum(len(answer.claim.lines) for answer in used),
        not_usable=tuple((reason, reasons[reason]) for reason in NotUsable if reasons[reason]),
        months=_months([one.paid_on for one in history.counted]),
        months_wanted=MONTHS_WANTED,
        unbalanced=sum(claim_difference(answer.claim) != ZERO for answer in used),
        frequency_unknown=sum(not one.parts[0].claim.frequency for one in history.counted),
    )


def first_service(claim: RemitClaim) -> date | None:
    """The first date of service that an answer names; None where it names none."""
    days = [line.date_of_service for line in claim.lines if line.date_of_service is not None]
    return min(days) if days else claim.date_of_service


def told_discipline(lines: Iterable[RemitLine], on: date, parameters: Parameters) -> Told:
    """Whose treatment an answer tells of: by GP, GO, GN, else by codes that only one discipline has.

    Shapes   several: its lines tell of more than one. unknown: none of them tells; it is never guessed from the others.
    """
    by_modifier: dict[str, str] = {modifier: name for name, modifier in parameters.discipline_modifiers.items()}
    found = {name for line in lines if (name := _of_line(line, on, by_modifier, parameters)) is not None}
    if not found:
        return Told.UNKNOWN
    return Told(found.pop()) if len(found) == 1 else Told.SEVERAL


# --- parts ------------------------------------------------------------------------------------------------------------


def _not_usable(answer: AnsweredClaim, responses: Responses, ours: AbstractSet[str]) -> NotUsable | None:
    claim, status = answer.claim, answer.claim.status
    prior = _prior_payer(claim, answer.paid_on, responses) if answer.paid_on is not None else False
    reasons: tuple[tuple[bool, NotUsable], ...] = (
        (claim.number in ours, NotUsable.SENT_BY_US),
        (not answer.complete, NotUsable.INCOMPLETE),
        (answer.paid_on is None, NotUsable.NO_DATE),
        (not claim.number.strip("0 "), NotUsable.NO_NUMBER),
        (status == REVERSAL, NotUsable.REVERSAL),
        (status == PREDETERMINATION, NotUsable.ESTIMATE),
        (status == _NOT_OURS, NotUsable.PASSED_ON),
        (status in _LATER_PAYERS or prior, NotUsable.LATER_PAYER),
        (claim.frequency in _CORRECTIONS, NotUsable.CORRECTED),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _prior_payer(claim: RemitClaim, on: date, responses: Responses) -> bool:
    """True when an adjustment stands for what an earlier payer did: status 4 alone does not tell who is answering."""
    in_force = responses.reasons.latest(on)
    reasons = in_force.value if in_force is not None else {}
    return any(
        (reason := reasons.get(adjustment.reason)) is not None and reason.books is Books.PRIOR_PAYER
        for adjustment in all_adjustments(claim)
    )


def _counted(parts: tuple[AnsweredClaim, ...], paid_on: date, responses: Responses, parameters: Parameters) -> Counted:
    decided: list[DenialDecision] = []
    wholes: list[DenialDecision] = []
    for claim in (part.claim for part in parts):
        lines = tuple(categorize(line, claim, _UNKNOWN_CONTEXT, responses, paid_on) for line in claim.lines)
        decided += lines
        wholes.append(of_claim(claim, lines, _UNKNOWN_CONTEXT, responses, paid_on))
    return Counted(
        parts=parts,
        paid_on=paid_on,
        discipline=told_discipline((line for part in parts for line in part.claim.lines), paid_on, parameters),
        whole=max(wholes, key=lambda one: (one.denied, one.amount, one.category or "")),
        lines=tuple(decided),
    )


def _identity(answer: AnsweredClaim) -> _Identity:
    return answer.payer_id, answer.claim.number, first_service(answer.claim)


def _file(file: FileCoverage, used: int) -> FileCoverage:
    """A file with how many of its answers count; one that was read and gave none says so."""
    reason = file.reason or ("" if used else "none of its answers counts")
    return replace(file, used=file.used and used > 0, reason=reason, used_answers=used)


def _denials(one: Counted) -> tuple[DenialDecision, ...]:
    """The denied lines; the claim itself where it was denied without a denied line."""
    denied = tuple(decision for decision in one.lines if decision.denied)
    return denied or ((one.whole,) if one.whole.denied else ())


def _tally(counted: Sequence[Counted]) -> Tally:
    claims: Counter[DenialCategory | None] = Counter(one.whole.category for one in counted if one.whole.denied)
    lines: Counter[DenialCategory | None] = Counter(d.category for one in counted for d in one.lines if d.denied)
    amounts: dict[DenialCategory | None, Decimal] = {}
    for one in counted:
        for denial in _denials(one):
            amounts[denial.category] = amounts.get(denial.category, ZERO) + denial.amount
    return Tally(
        adjudicated_claims=len(counted),
        denied_claims=sum(claims.values()),
        adjudicated_lines=sum(len(one.lines) for one in counted),
        denied_lines=sum(lines.values()),
        charged=sum((part.claim.charge for one in counted for part in one.parts), ZERO),
        paid=sum((part.claim.paid for one in counted for part in one.parts), ZERO),
        denied=sum(amounts.values(), ZERO),
        categories=tuple(
            CategoryCount(
                category=category, claims=claims[category], lines=lines[category], amount=amounts.get(category, ZERO)
            )
            for category in DenialCategory
        ),
    )


def _of_line(line: RemitLine, on: date, by_modifier: Mapping[str, str], parameters: Parameters) -> str | None:
    told = {by_modifier[m] for m in (*line.submitted_modifiers, *line.modifiers) if m in by_modifier}
    if len(told) == 1:
        return told.pop()
    facts = parameters.procedure(line.submitted_code or line.code, line.date_of_service or on)
    return facts.disciplines[0].value if facts is not None and len(facts.disciplines) == 1 else None


def _months(days: Sequence[date]) -> tuple[tuple[str, int], ...]:
    if not days:
        return ()
    counts = Counter((day.year, day.month) for day in days)
    (year, month), last = min(counts), max(counts)
    found = []
    while (year, month) <= last:
        found.append((f"{year:04d}-{month:02d}", counts[year, month]))
        year, month = (year + month // 12, month % 12 + 1)
    return tuple(found)
