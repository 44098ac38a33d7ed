from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from integration_engine.store.lanes import LeaseLost


def close(store, lease, now):
    with store.database.write() as connection:
        store.lanes.guard(connection, lease, now)
        store.journal.mark(connection, [item.journal_id for item in lease.items], "done", "", now)
    store.lanes.release(lease)


def test_nothing_is_leased_when_nothing_waits(store, invented):
    assert store.lanes.take(invented.now) is None


def test_messages_come_in_arrival_order_within_their_lane(store, invented):
    sent = [invented.message(f"M{n}", lane=n % 3) for n in range(12)]
    lease = store.lanes.take(invented.now)
    for lane in range(3):
        assert [i.journal_id for i in lease.items if i.lane == lane] == sent[lane::3]


def test_a_held_lane_is_not_given_to_a_second_worker(store, another, invented):
    other = another()
    invented.message("M1", lane=1)
    first = store.lanes.take(invented.now)
    invented.message("M2", lane=1)
    assert other.lanes.take(invented.now) is None
    store.lanes.release(first)
    assert len(other.lanes.take(invented.now).items) == 2


def test_a_second_worker_gets_other_lanes_though_the_oldest_messages_are_taken(store, another, invented):
    other = another()
    for number in range(20):
        invented.message(f"A{number}", lane=1)
    invented.message("B1", lane=2)
    assert store.lanes.take(invented.now, limit=5, most_lanes=1).lanes == (1,)
    assert other.lanes.take(invented.now, limit=5).lanes == (2,)


def test_nothing_is_saved_when_the_lease_was_lost(store, another, invented):
    other = another()
    journal_id = invented.message("M1")
    slow = store.lanes.take(invented.now)
    later = invented.now + timedelta(seconds=31)
    quick = other.lanes.take(later)
    assert [item.journal_id for item in quick.items] == [journal_id]
    with pytest.raises(LeaseLost), store.database.write() as connection:  # noqa: PT012 - marked, then refused
        store.journal.mark(connection, [journal_id], "done", "by the slow one", later)
        store.lanes.guard(connection, slow, later)
    with other.database.write() as connection:
        other.lanes.guard(connection, quick, later)
    assert other.lanes.take(later) is None


def test_a_late_release_does_not_free_what_another_worker_holds(store, another, invented):
    other = another()
    invented.message("M1")
    slow = store.lanes.take(invented.now)
    later = invented.now + timedelta(seconds=31)
    other.lanes.take(later)
    store.lanes.release(slow)
    assert store.lanes.take(later) is None


def test_guarding_holds_the_lease_on(store, another, invented):
    other = another()
    invented.message("M1")
    lease = store.lanes.take(invented.now)
    with store.database.write() as connection:
        store.lanes.guard(connection, lease, invented.now + timedelta(seconds=20))
    assert other.lanes.take(invented.now + timedelta(seconds=40)) is None


def test_every_message_is_taken_once_and_in_order_by_four_racing_workers(store, another, invented):
    sent = {lane: [] for lane in range(8)}
    for number in range(160):
        sent[number % 8].append(invented.message(f"M{number}", lane=number % 8))
    workers = [another() for _ in range(4)]

    def work(worker):
        mine = []
        for _ in range(200):
            lease = worker.lanes.take(invented.now, limit=7, most_lanes=2)
            if lease is None:
                continue
            mine.append([(item.lane, item.journal_id) for item in lease.items])
            close(worker, lease, invented.now)
        return mine

    with ThreadPoolExecutor(4) as pool:
        taken = [item for leases in pool.map(work, workers) for lease in leases for item in lease]
    assert len(taken) == len(set(taken)) == 160
    for lane, ids in sent.items():
        assert sorted(journal_id for other, journal_id in taken if other == lane) == ids


def test_patients_are_held_by_their_free_lanes_and_no_more_than_asked_for(store, another, invented):
    records = [
        invented.record(invented.message(f"M{number}", lane=number % 4), number=f"47{number}") for number in range(8)
    ]
    with store.database.write() as connection:
        store.records.save(connection, {}, {record.id: record for record in records})
    patients = [record.id for record in records]
    other = another().lanes.hold_patient(patients[1], invented.now)
    lease, held = store.lanes.hold_patients(patients, invented.now, limit=3)
    assert held == [patients[0], patients[2], patients[3]]
    assert set(lease.lanes).isdisjoint(other.lanes)
    assert another().lanes.hold_patients([patients[0], patients[1]], invented.now) is None
    store.lanes.release(lease)
    assert another().lanes.hold_patients(patients, invented.now, most_lanes=1)[1] == [patients[0], patients[4]]
