from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from integration_engine.domain.claim import Claim
from integration_engine.domain.record import ChargeState, DayState
from integration_engine.store import Store
from integration_engine.store import tables as t
from integration_engine.store.lanes import LeaseLost
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.explain import explain

RECEIVERS = ("north", "south")


def ready(store):
    with store.database.write() as connection:
        return store.batches.ready_claims(connection, RECEIVERS)


def render(store, connection, invented, claims, *, receiver="north"):
    numbers = store.batches.allot(connection, receiver, len(claims))
    numbered = [Claim(id=c.id, number=n, draft=c.draft) for c, n in zip(claims, numbers.claims, strict=True)]
    batch = store.batches.create(
        connection,
        receiver=receiver,
        payer="mac",
        claims=numbered,
        interchange=numbers.interchange,
        data=b"ISA*",
        content_digest="content",
        file_name=f"{receiver}_{numbers.interchange}.x12",
        mappings_version="v",
        now=invented.now,
    )
    return batch, numbers


def rendered(store, invented):
    with store.database.write() as connection:
        return render(store, connection, invented, store.batches.ready_claims(connection, RECEIVERS))


def publish(store, invented, batch):
    with store.database.write() as connection:
        store.batches.mark_checked(connection, batch)
    with store.database.write() as connection:
        store.departures.mark_published(connection, batch, invented.now, invented.now.date())


def refuse(store, invented, batch, *bad):
    finding = invented.finding("edits.refused")
    with store.database.write() as connection:
        store.departures.refuse(connection, batch, (finding,), dict.fromkeys(bad, (finding,)), invented.now)


def values(store, column):
    with store.database.read() as connection:
        return list(connection.execute(select(column)).scalars())


def counted(store):
    with store.database.read() as connection:
        return conserve(connection)


# --- what may go out -------------------------------------------------------------------------------------------------


def test_a_ready_claim_comes_back_as_it_was_drafted(store, invented):
    _, result = invented.ready_day()
    assert [claim.draft for claim in ready(store)] == list(result.adjudication.drafts)


@pytest.mark.parametrize("state", [DayState.HELD, DayState.VOID])
def test_a_claim_of_a_day_that_is_not_ready_stays(store, invented, state):
    invented.ready_day(state=state)
    assert ready(store) == []


def test_an_open_hold_keeps_a_claim_back_whatever_its_day_says(store, invented):
    record, result = invented.ready_day()
    with store.database.write() as connection:
        store.holds.sync(connection, (invented.finding(),), invented.now, day_id=result.day.id, patient_id=record.id)
    assert ready(store) == []


def test_a_claim_is_in_one_batch_only(store, invented):
    invented.ready_day()
    rendered(store, invented)
    assert ready(store) == []


def test_two_batchers_never_render_the_same_claim(another, store, invented):
    for number in range(12):
        invented.ready_day(str(number))
    batchers = [another() for _ in range(3)]
    together = threading.Barrier(3)

    def run(batcher):
        together.wait()
        with batcher.database.write() as connection:
            claims = batcher.batches.ready_claims(connection, RECEIVERS, limit=4)
            if claims:
                render(batcher, connection, invented, claims)
            return [claim.id for claim in claims]

    with ThreadPoolExecutor(3) as pool:
        taken = [claim for claims in pool.map(run, batchers) for claim in claims]
    assert len(taken) == len(set(taken))


def test_the_database_itself_refuses_a_claim_in_two_live_batches(store, invented):
    invented.ready_day()
    batch, _ = rendered(store, invented)
    claim_id = values(store, t.claim.c.id)[0]
    with pytest.raises(IntegrityError), store.database.write() as connection:
        connection.execute(t.batch_claim.insert().values(batch_id=batch.id, claim_id=claim_id, live=True))


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_are_never_given_twice_though_batchers_race(another, store):
    batchers = [another() for _ in range(4)]
    together = threading.Barrier(4)

    def run(batcher):
        together.wait()
        given = []
        for _ in range(10):
            with batcher.database.write() as connection:
                given.append(batcher.batches.allot(connection, "north", 3))
        return given

    with ThreadPoolExecutor(4) as pool:
        given = [numbers for mine in pool.map(run, batchers) for numbers in mine]
    assert sorted(numbers.interchange for numbers in given) == list(range(1, 41))
    claims = [claim for numbers in given for claim in numbers.claims]
    assert len(set(claims)) == len(claims) == 120
    assert all(re.fullmatch(r"[A-Z0-9]{1,17}", claim) for claim in claims)


