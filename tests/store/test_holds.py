from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from integration_engine.domain.record import DayState
from integration_engine.store import tables as t


@pytest.fixture
def held(store, invented):
    """A day held by one finding, and the id of its hold."""
    record, result = invented.ready_day(state=DayState.HELD, findings=(invented.finding(),))
    return record, result, listed(store)[0].id


def listed(store, **asked):
    with store.database.read() as connection:
        return store.holds.list(connection, **asked)


def shown(store, hold_id):
    with store.database.read() as connection:
        return store.holds.show(connection, hold_id)


def act(store, what, hold_id, **given):
    with store.database.write() as connection:
        return getattr(store.holds, what)(connection, hold_id, **given)


def again(invented, record, result, *findings, days=1):
    later = replace(
        result,
        findings=findings,
        day=replace(result.day, state=DayState.HELD if findings else DayState.READY),
    )
    invented.adjudicate(later, now=invented.now + timedelta(days=days))


def test_a_hold_stays_the_same_with_its_age_while_its_finding_comes_back(store, invented, held):
    record, result, hold_id = held
    again(invented, record, result, invented.finding())
    assert [(h.id, h.opened_at) for h in listed(store)] == [(hold_id, invented.now)]


def test_a_hold_is_released_by_the_system_when_its_finding_is_gone(store, invented, held):
    record, result, hold_id = held
    again(invented, record, result)
    assert listed(store) == []
    assert (shown(store, hold_id)["state"], shown(store, hold_id)["closed_by"]) == ("released", "engine")


def test_a_new_finding_opens_beside_the_old_one(store, invented, held):
    record, result, _ = held
    again(invented, record, result, invented.finding(), invented.finding("documentation.no_plan"))
    assert {h.finding for h in listed(store)} == {"documentation.unsigned", "documentation.no_plan"}


def test_what_was_overridden_stays_overridden_while_the_finding_says_the_same(store, invented, held):
    record, result, hold_id = held
    assert act(store, "override", hold_id, by="dana", reason="signed on paper", now=invented.now) == record.id
    again(invented, record, result, invented.finding())
    assert listed(store) == []
    with store.database.read() as connection:
        assert store.holds.overrides(connection, [result.day.id]) == {
            result.day.id: frozenset({("documentation.unsigned", "note", "none")})
        }


@pytest.mark.parametrize("refused", ["claim_file.date_in_future", "edits.x12_8"])
def test_what_the_finished_file_is_refused_for_waits_again_when_an_override_did_not_help(store, invented, refused):
    finding = replace(invented.finding(), id=refused)
    record, result = invented.ready_day(state=DayState.HELD, findings=(finding,))
    (held,) = listed(store)
    act(store, "override", held.id, by="J. Doe", reason="mapping mended", now=invented.now)
    assert listed(store) == []
    again(invented, record, result, finding)
    assert [hold.finding for hold in listed(store)] == [refused]


def test_an_override_does_not_cover_a_finding_that_observed_something_else(store, invented, held):
    record, result, hold_id = held
    act(store, "override", hold_id, by="dana", reason="signed on paper", now=invented.now)
    again(invented, record, result, invented.finding(observed="by a student"))
    assert len(listed(store)) == 1


@pytest.mark.parametrize("given", [{"by": "", "reason": "r"}, {"by": "dana", "reason": " "}])
@pytest.mark.parametrize("what", ["override", "resolve"])
def test_closing_is_refused_without_a_name_and_a_reason(store, invented, held, what, given):
    with pytest.raises(ValueError, match="must not be empty"):
        act(store, what, held[2], now=invented.now, **given)
    assert len(listed(store)) == 1


def test_a_closed_hold_cannot_be_closed_again(store, invented, held):
    act(store, "override", held[2], by="dana", reason="on paper", now=invented.now)
    with pytest.raises(LookupError):
        act(store, "override", held[2], by="dana", reason="on paper", now=invented.now)


def test_every_act_is_in_the_history_of_the_hold_and_in_the_audit(store, invented, held):
    act(store, "assign", held[2], to="kim", by="dana", now=invented.now)
    act(store, "override", held[2], by="kim", reason="on paper", now=invented.now)
    assert [(e["who"], e["what"]) for e in shown(store, held[2])["history"]] == [
        ("dana", "assign"),
        ("kim", "overridden"),
    ]


def test_an_interface_hold_carries_its_message_and_can_be_resolved(store, invented):
    journal_id = invented.message()
    with store.database.write() as connection:
        store.holds.sync(connection, (invented.finding(),), invented.now, journal_id=journal_id)
    hold = listed(store)[0]
    act(store, "resolve", hold.id, by="dana", reason="sent again", now=invented.now)
    assert hold.journal_id == journal_id
    assert [h.id for h in listed(store, state="resolved")] == [hold.id]


