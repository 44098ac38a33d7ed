from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from integration_engine.core.findings import Finding
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Identifier, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote
from integration_engine.domain.record import Charge, ChargeState, DayState, Kept, KeptEncounter
from integration_engine.store import tables as t
from integration_engine.store.lanes import LeaseLost

# --- any record the therapy model can state --------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=8)
for kind, strategy in (
    (str, _TEXT),
    (int, st.integers(0, 2**31 - 1)),
    (Decimal, st.decimals(0, 99_999, places=2)),
    (datetime, st.datetimes()),  # stored moments are a sender's local time, without a zone
):
    st.register_type_strategy(kind, strategy)


def stated(kind):
    return st.lists(st.from_type(kind), max_size=2)


@st.composite
def records(draw, new, journal_id):
    patient_id = new()
    encounters = []
    for value in draw(stated(Encounter)):
        encounter_id = new()
        charges = tuple(
            Charge(
                id=new(),
                journal_id=journal_id,
                encounter_id=encounter_id,
                line_number=place + 1,
                line_id=draw(st.none() | _TEXT),
                treatment_index=draw(st.none() | st.integers(0, 9)),
                state=draw(st.sampled_from(ChargeState)),
                reason=draw(_TEXT),
            )
            for place in range(draw(st.integers(0, 2)))
        )
        findings = tuple(draw(stated(Finding)))
        encounters.append(
            KeptEncounter(id=encounter_id, journal_id=journal_id, value=value, charges=charges, findings=findings)
        )
    children = {
        name: tuple(Kept(new(), journal_id, value) for value in draw(stated(kind)))
        for name, kind in (
            ("coverages", Coverage),
            ("plans_of_care", PlanOfCare),
            ("progress_notes", ProgressNote),
            ("authorizations", Authorization),
            ("benefit_limits", BenefitLimit),
            ("measurements", Measurement),
            ("appointments", Appointment),
        )
    }
    return {
        "id": patient_id,
        "scope": draw(_TEXT),
        "journal_id": journal_id,
        "patient": draw(st.from_type(Patient)),
        "encounters": tuple(encounters),
        **children,
    }


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_record_comes_back_equal(store, invented, data):
    record = replace(invented.record(invented.message()), **data.draw(records(store.ids.next, invented.message())))
    invented.keep(record)
    assert invented.load(record.id) == record


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_record_comes_back_as_it_was_changed(store, invented, data):
    first = replace(invented.record(invented.message()), **data.draw(records(store.ids.next, invented.message())))
    second = replace(first, **{**data.draw(records(store.ids.next, first.journal_id)), "id": first.id})
    second = replace(
        second,
        scope=first.scope,
        coverages=(*first.coverages[:1], *second.coverages),
        encounters=(*first.encounters[1:], *second.encounters),
    )
    invented.keep(first)
    invented.keep(second, before=first)
    assert invented.load(first.id) == second


# --- finding, saving -------------------------------------------------------------------------------------------------


def find(store, *keys):
    with store.database.read() as connection:
        return store.records.find(connection, keys)


def test_a_patient_is_found_by_its_record_number_in_its_own_scope(store, invented):
    record = invented.record(invented.message())
    invented.keep(record)
    assert find(store, ("CLINIC", "4711"), ("OTHER", "4711"), ("CLINIC", "4712")) == {("CLINIC", "4711"): record.id}


def test_a_second_identifier_does_not_identify(store, invented):
    record = invented.record(invented.message())
    both = (*record.patient.identifiers, Identifier(value="SSN-LIKE", kind="SS"))
    invented.keep(replace(record, patient=replace(record.patient, identifiers=both)))
    assert find(store, ("CLINIC", "SSN-LIKE")) == {}


def test_loading_costs_the_same_number_of_queries_for_one_patient_as_for_many(store, invented):
    ids = []
    for number in range(12):
        record = invented.record(invented.message(f"M{number}"), number=str(number))
        invented.keep(record)
        ids.append(record.id)
    asked: list[str] = []
    event.listen(
        store.database.engine,
        "before_cursor_execute",
        lambda *given: given[2].startswith("BEGIN") or asked.append(given[2]),
    )
    with store.database.read() as connection:
        store.records.load(connection, ids[:1])
        one = len(asked)
        asked.clear()
        store.records.load(connection, ids)
    assert len(asked) == one < 20


def test_an_unchanged_record_writes_nothing(store, invented):
    record = invented.record(invented.message())
    invented.keep(record)
    asked: list[str] = []
    event.listen(
        store.database.engine,
        "before_cursor_execute",
        lambda *given: given[2].startswith("BEGIN") or asked.append(given[2]),
    )
    with store.database.write() as connection:
        store.records.save(connection, {record.id: record}, {record.id: record})
    assert [sql for sql in asked if not sql.startswith("SELECT")] == []


