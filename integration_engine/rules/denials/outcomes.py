"""What became of earlier denials once the payer decided anew: recovered, with how much and what is left, or denied again.

A later decision is on the same claim (after an appeal, or a correction of the payer's) or on the claim that replaced it.
Each denied line is looked for among the lines of the new decision; a line that the correction left out is not answered
by it. House rule: a line that was paid in part is recovered with the part, and what stays open is told beside it.
Source  REQUIREMENTS K12 (money later paid on denied lines); 005010X221A1 2110 SVC, CAS.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from integration_engine.core.money import to_cents
from integration_engine.domain.denial_outcome import DenialOutcome, DenialState, EarlierDenial, PayersAnswer
from integration_engine.domain.posting import ClaimResult, LineResult
from integration_engine.rules.denials.categories import PREDETERMINATION, REVERSAL

_ASSISTANT = frozenset({"CQ", "CO"})


def denial_outcomes(
    earlier: Sequence[EarlierDenial], result: ClaimResult, lines: Sequence[LineResult], on: date
) -> tuple[DenialOutcome, ...]:
    """What a decision of ``on`` says about earlier denials; none for those it does not answer, or that know a later word.

    Shapes   lines: of that decision, as ``Posting.lines``. Each line answers one denial; money is never counted twice.
    """
    asked = [one for one in earlier if one.decided_on <= on]
    known = [line for line in lines if line.number and line.line is not None]
    of_whole = result.denial.denied and not any(line.denial.denied for line in known)
    if not known or of_whole:
        return _as_a_whole(asked, result, lines or None)
    found: list[DenialOutcome] = []
    used: set[int] = set()
    whole: list[EarlierDenial] = []
    for one in asked:
        if one.line_number is None:
            whole.append(one)
            continue
        line = _line_of(one, known, used)
        if line is not None:
            found.append(_outcome(one, line, counted=line.number in used))
            used.add(line.number)
    return (*found, *_as_a_whole(whole, result, [line for line in known if line.number not in used]))


def taken_back_before(decisions: Collection[int], answers: Iterable[PayersAnswer], on: date) -> frozenset[int]:
    """Those of these decisions of ``on`` that the payer took back in payments which were read before them.

    Shapes   decisions: ids among ``answers``, which are all that is known of their claims.
    Why      A takeback names no payment, and its amount may be off by a cent. Each takes one decision of another payment
             back, so one that finds none among those known is the takeback of the decision that comes late.
    Source   house rule, 2026-11-25; 005010X221A1 CLP02 22; X12.md §3.3 (any order).
    """
    same: dict[tuple[int, str], list[PayersAnswer]] = {}
    for one in answers:
        if one.on is not None and one.status != PREDETERMINATION:
            same.setdefault((one.claim_id, one.payer), []).append(one)
    return frozenset(
        one.id for listed in same.values() for one in listed if one.id in decisions and _misses(one, listed, on)
    )


def _misses(decision: PayersAnswer, answers: Sequence[PayersAnswer], on: date) -> bool:
    """Does a takeback of another payment, of ``on`` or later, have nothing to take back but this decision?"""
    takebacks = [one for one in answers if one.status == REVERSAL and one.remit_id != decision.remit_id]
    others = [one for one in answers if one.status != REVERSAL and one.id != decision.id]
    for last in takebacks:
        if last.on is None or last.on < on:
            continue
        taken = sum(one.on is not None and one.on <= last.on for one in takebacks)
        known = sum(one.on is not None and one.on <= last.on and one.remit_id != last.remit_id for one in others)
        if taken > known:
            return True
    return False


def _line_of(one: EarlierDenial, lines: Sequence[LineResult], used: Collection[int]) -> LineResult | None:
    """The line that stands for a denied one: by number on the same claim, else by what it bills; an unused one first."""
    if one.same_claim:
        return next((line for line in lines if line.line is not None and line.line.number == one.line_number), None)
    ranked = [
        (rank, line.number in used, place) for place, line in enumerate(lines) if (rank := _rank(one, line)) < _NOT
    ]
    free = [entry for entry in ranked if not entry[1]]
    best = min(free or ranked, default=None)
    return lines[best[2]] if best is not None else None


_NOT = 4


def _rank(one: EarlierDenial, line: LineResult) -> int:
    """How well a line of a replacement fits a denied line: 0 the best, ``_NOT`` not at all."""
    assert line.line is not None
    modifiers = frozenset(line.line.modifiers)
    if line.line.code == one.code:
        if modifiers == one.modifiers:
            return 0
        return 1 if _ASSISTANT.isdisjoint(modifiers) == _ASSISTANT.isdisjoint(one.modifiers) else 2
    return 3 if one.charges & frozenset(line.line.charges) else _NOT


def _outcome(one: EarlierDenial, line: LineResult, *, counted: bool) -> DenialOutcome:
    numbers = (line.number,)
    if line.denial.denied:
        return DenialOutcome(
            denial=one.id, state=DenialState.DENIED_AGAIN, recovered=0, rest=one.amount_cents, lines=numbers
        )
    if counted:  # two denied lines became one: its money is told with the first
        return DenialOutcome(denial=one.id, state=DenialState.RECOVERED, recovered=0, rest=0, lines=numbers)
    return DenialOutcome(
        denial=one.id,
        state=DenialState.RECOVERED,
        recovered=max(0, to_cents(line.paid)),
        rest=max(0, to_cents(line.open)),
        lines=numbers,
    )


def _as_a_whole(
    earlier: Sequence[EarlierDenial], result: ClaimResult, lines: Sequence[LineResult] | None
) -> tuple[DenialOutcome, ...]:
    """Denials that no single line answers: what was paid covers them in their order, each up to its amount.

    Shapes   lines: those that answer nothing else; None for an answer without lines, whose payment is the claim's.
    """
    if result.denial.denied and not result.paid:
        return tuple(
            DenialOutcome(denial=one.id, state=DenialState.DENIED_AGAIN, recovered=0, rest=one.amount_cents)
            for one in earlier
        )
    left = max(0, to_cents(result.paid) if lines is None else sum(to_cents(line.paid) for line in lines))
    still = max(0, sum(to_cents(line.open) for line in lines or ()))
    found = []
    for one in earlier:
        paid, rest = min(left, one.amount_cents), min(still, one.amount_cents)
        left, still = left - paid, still - rest
        found.append(DenialOutcome(denial=one.id, state=DenialState.RECOVERED, recovered=paid, rest=rest))
    return tuple(found)
