"""The later payer's claim after the earlier payer's decision: drafted, corrected, withdrawn, left, or told to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, Frequency
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.later_payers.coordination import Coordinated, match_by_control, secondary_draft
from integration_engine.rules.later_payers.course import (
    decision_in_force,
    later_course,
    standing_claim,
    taken_back,
    withdrawn_course,
)
from tests.rules.claim_visits import (
    DECIDED,
    PARAMETERS,
    PATIENT,
    cas,
    coverage,
    drafts_of,
    numbered,
    remit_of,
    visit,
)

SECOND = coverage("GRANITE", 2)
[FIRST_DRAFT] = [numbered(d) for d in drafts_of(visit([coverage("SUMMITCOM"), SECOND], billing_provider=None))]


def following(first: str, second: str) -> Coordinated:
    """The later payer's draft after a decision that leaves these amounts to the patient."""
    left = [Decimal(first), Decimal(second)]
    charges = [line.charge for line in FIRST_DRAFT.lines]
    decisions = tuple(
        (str(charge - rest), (cas("PR", "2", str(rest)),)) for charge, rest in zip(charges, left, strict=True)
    )
    remit = remit_of(FIRST_DRAFT, *decisions)
    matches = match_by_control(FIRST_DRAFT, remit)
    payer = PARAMETERS.practice.payers[SECOND.payer_id]
    return secondary_draft(FIRST_DRAFT, remit, DECIDED, matches, SECOND, payer, PATIENT, PARAMETERS)


LEFT_20 = following("20.00", "20.00")
LEFT_30 = following("30.00", "30.00")
assert LEFT_20.draft is not None
assert LEFT_30.draft is not None
DRAFT, OTHER = LEFT_20.draft, LEFT_30.draft
NOTHING = replace(LEFT_20, draft=None)
WHY = Finding(
    id="rejections.code",
    severity=Severity.ERROR,
    text="The payer does not know the code.",
    fix="Correct it.",
    owner="biller",
    subject="claim C2",
    queue=Queue.REJECTIONS,
)
SEVEN, EIGHT = Frequency.REPLACEMENT, Frequency.VOID


def sent(
    identity: int,
    draft: ClaimDraft,
    standing: str = "paid",
    *,
    frequency: Frequency = Frequency.ORIGINAL,
    icn: str | None = "ICN",
    why: tuple[Finding, ...] = (),
) -> SentClaim:
    return SentClaim(
        id=identity,
        day_id=1,
        patient_id=1,
        number=f"C{identity}",
        state=SentState.REFUSED if standing == "refused" else SentState.SUBMITTED,
        standing=standing,
        draft=numbered(replace(draft, frequency=frequency), f"C{identity}"),
        payer_control_number=icn and f"{icn}{identity}",
        refusal=why,
    )


FIRST = sent(1, FIRST_DRAFT)
SAME = sent(2, DRAFT)
REFUSED = sent(2, DRAFT, "refused", why=(WHY,))


@pytest.mark.parametrize(
    ("after", "later", "going", "findings", "refusal"),
    [
        (LEFT_20, (), [("1", 1)], [], ()),
        (LEFT_20, (SAME,), [], [], ()),
        (LEFT_30, (SAME,), [("7", 2)], [], ()),
        (LEFT_30, (sent(2, DRAFT, icn=None),), [], ["corrections.payer_number"], ()),
        (LEFT_20, (REFUSED,), [("1", 1)], [], (WHY,)),
        (LEFT_30, (REFUSED,), [("1", 1)], [], ()),
        (NOTHING, (), [], [], ()),
        (NOTHING, (REFUSED,), [], [], ()),
        (NOTHING, (SAME,), [], ["coordination.nothing_left"], ()),
        (None, (SAME,), [], ["coordination.nothing_left"], ()),
        (LEFT_20, (SAME, sent(3, DRAFT, "sent", frequency=EIGHT)), [("1", 1)], [], ()),
        # Its replacement was refused, so it stands still, and the same replacement waits with the reason.
        (
            LEFT_30,
            (sent(2, DRAFT, "replaced"), sent(3, OTHER, "refused", frequency=SEVEN, why=(WHY,))),
            [("7", 2)],
            [],
            (WHY,),
        ),
    ],
    ids=[
        "nothing was sent",
        "sent as it is",
        "decided anew",
        "decided anew, number not known",
        "refused, the same",
        "refused, decided anew",
        "nothing left, nothing sent",
        "nothing left, refused",
        "nothing left, sent",
        "nobody behind, sent",
        "voided",
        "replacement refused",
    ],
)
def test_what_the_later_payer_is_to_have_after_a_decision(after, later, going, findings, refusal) -> None:
    course = later_course(FIRST, after, later, PARAMETERS)
    assert [(draft.frequency.value, follows) for draft, follows in course.drafts] == going
    assert [finding.id for finding in course.findings] == findings
    assert course.refusal == refusal


