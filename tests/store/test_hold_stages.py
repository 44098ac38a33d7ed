from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import text

from integration_engine.domain.hold import HoldStage, SelfPay
from integration_engine.domain.record import DayState
from integration_engine.store import Store, schema
from integration_engine.store.database import Database


def standing(store: Store, hold_id: int):
    with store.database.read() as connection:
        return store.hold_stages.standing(connection, hold_id)


@pytest.fixture
def held(store, invented):
    """A day held by one finding: its record, its result, the id of its hold."""
    record, result = invented.ready_day(state=DayState.HELD, findings=(invented.finding(),))
    with store.database.read() as connection:
        return record, result, store.holds.list(connection)[0].id


def move(store: Store, now, was, to: HoldStage, *, reference: str = "") -> None:
    with store.database.write() as connection:
        store.hold_stages.move(connection, was, to, evidence="on 2026-03-02", reference=reference, by="dana", now=now)


def test_a_new_hold_stands_at_none(store, held):
    record, _, hold_id = held
    found = standing(store, hold_id)
    assert (found.stage, found.state, found.patient_id, found.day_sent) == (HoldStage.NONE, "open", record.id, False)
    assert standing(store, 1) is None


def test_a_step_is_refused_when_someone_else_took_one_meanwhile(store, invented, held):
    read = standing(store, held[2])
    move(store, invented.now, read, HoldStage.EXTENSION_REQUESTED)
    with pytest.raises(LookupError, match="moved by someone else"):
        move(store, invented.now, read, HoldStage.PATIENT_PAY_ONLY)
    assert standing(store, held[2]).stage is HoldStage.EXTENSION_REQUESTED
    assert store.verify()["broken audit links"] == 0


def test_what_the_patient_agreed_to_pay_is_loaded_with_the_record_until_it_is_taken_back(store, invented, held):
    record, result, hold_id = held
    move(store, invented.now, standing(store, hold_id), HoldStage.PATIENT_PAY_ONLY, reference="FA-1")
    agreed = SelfPay(day_id=result.day.id, subject="note", agreement="on 2026-03-02 (reference FA-1)")
    assert invented.load(record.id).self_pays == (agreed,)
    move(store, invented.now, standing(store, hold_id), HoldStage.NONE)
    assert invented.load(record.id).self_pays == ()
    assert standing(store, hold_id).state == "open"


def test_holds_from_before_the_stages_stand_at_none(database_url):
    config = schema._config(database_url)
    command.upgrade(config, "0003")
    database = Database(database_url)
    insert = text(
        "INSERT INTO hold (id, queue, finding, subject, observed, text, fix, owner, assigned_to, citation, state, due_on,"
        " created_at, closed_by, reason, why, screen, stage) VALUES (1, 'authorization', 'f', 's', '', '', '', '', '',"
        " '', 'open', '2026-03-02', '2026-03-02T12:00:00.000000+00:00', '', '', '', '', '')"
    )
    with database.write() as connection:
        connection.execute(insert)
    command.upgrade(config, "0004")
    with database.read() as connection:
        row = connection.execute(text("SELECT stage, evidence, reference FROM hold")).one()
    database.close()
    assert tuple(row) == ("none", "", "")
