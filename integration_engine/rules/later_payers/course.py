"""What becomes of the claim to a later payer when the earlier payer's claim or its answer has changed.

The earlier payer may take its decision back, decide anew, or have its claim replaced; the later payer's claim may wait,
have left, or have been refused. All of them together decide: drafted, corrected with the payer's own number, withdrawn,
or left to a person. What a first payer's claim becomes is rules/corrections/after_submission.py.
Source  X222A1 2320 and 2430 (the earlier payer's decision), 2300 CLM05-3 and REF*F8; house rule, order of payers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.findings import Finding
from integration_engine.core.money import ZERO
from integration_engine.domain.claim import ClaimDraft, Frequency
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.answers.life_cycle import Standing
from integration_engine.rules.answers.remit_matching import of_another_payer
from integration_engine.rules.claims.parties import missing
from integration_engine.rules.corrections.judging import GONE, Action, Submitted, correct, same_claim
from integration_engine.rules.later_payers.answer_in_parts import decision_of_parts
from integration_engine.rules.later_payers.coordination import CITATION, FORWARDED, REVERSAL, Coordinated
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.posting.claims import LATER_PAYER

PREDETERMINATION = "25"
PASSED_ON = "19"  # processed as primary, forwarded to additional payers
FAMILIES = ("coordination.", "corrections.")  # the findings of a later payer's course, beside denials and rejections


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterCourse:
    """What is to go to the later payer, and what waits for a person.

    Shapes   drafts: each with the id of the claim it follows: the earlier payer's for an original, the later payer's own
             for a correction. findings: told under the later payer's claim where there is one. refusal: why the very
             same claim was refused before; the draft waits for a person with it.
    """

    drafts: tuple[tuple[ClaimDraft, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    refusal: tuple[Finding, ...] = ()


def decision_in_force(
    payments: Sequence[tuple[Remit, RemitClaim]],
    *,
    first: str = "",
    payers: Collection[str] = (),
    billed: bool = False,
    charged: Decimal = ZERO,
) -> tuple[Remit, RemitClaim] | None:
    """The payer's decision that it has not taken back, the latest by its own date; None where none is left.

    Shapes   payments: all that remits said of one claim, in the order taken in. A reversal takes back the earliest
             decision with its amounts, else the earliest of all. first: the payer's identifier, of a claim to the first
             payer, which another of our payers may answer as a later one: then it has been passed on (CLP02 19), whether or
             not the first payer says so. billed: we have billed that later payer, so its answer takes the place of nothing.
             charged: on the claim; where the latest decision is on less, those on its other lines belong to it.
    """
    told = [pair for pair in payments if pair[1].status != PREDETERMINATION]
    left = sorted((pair for pair in told if not _takes_back(pair[1])), key=lambda pair: _day(pair[0]))
    for _, back in (pair for pair in told if _takes_back(pair[1])):
        amounts = abs(back.charge), abs(back.paid)
        place = next((i for i, (_, one) in enumerate(left) if (abs(one.charge), abs(one.paid)) == amounts), 0)
        del left[place : place + 1]
    own = [
        (remit, one)
        for remit, one in left
        if not (first and one.status in LATER_PAYER and of_another_payer(remit, first, payers))
    ]
    if not own:
        return None
    remit, decision = own[-1][0], decision_of_parts([one for _, one in own], charged)
    if len(own) < len(left) and not billed and decision.status not in FORWARDED:
        decision = replace(decision, status=PASSED_ON)
    return remit, decision


def standing_claim(sent: Sequence[SentClaim]) -> SentClaim | None:
    """The submission that the payer has: the last one it did not refuse before adjudication.

    Shapes   sent: submissions of one part to the payers of one rank, oldest first.
    """
    return next((one for one in reversed(sent) if one.state is not SentState.REFUSED), None)


def later_course(
    earlier: SentClaim, following: Coordinated | None, later: Sequence[SentClaim], parameters: Parameters
) -> LaterCourse:
    """What the later payer is to have after the earlier payer's decision.

    Shapes   earlier: the claim the decision is about. following: the later payer's draft that follows from it, None where
             nobody comes after. later: all that went to the later payer, oldest first.
    """
    if following is not None and following.findings:
        return LaterCourse(findings=following.findings)
    draft = following.draft if following is not None else None
    stands = standing_claim(later)
    if stands is None or stands.draft.frequency is Frequency.VOID:
        course = LaterCourse(drafts=((draft, earlier.id),)) if draft is not None else LaterCourse()
    elif draft is None:
        course = LaterCourse(findings=(_nothing_left(stands),))
    elif _rests_on(stands.draft) == _rests_on(draft):
        course = LaterCourse()
    else:
        course = _corrected(earlier, stands, (draft,), parameters)
    return replace(course, refusal=_refused_as_it_is(later, course))


def withdrawn_course(earlier: SentClaim, later: Sequence[SentClaim], parameters: Parameters) -> LaterCourse:
    """The earlier payer's claim was voided: what the later payer has of it is voided too."""
    stands = standing_claim(later)
    if stands is None or stands.draft.frequency is Frequency.VOID:
        return LaterCourse()
    return _corrected(earlier, stands, (), parameters)


