"""Which submission of a day the payer has, and what goes after it was voided, refused or sent elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, Frequency
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.corrections.after_submission import after_submission
from tests.rules.claim_visits import PARAMETERS, coverage, drafts_of, encounter, numbered, treatment, visit

[FIRST] = drafts_of(visit([coverage("SUMMITCOM")]))
[CHANGED] = drafts_of(visit([coverage("SUMMITCOM")], encounter(treatment(minutes=45), treatment("97140", 24))))
[OTHER] = drafts_of(visit([coverage("GRANITE")]))
WHY = Finding(
    id="rejections.code",
    severity=Severity.ERROR,
    text="The payer does not know the code.",
    fix="Correct it.",
    owner="biller",
    subject="claim C2",
    queue=Queue.REJECTIONS,
)


def left(
    identity: int, draft: ClaimDraft, standing: str, *, frequency: Frequency = Frequency.ORIGINAL, why: tuple = ()
) -> SentClaim:
    number = f"C{identity}"
    return SentClaim(
        id=identity,
        day_id=1,
        patient_id=1,
        number=number,
        state=SentState.REFUSED if standing == "refused" else SentState.SUBMITTED,
        standing=standing,
        draft=numbered(replace(draft, frequency=frequency)),
        payer_control_number=f"ICN{identity}",
        refusal=why,
    )


VOID, REPLACEMENT = Frequency.VOID, Frequency.REPLACEMENT
VOIDED = (left(1, FIRST, "voided"), left(2, FIRST, "sent", frequency=VOID))
MOVED = (*VOIDED, left(3, OTHER, "paid"))
REFUSED_7 = (left(1, FIRST, "paid"), left(2, CHANGED, "refused", frequency=REPLACEMENT, why=(WHY,)))
REFUSED_8 = (left(1, FIRST, "paid"), left(2, FIRST, "refused", frequency=VOID, why=(WHY,)))


@pytest.mark.parametrize(
    ("sent", "drafts", "going", "waits", "stands"),
    [
        (VOIDED, (FIRST,), [("1", None)], False, False),
        (VOIDED, (), [], False, False),
        (MOVED, (OTHER,), [], False, True),
        (MOVED, (FIRST,), [("1", None), ("8", 3)], False, True),
        (REFUSED_7, (CHANGED,), [("7", 1)], True, True),
        (REFUSED_7, (FIRST,), [], False, True),
        (REFUSED_7, (), [("8", 1)], False, True),
        (REFUSED_8, (), [("8", 1)], True, True),
        (REFUSED_8, (CHANGED,), [("7", 1)], False, True),
        ((left(1, FIRST, "refused"),), (), [], False, False),
    ],
)
def test_what_goes_after_what_was_sent(sent, drafts, going, waits, stands) -> None:
    after = after_submission(sent, drafts, frozenset(), PARAMETERS)
    assert sorted((draft.frequency.value, follows) for draft, follows in after.drafts) == going
    assert (bool(after.findings), after.stands) == (waits, stands)


def test_a_refused_correction_goes_when_a_person_accepted_why() -> None:
    accepted = {(WHY.id, WHY.subject, WHY.observed)}
    after = after_submission(REFUSED_8, (), accepted, PARAMETERS)
    assert (after.findings, [follows for _, follows in after.drafts]) == ((), [1])
