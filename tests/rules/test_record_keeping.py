"""What each kind of message does to a patient's record, told by the states of its charge lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.authorization import Appointment, AppointmentStatus
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Address, Discipline, Identifier, Patient, PersonName
from integration_engine.domain.plan_of_care import PlanOfCare
from integration_engine.domain.record import ChargeState, PatientRecord
from integration_engine.domain.statement import Statement
from integration_engine.domain.treatment import LineAction, Treatment
from integration_engine.rules.record_keeping import keep, settle_charges, without_units

DAY = date(2026, 10, 5)
EMPTY = PatientRecord(id=1, scope="THERAPYEMR", journal_id=0, patient=Patient())


def line(
    line_id: str | None, code: str = "97110", minutes: int = 30, action: LineAction = LineAction.CHARGE
) -> Treatment:
    return Treatment(line_id=line_id, code=Hcpcs(code), minutes=minutes, action=action)


def dft(*treatments: Treatment, number: str = "V1", **more: object) -> Statement:
    encounter = Encounter(number=number, date_of_service=DAY, discipline=Discipline.PT, treatments=treatments)
    return Statement(feed="therapy", trigger="DFT^P03", control_id="C", encounter=encounter, **more)  # type: ignore[arg-type]


class Keeping:
    """Applies statements one after the other, as messages 1, 2, 3 …"""

    def __init__(self) -> None:
        self.record = EMPTY
        self.messages = count(1)
        self.ids = count(100)

    def take(self, statement: Statement) -> PatientRecord:
        new_id: Callable[[], int] = lambda: next(self.ids)
        self.record = keep(self.record, statement, journal_id=next(self.messages), new_id=new_id)
        return self.record

    @property
    def states(self) -> list[str]:
        return [charge.state.value for encounter in self.record.encounters for charge in encounter.charges]

    @property
    def codes(self) -> list[str | None]:
        return [t.code for encounter in self.record.encounters for t in encounter.value.treatments]


def test_charge_replaces_the_line_when_it_names_the_same_line_id() -> None:
    keeping = Keeping()
    keeping.take(dft(line("L1", minutes=30)))
    record = keeping.take(dft(line("L1", minutes=54, action=LineAction.REPLACEMENT)))
    assert keeping.states == ["void", "pending"]
    assert [t.minutes for t in record.encounters[0].value.treatments] == [54]
    assert "replaced by line 1 of message 2" in record.encounters[0].charges[0].reason


def test_charge_is_counted_once_when_the_same_line_comes_again_under_a_new_control_id() -> None:
    keeping = Keeping()
    keeping.take(dft(line("L1"), line("L2", "97140")))
    record = keeping.take(dft(line("L1"), line("L2", "97140")))
    assert keeping.states == ["pending", "pending", "void", "void"]
    assert [finding.id for finding in record.encounters[0].findings] == ["interface.duplicate_line"] * 2
    assert not any(finding.holds for finding in record.encounters[0].findings)


def test_duplicate_is_held_when_nothing_tells_a_resend_from_a_second_treatment() -> None:
    keeping = Keeping()
    keeping.take(dft(line(None)))
    record = keeping.take(dft(line(None)))
    assert keeping.codes == ["97110"]
    assert [finding.holds for finding in record.encounters[0].findings] == [True]


def test_two_equal_lines_both_stand_when_they_come_in_one_message() -> None:
    keeping = Keeping()
    keeping.take(dft(line(None), line(None)))
    assert keeping.states == ["pending", "pending"]


def test_credit_takes_back_its_line_when_the_line_is_known() -> None:
    keeping = Keeping()
    keeping.take(dft(line("L1"), line("L2", "97140"), line("L3", "97112")))
    record = keeping.take(dft(line("L2", "97140", action=LineAction.CREDIT)))
    assert keeping.codes == ["97110", "97112"]
    assert keeping.states == ["pending", "void", "pending", "void"]
    standing = {c.line_id: c.treatment_index for c in record.encounters[0].charges if c.treatment_index is not None}
    assert standing == {"L1": 0, "L3": 1}


def test_credit_is_held_when_its_line_was_never_received() -> None:
    keeping = Keeping()
    record = keeping.take(dft(line("L9", action=LineAction.CREDIT)))
    assert keeping.states == ["held"]
    assert record.encounters[0].findings[0].id == "interface.credit_unmatched"


def test_payment_is_void_when_it_comes_as_a_charge_line() -> None:
    keeping = Keeping()
    keeping.take(dft(line("P1", action=LineAction.PAYMENT)))
    assert keeping.states == ["void"]


def test_late_line_joins_when_it_names_a_new_line_id() -> None:
    keeping = Keeping()
    keeping.take(dft(line("L1")))
    keeping.take(dft(line("L2", "97140")))
    assert keeping.codes == ["97110", "97140"]


def test_line_is_void_when_no_unit_of_it_is_billed_and_waits_again_when_one_is() -> None:
    encounter = Keeping().take(dft(line("L1"), line("L2", "97112"))).encounters[0]
    first, second = (charge.id for charge in encounter.charges)
    waiting = settle_charges(encounter, state=ChargeState.PENDING, reason="waits")
    settled = without_units(waiting, {first})
    assert [charge.state for charge in settled.charges] == [ChargeState.PENDING, ChargeState.VOID]
    again = settle_charges(settled, state=ChargeState.PENDING, reason="waits")
    assert without_units(again, {first, second}) == waiting


def test_billed_line_stays_billed_when_a_correction_replaces_it() -> None:
    keeping = Keeping()
    record = keeping.take(dft(line("L1")))
    encounter = record.encounters[0]
    billed = replace(encounter, charges=tuple(replace(c, state=ChargeState.BILLED) for c in encounter.charges))
    keeping.record = replace(record, encounters=(billed,))
    keeping.take(dft(line("L1", minutes=15)))
    assert keeping.states == ["billed", "pending"]


def test_blank_leaves_and_null_erases_when_a_patient_is_stated_again() -> None:
    keeping = Keeping()
    address = Address(line1="1 Elm", city="Ayr", state="NE", postal_code="68001")
    first = Patient(
        identifiers=(Identifier(value="M1"),), name=PersonName(last="TEST", first="A"), phone="5", address=address
    )
    keeping.take(Statement(feed="f", trigger="ADT^A04", control_id="1", patient=first))
    second = Patient(identifiers=(Identifier(value="M1"),), address=Address(line1="2 Oak"))
    record = keeping.take(
        Statement(feed="f", trigger="ADT^A08", control_id="2", patient=second, cleared=("patient.phone",))
    )
    assert record.patient.name == PersonName(last="TEST", first="A")
    assert record.patient.phone is None
    assert record.patient.address == Address(line1="2 Oak", city="Ayr", state="NE", postal_code="68001")


def test_coverage_is_gone_when_a_later_snapshot_does_not_state_it() -> None:
    keeping = Keeping()
    both = (Coverage(rank=1, payer_id="A", member_id="1"), Coverage(rank=2, payer_id="B", member_id="2"))
    keeping.take(Statement(feed="f", trigger="ADT^A04", control_id="1", coverages=both))
    record = keeping.take(
        Statement(feed="f", trigger="ADT^A08", control_id="2", coverages=(Coverage(rank=1, payer_id="A"),))
    )
    assert [(kept.value.payer_id, kept.value.member_id) for kept in record.coverages] == [("A", "1")]


def test_plan_keeps_its_identity_when_a_signature_arrives_later() -> None:
    keeping = Keeping()
    plan = PlanOfCare(plan_id="P1", version=1, certified_from=DAY)
    before = keeping.take(dft(line("L1"), plans_of_care=(plan,))).plans_of_care[0]
    record = keeping.take(
        Statement(
            feed="f",
            trigger="MDM^T02",
            control_id="2",
            plans_of_care=(PlanOfCare(plan_id="P1", version=1, signed_on=DAY),),
        )
    )
    assert record.plans_of_care[0].id == before.id
    assert record.plans_of_care[0].value == replace(plan, signed_on=DAY)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_appointment_ends_the_same_when_its_messages_arrive_out_of_order(order: tuple[int, int]) -> None:
    booked = Appointment(number="A1", status=AppointmentStatus.BOOKED, stated_at=datetime(2026, 10, 1, 9))
    cancelled = Appointment(number="A1", status=AppointmentStatus.CANCELLED, stated_at=datetime(2026, 10, 2, 9))
    messages = [booked, cancelled]
    keeping = Keeping()
    for index in order:
        record = keeping.take(Statement(feed="f", trigger="SIU", control_id="1", appointment=messages[index]))
    assert [kept.value.status for kept in record.appointments] == [AppointmentStatus.CANCELLED]


LINES = st.builds(
    line,
    st.sampled_from([None, "L1", "L2", "L3"]),
    st.sampled_from(["97110", "97140"]),
    st.sampled_from([15, 30]),
    st.sampled_from(list(LineAction)),
)


@given(st.lists(st.lists(LINES, max_size=4), max_size=5))
def test_every_line_is_in_exactly_one_place_whatever_messages_arrive(messages: list[list[Treatment]]) -> None:
    keeping = Keeping()
    for lines in messages:
        keeping.take(dft(*lines))
    charges = [charge for encounter in keeping.record.encounters for charge in encounter.charges]
    assert len(charges) == sum(len(lines) for lines in messages)
    standing = sorted(c.treatment_index for c in charges if c.treatment_index is not None)
    treatments = keeping.record.encounters[0].value.treatments if messages else ()
    assert standing == list(range(len(treatments)))
    for charge in charges:
        assert (charge.treatment_index is not None) == (charge.state is ChargeState.PENDING)
        assert charge.reason
