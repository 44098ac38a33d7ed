"""First answers on original claims, counted once each; what is left out has its reason; rates and chance by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Modifier
from integration_engine.domain.baseline import AnsweredClaim, Baseline, FileCoverage, NotUsable, Told
from integration_engine.domain.denial import DenialCategory
from integration_engine.domain.remit import Adjustment, RemitClaim, RemitLine
from integration_engine.rules.denials.baseline import coverage, measure, sort_out
from integration_engine.rules.denials.comparison import classified, compare, rate, two_proportion_z, wilson
from integration_engine.stages.rules_in_force import compile_rules_in_force

RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
JUNE, JULY, AUGUST = date(2026, 6, 15), date(2026, 7, 15), date(2026, 8, 15)
SERVED = date(2026, 6, 1)


def adjustment(text: str) -> Adjustment:
    codes, amount = text.split(":")
    group, reason = codes.split("-")
    return Adjustment(group=group, reason=reason, amount=Decimal(amount))


def line(*adjustments: str, code: str = "97110", modifiers: tuple[str, ...] = ("GP",), served: date = SERVED):
    taken = tuple(adjustment(one) for one in adjustments)
    return RemitLine(
        number=1,
        code=code,
        charge=Decimal("120.00"),
        paid=Decimal("120.00") - sum((one.amount for one in taken), Decimal(0)),
        modifiers=tuple(Modifier(one) for one in modifiers),
        date_of_service=served,
        adjustments=taken,
    )


def answer(number: str = "C1", *lines: RemitLine, on: date | None = JUNE, status: str = "1", **more) -> AnsweredClaim:
    listed = lines or (line(),)
    claim = RemitClaim(
        number=number,
        status=status,
        charge=sum((one.charge for one in listed), Decimal(0)),
        paid=sum((one.paid for one in listed), Decimal(0)),
        position=1,
        frequency=more.pop("frequency", "1"),
        lines=listed,
    )
    return AnsweredClaim(payer_id=more.pop("payer", "P1"), paid_on=on, claim=claim, **more)


DENIED = line("CO-197:120.00")


def sorted_out(*answers: AnsweredClaim, **more):
    return sort_out(answers, RULES.responses, RULES.parameters, **more)


def measured(*answers: AnsweredClaim, **more):
    return measure(sorted_out(*answers, **more).counted, RULES.responses)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (answer(on=None), NotUsable.NO_DATE),
        (answer(""), NotUsable.NO_NUMBER),
        (answer("0"), NotUsable.NO_NUMBER),
        (answer(complete=False), NotUsable.INCOMPLETE),
        (answer(status="22"), NotUsable.REVERSAL),
        (answer(status="25"), NotUsable.ESTIMATE),
        (answer(status="23"), NotUsable.PASSED_ON),
        (answer(status="2"), NotUsable.LATER_PAYER),
        (answer("C1", line("OA-23:100.00", "CO-197:20.00"), status="4"), NotUsable.LATER_PAYER),
        (answer(frequency="7"), NotUsable.CORRECTED),
        (answer(frequency="8"), NotUsable.CORRECTED),
    ],
)
def test_an_answer_is_left_out_with_its_reason_when_it_is_no_first_answer_on_an_original(one, reason) -> None:
    history = sorted_out(one)
    assert history.counted == ()
    assert history.left_out == ((one, reason),)


def test_a_claim_of_ours_is_left_out_of_history() -> None:
    history = sorted_out(answer("OURS"), answer("THEIRS"), ours={"OURS"})
    assert [reason for _, reason in history.left_out] == [NotUsable.SENT_BY_US]
    assert len(history.counted) == 1


def test_only_the_first_answer_counts_when_a_claim_is_answered_again_later() -> None:
    paid_later = answer("C1", on=JULY)
    history = sorted_out(paid_later, answer("C1", DENIED, status="4"))
    assert history.left_out == ((paid_later, NotUsable.LATER_ANSWER),)
    assert history.counted[0].whole.category is DenialCategory.AUTHORIZATION


def test_answers_of_one_day_are_parts_of_one_when_none_takes_another_back() -> None:
    history = sorted_out(answer("C1"), answer("C1", DENIED))
    assert len(history.counted) == 1
    tally = measure(history.counted, RULES.responses).whole
    assert (tally.adjudicated_claims, tally.denied_claims, tally.adjudicated_lines, tally.denied_lines) == (1, 1, 2, 1)


def test_a_correction_of_the_same_day_is_no_part_when_a_reversal_stands_beside_it() -> None:
    history = sorted_out(answer("C1"), answer("C1", status="22"), answer("C1", DENIED))
    assert [reason for _, reason in history.left_out] == [NotUsable.REVERSAL, NotUsable.LATER_ANSWER]
    assert not history.counted[0].whole.denied


def test_the_answer_that_was_taken_back_is_the_first_in_whatever_order_files_come() -> None:
    paid = answer("C1").claim
    reversal = replace(answer("C1"), claim=replace(paid, status="22", charge=-paid.charge, paid=-paid.paid))
    three = (answer("C1"), reversal, answer("C1", DENIED))
    for order in permutations(three):
        assert measured(*order).whole.denied_claims == 0


def test_one_number_on_other_dates_of_service_is_another_claim() -> None:
    assert measured(answer("C1"), answer("C1", line(served=date(2026, 6, 8)))).whole.adjudicated_claims == 2


def test_the_same_payment_counts_once_when_two_files_bring_it() -> None:
    history = sorted_out(answer(key="k"), replace(answer(key="k"), file=1))
    assert [reason for _, reason in history.left_out] == [NotUsable.REPEATED]


def test_a_claim_first_answered_before_the_period_is_not_counted_within_it() -> None:
    assert measured(answer("C1"), answer("C1", on=JULY), within=(JULY, AUGUST)).whole.adjudicated_claims == 0


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line(modifiers=("GP",))], Told.PT),
        ([line(modifiers=("KX", "GO"))], Told.OT),
        ([line(code="92507", modifiers=())], Told.SLP),
        ([line(code="97161", modifiers=())], Told.PT),
        ([line(modifiers=())], Told.UNKNOWN),
        ([line(code="99213", modifiers=("25",))], Told.UNKNOWN),
        ([line(modifiers=("GP",)), line(modifiers=())], Told.PT),
        ([line(modifiers=("GP",)), line(modifiers=("GO",))], Told.SEVERAL),
    ],
)
def test_discipline_is_told_by_modifier_or_code_and_never_guessed(lines, told) -> None:
    slices = {
        one.name: one.tally.adjudicated_claims for one in measured(answer("C1", *lines)).slices if one.by != "payer"
    }
    assert {name for name, claims in slices.items() if claims} == {told}


def test_a_claim_has_the_category_of_its_largest_denied_line_and_each_line_its_own() -> None:
    small = replace(line("CO-151:30.00"), charge=Decimal("30.00"), paid=Decimal(0))
    tally = measured(answer("C1", DENIED, small)).whole
    found = {c.category: (c.claims, c.lines, c.amount) for c in tally.categories if c.claims or c.lines}
    assert found == {
        DenialCategory.AUTHORIZATION: (1, 1, Decimal("120.00")),
        DenialCategory.UNITS: (0, 1, Decimal("30.00")),
    }


def test_a_denial_by_status_counts_as_claim_and_money_when_no_line_is_denied() -> None:
    tally = measured(answer("C1", line("PR-119:120.00"), status="4")).whole
    assert (tally.denied_claims, tally.denied_lines, tally.denied) == (1, 0, Decimal("120.00"))


def test_a_code_nobody_mapped_is_told() -> None:
    assert measured(answer("C1", line("CO-999:120.00"))).unmapped == (("CO-999", 1),)


# --- what always holds --------------------------------------------------------------------------------------------------

LINES = st.sampled_from([line(), DENIED, line("CO-45:20.00"), line("PR-1:120.00"), line("CO-999:120.00")])
ANSWERS = st.builds(
    lambda number, lines, on, status, frequency, file: answer(
        number, *lines, on=on, status=status, frequency=frequency, file=file
    ),
    st.sampled_from(["", "C1", "C2", "C3"]),
    st.lists(LINES, min_size=1, max_size=3),
    st.sampled_from([None, JUNE, JULY, AUGUST]),
    st.sampled_from(["1", "2", "4", "22"]),
    st.sampled_from(["1", "7", None]),
    st.sampled_from([0, 1]),
)


@given(st.lists(ANSWERS, max_size=12))
def test_every_answer_is_counted_or_left_out_and_every_denial_has_one_category(answers) -> None:
    history = sorted_out(*answers)
    used = [part for one in history.counted for part in one.parts]
    assert Counter(map(id, used)) + Counter(id(a) for a, _ in history.left_out) == Counter(map(id, answers))
    told = measure(history.counted, RULES.responses)
    for tally in (told.whole, *(part.tally for part in told.slices)):
        assert sum(c.claims for c in tally.categories) == tally.denied_claims <= tally.adjudicated_claims
        assert sum(c.lines for c in tally.categories) == tally.denied_lines <= tally.adjudicated_lines
        assert sum((c.amount for c in tally.categories), Decimal(0)) == tally.denied
    for kind in ("discipline", "payer"):
        parts = [part.tally.denied_claims for part in told.slices if part.by == kind]
        assert sum(parts) == told.whole.denied_claims


@given(st.lists(ANSWERS, max_size=12))
def test_coverage_accounts_for_every_answer(answers) -> None:
    files = [FileCoverage(name=n, digest=n, used=True, reason="", read=0, used_answers=0) for n in ("a", "b")]
    found = coverage(files, sorted_out(*answers), rows_refused=2)
    assert found.answers_read == len(answers) + 2 == found.answers_used + sum(n for _, n in found.not_usable)
    assert sum(file.used_answers for file in found.files) == found.answers_used
    assert sum(claims for _, claims in found.months) == found.claims_counted
    assert all(file.used or file.reason for file in found.files)


def test_coverage_names_months_without_claims_and_asks_for_three() -> None:
    found = coverage([], sorted_out(answer("C1", on=date(2025, 11, 3)), answer("C2", on=date(2026, 1, 9))))
    assert found.months == (("2025-11", 1), ("2025-12", 0), ("2026-01", 1))
    assert (found.months_covered, found.enough) == (2, False)
    months = sorted_out(answer("C1"), answer("C2", on=JULY), answer("C3", on=AUGUST))
    assert coverage([], months).enough


# --- chance ---------------------------------------------------------------------------------------------------------------


def test_wilson_interval_is_that_of_the_published_formula() -> None:
    low, high = wilson(10, 100)  # worked by hand: (0.1 + z²/200 ± z·sqrt(0.0009 + z²/40000)) / (1 + z²/100)
    assert (round(low, 4), round(high, 4)) == (Decimal("0.0552"), Decimal("0.1744"))
    assert wilson(0, 50)[0] == 0
    assert wilson(50, 50)[1] == 1


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_interval_holds_the_share_and_stays_within_nought_and_one(pair) -> None:
    hits, of = pair
    low, high = wilson(hits, of)
    assert 0 <= low <= Fraction(hits, of) <= high <= 1


def test_two_proportion_z_is_the_pooled_one() -> None:
    # 60 of 400 against 30 of 400: pooled 0.1125, standard error sqrt(0.00049921875) = 0.0223432, difference 0.075
    assert round(two_proportion_z(60, 400, 30, 400), 3) == Decimal("3.357")
    assert two_proportion_z(30, 400, 60, 400) == -two_proportion_z(60, 400, 30, 400)


@pytest.mark.parametrize("counts", [(0, 0, 3, 40), (1, 30, 2, 30), (29, 30, 30, 30), (0, 400, 0, 400)])
def test_nothing_is_said_when_too_few_are_expected(counts) -> None:
    assert two_proportion_z(*counts) is None


def baseline(*answers: AnsweredClaim) -> Baseline:
    history = sorted_out(*answers)
    return Baseline(
        name="before",
        data_digest="d",
        definitions="v1",
        mappings_version="m",
        measured=measure(history.counted, RULES.responses),
        coverage=coverage([], history),
    )


def claims(denied: int, of: int, on: date) -> list[AnsweredClaim]:
    return [answer(f"{on:%m}{n}", DENIED if n < denied else line(), on=on) for n in range(of)]


def test_comparison_tells_fewer_beyond_chance_for_the_category_that_fell() -> None:
    now = measured(*claims(10, 200, AUGUST))
    found = compare(baseline(*claims(40, 200, JUNE)), now, (AUGUST, AUGUST), "v1")
    rows = {row.category: row for row in found.rows}
    assert rows["authorization"].note == rows["targeted"].note == rows["all"].note == "fewer than before, beyond chance"
    assert (rows["authorization"].baseline.percent, rows["authorization"].points) == (
        Decimal("20.00"),
        Decimal("15.00"),
    )
    assert rows["units"].note.startswith("too few")
    assert [row.category for row in found.rows] == [*DenialCategory, "targeted", "all"]


def test_comparison_says_what_has_to_be_known_before_it_is_quoted() -> None:
    notes = " ".join(compare(baseline(*claims(1, 9, JUNE)), measured(), (JULY, AUGUST), "v2").notes)
    for part in ("have changed since", "1 of the 3 months", "differ in length: 1 and 32 days", "same season"):
        assert part in notes


def test_rate_of_nothing_is_not_nought() -> None:
    tally = measured().whole
    assert rate(tally, tally.categories).percent is None


def test_a_part_that_only_one_side_has_is_compared_with_nothing() -> None:
    found = compare(baseline(*claims(1, 4, JUNE)), measured(), (AUGUST, AUGUST), "v1")
    assert {(part.by, part.baseline_claims, part.current_claims) for part in found.parts} == {
        ("discipline", 4, 0),
        ("payer", 4, 0),
    }
    assert {part.rows[-1].note for part in found.parts} == {"nothing was adjudicated on one side"}


def test_share_with_a_category_is_told_and_not_nought_when_nothing_was_denied() -> None:
    nothing = classified(measured(*claims(0, 2, JUNE)))
    assert (nothing.denials, nothing.percent) == (0, None)
    some = classified(measured(*claims(2, 2, JUNE)))
    assert (some.with_category, some.denials, some.percent) == (2, 2, Decimal("100.00"))
