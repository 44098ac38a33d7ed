"""What a change after submission makes of a claim: nothing, a replacement, a void, a new claim, or a wait with its reason.

Asked after every new adjudication of a treatment day that has been submitted. The answer depends on what has come back: a
claim refused before adjudication was never there and is sent again as an original; an adjudicated one is replaced or voided
with the payer's own number, and waits in a queue as long as that is not known. Nothing is silently not billed again.

Two lines of one code (an assistant's share and the therapist's) name the same charge lines. A credit of one charge line
draws the whole day up anew, so both lines change together and are compared as they are billed, never charge by charge.
Source  X222A1 2300 CLM05-3 and REF*F8; X12.md §3.3 (resubmission); CMS Pub 100-04 ch. 34 (reopenings).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, Frequency, OtherPayer, Payer
from integration_engine.rules.answers.life_cycle import Standing
from integration_engine.rules.parameters.claims import CorrectionWay
from integration_engine.rules.parameters.in_force import Parameters

CITATION = Citation(document="X222A1", section="2300 CLM05-3, REF*F8")
# The payer has it and may have decided; a correction names the payer's number.
GONE = frozenset({Standing.REPLACED, Standing.VOIDED})


class Action(StrEnum):
    """What becomes of a submitted claim."""

    NOTHING = "nothing"  # it says what it should
    REPLACE = "replace"  # frequency 7
    VOID = "void"  # frequency 8
    SEND_AGAIN = "send_again"  # frequency 1: the payer never adjudicated the earlier one
    SEND_NEW = "send_new"  # frequency 1: there was no earlier one
    WITHDRAW = "withdraw"  # it was refused, and nothing is to be billed any more
    WAIT = "wait"  # for the payer's own number
    REOPEN = "reopen"  # a person asks the payer


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A claim that has left. payer_control_number: the latest the payer gave (CLP07, else REF*1K), None so far."""

    number: str
    draft: ClaimDraft
    standing: Standing
    payer_control_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One claim's fate. number: the submitted claim's, None where there was none. draft: what is to be sent, if anything."""

    action: Action
    number: str | None
    draft: ClaimDraft | None
    findings: tuple[Finding, ...]
    decision: Decision


def correct(
    submitted: Sequence[Submitted], drafts: Sequence[ClaimDraft], parameters: Parameters
) -> tuple[Correction, ...]:
    """Compare what was sent of a treatment day with what should have been.

    Shapes   submitted: the standing submissions of one treatment day and one rank of payer (P, S or T), the latest of
             each part; replaced and voided ones may be among them and are left alone. drafts: the new drafts, () where
             nothing may be billed any more. One answer for each submission that stands, then one for each new part.
    Raises   NotInForce: no rule about making claims covers the date of service.
    """
    pending = list(drafts)
    answers = []
    for earlier in submitted:
        if earlier.standing in GONE:
            continue
        new = _counterpart(earlier.draft, pending)
        if new is not None:
            pending.remove(new)
        answers.append(_judge(earlier, new, parameters))
    answers.extend(_answer(Action.SEND_NEW, None, draft, ("nothing was sent of this part",)) for draft in pending)
    return tuple(answers)


def same_claim(one: ClaimDraft, other: ClaimDraft) -> bool:
    """True when two drafts say the same to the payer; numbers, and which charge lines stand behind, do not count."""
    return _said(one) == _said(other)


def same_bill(one: ClaimDraft, other: ClaimDraft) -> bool:
    """True when a payer that took one of two drafts has no use for the other.

    Why      A licence number, lockbox or payer address that the directory has since gained is no other bill, nor is a
             later payer's own authorization; after a refusal the same may be just what was missing.
    """
    return _bill(one) == _bill(other)


def differences(one: ClaimDraft, other: ClaimDraft) -> tuple[str, ...]:
    """What differs between two drafts, in words for a biller; no names or numbers of persons."""
    first, second = _said(one), _said(other)
    told = [name.replace("_", " ") for name in _NAMES if getattr(first, name) != getattr(second, name)]
    if first.lines != second.lines:
        told.append(f"lines: {_lines(first)} becomes {_lines(second)}")
    if first.total_charge != second.total_charge:
        told.append(f"total charge: {first.total_charge} becomes {second.total_charge}")
    return tuple(told)


_NAMES = tuple(
    name
    for name in ClaimDraft.__dataclass_fields__
    if name not in {"lines", "total_charge", "frequency", "payer_control_number"}
)


def _counterpart(earlier: ClaimDraft, drafts: Iterable[ClaimDraft]) -> ClaimDraft | None:
    """The new draft that stands for the same part of the same day to the same payer."""
    return next(
        (
            draft
            for draft in drafts
            if draft.part == earlier.part
            and draft.sequence == earlier.sequence
            and draft.discipline is earlier.discipline
            and draft.payer.payer_id == earlier.payer.payer_id
            and draft.subscriber.member_id == earlier.subscriber.member_id
        ),
        None,
    )


def _judge(earlier: Submitted, new: ClaimDraft | None, parameters: Parameters) -> Correction:
    rule = parameters.claims[earlier.draft.payer.profile].on(earlier.draft.date_of_service)
    use = ParameterUse(
        name=f"claims.{earlier.draft.payer.profile}.corrections",
        value=rule.value.corrections,
        in_force_from=rule.effective_from,
    )
    told: tuple[str, ...] = (f"the submission stands at: {earlier.standing.replace('_', ' ')}",)
    if earlier.standing is Standing.REFUSED:
        return _after_refusal(earlier, new, told)
    if new is not None and same_bill(earlier.draft, new):
        return _answer(Action.NOTHING, earlier.number, None, (*told, "the payer has what it should have"))
    changed = differences(earlier.draft, new) if new is not None else ("nothing of it may be billed any more",)
    told = (*told, *changed)
    if rule.value.corrections is CorrectionWay.REOPENING:
        return _answer(Action.REOPEN, earlier.number, None, told, (_reopening(earlier, changed),), (use,))
    number = earlier.payer_control_number
    if number is None:
        return _answer(Action.WAIT, earlier.number, None, told, (_waiting(earlier, changed),), (use,))
    if new is None:
        void = replace(earlier.draft, frequency=Frequency.VOID, payer_control_number=number)
        return _answer(Action.VOID, earlier.number, _unnumbered(void), told, (), (use,))
    corrected = replace(new, frequency=Frequency.REPLACEMENT, payer_control_number=number)
    return _answer(Action.REPLACE, earlier.number, corrected, told, (), (use,))


def _after_refusal(earlier: Submitted, new: ClaimDraft | None, told: tuple[str, ...]) -> Correction:
    """The payer never adjudicated it, so there is nothing to replace: what is right now goes as an original.

    Why      The same claim again would be refused again; it is sent only when something about it has changed.
    """
    if new is None:
        return _answer(Action.WITHDRAW, earlier.number, None, (*told, "nothing of it may be billed any more"))
    if same_claim(earlier.draft, new):
        return _answer(
            Action.NOTHING, earlier.number, None, (*told, "nothing about it has changed since it was refused")
        )
    told = (*told, *differences(earlier.draft, new))
    return _answer(Action.SEND_AGAIN, earlier.number, replace(new, frequency=Frequency.ORIGINAL), told)


def _answer(
    action: Action,
    number: str | None,
    draft: ClaimDraft | None,
    working: tuple[str, ...],
    findings: tuple[Finding, ...] = (),
    uses: tuple[ParameterUse, ...] = (),
) -> Correction:
    decision = Decision(
        station="corrections",
        subject=f"claim {number}" if number else "new claim",
        rule="corrections.after_submission",
        value=action.value,
        outcome=Outcome.FAIL if findings else Outcome.PASS,
        working=working,
        parameters=uses,
        citation=CITATION,
        otherwise=("the payer's own number would release it",) if action is Action.WAIT else (),
    )
    return Correction(action=action, number=number, draft=draft, findings=findings, decision=decision)


def _said(draft: ClaimDraft) -> ClaimDraft:
    """The draft without what only we see or what is allotted."""
    lines = tuple(replace(line, line_control=None, charges=()) for line in draft.lines)
    payer = replace(draft.payer, key="", receiver="", profile="")
    return replace(draft, lines=lines, payer=payer, frequency=Frequency.ORIGINAL, payer_control_number=None)


def _bill(draft: ClaimDraft) -> ClaimDraft:
    """What is said, without what the directory says of providers and payers, and what a later payer alone reads."""
    said = _said(draft)
    return replace(
        said,
        lines=tuple(replace(line, provider_numbers=()) for line in said.lines),
        payer=_known_as(said.payer),
        other_payers=tuple(map(_named, said.other_payers)),
        provider_numbers=(),
        pay_to_address=None,
    )


def _known_as(payer: Payer) -> Payer:
    bare = replace(payer, key="", receiver="", profile="", address=None)
    return replace(bare, claim_office=None, second_id=None, tax_id=None, naic=None)


def _named(other: OtherPayer) -> OtherPayer:
    """Another payer as the bill depends on it: what it decided, and before that no more than who it is."""
    bare = replace(other, payer=_known_as(other.payer), provider_numbers=())
    decided = other.paid is not None or other.non_covered is not None
    return bare if decided else replace(bare, authorization_number=None, referral_number=None)


def _unnumbered(draft: ClaimDraft) -> ClaimDraft:
    return replace(draft, lines=tuple(replace(line, line_control=None) for line in draft.lines))


def _lines(draft: ClaimDraft) -> str:
    return ", ".join(f"{line.code} {' '.join(line.modifiers)} x{line.units}".replace("  ", " ") for line in draft.lines)


def _waiting(earlier: Submitted, changed: tuple[str, ...]) -> Finding:
    return Finding(
        id="corrections.payer_number",
        severity=Severity.ERROR,
        text="The visit changed after its claim was sent, and the payer's own number of that claim has not come yet.",
        fix="Wait for the claim status or remit, or enter the number with `claims payer-number`; the correction then goes by itself.",
        owner="biller",
        subject=f"claim {earlier.number}",
        observed="; ".join(changed),
        queue=Queue.EDITS,
        citation=CITATION,
        why="A correction without the payer's number is denied as a duplicate.",
        screen="Claim > Payer control number",
    )


def _reopening(earlier: Submitted, changed: tuple[str, ...]) -> Finding:
    return Finding(
        id="corrections.reopening",
        severity=Severity.ERROR,
        text="The visit changed after its claim was sent, and this payer takes no replacement claims.",
        fix="Ask the payer for a reopening of the claim with what changed, then override this hold with its reference.",
        owner="biller",
        subject=f"claim {earlier.number}",
        observed="; ".join(changed),
        queue=Queue.EDITS,
        citation=Citation(document="CMS Pub 100-04", section="ch. 34"),
        why="A second claim for the day is denied as a duplicate, and a wrong payment has to be given back.",
        screen="Payer's portal > Reopenings",
    )