def test_a_refused_file_does_not_give_its_numbers_back(store, invented):
    invented.ready_day("1")
    invented.ready_day("2")
    batch, first = rendered(store, invented)
    refuse(store, invented, batch, first.claims[0])
    _, second = rendered(store, invented)
    assert first.interchange < second.interchange
    assert not set(first.claims) & set(second.claims)


# --- the life of a file ----------------------------------------------------------------------------------------------


def test_a_published_file_bills_its_claims_days_and_charge_lines(store, invented):
    invented.ready_day()
    batch, _ = rendered(store, invented)
    publish(store, invented, batch)
    assert values(store, t.claim.c.state) == ["submitted"]
    assert values(store, t.treatment_day.c.state) == [DayState.BILLED.value]
    assert values(store, t.charge.c.state) == [ChargeState.BILLED.value]
    assert counted(store)["charges"] == {
        "received": 1, "billed": 1, "held": 0, "void": 0, "rejected": 0, "pending": 0
    }  # fmt: skip


def test_a_day_is_billed_only_when_its_last_part_is_out(store, invented):
    invented.ready_day(parts=2)
    with store.database.write() as connection:
        first, second = store.batches.ready_claims(connection, RECEIVERS)
        batch, _ = render(store, connection, invented, [first])
    publish(store, invented, batch)
    assert values(store, t.treatment_day.c.state) == [DayState.READY.value]
    assert [claim.id for claim in ready(store)] == [second.id]


def test_a_refused_file_holds_the_named_claim_and_frees_the_others(store, invented):
    invented.ready_day("1")
    invented.ready_day("2")
    with store.database.write() as connection:
        claims = store.batches.ready_claims(connection, RECEIVERS)
        batch, numbers = render(store, connection, invented, claims)
    refuse(store, invented, batch, numbers.claims[0])
    assert [claim.id for claim in ready(store)] == [claims[1].id]
    assert sorted(values(store, t.charge.c.state)) == ["held", "pending"]
    assert values(store, t.batch.c.state) == ["refused"]
    assert counted(store)["difference"] == 0


@pytest.mark.parametrize("named", [(), ("none of these",)])
def test_a_refused_file_that_names_none_of_its_claims_holds_all_of_them(store, invented, named):
    invented.ready_day("1")
    batch, _ = rendered(store, invented)
    refuse(store, invented, batch, *named)
    assert ready(store) == []


def test_a_file_may_leave_only_when_it_was_accepted_and_not_yet_published_or_refused(store, invented):
    invented.ready_day("1")
    batch, _ = rendered(store, invented)

    def may_leave():
        with store.database.write() as connection:
            return store.batches.may_leave(connection, batch)

    assert not may_leave()
    with store.database.write() as connection:
        store.batches.mark_checked(connection, batch)
    assert may_leave()
    publish(store, invented, batch)
    assert not may_leave()
    refuse(store, invented, batch)
    assert values(store, t.batch.c.state) == ["published"]


def test_what_a_crash_left_behind_is_found_with_its_bytes(store, invented):
    invented.ready_day()
    batch, _ = rendered(store, invented)
    assert [(left.id, left.data) for left in store.batches.unfinished()] == [(batch.id, b"ISA*")]
    publish(store, invented, batch)
    assert store.batches.unfinished() == []


def test_the_lines_keep_the_control_numbers_they_were_sent_under(store, invented):
    invented.ready_day()
    with store.database.write() as connection:
        claims = [
            replace(c, draft=replace(c.draft, lines=(replace(c.draft.lines[0], line_control="C1L01"),)))
            for c in store.batches.ready_claims(connection, RECEIVERS)
        ]
        render(store, connection, invented, claims)
    assert values(store, t.service_line.c.line_control) == ["C1L01"]


# --- adjudicated again -----------------------------------------------------------------------------------------------


def test_a_day_adjudicated_again_has_its_newest_draft_only(store, invented):
    _, result = invented.ready_day()
    invented.adjudicate(result)
    assert len(ready(store)) == 1
    assert len(values(store, t.adjudication.c.id)) == 2


def test_a_day_whose_claim_is_in_a_file_on_its_way_is_not_drafted_again(store, invented):
    """Else the same services would leave twice: once in the file on its way, once as a fresh draft."""
    _, result = invented.ready_day()
    batch, _ = rendered(store, invented)
    with pytest.raises(LeaseLost):
        invented.adjudicate(result)
    publish(store, invented, batch)
    assert values(store, t.claim.c.state) == ["submitted"]
    assert values(store, t.treatment_day.c.state) == [DayState.BILLED.value]


