from __future__ import annotations

from datetime import timedelta

from integration_engine.core.findings import Queue
from integration_engine.domain.record import DayState
from integration_engine.store.queries.messages import messages
from integration_engine.store.queries.queues import queues


def asked(store, query, *args, **given):
    with store.database.read() as connection:
        return query(connection, *args, **given)


def test_messages_come_newest_first_page_by_page(store, invented):
    sent = [invented.message(f"M{number}") for number in range(5)]
    first = asked(store, messages, limit=2)
    second = asked(store, messages, limit=2, before=first[-1].id)
    assert [row.id for row in (*first, *second)] == sent[:0:-1]
    assert first[0].received_at == invented.now


def test_messages_are_found_by_state_sender_and_control_id(store, invented):
    invented.message("M1")
    refused = invented.message("M2", accepted=False, sender="OTHER|X")
    for given in ({"state": "refused"}, {"sender": "OTHER|X"}, {"control_id": "M2"}):
        assert [row.id for row in asked(store, messages, **given)] == [refused]


def test_queues_tell_what_waits_what_is_overdue_and_since_when(store, invented):
    invented.ready_day(state=DayState.HELD, findings=(invented.finding(due_in_days=3),))
    told = {row.queue: row for row in asked(store, queues, invented.served + timedelta(days=30))}
    assert list(told) == [queue.value for queue in Queue]
    assert (told["documentation"].open, told["documentation"].overdue, told["documentation"].unassigned) == (1, 1, 1)
    assert told["documentation"].oldest_at == invented.now
    assert (told["edits"].open, told["edits"].oldest_at) == (0, None)


def test_holds_are_listed_by_owner_and_by_person(store, invented):
    invented.ready_day(state=DayState.HELD, findings=(invented.finding(),))
    hold = asked(store, store.holds.list, owner="treating clinician", assigned_to="")[0]
    with store.database.write() as connection:
        store.holds.assign(connection, hold.id, to="kim", by="dana", now=invented.now)
    assert [row.id for row in asked(store, store.holds.list, assigned_to="kim")] == [hold.id]
    assert asked(store, store.holds.list, owner="biller") == []
