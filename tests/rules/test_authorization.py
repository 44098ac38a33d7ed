"""Which authorization a day is billed under, in which order they are used up, and why one is not enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Severity
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import Basis, BenefitLimit, BenefitPeriod, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Discipline, Patient
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.authorization.covering import Quantities, check_authorization, numbered
from integration_engine.rules.rule_files.compiling import compile_rules

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
SUMMIT = Coverage(rank=1, payer_id="SUMMITCOM")  # asks for authorizations of every discipline, exempts evaluations
GRANITE = Coverage(rank=1, payer_id="GRANITE")  # asks for none
ON = date(2026, 10, 19)
EXERCISE, MANUAL, EVALUATION = Hcpcs("97110"), Hcpcs("97140"), Hcpcs("97161")


def permit(number: str = "A100", allowed: str | None = "12", **more) -> Authorization:
    given = {
        "payer_id": "SUMMITCOM",
        "basis": Basis.VISITS,
        "effective_on": date(2026, 9, 1),
        "ends_on": date(2026, 12, 31),
        "status": "approved",
    } | more
    return Authorization(number=number, allowed=None if allowed is None else Decimal(allowed), **given)


def prior(on: date = date(2026, 10, 12), *used: tuple[str, str], **more) -> PriorDay:
    given = {"discipline": Discipline.PT, "state": "billed", "payer": "SUMMIT"} | more
    return PriorDay(date_of_service=on, authorizations=tuple((n, Decimal(q)) for n, q in used), **given)


def check(
    *authorizations: Authorization,
    codes=((EXERCISE, 3),),
    discipline: Discipline = Discipline.PT,
    coverage: Coverage = SUMMIT,
    history: tuple[PriorDay, ...] = (),
    minutes: int = 45,
    amount: str | None = "100.00",
    limits: tuple[BenefitLimit, ...] = (),
    lines: tuple[Treatment, ...] = (),
    visit_counts: str = "discipline_day",
    habilitative: bool | None = None,
):
    day = TreatmentDay(
        date_of_service=ON,
        discipline=discipline,
        patient=Patient(),
        encounters=(
            Encounter(
                number="V1", date_of_service=ON, discipline=discipline, treatments=lines, habilitative=habilitative
            ),
        ),
        authorizations=authorizations,
        benefit_limits=limits,
    )
    entry = replace(PARAMETERS.practice.payers[coverage.payer_id or ""], visit_counts=visit_counts)
    quantities = Quantities(codes=tuple(codes), minutes=minutes, amount=None if amount is None else Decimal(amount))
    return check_authorization(day, discipline, quantities, coverage, entry, History(days=history), PARAMETERS)


def holds(result) -> list[str]:
    return [finding.id for finding in result.findings if finding.holds]


# --- found or not ---------------------------------------------------------------------------------------------------------


def test_day_is_billed_under_its_authorization_when_something_is_left() -> None:
    result = check(permit(), history=(prior(date(2026, 10, 12), ("A100", "11")),))
    assert (result.number, result.consumed, holds(result)) == ("A100", (("A100", Decimal(1)),), [])
    assert "used before this day 11, this day 1, left after it 0" in result.decisions[-1].working


@pytest.mark.parametrize(
    ("authorization", "finding"),
    [
        (permit(allowed="0"), "exhausted"),
        (permit(used_before=Decimal(12)), "exhausted"),
        (permit(status="denied"), "not_given"),
        (permit(status="requested"), "not_given"),
        (permit(ends_on=date(2026, 10, 18)), "expired"),
        (permit(effective_on=date(2026, 10, 20)), "not_yet"),
        (permit(disciplines=(Discipline.OT,)), "other_discipline"),
        (permit(codes=(MANUAL,)), "other_code"),
        (permit(payer_id="OTHER"), "missing"),
    ],
)
def test_day_is_held_with_the_reason_when_its_authorization_does_not_cover_it(authorization, finding) -> None:
    result = check(authorization)
    assert holds(result) == [f"authorization.{finding}"]
    assert (result.number, result.consumed) == (None, ())


@pytest.mark.parametrize("edge", [{"ends_on": ON}, {"effective_on": ON}])
def test_span_includes_both_ends(edge) -> None:
    assert holds(check(permit(**edge))) == []


def test_evaluation_needs_and_uses_none_when_the_payer_exempts_it() -> None:
    result = check(permit(), codes=((EVALUATION, 1),))
    assert (result.number, result.consumed, result.decisions[-1].value) == (None, (), "exempt")


def test_treatment_beside_an_exempt_evaluation_still_needs_one() -> None:
    assert holds(check(codes=((EVALUATION, 1), (EXERCISE, 1)))) == ["authorization.missing"]
    result = check(permit(), codes=((EVALUATION, 1), (EXERCISE, 1)))
    assert result.numbers == ((EXERCISE, "A100"),)


def test_none_is_asked_for_when_the_payer_wants_none() -> None:
    result = check(coverage=GRANITE)
    assert (holds(result), result.decisions[-1].value) == ([], "not needed")


# --- order of consumption ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "used"),
    [
        (permit("LATE"), permit("EARLY", ends_on=date(2026, 10, 31)), "EARLY"),
        (permit("ANY"), permit("CODE", codes=(EXERCISE,)), "CODE"),
        (permit("ANY"), permit("PT", disciplines=(Discipline.PT,)), "PT"),
        (permit("BOTH", disciplines=(Discipline.PT, Discipline.OT)), permit("PT", disciplines=(Discipline.PT,)), "PT"),
        (permit("CODE", codes=(EXERCISE,)), permit("EARLY", ends_on=date(2026, 10, 31)), "EARLY"),
    ],
)
def test_earliest_expiry_goes_first_then_the_most_specific(one, other, used) -> None:
    assert check(one, other).number == check(other, one).number == used


def test_next_authorization_is_used_when_the_first_is_used_up() -> None:
    first, second = permit("FIRST", "2", ends_on=date(2026, 10, 31)), permit("SECOND", "5")
    assert check(first, second, history=(prior(ON.replace(day=1), ("FIRST", "2")),)).number == "SECOND"


def test_combined_authorization_is_used_by_both_disciplines() -> None:
    both = permit("BOTH", "2", disciplines=(Discipline.PT, Discipline.OT))
    used = (
        prior(date(2026, 10, 12), ("BOTH", "1")),
        prior(date(2026, 10, 13), ("BOTH", "1"), discipline=Discipline.OT),
    )
    result = check(both, history=used, discipline=Discipline.OT)
    assert holds(result) == ["authorization.exhausted"]
    assert result.decisions[-1].working == (
        "This would be visit 3 of 2 authorized.",
        "BOTH is drawn on by PT 2026-10-12 (billed) 1, OT 2026-10-13 (billed) 1",
    )
    assert "BOTH is drawn on by PT 2026-10-12 (billed) 1" in check(both, history=used[:1]).decisions[-1].working


@pytest.mark.parametrize(("visit_counts", "taken"), [("discipline_day", "1"), ("day", "0")])
def test_second_discipline_of_a_date_counts_as_the_payer_counts_visits(visit_counts, taken) -> None:
    used = (prior(ON, ("BOTH", "1"), discipline=Discipline.OT),)
    assert check(permit("BOTH"), history=used, visit_counts=visit_counts).consumed == (("BOTH", Decimal(taken)),)


@pytest.mark.parametrize(
    ("basis", "allowed", "fits"),
    [
        (Basis.UNITS, "3", True),
        (Basis.UNITS, "2", False),
        (Basis.MINUTES, "45", True),
        (Basis.MINUTES, "44", False),
        (Basis.AMOUNT, "100.00", True),
        (Basis.AMOUNT, "99.99", False),
        (Basis.EPISODE, None, True),
    ],
)
def test_each_basis_counts_its_own_quantity(basis, allowed, fits) -> None:
    assert (holds(check(permit(allowed=allowed, basis=basis))) == []) is fits


def test_balance_is_told_as_not_checked_when_dollars_are_not_known() -> None:
    result = check(permit(allowed="500", basis=Basis.AMOUNT), amount=None)
    assert [f.id for f in result.findings] == ["configuration.authorization_not_counted"]
    assert (result.number, result.consumed) == ("A100", ())


# --- one number for each code ----------------------------------------------------------------------------------------------------


def test_each_code_is_billed_under_its_own_number_when_no_single_one_covers_the_day() -> None:
    result = check(
        permit("EX", "4", basis=Basis.UNITS, codes=(EXERCISE,)),
        permit("MT", codes=(MANUAL,)),
        codes=((EXERCISE, 3), (MANUAL, 1)),
    )
    assert result.number is None
    assert result.numbers == ((EXERCISE, "EX"), (MANUAL, "MT"))
    assert result.consumed == (("EX", Decimal(3)), ("MT", Decimal(1)))


def test_one_number_is_kept_when_one_authorization_covers_all_codes() -> None:
    result = check(permit("EX", codes=(EXERCISE,)), permit("ALL"), codes=((EXERCISE, 3), (MANUAL, 1)))
    assert (result.number, dict(result.numbers)) == ("ALL", {EXERCISE: "ALL", MANUAL: "ALL"})


def test_whole_day_is_held_when_one_code_finds_no_cover() -> None:
    result = check(permit("EX", codes=(EXERCISE,)), codes=((EXERCISE, 3), (MANUAL, 1)))
    assert holds(result) == ["authorization.other_code"]
    assert "97140" in result.findings[0].text
    assert result.consumed == ()


def test_lines_carry_their_numbers_when_the_claim_cannot_carry_one() -> None:
    lines = (Treatment(code=EXERCISE), Treatment(code=MANUAL, authorization_number="0000"))
    result = check(permit("EX", codes=(EXERCISE,)), permit("MT", codes=(MANUAL,)), codes=((EXERCISE, 3), (MANUAL, 1)))
    assert [t.authorization_number for t in numbered(lines, result, PARAMETERS)] == ["EX", "MT"]


def test_number_named_with_a_line_is_the_one_its_code_uses() -> None:
    lines = (Treatment(code=EXERCISE, authorization_number="LATE"),)
    assert check(permit("LATE"), permit("EARLY", ends_on=date(2026, 10, 31)), lines=lines).number == "LATE"


def test_line_is_held_when_it_names_a_number_that_is_not_on_file() -> None:
    lines = (Treatment(code=EXERCISE, authorization_number="OLD77"),)
    assert holds(check(permit(), lines=lines)) == ["authorization.number_unknown"]


# --- numbers that are none -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0000", "1", "n/a", "PENDING", "99999", " tbd "])
def test_placeholder_is_refused_as_an_authorization(text) -> None:
    result = check(permit(text))
    assert "authorization.placeholder" in holds(result)
    assert result.number is None


def test_placeholder_with_the_insurance_holds_when_nothing_else_covers_the_day() -> None:
    result = check(coverage=replace(SUMMIT, authorization_number="0000"))
    assert holds(result) == ["authorization.placeholder", "authorization.missing"]
    assert result.findings[0].subject == "coverage.authorization_number"


def test_placeholder_with_a_line_is_told_and_left_out_when_a_real_number_covers_the_day() -> None:
    lines = (Treatment(code=EXERCISE, authorization_number="1"),)
    result = check(permit(), lines=lines)
    assert (holds(result), result.number) == ([], "A100")
    assert [(f.id, f.severity) for f in result.findings] == [("authorization.placeholder", Severity.WARNING)]
    assert numbered(lines, result, PARAMETERS)[0].authorization_number == "A100"


def test_placeholder_holds_nothing_when_the_payer_asks_for_none() -> None:
    result = check(coverage=replace(GRANITE, authorization_number="NONE"))
    assert (holds(result), result.number) == ([], None)


def test_number_with_the_insurance_is_used_with_unknown_quantity_when_it_is_the_only_one() -> None:
    result = check(coverage=replace(SUMMIT, authorization_number="IN1NUMBER"))
    assert result.number == "IN1NUMBER"
    assert "quantity not known" in result.decisions[-1].working[0]


def test_number_with_the_insurance_does_not_pass_visit_13_of_12() -> None:
    coverage = replace(SUMMIT, authorization_number="OLDNUMBER")
    assert holds(check(permit(used_before=Decimal(12)), coverage=coverage)) == ["authorization.exhausted"]


# --- benefit limits --------------------------------------------------------------------------------------------------------------


def limit(allowed: str = "20", used: str | None = None, **more) -> BenefitLimit:
    given = {"basis": Basis.VISITS, "period": BenefitPeriod.CALENDAR_YEAR, "payer_id": "GRANITE"} | more
    return BenefitLimit(allowed=Decimal(allowed), used=None if used is None else Decimal(used), **given)


def past(*dates: date, **more) -> tuple[PriorDay, ...]:
    return tuple(prior(on, **({"payer": "GRANITE"} | more)) for on in dates)


LAST_YEAR, THIS_YEAR = date(2025, 11, 3), date(2026, 3, 2)
YEAR_END = date(2025, 12, 20)


@pytest.mark.parametrize(
    ("given", "history", "exceeded"),
    [
        pytest.param(limit("20", "19"), (), False, id="the last visit covered"),
        pytest.param(limit("20", "20"), (), True, id="one more than covered"),
        pytest.param(limit("1"), past(THIS_YEAR), True, id="own visit of the year counts"),
        pytest.param(limit("1"), past(LAST_YEAR), False, id="own visit of last year does not"),
        pytest.param(limit("1", period=BenefitPeriod.LIFETIME), past(LAST_YEAR), True, id="a lifetime knows no year"),
        pytest.param(limit("20", "20", as_of=YEAR_END), (), False, id="the year turned since it was stated"),
        pytest.param(limit("1", "20", as_of=YEAR_END), past(THIS_YEAR), True, id="new year counts from our own"),
        pytest.param(
            limit("20", "20", as_of=YEAR_END, period=BenefitPeriod.LIFETIME), (), True, id="stated for a lifetime stays"
        ),
        pytest.param(limit("2", "1", as_of=THIS_YEAR), past(THIS_YEAR), False, id="counted by the payer already"),
        pytest.param(limit("1"), past(THIS_YEAR, payer="SUMMIT"), False, id="another payer's visit does not count"),
        pytest.param(limit("1", disciplines=(Discipline.OT,)), past(THIS_YEAR), False, id="another discipline's limit"),
        pytest.param(limit("1"), past(THIS_YEAR, discipline=Discipline.SLP), True, id="all therapy together"),
        pytest.param(limit("2", basis=Basis.UNITS), (), True, id="in units"),
        pytest.param(limit("44", basis=Basis.MINUTES), (), True, id="in minutes"),
        pytest.param(limit("99.99", basis=Basis.AMOUNT), (), True, id="in dollars"),
    ],
)
def test_benefit_limit_counts_its_own_period_payer_and_disciplines(given, history, exceeded) -> None:
    result = check(coverage=GRANITE, limits=(given,), history=history)
    assert holds(result) == (["authorization.benefit_limit"] if exceeded else [])


@pytest.mark.parametrize(("kind", "exceeded"), [(True, True), (False, False)])
def test_habilitative_and_rehabilitative_limits_are_counted_apart(kind, exceeded) -> None:
    limits = (limit("15", "15", habilitative=True), limit("15", "3", habilitative=False))
    result = check(coverage=GRANITE, limits=limits, habilitative=kind)
    assert (holds(result) != []) is exceeded


@pytest.mark.parametrize(("visit_counts", "exceeded"), [("discipline_day", True), ("day", False)])
def test_combined_limit_counts_a_date_as_the_payer_does(visit_counts, exceeded) -> None:
    history = past(ON, discipline=Discipline.OT)
    result = check(coverage=GRANITE, limits=(limit("1"),), history=history, visit_counts=visit_counts)
    assert (holds(result) != []) is exceeded


@pytest.mark.parametrize(
    ("given", "amount", "history"),
    [
        (limit("500", basis=Basis.AMOUNT), None, ()),
        (limit("500", basis=Basis.AMOUNT), "10.00", past(THIS_YEAR)),
        (limit("20", period=None), "10.00", ()),
        (limit("20", basis=None), "10.00", ()),
    ],
)
def test_benefit_limit_is_told_as_not_checked_when_something_is_unknown(given, amount, history) -> None:
    result = check(coverage=GRANITE, limits=(given,), amount=amount, history=history)
    assert [f.id for f in result.findings] == ["configuration.benefit_limit_not_checked"]
    assert holds(result) == []


# --- whatever comes, in whatever order --------------------------------------------------------------------------------------------

NUMBERS = ("A100", "B200", "C300")
PERMITS = st.builds(
    permit,
    st.sampled_from(NUMBERS),
    st.sampled_from(["0", "1", "2", "5"]),
    basis=st.sampled_from([Basis.VISITS, Basis.UNITS]),
    used_before=st.sampled_from([None, Decimal(0), Decimal(1)]),
    codes=st.sampled_from([(), (EXERCISE,), (MANUAL,), (EXERCISE, MANUAL)]),
    ends_on=st.sampled_from([date(2026, 10, 31), date(2026, 12, 31)]),
)
DAYS = st.lists(
    st.sampled_from([((EXERCISE, 2),), ((MANUAL, 1),), ((EXERCISE, 3), (MANUAL, 1))]), min_size=1, max_size=8
)


@given(st.lists(PERMITS, max_size=3, unique_by=lambda a: a.number), DAYS)
def test_no_authorization_is_ever_used_beyond_what_it_allows(authorizations, days) -> None:
    history: tuple[PriorDay, ...] = ()
    for index, codes in enumerate(days):
        result = check(*authorizations, codes=codes, history=history)
        covered = {code for code, _ in result.numbers}
        assert covered == ({code for code, _ in codes} if not holds(result) else set())
        assert (result.number is not None) is (len({number for _, number in result.numbers}) == 1)
        history = (*history, replace(prior(date(2026, 9, 1 + index)), authorizations=result.consumed))
    for one in authorizations:
        used = sum((q for day in history for number, q in day.authorizations if number == one.number), Decimal(0))
        assert used == 0 or used + (one.used_before or 0) <= one.allowed


@given(st.permutations(NUMBERS), DAYS)
def test_order_of_entry_changes_nothing(order, days) -> None:
    ends = dict(zip(NUMBERS, (date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 31)), strict=True))
    one = [permit(number, "2", ends_on=ends[number]) for number in NUMBERS]
    other = [permit(number, "2", ends_on=ends[number]) for number in order]
    assert check(*one, codes=days[0]) == check(*other, codes=days[0])
