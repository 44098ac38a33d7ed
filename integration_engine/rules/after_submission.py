"""A treatment day that was sent and is decided again: which claims go out, and what waits, after its corrections.

corrections.py judges claim by claim; here the day is put together: what was refused before adjudication goes again once
it differs or a person releases it, what the payer has is replaced or voided, and what is the same stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.claim import ClaimDraft, Frequency
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.corrections import Action, Submitted, correct, same_claim
from integration_engine.rules.life_cycle import Standing
from integration_engine.rules.parameters import Parameters

FIRST_PAYER = "P"


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSubmission:
    """What becomes of a day that was sent.

    Shapes   drafts: what is to go out, each with the id of the claim it corrects; without any, and without a finding that
             holds, the payer has what it should have. stands: the payer has, or may have, some claim of the day.
    """

    drafts: tuple[tuple[ClaimDraft, int | None], ...]
    stands: bool
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]


def after_submission(
    sent: Sequence[SentClaim],
    drafts: Sequence[ClaimDraft],
    overridden: Collection[tuple[str, str, str]],
    parameters: Parameters,
) -> AfterSubmission:
    """Compare what was sent of a day to its first payer with the drafts of now.

    Shapes   sent: every claim of the day that has left, oldest first. overridden: findings a person accepted.
    """
    latest = _latest(sent)
    corrections = correct([_submitted(one) for one in latest.values()], drafts, parameters)
    by_number = {one.number: one for one in latest.values()}
    going: list[tuple[ClaimDraft, int | None]] = []
    findings: list[Finding] = []
    for correction in corrections:
        earlier = by_number.get(correction.number or "")
        findings.extend(correction.findings)
        if correction.draft is not None:
            follows = earlier if correction.action in {Action.REPLACE, Action.VOID} else None
            going.append((correction.draft, follows.id if follows else None))
            if follows is not None:
                findings.extend(_refused_as_it_is(follows, correction.draft, sent, overridden))
        elif correction.action is Action.NOTHING and earlier is not None and earlier.state is SentState.REFUSED:
            # Unchanged since it was refused: it may only go again when it was not at fault, or a person says so.
            findings.extend(f for f in earlier.refusal if (f.id, f.subject, f.observed) not in overridden)
            going.extend((draft, None) for draft in drafts if same_claim(earlier.draft, draft))
    return AfterSubmission(
        drafts=tuple(going),
        stands=any(one.state is SentState.SUBMITTED for one in latest.values()),
        findings=tuple(findings),
        decisions=tuple(correction.decision for correction in corrections),
    )


def _latest(sent: Sequence[SentClaim]) -> dict[tuple[object, ...], SentClaim]:
    """The last submission of each part to each payer, as the payer has it.

    Why      A void ends its part: what is billed of it afterwards is a new claim. A replacement or void that was refused
             changed nothing: the payer has the claim before it.
    """
    found: dict[tuple[object, ...], SentClaim] = {}
    for one in sent:
        draft = one.draft
        key = draft.part, draft.payer.payer_id, draft.subscriber.member_id
        if draft.sequence != FIRST_PAYER or _is_refused_correction(one):
            continue
        if draft.frequency is Frequency.VOID:
            found.pop(key, None)
        else:
            found[key] = one
    return found


def _is_refused_correction(one: SentClaim) -> bool:
    return one.state is SentState.REFUSED and one.draft.frequency is not Frequency.ORIGINAL


def _refused_as_it_is(
    follows: SentClaim, draft: ClaimDraft, sent: Sequence[SentClaim], overridden: Collection[tuple[str, str, str]]
) -> tuple[Finding, ...]:
    """Why this very correction was refused before: unchanged, it goes only when it was not at fault or a person says so."""
    before = [
        one
        for one in sent
        if one.id > follows.id
        and _is_refused_correction(one)
        and one.draft.frequency is draft.frequency
        and same_claim(one.draft, draft)
    ]
    last = before[-1].refusal if before else ()
    return tuple(f for f in last if (f.id, f.subject, f.observed) not in overridden)


def _submitted(one: SentClaim) -> Submitted:
    return Submitted(
        number=one.number,
        draft=one.draft,
        standing=Standing.REFUSED if one.state is SentState.REFUSED else Standing(one.standing),
        payer_control_number=one.payer_control_number,
    )
