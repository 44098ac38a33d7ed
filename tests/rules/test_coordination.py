"""Later payers: what the earlier one decided goes on balanced, or is held; what it sent on itself is not sent again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.core.findings import Outcome
from integration_engine.crosswalk.claim_balance import check
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.parties import PersonName
from integration_engine.domain.remit import RemitClaim
from integration_engine.rules.later_payers.coordination import Coordinated, match_by_control, secondary_draft
from tests.rules.claim_visits import (
    DECIDED,
    PARAMETERS,
    PATIENT,
    cas,
    claim,
    coverage,
    drafts_of,
    numbered,
    remit_of,
    visit,
)

FIRST = coverage("SUMMITCOM")
SECOND = coverage("GRANITE", 2)
MEDICARE = coverage("MEDB", 2, insurance_type="12")
[ORIGINAL] = drafts_of(visit([FIRST, SECOND], billing_provider=None))
ORIGINAL = numbered(ORIGINAL)
PAID = (
    ("70.00", (cas("CO", "45", "30.00"), cas("PR", "2", "20.00"))),
    ("80.00", (cas("CO", "45", "20.00"), cas("PR", "1", "20.00"))),
)


def coordinated(remit: RemitClaim, cover=SECOND, original: ClaimDraft = ORIGINAL, matches=None) -> Coordinated:
    return secondary_draft(
        original,
        remit,
        DECIDED,
        match_by_control(original, remit) if matches is None else matches,
        cover,
        PARAMETERS.practice.payers[cover.payer_id],
        PATIENT,
        PARAMETERS,
    )


def test_first_claim_names_the_later_payer_without_a_decision() -> None:
    [other] = ORIGINAL.other_payers
    assert (other.sequence, other.payer.payer_id, other.paid) == ("S", "GRAN1", None)


def test_later_claim_carries_the_lines_decisions_when_the_payer_decided_by_line() -> None:
    draft = coordinated(remit_of(ORIGINAL, *PAID)).draft
    assert draft is not None
    [earlier] = draft.other_payers
    assert (draft.sequence, draft.payer.payer_id) == ("S", "GRAN1")
    assert (earlier.sequence, earlier.paid, earlier.claim_number) == ("P", Decimal("150.00"), "ICN0001")
    assert earlier.adjudicated_on is None
    assert [line.adjudications[0].adjudicated_on for line in draft.lines] == [DECIDED, DECIDED]
    assert [line.adjudications[0].remaining for line in draft.lines] == [Decimal("20.00"), Decimal("20.00")]
    check(claim(draft))


def bundled(*paid: str) -> RemitClaim:
    """The second line answered under the first one's code, as part of it."""
    answer = remit_of(
        ORIGINAL,
        (paid[0], (cas("CO", "45", "20.00"), cas("PR", "2", "20.00"))),
        (paid[1], (cas("CO", "97", "120.00"),)),
    )
    first, second = answer.lines
    changed = replace(second, code=first.code, submitted_code=second.code, submitted_modifiers=second.modifiers)
    return replace(answer, lines=(first, changed))


def test_line_paid_with_another_names_that_line() -> None:
    draft = coordinated(bundled("80.00", "0.00")).draft
    assert draft is not None
    assert [line.adjudications[0].bundled_line for line in draft.lines] == [None, 1]
    assert draft.lines[1].adjudications[0].code == draft.lines[0].code
    check(claim(draft))


def test_line_under_another_code_names_no_line_when_it_was_paid_itself() -> None:
    answer = bundled("80.00", "0.00")
    paid = replace(answer.lines[1], paid=Decimal("120.00"), adjustments=())
    draft = coordinated(replace(answer, paid=Decimal("200.00"), lines=(answer.lines[0], paid))).draft
    assert draft is not None
    assert [line.adjudications[0].bundled_line for line in draft.lines] == [None, None]


def test_charges_units_and_codes_stay_those_of_the_first_claim() -> None:
    draft = coordinated(remit_of(ORIGINAL, *PAID)).draft
    assert draft is not None
    said = [[(line.code, line.modifiers, line.units, line.charge) for line in d.lines] for d in (draft, ORIGINAL)]
    assert said[0] == said[1]


def test_decision_about_the_whole_claim_stands_with_the_payer_when_the_remit_has_no_lines() -> None:
    whole = remit_of(ORIGINAL, paid=Decimal("150.00"), adjustments=(cas("CO", "45", "50.00"), cas("PR", "2", "40.00")))
    draft = coordinated(whole).draft
    assert draft is not None
    [earlier] = draft.other_payers
    assert (earlier.adjudicated_on, earlier.remaining) == (DECIDED, Decimal("40.00"))
    assert all(not line.adjudications for line in draft.lines)
    check(claim(draft))


def test_tertiary_claim_keeps_the_decisions_of_both_payers_before() -> None:
    second = coordinated(remit_of(ORIGINAL, *PAID)).draft
    assert second is not None
    second = numbered(second, "C2")
    answer = remit_of(
        second,
        ("10.00", (cas("OA", "23", "100.00"), cas("PR", "3", "10.00"))),
        ("15.00", (cas("OA", "23", "100.00"), cas("PR", "3", "5.00"))),
    )
    third = coordinated(answer, coverage("MEDB", 3, insurance_type="12"), second).draft
    assert third is not None
    assert third.sequence == "T"
    assert [other.sequence for other in third.other_payers] == ["P", "S"]
    assert [[one.payer_id for one in line.adjudications] for line in third.lines] == [["SUMM1", "GRAN1"]] * 2
    check(claim(third))


