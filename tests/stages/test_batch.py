"""837P files: judged before they leave, whole or not at all, taken up again after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.adapters.outbox import OutboxConflict, publish
from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store import tables as t
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.explain import explain
from integration_engine.store.queries.overview import treatment_days
from integration_engine.wire.hl7 import split_messages

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
STORY = shipped_folder().parent / "samples" / "messages" / "01_pt_54_minutes_three_payers.hl7"


@dataclass
class Verdict:
    accepted: bool = True
    findings: tuple[Finding, ...] = ()
    claim_numbers: frozenset[str] = frozenset()


@dataclass
class FakeGate:
    """Refuses files that hold ``word``, naming the claim after it."""

    word: str = "no such word"
    seen: list[str] = field(default_factory=list)

    def check(self, text: str) -> Verdict:
        self.seen.append(text)
        if self.word not in text:
            return Verdict()
        number = text.split("CLM*")[1].split("*", maxsplit=1)[0]
        finding = Finding(
            id="edits.x12_1",
            severity=Severity.ERROR,
            text="t",
            fix="f",
            owner="biller",
            subject="837P",
            queue=Queue.EDITS,
        )
        return Verdict(accepted=False, findings=(finding,), claim_numbers=frozenset({number}))


@pytest.fixture
def store(migrated_database_url: str) -> Iterator[Store]:
    store = Store.open(migrated_database_url)
    receive = Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)
    receive([Incoming(raw, "peer") for raw in split_messages(STORY.read_bytes())])
    stage = Adjudicate(store=store, rules=lambda: RULES)
    while stage.run_once(NOW):
        pass
    yield store
    store.close()


def batch(store: Store, outbound: Path, gate: FakeGate | None = None, publisher=publish) -> Batch:
    return Batch(store=store, rules=lambda: RULES, gate=gate or FakeGate(), publish=publisher, outbound=outbound)


def test_ready_claims_leave_once(store: Store, tmp_path: Path) -> None:
    written = batch(store, tmp_path).run_once(NOW)
    assert [(file.claims, file.total, file.state) for file in written] == [
        (1, "180.00", "published"),
        (1, "240.00", "published"),
        (1, "240.00", "published"),
    ]
    assert sorted(path.name for path in tmp_path.glob("*.x12")) == sorted(file.file for file in written)
    assert batch(store, tmp_path).run_once(NOW) == []
    with store.database.read() as connection:
        assert conserve(connection)["charges"]["billed"] == 3


def test_explain_finds_the_day_by_the_control_number_of_one_of_its_lines(store: Store, tmp_path: Path) -> None:
    batch(store, tmp_path).run_once(NOW)
    with store.database.read() as connection:
        number = treatment_days(connection)[0].claims
        by_line = explain(connection, f"{number}L01")
        assert by_line is not None
        line = by_line.pop("line")
        assert (line["number"], line["code"], line["units"]) == (f"{number}L01", "97110", 4)
        assert by_line == explain(connection, number)
        assert explain(connection, f"{number}L99") is None


def test_refused_claim_goes_to_the_edits_queue_and_no_file_appears(store: Store, tmp_path: Path) -> None:
    written = batch(store, tmp_path, FakeGate(word="GRANITE MUTUAL")).run_once(NOW)
    assert sorted(file.state for file in written) == ["published", "published", "refused by the check"]
    assert len(list(tmp_path.glob("*.x12"))) == 2
    with store.database.read() as connection:
        held = [day for day in treatment_days(connection) if day.state == "held"]
        counts = conserve(connection)
    assert [[hold.queue for hold in day.holds] for day in held] == [["edits"]]
    assert counts["charges"]["held"] == 1
    assert counts["difference"] == 0


@pytest.mark.parametrize("moment", ["before publication", "after publication"])
def test_crash_is_taken_up_with_the_same_bytes_and_numbers(store: Store, tmp_path: Path, moment: str) -> None:
    def crash(folder: Path, name: str, data: bytes) -> None:
        if moment == "after publication":
            publish(folder, name, data)
        raise KeyboardInterrupt

    gate = FakeGate()
    with pytest.raises(KeyboardInterrupt):
        batch(store, tmp_path, gate, crash).run_once(NOW)
    written = batch(store, tmp_path, gate).run_once(NOW)
    assert {file.state for file in written} == {"published"}
    files = [path.read_text() for path in sorted(tmp_path.glob("*.x12"))]
    assert len(files) == 3
    assert set(files) <= set(gate.seen)
    assert len({text.split("*")[13] for text in files}) == 3
    with store.database.read() as connection:
        assert conserve(connection)["charges"]["billed"] == 3


def test_file_that_lies_there_is_noted_once_when_its_process_was_killed_before_it_could(
    store: Store, tmp_path: Path
) -> None:
    def crash(folder: Path, name: str, data: bytes) -> None:
        publish(folder, name, data)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(store, tmp_path, publisher=crash).run_once(NOW)
    stage = batch(store, tmp_path)
    assert stage.adopt(NOW, lambda _: False) == 0
    assert stage.adopt(NOW, lambda one: (tmp_path / one.file_name).exists()) == 1
    assert stage.adopt(NOW, lambda one: (tmp_path / one.file_name).exists()) == 0
    with store.database.read() as connection:
        assert conserve(connection)["charges"]["billed"] == 1
    assert len(stage.run_once(NOW)) == 2
    assert len(list(tmp_path.glob("*.x12"))) == 3


def test_foreign_file_under_our_name_is_never_overwritten(store: Store, tmp_path: Path) -> None:
    def squat(folder: Path, name: str, data: bytes) -> None:
        (folder / name).write_text("someone else's")
        publish(folder, name, data)

    with pytest.raises(OutboxConflict):
        batch(store, tmp_path, publisher=squat).run_once(NOW)
    assert [path.read_text() for path in tmp_path.glob("*.x12")] == ["someone else's"]


def test_a_claim_that_cannot_be_written_waits_and_the_others_leave(store: Store, tmp_path: Path) -> None:
    with store.database.write() as connection:
        rows = connection.execute(select(t.claim.c.id, t.claim.c.document).order_by(t.claim.c.id)).all()
        spoiled = rows[0].document.replace('"postal_code":"', '"postal_code":"9')
        assert spoiled != rows[0].document
        connection.execute(update(t.claim).where(t.claim.c.id == rows[0].id).values(document=spoiled))
    written = batch(store, tmp_path, FakeGate()).run_once(NOW)
    assert sum(file.claims for file in written) == len(rows) - 1
    with store.database.read() as connection:
        held = store.holds.list(connection, queue="edits")
        assert [hold.finding for hold in held] == ["edits.unwritable"]
        assert conserve(connection)["difference"] == 0
