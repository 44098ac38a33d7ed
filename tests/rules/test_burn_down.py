"""What is left of an authorization, who draws on it, and which bookings nothing covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs
from integration_engine.domain.authorization import Appointment, AppointmentStatus, Authorization
from integration_engine.domain.coverage import Basis, BenefitLimit, BenefitPeriod, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.hold import SelfPay
from integration_engine.domain.parties import Discipline, Patient
from integration_engine.domain.record import DayState, Kept, KeptDay, KeptEncounter, PatientRecord
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.authorization.burn_down import burn_down, forecast, uncovered_visits
from integration_engine.rules.rule_files.compiling import compile_rules

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
PT, OT = Discipline.PT, Discipline.OT
START = date(2026, 10, 1)
ids = count(1)


def kept(*values):
    return tuple(Kept(next(ids), 1, value) for value in values)


def permit(allowed: str | None = "12", number: str = "A100", **more) -> Authorization:
    given = {"payer_id": "SUMMITCOM", "basis": Basis.VISITS, "effective_on": date(2026, 9, 1), "status": "approved"}
    given |= {"ends_on": date(2026, 12, 31)} | more
    return Authorization(number=number, allowed=None if allowed is None else Decimal(allowed), **given)


def day(offset: int, state: DayState = DayState.BILLED, number: str = "A100", quantity: str = "1", **more) -> KeptDay:
    given = {"discipline": PT, "payer": "SUMMIT", "codes": ((Hcpcs("97110"), 2),)} | more
    consumed = ((number, Decimal(quantity)),)
    on = START + timedelta(days=offset)
    return KeptDay(id=next(ids), date_of_service=on, state=state, consumed=consumed, **given)


def booking(offset: int, name: str = "B1", status: AppointmentStatus = AppointmentStatus.BOOKED, **more) -> Appointment:
    start = datetime.combine(START, datetime.min.time()) + timedelta(days=offset, hours=9)
    return Appointment(**({"number": name, "status": status, "start": start, "discipline": PT} | more))


def record(*authorizations: Authorization, days=(), bookings=(), payer: str = "SUMMITCOM", **more) -> PatientRecord:
    return PatientRecord(
        id=1,
        scope="EMR",
        journal_id=1,
        patient=Patient(),
        coverages=kept(Coverage(rank=1, payer_id=payer)),
        authorizations=kept(*authorizations),
        appointments=kept(*bookings),
        days=tuple(days),
        **more,
    )


def visit(offset: int, number: str | None = "V1", discipline: Discipline = PT, **more) -> KeptEncounter:
    value = Encounter(number=number, date_of_service=START + timedelta(days=offset), discipline=discipline, **more)
    return KeptEncounter(id=next(ids), journal_id=1, value=value)


def only(found: PatientRecord, **more):
    (balance,) = burn_down(found, PARAMETERS, **more).balances
    return balance


# --- balances ---------------------------------------------------------------------------------------------------------------


def test_balance_counts_outside_billed_in_flight_and_scheduled() -> None:
    found = record(
        permit(used_before=Decimal(3)),
        days=(day(0), day(1), day(2, DayState.READY), day(3, DayState.HELD), day(4, DayState.VOID)),
        bookings=(booking(10), booking(11, "B2", AppointmentStatus.CANCELLED)),
    )
    balance = only(found)
    assert (balance.authorized, balance.used_before, balance.billed) == (Decimal(12), Decimal(3), Decimal(2))
    assert (balance.in_flight, balance.scheduled, balance.left) == (Decimal(2), Decimal(1), Decimal(4))
    assert [(c.state, c.what) for c in balance.consumers] == [
        ("billed", ""),
        ("billed", ""),
        ("ready", ""),
        ("held", ""),
        ("scheduled", "appointment B1"),
    ]


def test_combined_authorization_lists_the_consumers_of_both_disciplines() -> None:
    found = record(
        permit(disciplines=(PT, OT)),
        days=(day(0), day(0, discipline=OT)),
        encounters=(visit(0, "V1"), visit(0, "V2", OT)),
        bookings=(booking(9, discipline=OT),),
    )
    listed = [(c.discipline, c.what) for c in only(found).consumers]
    assert listed == [(PT, "V1"), (OT, "V2"), (OT, "appointment B1")]
    assert only(found).left == Decimal(9)


def test_balance_of_a_past_date_counts_only_what_lay_before_it() -> None:
    found = record(permit(), days=(day(0), day(5), day(9, DayState.HELD)), bookings=(booking(20),))
    left = [only(found, as_of=START + timedelta(days=offset)).left for offset in (-1, 0, 5, 9, 19, 20)]
    assert left == [Decimal(12), Decimal(11), Decimal(10), Decimal(9), Decimal(9), Decimal(8)]
    assert only(found).left == Decimal(8)


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(list(DayState))), max_size=20), st.integers(0, 60))
def test_balance_never_rises_with_time_and_its_parts_add_up(visits, offset) -> None:
    found = record(permit(), days=[day(o, state) for o, state in visits])
    then, later = (only(found, as_of=START + timedelta(days=o)) for o in (offset, offset + 7))
    assert then.left >= later.left
    for balance in (then, later):
        assert balance.left == Decimal(12) - balance.billed - balance.in_flight - balance.scheduled
        assert sum(c.quantity for c in balance.consumers) == Decimal(12) - balance.left


def test_number_used_without_being_on_file_is_shown_with_unknown_quantity() -> None:
    balance = only(record(days=(day(0, number="FROM-IN1"),)))
    assert (balance.number, balance.authorized, balance.left, balance.billed) == ("FROM-IN1", None, None, Decimal(1))


def test_booking_on_units_is_told_as_not_counted() -> None:
    balance = only(record(permit("24", basis=Basis.UNITS), days=(day(0, quantity="4"),), bookings=(booking(9),)))
    assert (balance.scheduled, balance.not_counted, balance.left) == (Decimal(0), 1, Decimal(20))


# --- bookings ----------------------------------------------------------------------------------------------------------------


def alerts(found: PatientRecord) -> list[str]:
    return [finding.subject for finding in forecast(found, PARAMETERS)]


def test_visit_13_of_12_raises_an_alert_when_it_is_booked() -> None:
    done = [day(o) for o in range(5)] + [day(o, DayState.READY) for o in (5, 6)] + [day(7, DayState.HELD)]
    twelve = [booking(20 + n, f"B{n}") for n in range(4)]
    assert alerts(record(permit(), days=done, bookings=twelve)) == []
    found = record(permit(), days=done, bookings=[*twelve, booking(30, "B13")])
    (finding,) = forecast(found, PARAMETERS)
    assert finding.subject == "appointment B13"
    assert finding.text == "This booked appointment would be visit 13 of 12 authorized."
    assert finding.holds


@pytest.mark.parametrize("gone", [AppointmentStatus.CANCELLED, AppointmentStatus.DELETED, AppointmentStatus.NO_SHOW])
def test_alert_goes_when_an_earlier_booking_does(gone) -> None:
    bookings = [booking(20, "B1"), booking(21, "B2")]
    assert alerts(record(permit("1"), bookings=bookings)) == ["appointment B2"]
    assert alerts(record(permit("1"), bookings=[replace(bookings[0], status=gone), bookings[1]])) == []


def test_alert_goes_when_an_extension_arrives() -> None:
    bookings = [booking(20, "B1"), booking(21, "B2")]
    extension = permit("5", "A200", effective_on=START + timedelta(days=21))
    assert alerts(record(permit("1"), extension, bookings=bookings)) == []
    assert alerts(record(permit("2"), bookings=bookings)) == []


@pytest.mark.parametrize(
    ("authorization", "text"),
    [
        (permit(ends_on=START), "No authorization covers the date"),
        (permit(status="denied"), "No authorization covers the date"),
        (permit(number="0000"), "No authorization covers the date"),
        (permit(payer_id="ANOTHER"), "No authorization covers the date"),
        (permit("4", basis=Basis.UNITS, used_before=Decimal(4)), "4 of 4 authorized units are used up"),
    ],
)
def test_booking_is_not_covered_by_what_cannot_be_used(authorization, text) -> None:
    (finding,) = forecast(record(authorization, bookings=(booking(20),)), PARAMETERS)
    assert finding.text.startswith(text)


@pytest.mark.parametrize(
    "authorization",
    [
        permit(None, basis=Basis.EPISODE),
        permit("1", basis=Basis.UNITS),
        permit("45", basis=Basis.MINUTES),
        permit("10.00", basis=Basis.AMOUNT),
        permit(codes=(Hcpcs("97110"),)),
    ],
)
def test_booking_is_covered_while_something_is_left_on_each_basis(authorization) -> None:
    assert alerts(record(authorization, bookings=(booking(20, minutes=45),))) == []


def test_booking_counts_once_when_its_encounter_has_arrived() -> None:
    numbered = booking(3, encounter_number="V1")
    for one, encounter in ((numbered, visit(3, "V1")), (booking(3), visit(3, "V9")), (booking(3), visit(3, None))):
        found = record(permit("1"), days=(day(3),), bookings=(one,), encounters=(encounter,))
        assert only(found).left == Decimal(0)
        assert alerts(found) == []


def test_one_encounter_stands_for_one_booking_only() -> None:
    found = record(permit("1"), days=(day(3),), bookings=(booking(3), booking(3, "B2")), encounters=(visit(3, None),))
    assert alerts(found) == ["appointment B2"]


def test_exempt_evaluation_is_booked_without_alert() -> None:
    assert alerts(record(bookings=(booking(20, encounter_type="EVAL"),))) == []
    assert alerts(record(bookings=(booking(20, encounter_type="TREAT"),))) == ["appointment B1"]


def test_booking_the_patient_pays_draws_on_nothing() -> None:
    paid = (SelfPay(day_id=None, subject="appointment B1", agreement="signed 2026-10-02"),)
    found = record(permit("1"), bookings=(booking(20), booking(21, "B2")), self_pays=paid)
    assert alerts(found) == []
    assert [c.what for c in only(found).consumers] == ["appointment B2"]


def test_payer_of_the_booked_date_decides_when_the_coverage_changes() -> None:
    change = START + timedelta(days=30)
    coverages = kept(
        Coverage(rank=1, payer_id="GRANITE", ends_on=change),
        Coverage(rank=1, payer_id="SUMMITCOM", effective_on=change),
    )
    found = replace(record(bookings=(booking(20), booking(40, "B2"))), coverages=coverages)
    assert alerts(found) == ["appointment B2"]


@pytest.mark.parametrize(("period", "alert"), [(BenefitPeriod.CALENDAR_YEAR, False), (BenefitPeriod.LIFETIME, True)])
def test_booking_beyond_the_plans_visits_is_told_and_the_year_begins_anew(period, alert) -> None:
    limit = BenefitLimit(basis=Basis.VISITS, period=period, allowed=Decimal(2), disciplines=(PT,))
    granite = {"payer": "GRANITE", "consumed": ()}
    days = [replace(day(o), **granite) for o in (0, 1)]
    found = record(days=days, bookings=(booking(100),), payer="GRANITE", benefit_limits=kept(limit))
    assert (alerts(found) != []) is alert
    same_year = replace(found, appointments=kept(booking(20)))
    assert (
        forecast(same_year, PARAMETERS)[0].text == "This booked appointment would be visit 3 of 2 in the benefit limit."
    )


# --- the list of the next days ---------------------------------------------------------------------------------------------------


def test_list_holds_the_days_asked_for_and_both_ends() -> None:
    found = record(bookings=[booking(offset, f"B{offset}") for offset in (9, 10, 23, 24)])
    first = START + timedelta(days=10)
    assert [v.appointment for v in uncovered_visits(found, PARAMETERS, first=first, days=14)] == ["B10", "B23"]


def test_list_says_not_checked_where_cover_cannot_be_known() -> None:
    found = record(bookings=(booking(10, discipline=None),))
    nobody = replace(record(bookings=(booking(10),)), coverages=())
    strange = record(bookings=(booking(10),), payer="NOBODY")
    for one, word in ((found, "PT, OT or SLP"), (nobody, "no coverage"), (strange, "practice.yaml")):
        (visit,) = uncovered_visits(one, PARAMETERS, first=START, days=14)
        assert (visit.covered, visit.at_risk) == (None, None)
        assert visit.reason.startswith("not checked: ")
        assert word in visit.reason
        assert forecast(one, PARAMETERS) == ()


@pytest.mark.parametrize(
    ("allowed", "price", "at_risk", "source"),
    [
        ("91.50", "60.00", "91.50", "allowed amount of the visit of 2026-10-04"),
        (None, "60.00", "120.00", "charge of the visit of 2026-10-04"),
        (None, None, None, "unknown"),
    ],
)
def test_money_at_risk_is_what_the_last_like_visit_brought_or_unknown(allowed, price, at_risk, source) -> None:
    line = Treatment(code=Hcpcs("97110"), unit_charge=None if price is None else Decimal(price))
    last = day(3, allowed=None if allowed is None else Decimal(allowed))
    other = day(4, discipline=OT, allowed=Decimal("11.00"))
    found = record(days=(last, other), encounters=(visit(3, "V3", treatments=(line,)),), bookings=(booking(10),))
    (visit_at_risk,) = uncovered_visits(found, PARAMETERS, first=START, days=14)
    assert visit_at_risk.at_risk == (None if at_risk is None else Decimal(at_risk))
    assert visit_at_risk.at_risk_from == source
