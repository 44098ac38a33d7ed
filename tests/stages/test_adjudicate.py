"""The adjudicate stage: one bad message never stops the others, overrides release, merges move the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.adapters.outbox import publish
from integration_engine.stages import taking_in
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store.lanes import RecordChanged
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.explain import explain
from integration_engine.store.queries.overview import treatment_days
from integration_engine.wire.hl7 import split_messages
from tests.journeys.messages import charge_message
from tests.stages.test_batch import FakeGate

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
SAMPLES = shipped_folder().parent / "samples" / "messages"


@pytest.fixture
def store(migrated_database_url: str) -> Iterator[Store]:
    store = Store.open(migrated_database_url)
    yield store
    store.close()


def take(store: Store, *raws: bytes) -> Adjudicate:
    receive = Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)
    receive([Incoming(raw, "peer") for raw in raws])
    stage = Adjudicate(store=store, rules=lambda: RULES)
    while stage.run_once(NOW):
        pass
    return stage


def test_message_without_patient_parks_in_the_interface_queue(store: Store) -> None:
    nobody = charge_message(1).replace(b"T000001^^^CLINIC^MR", b"")
    take(store, nobody, charge_message(2))
    with store.database.read() as connection:
        counts = conserve(connection)
        holds = store.holds.list(connection, queue="interface")
    assert counts["messages"]["parked"] == 1
    assert counts["messages"]["done"] == 1
    assert counts["difference"] == 0
    assert any(hold.finding == "interface.message_parked" for hold in holds)


def test_other_patients_go_on_when_the_engine_fails_on_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = taking_in.adjudicate_course

    def fail_on_one(record, parameters, **more):
        if record.patient.identifiers[0].value == "T000001":
            raise ZeroDivisionError
        return real(record, parameters, **more)

    monkeypatch.setattr(taking_in, "adjudicate_course", fail_on_one)
    take(store, charge_message(1), charge_message(2))
    with store.database.read() as connection:
        counts = conserve(connection)
        days = treatment_days(connection)
    assert (counts["messages"]["parked"], counts["messages"]["done"], counts["difference"]) == (1, 1, 0)
    assert len(days) == 1


def test_other_patients_go_on_when_one_has_changed_since_it_was_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)
    receive([Incoming(charge_message(number), "peer") for number in (1, 2, 3)])
    real = store.adjudications.save

    def changed(connection, results, now):
        if any("T000001" in result.facts for result in results):
            raise RecordChanged("a claim of this batch is in a file on its way")
        real(connection, results, now)

    monkeypatch.setattr(store.adjudications, "save", changed)
    stage = Adjudicate(store=store, rules=lambda: RULES)
    with pytest.raises(RecordChanged):
        stage.run_once(NOW)
    with store.database.read() as connection:
        assert len(treatment_days(connection)) == 2
        assert conserve(connection)["messages"]["done"] == 2
    monkeypatch.setattr(store.adjudications, "save", real)
    assert stage.run_once(NOW) == 1  # the one that waited
    with store.database.read() as connection:
        assert len(treatment_days(connection)) == 3
        assert conserve(connection)["difference"] == 0


def test_override_by_a_named_person_releases_the_day(store: Store) -> None:
    stage = take(store, *split_messages((SAMPLES / "21_student.hl7").read_bytes()))
    with store.database.write() as connection:
        holds = [h for h in store.holds.list(connection, queue="documentation") if "student" in h.finding]
        assert holds
        for hold in holds:
            patient = store.holds.override(connection, hold.id, by="J. Doe", reason="seen on paper", now=NOW)
    assert patient is not None
    assert stage.again(patient, NOW)
    with store.database.read() as connection:
        states = {day.visits: day.state for day in treatment_days(connection)}
        shown = store.holds.show(connection, hold.id)
    assert states["VS21A2"] == "ready"
    assert shown is not None
    assert shown["state"] == "overridden"
    assert shown["history"][0]["who"] == "J. Doe"
    assert store.verify()["broken audit links"] == 0


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("J. Doe", " ")])
def test_override_is_refused_without_name_and_reason(store: Store, by: str, reason: str) -> None:
    take(store, charge_message(1))
    with store.database.read() as connection:
        hold = store.holds.list(connection)[0]
    with pytest.raises(ValueError, match="must not be empty"), store.database.write() as connection:
        store.holds.override(connection, hold.id, by=by, reason=reason, now=NOW)


def test_explain_tells_messages_decisions_and_holds_of_a_visit(store: Store) -> None:
    take(store, *split_messages((SAMPLES / "16_kx_threshold.hl7").read_bytes()))
    with store.database.read() as connection:
        found = explain(connection, "VS16A1")
    assert found is not None
    assert any("threshold 2480" in step for d in found["decisions"] for step in d["working"])
    assert {"treatment_day", "messages", "charges", "decisions", "claims"} <= set(found)


def test_late_change_to_a_billed_day_is_held_and_never_lost(store: Store) -> None:
    first, *rest = split_messages((SAMPLES / "23_replacement_of_a_line.hl7").read_bytes())
    charge = next(raw for raw in rest if b"|CG|" in raw)
    correction = next(raw for raw in rest if b"|CO|" in raw)
    take(store, first, charge)
    with store.database.write() as connection:
        ready = store.batches.ready_claims(connection, ["CLEARPATH"])
        assert len(ready) == 1
    _publish(store)
    take(store, correction)
    with store.database.read() as connection:
        counts = conserve(connection)
        day = treatment_days(connection)[0]
    assert day.state == "billed"
    assert [hold.finding for hold in day.holds] == ["corrections.reopening"]
    assert (counts["charges"]["billed"], counts["charges"]["held"], counts["difference"]) == (1, 1, 0)


def _publish(store: Store) -> None:

    with TemporaryDirectory() as folder:
        Batch(store=store, rules=lambda: RULES, gate=FakeGate(), publish=publish, outbound=Path(folder)).run_once(NOW)
