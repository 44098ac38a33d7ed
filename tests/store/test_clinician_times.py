"""One-on-one time of clinicians: derived from visits as they are saved, and for those that were there before."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import delete, select

from integration_engine.core.codes import Hcpcs, Npi
from integration_engine.domain.clinician_time import ClinicianTime, clinician_times
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Practitioner
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.store import tables as t

ON = date(2026, 3, 2)
THERAPIST = Practitioner(npi=Npi("1999900016"))
ASSISTANT = Practitioner(local_id="E201")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute)


def time(who: str, start: datetime, stop: datetime, minutes: int, code: str = "97110") -> ClinicianTime:
    return ClinicianTime(practitioner=who, start=start, stop=stop, minutes=minutes, code=Hcpcs(code), visit="V1")


VISIT = Encounter(
    number="V1",
    date_of_service=ON,
    start=at(9),
    stop=at(10),
    rendering=THERAPIST,
    treatments=(
        Treatment(code=Hcpcs("97110"), start=at(9), stop=at(9, 30), rest_minutes=5),
        Treatment(code=Hcpcs("97140"), minutes=20, assistant_minutes=12, joint_minutes=3, assistant=ASSISTANT),
        Treatment(code=Hcpcs("97112"), minutes=10, assistant=ASSISTANT),
        Treatment(code=Hcpcs("97150"), minutes=30, delivery=Delivery.GROUP),
    ),
)
TIMES = (
    time("1999900016", at(9), at(9, 30), 25),
    time("1999900016", at(9), at(10), 8, "97140"),
    time("E201", at(9), at(10), 15, "97140"),
)


def test_times_of_a_visit_are_each_clinicians_own_minutes_without_groups_and_unknown_shares() -> None:
    assert clinician_times(VISIT) == TIMES


def test_visit_has_no_times_when_nobody_is_named() -> None:
    assert clinician_times(replace(VISIT, rendering=None)) == TIMES[2:]


def test_times_are_saved_with_the_visit_and_go_with_it(store, invented) -> None:
    record = invented.record(invented.message(), number="4711")
    kept = replace(record.encounters[0], value=VISIT, charges=())
    record = replace(record, encounters=(kept,))
    invented.keep(record)
    with store.database.read() as connection:
        found = store.clinician_times.among(connection, {"1999900016", "E201"}, {ON}, ())
        others = store.clinician_times.among(connection, {"1999900016", "E201"}, {ON}, {record.id})
    assert {row.time for row in found} == set(TIMES)
    assert {row.patient_id for row in found} == {record.id}
    assert others == []
    later = replace(record, encounters=(replace(kept, value=replace(VISIT, treatments=())),))
    invented.keep(later, before=record)
    with store.database.read() as connection:
        assert store.clinician_times.among(connection, {"1999900016", "E201"}, {ON}, ()) == []


def test_equal_times_of_several_patients_come_as_one_and_counted(store, invented) -> None:
    journal_id = invented.message()
    for number in ("1", "2", "3"):
        record = invented.record(journal_id, number=number)
        visit = replace(VISIT, number=f"V{number}")
        invented.keep(replace(record, encounters=(replace(record.encounters[0], value=visit, charges=()),)))
    with store.database.read() as connection:
        found = store.clinician_times.among(connection, {"1999900016"}, {ON}, ())
        shared = [store.clinician_times.patients(connection, row) for row in found]
    assert [(row.time.visit, row.time.visits) for row in found] == [("V1", 3), ("V1", 3)]
    assert [len(patients) for patients in shared] == [3, 3]


def test_migration_derives_the_same_times_from_the_visits_that_are_there(store, invented) -> None:
    record = invented.record(invented.message(), number="4711")
    invented.keep(replace(record, encounters=(replace(record.encounters[0], value=VISIT, charges=()),)))
    path = Path(__file__).parents[2] / "migrations" / "versions" / "0008_clinician_times.py"
    spec = importlib.util.spec_from_file_location("clinician_times_migration", path)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    with store.database.write() as connection:
        saved = connection.execute(select(t.clinician_time)).all()
        connection.execute(delete(t.clinician_time))
        migration._derive(connection)
        derived = connection.execute(select(t.clinician_time)).all()
    assert sorted(derived) == sorted(saved)
    assert len(derived) == len(TIMES)