def taken_back(earlier: SentClaim) -> Finding:
    """The earlier payer took its decision back and has not decided anew."""
    return missing(
        "taken_back",
        "The earlier payer took its decision back, and the claim of the later payer rests on it.",
        "Wait for the new decision, which settles this by itself; if none comes, ask the earlier payer.",
        "biller",
        subject=f"claim {earlier.number}",
        citation=CITATION,
        area="coordination",
    )


def _refused_as_it_is(later: Sequence[SentClaim], course: LaterCourse) -> tuple[Finding, ...]:
    """Why the payer refused, last, the very claim that is to go; nothing where it changed or was not at fault."""
    last = later[-1] if later else None
    if last is None or last.state is not SentState.REFUSED:
        return ()
    return last.refusal if any(same_claim(last.draft, draft) for draft, _ in course.drafts) else ()


def _corrected(
    earlier: SentClaim, stands: SentClaim, drafts: Sequence[ClaimDraft], parameters: Parameters
) -> LaterCourse:
    where = Standing(stands.standing)
    submitted = Submitted(
        number=stands.number,
        draft=stands.draft,
        # What was to replace it has been refused, so the payer has it still.
        standing=Standing.AT_PAYER if where in GONE or where is Standing.REFUSED else where,
        payer_control_number=stands.payer_control_number,
    )
    corrections = correct([submitted], drafts, parameters)
    going = tuple(
        (one.draft, stands.id if one.action in {Action.REPLACE, Action.VOID} else earlier.id)
        for one in corrections
        if one.draft is not None
    )
    return LaterCourse(drafts=going, findings=tuple(finding for one in corrections for finding in one.findings))


def _rests_on(draft: ClaimDraft) -> tuple[object, ...]:
    """What of a later payer's claim comes from the services and the payers before; a moved patient corrects no claim."""
    lines = tuple(replace(line, line_control=None, charges=()) for line in draft.lines)
    decided = tuple((one.payer.payer_id, one.paid, one.adjustments, one.remaining) for one in draft.other_payers)
    return lines, decided, draft.total_charge


def _nothing_left(stands: SentClaim) -> Finding:
    return missing(
        "nothing_left",
        "The earlier payer decided anew and leaves nothing to this payer, which has a claim that says otherwise.",
        "Tell this payer of the earlier payer's new decision, and give back what it paid for it.",
        "biller",
        subject=f"claim {stands.number}",
        citation=CITATION,
        area="coordination",
    )


def _takes_back(claim: RemitClaim) -> bool:
    return claim.status == REVERSAL or claim.charge < ZERO


def _day(remit: Remit) -> date:
    return remit.paid_on or remit.produced_on or date.min