def test_the_message_that_last_stated_the_patient_is_kept(store, invented):
    record = invented.record(invented.message("M1"))
    invented.keep(record)
    newer = replace(record, journal_id=invented.message("M2"))
    invented.keep(newer, before=record)
    assert invented.load(record.id) == newer


def test_money_is_kept_in_whole_cents(store, invented):
    record = invented.record(invented.message())
    encounter = record.encounters[0]
    treatment = replace(encounter.value.treatments[0], charge=Decimal("45.05"))
    value = replace(encounter.value, treatments=(treatment,))
    invented.keep(replace(record, encounters=(replace(encounter, value=value),)))
    with store.database.read() as connection:
        assert connection.scalar(select(t.treatment.c.charge_cents)) == 4505


# --- merging (ADT^A40) -----------------------------------------------------------------------------------------------


@pytest.fixture
def merged(store, invented):
    gone = invented.record(invented.message("M1"), number="OLD")
    stays = invented.record(invented.message("M2"), number="NEW")
    invented.keep(gone)
    invented.keep(stays)
    with store.database.write() as connection:
        store.records.merge(connection, from_id=gone.id, into_id=stays.id)
    return gone, stays


def test_a_merged_record_belongs_to_the_survivor_with_all_its_encounters(merged, invented):
    gone, stays = merged
    assert {e.id for e in invented.load(stays.id).encounters} == {gone.encounters[0].id, stays.encounters[0].id}
    assert invented.load(gone.id).encounters == ()


def test_the_survivor_keeps_its_own_record_number_after_a_merge(merged, invented):
    _, stays = merged
    assert invented.load(stays.id).patient == stays.patient


def test_a_late_message_under_the_merged_number_finds_the_survivor(merged, store, invented):
    _, stays = merged
    assert find(store, ("CLINIC", "OLD"), ("CLINIC", "NEW")) == dict.fromkeys(
        (("CLINIC", "OLD"), ("CLINIC", "NEW")), stays.id
    )


def test_the_merged_number_still_finds_the_survivor_when_its_name_changed_later(merged, store, invented):
    _, stays = merged
    before = invented.load(stays.id)
    invented.keep(replace(before, patient=replace(before.patient, phone="555")), before=before)
    assert find(store, ("CLINIC", "OLD")) == {("CLINIC", "OLD"): stays.id}


def test_the_first_number_still_finds_the_last_survivor_after_two_merges(merged, store, invented):
    _, middle = merged
    last = invented.record(invented.message("M3"), number="LAST")
    invented.keep(last)
    with store.database.write() as connection:
        store.records.merge(connection, from_id=middle.id, into_id=last.id)
    assert set(find(store, ("CLINIC", "OLD"), ("CLINIC", "NEW"), ("CLINIC", "LAST")).values()) == {last.id}


def test_a_day_both_records_had_is_drafted_once_after_a_merge(store, invented):
    """Else each of the two rows would bill the same day of one patient."""
    gone, _ = invented.ready_day("OLD")
    stays, kept = invented.ready_day("NEW")
    with store.database.write() as connection:
        store.records.merge(connection, from_id=gone.id, into_id=stays.id)
    with store.database.read() as connection:
        claims = connection.execute(select(t.claim.c.treatment_day_id)).scalars().all()
    assert claims == [kept.day.id]


def test_a_billed_day_outlives_an_unbilled_one_of_the_same_date_in_a_merge(store, invented):
    gone, billed = invented.ready_day("OLD")
    with store.database.write() as connection:
        connection.execute(t.treatment_day.update().values(state=DayState.BILLED.value))
        connection.execute(t.claim.update().values(state="submitted"))
    stays, _ = invented.ready_day("NEW")
    with store.database.write() as connection:
        store.records.merge(connection, from_id=gone.id, into_id=stays.id)
    assert [day.id for day in invented.load(stays.id).days if day.state is not DayState.VOID] == [billed.day.id]


# --- racing the batcher ----------------------------------------------------------------------------------------------


def test_a_record_read_before_its_day_was_billed_is_not_saved_over_it(store, invented):
    record, _ = invented.ready_day()
    before = invented.load(record.id)
    with store.database.write() as connection:
        connection.execute(t.treatment_day.update().values(state=DayState.BILLED.value))
    with pytest.raises(LeaseLost):
        invented.keep(replace(before, patient=replace(before.patient, phone="555")), before=before)
    assert invented.load(record.id).patient.phone is None
