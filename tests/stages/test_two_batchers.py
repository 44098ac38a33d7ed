"""Several batch processes over one store and one outbound folder, one of them killed: every claim leaves once."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from integration_engine.adapters.outbox import STAGING, publish
from integration_engine.core.findings import Finding, Severity
from integration_engine.stages.batch import ELSEWHERE, Batch
from integration_engine.store import Store
from integration_engine.store import tables as t
from tests.stages.office import NOW, RULES, Accepts, Office, visit

ROOT = Path(__file__).parents[2]


class Batcher:
    """A process that writes whatever is ready until it is ended."""

    def __init__(self, url: str, outbound: Path, seconds: int) -> None:
        command = (sys.executable, "-m", "tests.stages.batcher", url, str(outbound), str(seconds))
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def started(self) -> None:
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def first_word(self) -> None:
        self.process.stdout.readline()

    def ended(self) -> str:
        told, wrong = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, wrong
        return told

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def claims_in(text: str) -> list[str]:
    return re.findall(r"CLM\*([^*]+)\*", text)


def test_every_claim_leaves_once_when_two_batchers_work_and_a_third_is_killed(
    office: Office, migrated_database_url: str
) -> None:
    office.receive(*(visit(number) for number in range(1, 31)))
    batchers = [Batcher(migrated_database_url, office.outbound, 6) for _ in range(3)]
    for one in batchers:
        one.started()
    for one in batchers:
        one.go()
    batchers[0].first_word()
    batchers[0].kill()
    for first in range(31, 91, 10):
        office.receive(*(visit(number) for number in range(first, first + 10)))
    for one in batchers[1:]:
        one.ended()
    office.send()  # what the killed one left
    assert_every_claim_left_once(office.store, office.outbound, 90)


def assert_every_claim_left_once(store: Store, outbound: Path, count: int) -> None:
    with store.database.read() as connection:
        rows = connection.execute(select(t.batch).order_by(t.batch.c.interchange)).all()
        live = list(connection.execute(select(t.batch_claim.c.claim_id).where(t.batch_claim.c.live)).scalars())
        states = list(connection.execute(select(t.claim.c.state)).scalars())
    on_disk = {path.name: path.read_bytes() for path in outbound.glob("*.x12")}
    assert on_disk == {row.file_name: bytes(row.data) for row in rows}
    assert {row.state for row in rows} == {"published"}
    assert [row.interchange for row in rows] == list(range(1, len(rows) + 1))
    numbers = [number for data in on_disk.values() for number in claims_in(data.decode("ascii"))]
    assert len(numbers) == len(set(numbers)) == count
    assert len(live) == len(set(live)) == count
    assert states == ["submitted"] * count
    assert list((outbound / STAGING).iterdir()) == []


# --- one file, two processes, step by step -------------------------------------------------------------------------------


def stage(office: Office, gate=None, publisher=publish) -> Batch:
    return Batch(
        store=office.store, rules=lambda: RULES, gate=gate or Accepts(), publish=publisher, outbound=office.outbound
    )


class Refuses:
    """A gate that has something against every file."""

    accepted = False
    claim_numbers = frozenset()
    findings = (Finding(id="edits.x12_1", severity=Severity.ERROR, text="t", fix="f", owner="biller", subject="837P"),)

    def check(self, _: str):
        return self


def test_file_is_not_published_when_another_process_refused_it_meanwhile(office: Office) -> None:
    office.receive(visit(1))

    class RefusedMeanwhile(Accepts):
        def check(self, text: str):
            (pending,) = office.store.batches.unfinished()
            with office.store.database.write() as connection:
                office.store.departures.refuse(connection, pending, Refuses.findings, {}, NOW)
            return super().check(text)

    told = stage(office, RefusedMeanwhile()).run_once(NOW, on_demand=True)
    assert [one.state for one in told] == [ELSEWHERE]
    assert list(office.outbound.glob("*.x12")) == []


def test_file_is_not_published_again_when_another_process_did_and_it_was_picked_up(office: Office) -> None:
    office.receive(visit(1))

    class PublishedMeanwhile(Accepts):
        def check(self, text: str):
            stage(office).recover(NOW)
            for path in office.outbound.glob("*.x12"):
                path.unlink()
            return super().check(text)

    told = stage(office, PublishedMeanwhile()).run_once(NOW, on_demand=True)
    assert [one.state for one in told] == [ELSEWHERE]
    assert list(office.outbound.glob("*.x12")) == []


def test_accepted_file_is_not_judged_again_when_its_process_was_killed_after_publication(office: Office) -> None:
    office.receive(visit(1))

    def crash(folder: Path, name: str, data: bytes) -> None:
        publish(folder, name, data)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(office, publisher=crash).run_once(NOW, on_demand=True)
    told = stage(office, Refuses()).run_once(NOW, on_demand=True)
    assert [one.state for one in told] == ["published"]
    assert len(list(office.outbound.glob("*.x12"))) == 1


def test_round_ends_when_the_same_claims_are_refused_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.receive(visit(1))
    monkeypatch.setattr("integration_engine.store.departures.Departures._hold", lambda *_: None)
    told = stage(office, Refuses()).run_once(NOW, on_demand=True)
    assert [one.state for one in told] == ["refused by the check"] * 2


def test_numbers_leave_no_gap_when_a_claim_cannot_be_written(office: Office) -> None:
    office.receive(visit(1), visit(2))
    with office.store.database.write() as connection:
        first = connection.execute(select(t.claim).order_by(t.claim.c.id)).first()
        document = first.document.replace('"postal_code":"', '"postal_code":"9')
        assert document != first.document
        connection.execute(t.claim.update().where(t.claim.c.id == first.id).values(document=document))
    told = stage(office).run_once(NOW, on_demand=True)
    with office.store.database.read() as connection:
        interchanges = list(connection.execute(select(t.batch.c.interchange)).scalars())
    assert interchanges == list(range(1, len(told) + 1))


NOT_JUDGED = Finding(
    id="edits.x12_not_judged", severity=Severity.INFORMATION, text="50 of 100", fix="f", owner="o", subject="s"
)


def test_what_pyx12_did_not_judge_is_kept_with_the_file_that_left(office: Office) -> None:
    office.receive(visit(1))
    told = stage(office, Accepts(findings=(NOT_JUDGED,))).run_once(NOW, on_demand=True)
    assert [(one.state, one.reason) for one in told] == [("published", "50 of 100")]
    with office.store.database.read() as connection:
        assert [row.reason for row in office.store.sent_files.all(connection)] == ["50 of 100"]


# --- transactions in each other's way -----------------------------------------------------------------------------------


@pytest.mark.postgres
def test_transactions_that_wait_for_each_other_are_both_done(migrated_postgres_url: str) -> None:
    stores = [Store.open(migrated_postgres_url) for _ in range(2)]
    with stores[0].database.write() as connection:
        connection.execute(t.control_number.insert(), [{"scope": "a", "last": 0}, {"scope": "b", "last": 0}])
    both_hold_one = threading.Barrier(2)
    first_time = [True, True]

    def count(place: int, order: str) -> None:
        def act(connection) -> None:
            for scope in order:
                column = t.control_number.c
                connection.execute(t.control_number.update().where(column.scope == scope).values(last=column.last + 1))
                if first_time[place]:
                    first_time[place] = False
                    both_hold_one.wait(10)

        stores[place].database.transact(act)

    threads = [threading.Thread(target=count, args=(place, order)) for place, order in enumerate(("ab", "ba"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with stores[0].database.read() as connection:
        rows = connection.execute(select(t.control_number.c.scope, t.control_number.c.last))
        assert {row.scope: row.last for row in rows} == {"a": 2, "b": 2}
    for store in stores:
        store.close()


@pytest.mark.postgres
def test_nobody_waits_for_a_lock_for_ever_on_postgres(migrated_postgres_url: str) -> None:
    store = Store.open(migrated_postgres_url)
    with store.database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout")
        }
    assert settings == {"lock_timeout": "5min", "idle_in_transaction_session_timeout": "10min"}
    store.close()


def test_batchers_plan_one_after_the_other(office: Office, migrated_database_url: str) -> None:
    office.receive(visit(1))
    other = Store.open(migrated_database_url)
    planned: list[float] = []

    def plan() -> None:
        with other.database.write() as connection:
            other.batches.plan_alone(connection)
            planned.append(time.monotonic())

    with office.store.database.write() as connection:
        office.store.batches.plan_alone(connection)
        thread = threading.Thread(target=plan)
        thread.start()
        time.sleep(0.3)
        let_go = time.monotonic()
    thread.join(30)
    assert planned[0] >= let_go
    other.close()