def test_what_keeps_a_draft_from_being_made_is_told_and_nothing_goes() -> None:
    course = later_course(FIRST, replace(LEFT_20, findings=(WHY,)), (), PARAMETERS)
    assert (course.drafts, course.findings) == ((), (WHY,))


def test_a_moved_patient_corrects_no_later_claim() -> None:
    address = replace(DRAFT.patient.address, line1="9 OTHER STREET")
    moved = replace(LEFT_20, draft=replace(DRAFT, patient=replace(DRAFT.patient, address=address)))
    assert later_course(FIRST, moved, (SAME,), PARAMETERS).drafts == ()


@pytest.mark.parametrize(
    ("later", "going", "findings"),
    [
        ((), [], []),
        ((REFUSED,), [], []),
        ((SAME,), [("8", 2, "ICN2")], []),
        ((sent(2, DRAFT, icn=None),), [], ["corrections.payer_number"]),
        ((SAME, sent(3, DRAFT, "sent", frequency=EIGHT)), [], []),
        ((SAME, sent(3, DRAFT, "refused", frequency=EIGHT)), [("8", 2, "ICN2")], []),
    ],
    ids=["nothing sent", "refused", "sent", "number not known", "voided already", "void refused"],
)
def test_a_voided_first_claim_voids_what_the_later_payer_has(later, going, findings) -> None:
    course = withdrawn_course(sent(1, FIRST_DRAFT, frequency=EIGHT), later, PARAMETERS)
    assert [(d.frequency.value, follows, d.payer_control_number) for d, follows in course.drafts] == going
    assert [finding.id for finding in course.findings] == findings


def test_the_claim_that_stands_is_the_last_one_not_refused() -> None:
    assert standing_claim(()) is None
    assert standing_claim((REFUSED,)) is None
    assert standing_claim((SAME, sent(3, DRAFT, "refused", frequency=SEVEN))) == SAME


def test_a_decision_taken_back_waits_under_the_earlier_claim() -> None:
    assert (taken_back(FIRST).id, taken_back(FIRST).subject) == ("coordination.taken_back", "claim C1")


# --- the decision in force --------------------------------------------------------------------------------------------


def decided(day: int, status: str, charge: str, paid: str) -> tuple[Remit, RemitClaim]:
    claim = RemitClaim(number="C1", status=status, charge=Decimal(charge), paid=Decimal(paid), position=1)
    remit = Remit(
        transaction="0001",
        handling="I",
        amount=Decimal(paid),
        method="CHK",
        trace=f"T{day}",
        payer_name="SUMMIT",
        payer_id="SUMM1",
        claims=(claim,),
        paid_on=DECIDED + timedelta(days=day),
    )
    return remit, claim


PAID_70 = decided(0, "1", "100.00", "70.00")
PAID_80 = decided(9, "1", "100.00", "80.00")
BACK_70 = decided(9, "22", "-100.00", "-70.00")
PLAN = decided(1, "25", "100.00", "0.00")


@pytest.mark.parametrize(
    ("payments", "in_force"),
    [
        ([], None),
        ([PAID_70], PAID_70),
        ([PLAN], None),
        ([PAID_70, PLAN], PAID_70),
        ([PAID_70, BACK_70], None),
        ([BACK_70, PAID_70], None),
        ([PAID_70, BACK_70, PAID_80], PAID_80),
        ([PAID_80, BACK_70, PAID_70], PAID_80),
        ([PAID_70, PAID_80], PAID_80),
        ([PAID_80, PAID_70], PAID_80),
        ([PAID_70, decided(9, "22", "-100.00", "-60.00")], None),
        ([PAID_70, decided(9, "1", "-100.00", "-70.00")], None),
    ],
    ids=[
        "none",
        "one",
        "predetermination",
        "predetermination after",
        "taken back",
        "taken back, read first",
        "decided anew",
        "decided anew, read in another order",
        "two",
        "two, read in another order",
        "taken back with other amounts",
        "taken back by its sign",
    ],
)
def test_the_decision_in_force_is_the_latest_that_was_not_taken_back(payments, in_force) -> None:
    assert decision_in_force(payments) == in_force


def test_a_remit_without_a_date_is_the_earliest() -> None:
    undated = (replace(PAID_80[0], paid_on=None), PAID_80[1])
    assert decision_in_force([PAID_70, undated]) == PAID_70
    assert decision_in_force([(replace(undated[0], produced_on=date(2030, 1, 1)), undated[1]), PAID_70]) is not None
