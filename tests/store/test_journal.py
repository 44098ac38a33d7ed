from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from integration_engine.store import lanes
from integration_engine.store.journal import Verdict, known_query
from integration_engine.store.tables import journal


def rows(store, **where):
    with store.database.read() as connection:
        query = select(func.count()).select_from(journal)
        for name, value in where.items():
            query = query.where(journal.c[name] == value)
        return connection.scalar(query)


def test_new_messages_keep_their_bytes_and_get_their_answer(store, invented):
    every = bytes(range(256))
    receipt = store.journal.append([invented.arrival(raw=every, answer=b"AA 1")], invented.now)[0]
    with store.database.read() as connection:
        assert bytes(store.journal.raw(connection, receipt.journal_id)) == every
    assert (receipt.verdict, receipt.acknowledgment) == (Verdict.NEW, b"AA 1")


def test_a_resend_gets_the_first_answer_and_no_second_row(store, invented):
    first = store.journal.append([invented.arrival(answer=b"AA first")], invented.now)[0]
    again = store.journal.append([invented.arrival(answer=b"AA second")], invented.now)[0]
    assert (again.verdict, again.journal_id, bytes(again.acknowledgment)) == (
        Verdict.DUPLICATE,
        first.journal_id,
        b"AA first",
    )
    assert rows(store) == 1


def test_a_resend_is_known_when_both_arrive_in_one_batch(store, invented):
    receipts = store.journal.append([invented.arrival(), invented.arrival()], invented.now)
    assert [receipt.verdict for receipt in receipts] == [Verdict.NEW, Verdict.DUPLICATE]
    assert rows(store) == 1


def test_other_bytes_under_a_used_control_id_are_kept_and_refused(store, invented):
    store.journal.append([invented.arrival()], invented.now)
    receipt = store.journal.append([invented.arrival(raw=b"MSH|two")], invented.now)[0]
    assert (receipt.verdict, receipt.acknowledgment) == (Verdict.CONFLICT, b"AE conflict")
    assert rows(store, state="refused", reason="control id used before with other content") == 1


def test_a_resent_conflict_gets_the_same_answer_and_no_third_row(store, invented):
    store.journal.append([invented.arrival()], invented.now)
    first = store.journal.append([invented.arrival(raw=b"MSH|two")], invented.now)[0]
    again = store.journal.append([invented.arrival(raw=b"MSH|two")], invented.now)[0]
    assert (again.verdict, again.journal_id) == (Verdict.DUPLICATE, first.journal_id)
    assert rows(store) == 2


def test_a_resent_refused_message_gets_the_same_answer_and_is_counted_once(store, invented):
    first = store.journal.append([invented.arrival(accepted=False, answer=b"AE 1")], invented.now)[0]
    again = store.journal.append([invented.arrival(accepted=False, answer=b"AE 2")], invented.now)[0]
    assert (again.journal_id, bytes(again.acknowledgment)) == (first.journal_id, b"AE 1")
    assert rows(store) == 1


def test_a_refused_message_is_taken_when_the_engine_has_learnt_to_read_it(store, invented):
    store.journal.append([invented.arrival(accepted=False)], invented.now)
    again = store.journal.append([invented.arrival()], invented.now)[0]
    assert again.verdict is Verdict.NEW
    assert rows(store, state="pending") == 1


def test_a_corrected_message_is_taken_when_the_first_was_refused(store, invented):
    store.journal.append([invented.arrival(accepted=False)], invented.now)
    assert store.journal.append([invented.arrival(raw=b"MSH|two")], invented.now)[0].verdict is Verdict.NEW


def test_messages_without_a_control_id_are_all_kept(store, invented):
    receipts = store.journal.append([invented.arrival(""), invented.arrival("")], invented.now)
    assert [receipt.verdict for receipt in receipts] == [Verdict.NEW, Verdict.NEW]


def test_the_same_control_id_of_another_sender_is_new(store, invented):
    receipts = store.journal.append([invented.arrival(), invented.arrival(sender="OTHER|CLINIC")], invented.now)
    assert [receipt.verdict for receipt in receipts] == [Verdict.NEW, Verdict.NEW]


def test_one_message_with_a_nul_does_not_cost_the_others_their_answer(store, invented):
    receipts = store.journal.append([invented.arrival("M\x001"), invented.arrival("M2")], invented.now)
    assert [receipt.verdict for receipt in receipts] == [Verdict.NEW, Verdict.NEW]
    again = store.journal.append([invented.arrival("M\x001")], invented.now)[0]
    assert again.verdict is Verdict.DUPLICATE


def test_one_row_and_one_answer_when_eight_listeners_take_the_same_message(another, store, invented):
    listeners = [another() for _ in range(8)]
    together = threading.Barrier(8)

    def take(number):
        together.wait()
        return listeners[number].journal.append([invented.arrival(answer=f"AA {number}".encode())], invented.now)[0]

    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(take, range(8)))
    assert rows(store) == 1
    assert len({bytes(receipt.acknowledgment) for receipt in receipts}) == 1
    assert sorted(receipt.verdict for receipt in receipts) == [Verdict.DUPLICATE] * 7 + [Verdict.NEW]


def test_overlapping_batches_of_two_listeners_store_each_message_once(another, store, invented):
    other = another()
    batches = [[f"M{n}" for n in range(40)], [f"M{n}" for n in range(39, -1, -1)]]

    def take(pair):
        source, names = pair
        for start in range(0, 40, 8):
            source.journal.append([invented.arrival(name) for name in names[start : start + 8]], invented.now)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, zip((store, other), batches, strict=True)))
    assert rows(store) == 40


def _plan(store, query, **values):
    """The database's plan for a query, its states and parameters as they are sent."""
    compiled = query.compile(store.database.engine)
    expanded = compiled.construct_expanded_state(values)
    sql, given = expanded.statement, expanded.parameters
    with store.database.read() as connection:
        if store.database.is_sqlite:
            places = tuple(given[name] for name in expanded.positiontup)
            return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", places))
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return " ".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", given))


def test_receiving_looks_up_an_index_however_long_the_journal(store):
    plan = _plan(store, known_query(), sender="EMR|CLINIC", controls=["M1", "M2"])
    assert "uq_journal_accepted" in plan
    assert "ix_journal_refused" in plan


def test_taking_looks_up_an_index_however_long_the_backlog(store, invented):
    assert "ix_journal_pending" in _plan(store, lanes._WAITING, now=invented.now.isoformat(), most=16)


def test_a_commit_that_fails_keeps_nothing(store, invented):
    broken = invented.arrival("M2")
    object.__setattr__(broken, "digest", None)
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.journal.append([invented.arrival("M1"), broken], invented.now)
    assert rows(store) == 0


def test_ids_rise_and_differ_between_threads(store):
    seen: list[int] = []
    lock = threading.Lock()

    def many():
        mine = [store.ids.next() for _ in range(5000)]
        assert mine == sorted(set(mine))
        with lock:
            seen.extend(mine)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 20_000
    assert max(seen) < 2**63