def test_a_stale_result_cannot_make_a_billed_day_ready_again(store, invented):
    _, result = invented.ready_day()
    batch, _ = rendered(store, invented)
    publish(store, invented, batch)
    with pytest.raises(LeaseLost):
        invented.adjudicate(result)
    assert ready(store) == []


def test_a_worker_never_removes_a_claim_that_a_batcher_is_taking(postgres_url, invented_on):
    """The worker has to wait for the batcher, and then sees that the claim is gone from its drafts."""
    store, invented = invented_on(postgres_url)
    _, result = invented.ready_day()
    batcher = Store.open(postgres_url)
    with ThreadPoolExecutor(1) as pool:
        with batcher.database.write() as connection:
            claims = batcher.batches.ready_claims(connection, RECEIVERS)
            working = pool.submit(invented.adjudicate, result)
            render(batcher, connection, invented, claims)
            threading.Event().wait(0.3)
        with pytest.raises(LeaseLost):
            working.result(timeout=30)
    batcher.close()
    assert values(store, t.claim.c.state) == ["batched"]


def test_every_service_leaves_once_though_workers_and_batchers_race(another, store, invented):
    days = [invented.ready_day(str(n)) for n in range(16)]
    results = {record.id: result for record, result in days}
    worker, batcher = another(), another()
    working = threading.Event()
    working.set()

    def work():
        for turn in range(25):
            with worker.database.read() as connection:
                before = worker.records.load(connection, results)
            open_ones = {i: r for i, r in before.items() if r.days[0].state is not DayState.BILLED}
            after = {i: replace(r, patient=replace(r.patient, phone=str(turn))) for i, r in open_ones.items()}
            try:
                with worker.database.write() as connection:
                    worker.records.save(connection, open_ones, after)
                    worker.adjudications.save(connection, [results[i] for i in after], invented.now)
            except LeaseLost:
                continue
        working.clear()

    def send():
        left = True
        while left or working.is_set():
            with batcher.database.write() as connection:
                left = batcher.batches.ready_claims(connection, RECEIVERS, limit=3)
                batch = render(batcher, connection, invented, left)[0] if left else None
            if batch:
                publish(batcher, invented, batch)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work), pool.submit(send)]:
            done.result(timeout=120)
    assert values(store, t.claim.c.state) == ["submitted"] * 16
    assert set(values(store, t.treatment_day.c.state)) == {DayState.BILLED.value}
    assert counted(store)["charges"]["billed"] == 16
    assert counted(store)["difference"] == 0


@pytest.fixture
def invented_on(postgres_url):
    from tests.store.conftest import Invented  # noqa: PLC0415 - only the races on PostgreSQL need a second one

    store = Store.open(postgres_url, migrate=True)
    yield lambda _: (store, Invented(store))
    store.close()


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_claim_number_leads_to_the_message_the_charge_and_the_decision(store, invented):
    record, _ = invented.ready_day()
    _, numbers = rendered(store, invented)
    with store.database.read() as connection:
        told = explain(connection, numbers.claims[0])
    assert told["messages"][0]["id"] == record.journal_id
    assert told["charges"][0]["line_number"] == 1
    assert told["decisions"][0]["station"] == "units"
    assert told["claims"][0]["number"] == numbers.claims[0]


@pytest.mark.parametrize("asked", ["V4711", "day", "journal"])
def test_everything_is_found_by_visit_day_and_message(store, invented, asked):
    record, result = invented.ready_day()
    identity = {"day": str(result.day.id), "journal": str(record.journal_id)}.get(asked, asked)
    with store.database.read() as connection:
        assert explain(connection, identity) is not None
        assert explain(connection, "nothing") is None


def test_charges_are_conserved_in_every_state_of_a_message(store, invented):
    invented.message("P", charges=2)
    invented.message("R", charges=3, accepted=False)
    parked = invented.message("K", charges=4)
    invented.ready_day()
    with store.database.write() as connection:
        store.journal.mark(connection, [parked], "parked", "why", invented.now)
    told = counted(store)
    assert told["messages"] == {"received": 4, "pending": 1, "done": 1, "parked": 1, "refused": 1}
    assert told["charges"] == {
        "received": 10, "billed": 0, "held": 4, "void": 0, "rejected": 3, "pending": 3
    }  # fmt: skip
    assert told["difference"] == 0


def test_a_lost_charge_line_shows_as_a_difference(store, invented):
    invented.ready_day()
    with store.database.write() as connection:
        connection.execute(t.charge.delete())
    assert counted(store)["difference"] == 1
