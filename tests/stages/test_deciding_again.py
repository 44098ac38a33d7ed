"""Patients whom an answer concerns are decided again together, and none of them stops the others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from integration_engine import bootstrap
from integration_engine.rules import patient_course
from integration_engine.stages import taking_in
from integration_engine.stages.adjudicate import Adjudicate, AdjudicationFailed
from integration_engine.stages.read_back import ReadBack
from integration_engine.stages.sent_of_days import SentOfDays
from integration_engine.store import tables as t
from integration_engine.store.lanes import RecordChanged
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages

REFUSED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")[:2]]


def visit(letter: str) -> list[bytes]:
    """The same visit of another patient."""
    mark = letter.encode()
    return [raw.replace(b"S23-", b"S23" + mark).replace(b"S23A", b"S23P" + mark) for raw in STORY]


def refused(office: Office, letters: str) -> list[int]:
    """The patients of refused claims, not decided again yet."""
    office.receive(*[raw for letter in letters for raw in visit(letter)])
    reading = ReadBack(store=office.store, rules=lambda: RULES)
    for name, data in office.answers(office.send(), REFUSED):
        reading.take(name, data, NOW)
    return waiting(office)


def waiting(office: Office) -> list[int]:
    with office.store.database.read() as connection:
        return office.store.submissions.to_decide_again(connection)


def stage(office: Office, **more: int) -> Adjudicate:
    return Adjudicate(store=office.store, rules=lambda: RULES, **more)


def fails_on(monkeypatch: pytest.MonkeyPatch, patient: int) -> None:
    def failing(record, *rest, **named):
        if record.id == patient:
            raise ZeroDivisionError
        return patient_course.adjudicate_course(record, *rest, **named)

    monkeypatch.setattr(taking_in, "adjudicate_course", failing)


def test_all_patients_of_a_refused_file_are_decided_in_one_transaction(office: Office) -> None:
    patients = refused(office, "BCD")
    saved: list[int] = []
    save = office.store.records.save

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(office.store.records, name)

        def save(self, connection, before, after) -> None:
            saved.append(len(after))
            save(connection, before, after)

    deciding = stage(office)
    deciding.store = WithRecords(office.store, Counting())
    told = deciding.again_many(patients, NOW)
    assert (told.decided, told.failed, saved) == (frozenset(patients), frozenset(), [3])
    assert waiting(office) == []
    assert office.difference() == 0


class WithRecords:
    """The store with other records."""

    def __init__(self, store, records) -> None:
        self.records, self._store = records, store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_a_batch_takes_no_more_patients_than_its_size_and_the_rest_next_time(office: Office) -> None:
    patients = refused(office, "BCD")
    deciding = stage(office, batch_size=2)
    assert len(deciding.again_many(patients, NOW).decided) == 2
    assert len(waiting(office)) == 1
    bootstrap.decide_again(deciding)
    assert waiting(office) == []


def test_a_patient_that_changed_meanwhile_waits_and_the_others_are_decided(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = refused(office, "BCD")
    decide = Adjudicate._decide_again

    def changed(self, lease, ids, *rest) -> None:
        if patients[1] in ids:
            raise RecordChanged("a claim of this batch is in a file on its way")
        decide(self, lease, ids, *rest)

    monkeypatch.setattr(Adjudicate, "_decide_again", changed)
    told = stage(office).again_many(patients, NOW)
    assert (told.decided, told.failed) == (frozenset({patients[0], patients[2]}), frozenset())
    assert waiting(office) == [patients[1]]


def test_a_patient_the_engine_fails_on_is_told_and_the_others_are_decided(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = refused(office, "BCD")
    fails_on(monkeypatch, patients[0])
    with pytest.raises(AdjudicationFailed):
        bootstrap.decide_again(stage(office))
    assert waiting(office) == [patients[0]]


def test_a_patient_another_worker_has_is_left_to_the_next_call(office: Office) -> None:
    patients = refused(office, "B")
    now = datetime.now(UTC)
    lease = office.store.lanes.hold_patient(patients[0], now)
    assert lease is not None
    assert stage(office).again_many(patients, now).decided == frozenset()
    office.store.lanes.release(lease)
    assert stage(office).again_many(patients, now).decided == frozenset(patients)


def test_what_was_sent_is_asked_once_for_all_days_that_are_open(office: Office) -> None:
    patients = refused(office, "BCD")
    asked: list[set[int]] = []
    with office.store.database.read() as connection:
        records = office.store.records.load(connection, patients)
        days = connection.execute(select(t.treatment_day.c.id)).scalars().all()

        def ask(wanted) -> list:
            asked.append(set(wanted))
            return office.store.submissions.of_days(connection, wanted)

        sent = SentOfDays(records, ask)
        found = {day: [claim.state.value for claim in sent(day)] for day in days}
    assert found == {day: ["refused"] for day in days}
    assert asked == [set(days)]
