"""Changes after submission: what is sent, what waits and why; and that nothing is silently not billed again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.crosswalk.claim_balance import check
from integration_engine.domain.claim import ClaimDraft, Frequency, ProviderNumber
from integration_engine.rules.answers.life_cycle import Standing
from integration_engine.rules.corrections.judging import Action, Correction, Submitted, correct, differences, same_claim
from tests.rules.claim_visits import (
    PARAMETERS,
    claim,
    coverage,
    drafts_of,
    encounter,
    numbered,
    treatment,
    visit,
)

FIRST = coverage("SUMMITCOM")
[SENT] = drafts_of(visit([FIRST]))
[CHANGED] = drafts_of(visit([FIRST], encounter(treatment(minutes=45), treatment("97140", 24))))
[MEDICARE] = drafts_of(visit([coverage("MEDB")]))
[MEDICARE_CHANGED] = drafts_of(visit([coverage("MEDB")], encounter(treatment(minutes=45), treatment("97140", 24))))
ADJUDICATED = (Standing.PAID, Standing.DENIED, Standing.AT_PAYER)


def sent(draft: ClaimDraft = SENT, standing: Standing = Standing.PAID, number: str | None = "ICN1") -> Submitted:
    return Submitted(number="C1", draft=numbered(draft), standing=standing, payer_control_number=number)


def judged(earlier: Submitted, *drafts: ClaimDraft) -> Correction:
    [answer] = correct([earlier], drafts, PARAMETERS)
    return answer


@pytest.mark.parametrize(
    ("earlier", "drafts", "action"),
    [
        (sent(), (SENT,), Action.NOTHING),
        (sent(), (CHANGED,), Action.REPLACE),
        (sent(), (), Action.VOID),
        (sent(standing=Standing.DENIED), (CHANGED,), Action.REPLACE),
        (sent(number=None), (CHANGED,), Action.WAIT),
        (sent(number=None), (), Action.WAIT),
        (sent(standing=Standing.SENT, number=None), (CHANGED,), Action.WAIT),
        (sent(standing=Standing.REFUSED, number=None), (CHANGED,), Action.SEND_AGAIN),
        (sent(standing=Standing.REFUSED, number=None), (SENT,), Action.NOTHING),
        (sent(standing=Standing.REFUSED, number=None), (), Action.WITHDRAW),
        (sent(MEDICARE), (MEDICARE,), Action.NOTHING),
        (sent(MEDICARE), (MEDICARE_CHANGED,), Action.REOPEN),
        (sent(MEDICARE), (), Action.REOPEN),
        (sent(MEDICARE, Standing.REFUSED), (MEDICARE_CHANGED,), Action.SEND_AGAIN),
    ],
)
def test_fate_of_a_submitted_claim(earlier: Submitted, drafts: tuple[ClaimDraft, ...], action: Action) -> None:
    answer = judged(earlier, *drafts)
    assert answer.action is action
    assert answer.decision.value == action.value
    assert answer.decision.working


def test_directory_that_has_grown_replaces_no_claim_and_mends_a_refused_one() -> None:
    number = ProviderNumber(role="82", qualifier="G2", number="A1")
    grown = replace(SENT, provider_numbers=(number,), payer=replace(SENT.payer, naic="99999"))
    assert judged(sent(), grown).action is Action.NOTHING
    again = judged(sent(standing=Standing.REFUSED), grown)
    assert again.action is Action.SEND_AGAIN
    assert again.draft is not None
    assert again.draft.provider_numbers == (number,)


def test_later_payers_own_authorization_replaces_no_claim_of_the_first() -> None:
    [before] = drafts_of(visit([FIRST, coverage("GRANITE", 2)]))
    [after] = drafts_of(visit([FIRST, coverage("GRANITE", 2, authorization_number="GA1")]))
    assert judged(sent(before), after).action is Action.NOTHING
    assert not same_claim(before, after)


def test_replacement_says_the_new_claim_with_the_payers_number() -> None:
    draft = judged(sent(), CHANGED).draft
    assert draft == replace(CHANGED, frequency=Frequency.REPLACEMENT, payer_control_number="ICN1")
    check(claim(draft, "C2"))


def test_void_says_the_claim_that_was_sent() -> None:
    draft = judged(sent()).draft
    assert draft == replace(SENT, frequency=Frequency.VOID, payer_control_number="ICN1")
    check(claim(draft, "C2"))


def test_second_correction_names_the_number_of_the_latest_decision() -> None:
    replaced = replace(CHANGED, frequency=Frequency.REPLACEMENT, payer_control_number="ICN1")
    draft = judged(sent(replaced, number="ICN2"), SENT).draft
    assert draft is not None
    assert draft.payer_control_number == "ICN2"


def test_claim_sent_again_after_a_refusal_is_an_original_without_the_payers_number() -> None:
    draft = judged(sent(standing=Standing.REFUSED, number="ICN1"), CHANGED).draft
    assert draft == replace(CHANGED, frequency=Frequency.ORIGINAL)


@pytest.mark.parametrize(
    ("earlier", "drafts", "finding"),
    [
        (sent(number=None), (CHANGED,), "corrections.payer_number"),
        (sent(MEDICARE), (MEDICARE_CHANGED,), "corrections.reopening"),
    ],
)
def test_wait_is_a_hold_that_says_what_changed(
    earlier: Submitted, drafts: tuple[ClaimDraft, ...], finding: str
) -> None:
    [found] = judged(earlier, *drafts).findings
    assert found.id == finding
    assert found.holds
    assert "97110 GP x2" in found.observed
    assert "97110 GP x3" in found.observed


def test_claim_to_another_payer_voids_the_first_and_is_new() -> None:
    [other] = drafts_of(visit([coverage("GRANITE")]))
    answers = correct([sent()], [other], PARAMETERS)
    assert [answer.action for answer in answers] == [Action.VOID, Action.SEND_NEW]
    assert answers[1].draft == other


def test_corrected_member_id_voids_the_first_and_is_new() -> None:
    [other] = drafts_of(visit([replace(FIRST, member_id="OTHER1")]))
    assert [a.action for a in correct([sent()], [other], PARAMETERS)] == [Action.VOID, Action.SEND_NEW]


@pytest.mark.parametrize("standing", [Standing.REPLACED, Standing.VOIDED])
def test_replaced_and_voided_claims_are_left_alone(standing: Standing) -> None:
    assert [a.action for a in correct([sent(standing=standing)], [SENT], PARAMETERS)] == [Action.SEND_NEW]


def test_parts_of_a_split_day_are_compared_each_with_its_own() -> None:
    second = replace(SENT, part=2)
    answers = correct([sent(), sent(second)], [SENT], PARAMETERS)
    assert [answer.action for answer in answers] == [Action.NOTHING, Action.VOID]


def test_credit_of_one_charge_changes_both_lines_that_share_it() -> None:
    """An assistant's share and the therapist's name the same charge lines and fall together."""
    shared = treatment(minutes=60, assistant_minutes=30)
    [before] = drafts_of(visit([coverage("MEDB")], encounter(shared, treatment("97140", 24))))
    lines = [line for line in before.lines if line.code == "97110"]
    assert len(lines) == 2
    assert lines[0].charges == lines[1].charges
    [after] = drafts_of(visit([coverage("MEDB")], encounter(treatment("97140", 24))))
    answer = judged(sent(before, Standing.REFUSED), after)
    assert answer.action is Action.SEND_AGAIN
    assert answer.draft is not None
    assert {line.code for line in answer.draft.lines} == {"97140"}


def test_same_bill_from_other_charge_lines_is_the_same_claim() -> None:
    restated = replace(SENT, lines=tuple(replace(line, charges=(99,)) for line in SENT.lines))
    assert same_claim(SENT, restated)
    assert judged(sent(), restated).action is Action.NOTHING


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"place_of_service": "12"}, "place of service"),
        ({"authorization_number": "A2"}, "authorization number"),
        ({"onset_on": date(2026, 1, 1)}, "onset on"),
        ({"total_charge": Decimal("1.00")}, "total charge: 240.00 becomes 1.00"),
    ],
)
def test_differences_are_told_without_values_of_persons(change: dict, told: str) -> None:
    assert differences(SENT, replace(SENT, **change)) == (told,)


@given(
    st.lists(st.sampled_from(Standing), max_size=4),
    st.lists(
        st.sampled_from([SENT, CHANGED, replace(SENT, part=2), replace(CHANGED, part=3)]), max_size=3, unique_by=id
    ),
    st.booleans(),
)
def test_every_submission_and_every_draft_has_an_answer(standings: list, drafts: list, known: bool) -> None:
    number = "ICN1" if known else None
    submitted = [
        Submitted(number=f"C{n}", draft=replace(SENT, part=n), standing=standing, payer_control_number=number)
        for n, standing in enumerate(standings, start=1)
    ]
    answers = correct(submitted, drafts, PARAMETERS)
    standing = [s.number for s in submitted if s.standing not in {Standing.REPLACED, Standing.VOIDED}]
    assert [a.number for a in answers if a.number is not None] == standing
    for answer in answers:
        sends = {Action.REPLACE, Action.VOID, Action.SEND_AGAIN, Action.SEND_NEW}
        assert (answer.draft is not None) == (answer.action in sends)
        assert bool(answer.findings) == (answer.action in {Action.WAIT, Action.REOPEN})
    billed = {(d.part, d.lines) for a in answers if (d := a.draft)} | {(s.draft.part, s.draft.lines) for s in submitted}
    held = {a.number for a in answers if a.findings}
    assert held or all((draft.part, draft.lines) in billed for draft in drafts)