def test_a_queue_lists_only_its_own_holds(store, held):
    assert len(listed(store, queue="documentation")) == 1
    assert listed(store, queue="edits") == []


# --- audit and versions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["who", "what", "subject", "reason"])
def test_the_audit_shows_one_changed_entry(store, invented, held, column):
    for number in range(3):
        act(store, "assign", held[2], to=f"kim{number}", by="dana", now=invented.now)
    with store.database.read() as connection:
        assert store.audit.verify(connection) == 0
    with store.database.write() as connection:
        first = t.audit_event.select().limit(1)
        entry = connection.execute(first).first()
        connection.execute(update(t.audit_event).where(t.audit_event.c.id == entry.id).values({column: "forged"}))
    with store.database.read() as connection:
        assert store.audit.verify(connection) > 0


def test_the_audit_shows_a_removed_entry(store, invented, held):
    for number in range(3):
        act(store, "assign", held[2], to=f"kim{number}", by="dana", now=invented.now)
    with store.database.write() as connection:
        middle = list(connection.execute(t.audit_event.select().order_by(t.audit_event.c.id)))[1]
        connection.execute(t.audit_event.delete().where(t.audit_event.c.id == middle.id))
    with store.database.read() as connection:
        assert store.audit.verify(connection) > 0


def test_the_audit_chain_holds_when_people_act_at_once(another, store, invented):
    people = [another() for _ in range(4)]
    together = threading.Barrier(4)

    def act_often(person):
        together.wait()
        for number in range(10):
            with person.database.write() as connection:
                person.audit.append(
                    connection, who="dana", what="looked", subject=f"hold {number}", reason="", now=invented.now
                )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act_often, people))
    with store.database.read() as connection:
        assert store.audit.verify(connection) == 0


def test_the_audit_chain_holds_when_one_machine_has_a_slow_clock(store, invented, monkeypatch):
    entry = {"who": "dana", "what": "looked", "subject": "hold", "reason": "", "now": invented.now}
    with store.database.write() as connection:
        store.audit.append(connection, **entry)
        monkeypatch.setattr(store.audit._ids, "next", lambda: 1)
        store.audit.append(connection, **entry)
        assert store.audit.verify(connection) == 0


def test_a_version_is_kept_once_and_comes_back_whole(store, invented):
    files = {"rules/units.yaml": "a: 1\n", "claims/837p.yaml": "ü\n"}
    for _ in range(2):
        with store.database.write() as connection:
            store.versions.keep(connection, "mappings", "hash", files, invented.now)
    with store.database.read() as connection:
        assert store.versions.load(connection, "hash") == files
        assert store.versions.load(connection, "other") is None


def test_a_version_is_kept_after_the_first_keeping_was_rolled_back(store, invented):
    with pytest.raises(RuntimeError), store.database.write() as connection:  # noqa: PT012 - it must fail at the end
        store.versions.keep(connection, "mappings", "hash", {"a": "b"}, invented.now)
        raise RuntimeError
    with store.database.write() as connection:
        store.versions.keep(connection, "mappings", "hash", {"a": "b"}, invented.now)
    with store.database.read() as connection:
        assert store.versions.load(connection, "hash") == {"a": "b"}


def test_two_workers_keep_the_same_version_at_once(another, store, invented):
    workers = [another() for _ in range(4)]
    together = threading.Barrier(4)

    def keep(worker):
        together.wait()
        with worker.database.write() as connection:
            worker.versions.keep(connection, "mappings", "hash", {"a": "b"}, invented.now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, workers))
    with store.database.read() as connection:
        assert store.versions.load(connection, "hash") == {"a": "b"}


def test_a_hold_of_a_day_is_left_alone_when_another_family_is_spoken_of(store, invented, held):
    record, result, hold_id = held
    refusal = replace(invented.finding(), id="rejections.code")
    for findings, ids in (((refusal,), {invented.finding().id, "rejections.code"}), ((), {invented.finding().id})):
        with store.database.write() as connection:
            told = [(result.day.id, record.id, findings)]
            store.holds.sync_days(connection, told, invented.now, families=("rejections.",))
        assert {row.finding for row in listed(store)} == ids
    assert [row.id for row in listed(store)] == [hold_id]


def test_holds_of_one_kind_end_where_they_speak_of_what_is_named(store, invented, held):
    _, _, hold_id = held
    finding = invented.finding()
    for kind, subjects in (("another.kind", {finding.subject}), (finding.id, {"another subject"})):
        with store.database.write() as connection:
            store.holds.end(connection, kind, subjects, invented.now)
        assert [row.id for row in listed(store)] == [hold_id]
    with store.database.write() as connection:
        store.holds.end(connection, finding.id, {finding.subject}, invented.now)
    assert listed(store) == []
