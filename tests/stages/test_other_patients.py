"""One clinician with two patients at once: both days are held, whichever came first, and released when one is corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

import pytest
from sqlalchemy import event

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.stages.taking_in import read_message
from integration_engine.store import Store
from integration_engine.store.clinician_times import ClinicianTimes
from integration_engine.store.queries.explain import explain
from integration_engine.store.queries.overview import treatment_days

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
PETRA, PAUL = "1999900016", "1999900024"


@pytest.fixture
def store(migrated_database_url: str) -> Iterator[Store]:
    store = Store.open(migrated_database_url)
    yield store
    store.close()


@cache
def template() -> str:
    return (shipped_folder().parent / "samples" / "benchmark" / "dft_three_lines.template").read_text()


def visit(patient: str, hour: int, *, sent: str = "1", therapist: str = PETRA, action: str = "CG") -> bytes:
    """An hour with three codes of one patient, from the full hour; the assistant is each patient's own."""
    text = template().replace("E{therapist}", f"E{patient}")
    values = {"control": f"{patient}{sent}", "patient": patient, "visit": f"V{patient}", "line": patient}
    values |= {"therapist": therapist, "hour": f"20261012{hour:02d}", "next": f"20261012{hour + 1:02d}"}
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text.replace("|CG|", f"|{action}|").replace("\n", "\r").encode()


def receive(store: Store, *raws: bytes) -> None:
    Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)(
        [Incoming(raw, "peer") for raw in raws]
    )


def stage_of(store: Store) -> Adjudicate:
    return Adjudicate(store=store, rules=lambda: RULES)


def patient_id(store: Store, patient: str) -> int:
    key = read_message(1, visit(patient, 9), RULES).key
    assert key is not None
    with store.database.read() as connection:
        return store.records.find(connection, [key])[key]


def take(store: Store, *raws: bytes) -> None:
    receive(store, *raws)
    stage = stage_of(store)
    while stage.run_once(NOW):
        pass


def again(store: Store) -> int:
    """What a worker does between its batches; how many patients it was."""
    with store.database.read() as connection:
        patients = store.submissions.to_decide_again(connection)
    for patient in patients:
        assert stage_of(store).again(patient, NOW)
    return len(patients)


def states(store: Store) -> dict[str, str]:
    with store.database.read() as connection:
        return {day.visits: day.state for day in treatment_days(connection)}


def test_both_patients_are_held_when_one_clinician_treats_them_at_once_in_one_batch(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 9))
    assert states(store) == {"VA": "held", "VB": "held"}
    assert again(store) == 0


def test_the_first_patient_is_held_too_when_the_second_comes_later(store: Store) -> None:
    take(store, visit("A", 9))
    assert states(store) == {"VA": "ready"}
    take(store, visit("B", 9))
    assert states(store) == {"VA": "ready", "VB": "held"}
    assert again(store) == 1
    assert states(store) == {"VA": "held", "VB": "held"}
    assert again(store) == 0


def test_the_finding_names_the_other_visit_and_no_patient(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 9))
    with store.database.read() as connection:
        found = explain(connection, "VA")
        waiting = store.clinician_times.waiting_for(connection, [f"clinician {PETRA} visit VB"])
    assert waiting == {patient_id(store, "A")}
    assert found is not None
    told = [d for d in found["decisions"] if d["rule"] == "gates.clinician_minutes"]
    assert [d["outcome"] for d in told] == ["fail"]
    assert "visit VB 09:00-09:24" in " ".join(told[0]["working"])


def test_the_other_patient_is_released_when_one_visit_is_corrected(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 9))
    take(store, visit("B", 11, sent="2", action="CO"))
    assert states(store) == {"VA": "held", "VB": "ready"}
    assert again(store) == 1
    assert states(store) == {"VA": "ready", "VB": "ready"}


def test_nobody_is_held_when_the_hours_or_the_clinicians_differ(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 10), visit("C", 9, therapist=PAUL))
    assert set(states(store).values()) == {"ready"}
    assert again(store) == 0


def test_days_that_collide_anyway_are_not_decided_again_for_every_further_visit(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 9))
    take(store, visit("C", 9))
    assert states(store)["VC"] == "held"
    assert again(store) == 0


def test_a_visit_another_worker_saved_meanwhile_is_not_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(store, visit("A", 9))
    first, second = stage_of(store), stage_of(store)
    real = ClinicianTimes.among
    raced: list[int] = []

    def the_other_worker_saves_after_this_one_read(*arguments):
        answer = real(*arguments)
        if not raced:
            raced.append(1)
            receive(store, visit("B", 9))
            assert first.run_once(NOW) == 1
        return answer

    monkeypatch.setattr(ClinicianTimes, "among", staticmethod(the_other_worker_saves_after_this_one_read))
    while second.run_once(NOW):
        pass
    assert raced
    assert again(store) == 2
    assert states(store) == {"VA": "held", "VB": "held"}


def test_other_patients_are_asked_for_once_when_a_batch_is_decided_and_once_when_it_is_saved(store: Store) -> None:
    receive(store, *(visit(f"P{number}", 8 + number % 9, therapist=PETRA) for number in range(20)))
    asked: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    stage, batches = stage_of(store), 0
    while stage.run_once(NOW):
        batches += 1
    assert sum("FROM clinician_time" in statement for statement in asked) == 2 * batches


def test_visits_follow_the_record_that_took_them_over_when_two_are_merged(store: Store) -> None:
    take(store, visit("A", 9), visit("B", 9))
    survivor = patient_id(store, "A")
    with store.database.write() as connection:
        store.records.merge(connection, from_id=patient_id(store, "B"), into_id=survivor)
    with store.database.read() as connection:
        left = store.clinician_times.among(connection, {PETRA}, {date(2026, 10, 12)}, set())
    assert {row.patient_id for row in left} == {survivor}