def test_two_answers_to_one_line_are_both_carried_on_when_the_payer_split_it() -> None:
    answer = remit_of(ORIGINAL, *PAID)
    one = answer.lines[0]
    half = replace(one, charge=Decimal("60.00"), paid=Decimal("35.00"), adjustments=(cas("PR", "2", "25.00"),))
    draft = coordinated(replace(answer, lines=(half, half, answer.lines[1]))).draft
    assert draft is not None
    assert [len(line.adjudications) for line in draft.lines] == [2, 1]
    check(claim(draft))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "19"}, "the payer has sent the claim on itself"),
        ({"crossover_payer": "GRANITE"}, "the payer has sent the claim on to the payer it names"),
        ({"status": "22"}, "this takes an earlier decision back; the new one is waited for"),
    ],
)
def test_no_claim_and_no_hold_when_nothing_is_ours_to_send(change: dict, why: str) -> None:
    answer = coordinated(remit_of(ORIGINAL, *PAID, **change))
    assert (answer.draft, answer.findings, answer.decision.value) == (None, (), why)


def test_no_claim_when_the_payer_leaves_nothing_to_the_patient() -> None:
    answer = coordinated(remit_of(ORIGINAL, ("90.00", (cas("CO", "45", "30.00"),)), ("120.00", ())))
    assert answer.draft is None
    assert answer.findings == ()


@pytest.mark.parametrize("stated", [None, "99"])
def test_medicare_second_is_held_when_the_reason_is_not_stated(stated: str | None) -> None:
    answer = coordinated(remit_of(ORIGINAL, *PAID), replace(MEDICARE, insurance_type=stated))
    assert answer.draft is None
    assert [finding.id for finding in answer.findings] == ["coordination.insurance_type"]
    assert answer.decision.outcome is Outcome.FAIL


def test_medicare_second_says_why_when_the_coverage_does() -> None:
    draft = coordinated(remit_of(ORIGINAL, *PAID), MEDICARE).draft
    assert draft is not None
    assert (draft.insurance_type, draft.payer.claim_filing) == ("12", "MB")


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (remit_of(ORIGINAL, ("70.01", PAID[0][1]), PAID[1]), "coordination.unbalanced"),
        (remit_of(ORIGINAL, *PAID, charge=Decimal("1.00")), "coordination.unbalanced"),
        (remit_of(ORIGINAL, *PAID, paid=Decimal("150.01")), "coordination.unbalanced"),
        (remit_of(ORIGINAL, *PAID, adjustments=(cas("CO", "253", "1.00"),)), "coordination.unbalanced"),
        (remit_of(ORIGINAL, PAID[0]), "coordination.line_unanswered"),
        (
            remit_of(ORIGINAL, ("70.00", (cas("ZZ", "1", "30.00"), cas("PR", "2", "20.00"))), PAID[1]),
            "coordination.not_sayable",
        ),
    ],
)
def test_claim_is_held_when_the_answer_does_not_fit_what_was_charged(answer: RemitClaim, finding: str) -> None:
    found = coordinated(answer)
    assert found.draft is None
    assert finding in {one.id for one in found.findings}
    assert all(one.holds for one in found.findings)


def test_claim_is_held_when_an_answer_matches_no_line() -> None:
    answer = remit_of(ORIGINAL, *PAID)
    stray = replace(answer.lines[0], line_control="OTHER", charge=Decimal(0), paid=Decimal(0), adjustments=())
    found = coordinated(replace(answer, lines=(*answer.lines, stray)))
    assert [one.id for one in found.findings] == ["coordination.answer_unmatched"]


def test_claim_is_held_when_the_next_payer_has_already_decided() -> None:
    found = coordinated(remit_of(ORIGINAL, *PAID), FIRST)
    assert [one.id for one in found.findings] == ["coordination.rank"]


def test_claim_is_held_when_the_later_subscriber_is_not_known() -> None:
    cover = coverage("GRANITE", 2, relationship=Relationship.SPOUSE, subscriber_name=PersonName())
    found = coordinated(remit_of(ORIGINAL, *PAID), cover)
    assert [one.id for one in found.findings] == ["claim.subscriber_name"]


def test_zero_adjustments_are_not_carried_on() -> None:
    answer = remit_of(ORIGINAL, ("70.00", (*PAID[0][1], cas("CO", "253", "0.00"))), PAID[1])
    draft = coordinated(answer).draft
    assert draft is not None
    assert "253" not in {a.reason for line in draft.lines for one in line.adjudications for a in one.adjustments}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_later_claim_balances_whatever_the_earlier_payer_decided(data) -> None:
    decisions = []
    for line in ORIGINAL.lines:
        cents = int(line.charge.scaleb(2))
        paid = data.draw(st.integers(0, cents))
        contractual = data.draw(st.integers(0, cents - paid))
        patient = cents - paid - contractual
        amounts = (("CO", "45", contractual), ("PR", "2", patient))
        decisions.append(
            (str(Decimal(paid).scaleb(-2)), tuple(cas(g, r, str(Decimal(c).scaleb(-2))) for g, r, c in amounts))
        )
    answer = coordinated(remit_of(ORIGINAL, *decisions))
    assert answer.findings == ()
    left = sum(a.amount for _, adjustments in decisions for a in adjustments if a.group == "PR")
    assert (answer.draft is None) == (left == 0)
    if answer.draft is not None:
        check(claim(answer.draft))
