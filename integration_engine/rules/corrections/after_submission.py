"""A treatment day that was sent and is decided again: which claims go out, and what waits, after its corrections.

judging.py judges claim by claim; here the day is put together: what was refused before adjudication goes again once
it differs or a person releases it, what the payer has is replaced or voided, and what is the same stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from integration_engine.core.findings import Citation, Decision, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, Frequency
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.answers.life_cycle import Standing
from integration_engine.rules.corrections.judging import CITATION, Action, Submitted, correct, same_claim
from integration_engine.rules.parameters.in_force import Parameters

FIRST_PAYER = "P"
PARTIES_CHANGED = "corrections.parties_changed"
IDENTITY_CHANGED = "corrections.identity_changed"
COMPARED = (PARTIES_CHANGED, IDENTITY_CHANGED)  # what a billed day is compared for, and ends when it agrees again


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


def other_parties(sent: Sequence[SentClaim], drafts: Sequence[ClaimDraft]) -> tuple[Finding, ...]:
    """Whether a claim that stands names other parties than its day would name now: who pays, who referred, who is treated.

    Shapes   sent: as for ``after_submission``. drafts: of now; parts without one are not compared.
    Why      A coverage restated for the weeks to come must not take back what was paid, so a person decides. By name,
             birth date and sex a payer finds its member: once it has paid it has found them, and nothing is asked. An
             address is sent because the guide wants one; no payer decides by it, so a move corrects no claim.
    Source   X222A1 2010BA and 2010CA NM1, N3, N4, DMG, 2010BB, 2310A.
    """
    now = {draft.part: draft for draft in drafts}
    found = []
    for one in _latest(sent).values():
        draft = now.get(one.draft.part)
        if draft is None or one.state is not SentState.SUBMITTED:
            continue
        if parties := _parties_changed(one.draft, draft):
            found.append(_changed_parties(one.number, parties))
        if one.standing != Standing.PAID and (identity := _identity_changed(one.draft, draft)):
            found.append(_changed_identity(one.number, identity))
    return tuple(found)


def _parties_changed(before: ClaimDraft, now: ClaimDraft) -> tuple[str, ...]:
    pairs = (
        ("payer", before.payer.payer_id, now.payer.payer_id),
        ("member id", before.subscriber.member_id, now.subscriber.member_id),
        ("referring provider", before.referring and before.referring.npi, now.referring and now.referring.npi),
    )
    return tuple(name for name, one, other in pairs if one != other)


def _identity_changed(before: ClaimDraft, now: ClaimDraft) -> tuple[str, ...]:
    pairs = (
        ("name", (before.patient.name, before.subscriber.name), (now.patient.name, now.subscriber.name)),
        (
            "birth date",
            (before.patient.birth_date, before.subscriber.birth_date),
            (now.patient.birth_date, now.subscriber.birth_date),
        ),
        ("sex", (before.patient.sex, before.subscriber.sex), (now.patient.sex, now.subscriber.sex)),
    )
    return tuple(name for name, one, other in pairs if one != other)


def _changed_parties(number: str, changed: Sequence[str]) -> Finding:
    return Finding(
        id=PARTIES_CHANGED,
        severity=Severity.ERROR,
        text="The payer, the member id or the referring provider of the visit changed after its claim was sent.",
        fix=(
            "If the claim is wrong, `claims correct` it: its void and a new claim go, or its replacement. "
            "If the claim is right for its date, override this hold with the reason."
        ),
        owner="biller",
        subject=f"claim {number}",
        observed=", ".join(changed),
        queue=Queue.EDITS,
        citation=CITATION,
        why="A claim for the wrong payer or member is denied, or its payment is asked back.",
        screen="Patient > Coverages",
    )


def _changed_identity(number: str, changed: Sequence[str]) -> Finding:
    return Finding(
        id=IDENTITY_CHANGED,
        severity=Severity.ERROR,
        text="The name, birth date or sex of the patient or subscriber changed after the claim was sent, and it is not paid yet.",
        fix=(
            "If the payer knows the patient by what was sent, override this hold; it ends by itself when the claim is paid. "
            "If not, `claims correct` the claim."
        ),
        owner="biller",
        subject=f"claim {number}",
        observed=", ".join(changed),
        queue=Queue.EDITS,
        citation=Citation(document="X222A1", section="2010BA and 2010CA NM1, DMG"),
        why="A payer that does not find its member refuses the claim or denies it for eligibility (CARC 31).",
        screen="Patient > Demographics",
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
        before = found.get(key)
        if one.state is SentState.REFUSED and before is not None and before.state is not SentState.REFUSED:
            continue  # what went after it gave way to the one that the payer has
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
