"""What billing staff do with 837P files: look ahead, keep back, archive, carry, and send elsewhere without billing twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from integration_engine.adapters import outbox
from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.findings import Finding, Severity
from integration_engine.domain.claim import Enrollment, EnrollmentStatus
from integration_engine.rules.batching import WaitsFor
from integration_engine.simulator.answering import AnswerNumbers, answer
from integration_engine.simulator.scenario_files import compile_scenario
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch
from integration_engine.stages.outbound import COLUMNS, Outbound
from integration_engine.stages.read_back import ReadBack
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.resending import Resending
from integration_engine.stages.rules_in_force import RulesInForce, compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.sent_files import NotRerouted
from integration_engine.wire.hl7 import split_messages

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FILES = MappingFiles(shipped_folder()).read()
SHIPPED = compile_rules_in_force(FILES)
STORY = shipped_folder().parent / "samples" / "messages" / "01_pt_54_minutes_three_payers.hl7"
EVERYDAY = (STORY.parents[1] / "simulator" / "everyday.yaml").read_text("utf-8")
CHOICES = "".join(f"  - {{payer: {payer}, outcome: paid}}\n" for payer in ("MEDB1", "SUMM1", "GRAN1"))
ALL_PAID = compile_scenario("everyday.yaml", EVERYDAY + "\nchoices:\n" + CHOICES)
OLD, NEW = "CLEARPATH", "SUMMITLINK"


def rules_with(**changes) -> RulesInForce:
    """The shipped rules with a second receiver, and the first one changed."""
    first = SHIPPED.receivers[OLD]
    name = "{receiver}_{created}_{interchange}.x12"
    second = replace(first, key=NEW, receiver_name=NEW, receiver_id=NEW, interchange_receiver_id=NEW, file_name=name)
    return replace(SHIPPED, receivers={OLD: replace(first, **changes), NEW: second})


@dataclass
class Verdict:
    accepted: bool = True
    findings: tuple = ()
    claim_numbers: frozenset = frozenset()


class Accepts:
    def check(self, text: str) -> Verdict:
        return Verdict()


@dataclass
class Refuses:
    verdict: Verdict

    def check(self, _: str) -> Verdict:
        return self.verdict


class Crash(Exception):
    pass


@dataclass
class Desk:
    """A biller's desk: the stages over one store and one outbound folder."""

    store: Store
    folder: Path
    rules: RulesInForce

    def stage(self, publish=outbox.publish) -> Batch:
        return Batch(store=self.store, rules=lambda: self.rules, gate=Accepts(), publish=publish, outbound=self.folder)

    def send(self, now: datetime = NOW) -> list[str]:
        return [one.file for one in self.stage().run_once(now)]

    @property
    def outbound(self) -> Outbound:
        return Outbound(store=self.store, outbox=outbox, folder=self.folder, zone=ZoneInfo("America/New_York"))

    def resending(self, publish=outbox.publish) -> Resending:
        return Resending(batch=self.stage(publish), outbox=outbox)

    def reroute(self, name: str, to: str = NEW):
        return self.resending().reroute(name, to, by="J. Doe", reason="route down", now=NOW)

    def read_back(self, answers: list[tuple[str, bytes]]):
        stage = ReadBack(store=self.store, rules=lambda: self.rules)
        return [stage.take(name, data, NOW) for name, data in answers]

    def claims(self) -> dict[str, str]:
        """Claim number → receiver it went to last."""
        with self.store.database.read() as connection:
            silent = self.store.submissions.silent(connection)
        return {one.number: one.receiver for one in silent}

    def ledger(self):
        with self.store.database.read() as connection:
            return conserve(connection)["ledger"]

    def first(self) -> str:
        return self.outbound.files()[0].file


@pytest.fixture
def desk(migrated_database_url: str, tmp_path: Path) -> Iterator[Desk]:
    store = Store.open(migrated_database_url)
    rules = rules_with()
    receive = Receive(journal=store.journal, feeds=lambda: rules.feeds, clock=lambda: NOW)
    receive([Incoming(raw, "peer") for raw in split_messages(STORY.read_bytes())])
    stage = Adjudicate(store=store, rules=lambda: rules)
    while stage.run_once(NOW):
        pass
    folder = tmp_path / "outbound"
    folder.mkdir()
    yield Desk(store, folder, rules)
    store.close()


def answers_to(path: Path) -> dict[str, tuple[str, bytes]]:
    """What an accepting clearinghouse and payer answer, by kind."""
    numbers = AnswerNumbers(interchange=1, created="20261124130000")
    told = answer(path.read_text("ascii"), ALL_PAID, NOW.date(), numbers)
    return {one.kind.value: (f"{path.name}.{one.name}", one.text.encode("ascii")) for one in told.files}


# --- looking ahead ----------------------------------------------------------------------------------------------------


def test_preview_sums_by_receiver_and_payer_and_writes_nothing(desk: Desk) -> None:
    outlook = desk.stage().preview(NOW)
    assert {(t.receiver, t.payer, t.claims, str(t.total), t.waits_for) for t in outlook.ready} == {
        (OLD, "GRANITE", 1, "180.00", WaitsFor.NOTHING),
        (OLD, "MEDICARE", 1, "240.00", WaitsFor.NOTHING),
        (OLD, "SUMMIT", 1, "240.00", WaitsFor.NOTHING),
    }
    assert (outlook.unanswered, outlook.unroutable, outlook.stops) == ((), (), ())
    assert list(desk.folder.iterdir()) == []
    desk.send()
    outlook = desk.stage().preview(NOW)
    assert outlook.files == ()
    assert [(t.payer, t.claims, t.oldest) for t in outlook.unanswered][1] == ("MEDICARE", 1, "2026-11-24")


def test_claims_of_an_unknown_receiver_show_in_the_preview(desk: Desk) -> None:
    desk.rules = replace(desk.rules, receivers={NEW: desk.rules.receivers[NEW]})
    assert desk.send() == []
    outlook = desk.stage().preview(NOW)
    assert [(t.receiver, t.claims) for t in outlook.unroutable] == [(OLD, 1), (OLD, 1), (OLD, 1)]


def test_files_over_the_days_limit_wait_with_a_hold_until_the_next_day(desk: Desk) -> None:
    desk.rules = rules_with(files_per_day=2)
    waits = [file.waits_for for file in desk.stage().preview(NOW).files]
    assert waits == [WaitsFor.NOTHING, WaitsFor.NOTHING, WaitsFor.LIMIT]
    assert len(desk.send()) == 2
    assert desk.send() == []
    with desk.store.database.read() as connection:
        held = desk.store.holds.list(connection, queue="rejections")
        assert [(hold.finding, "1 claims over 240.00" in hold.text) for hold in held] == [
            ("rejections.over_limit", True)
        ]
        assert desk.store.kept_back.stopped(connection) == set()
    assert len(desk.send(NOW + timedelta(days=1))) == 1
    with desk.store.database.read() as connection:
        assert desk.store.holds.list(connection, queue="rejections") == []


def test_held_back_visit_stays_and_shows_with_its_worth_until_it_is_let_go(desk: Desk) -> None:
    kept_back = desk.store.kept_back
    with desk.store.database.write() as connection:
        (day,) = desk.store.sent_files.days_named(connection, "VS01A1")
        kept_back.hold_back(connection, day, by="J. Doe", reason="asked by the patient", now=NOW)
    assert len(desk.send()) == 2
    (held,) = desk.stage().preview(NOW).held_back
    assert (held.visits, str(held.total), held.who) == ("VS01A1", "240.00", "J. Doe")
    with desk.store.database.write() as connection:
        kept_back.let_go(connection, day, by="J. Doe", reason="settled", now=NOW)
    assert len(desk.send()) == 1
    with desk.store.database.read() as connection, pytest.raises(LookupError, match="no treatment day"):
        desk.store.sent_files.days_named(connection, "V-none")


# --- the folder -------------------------------------------------------------------------------------------------------


def test_answered_files_go_to_the_archive_and_old_ones_when_asked(desk: Desk) -> None:
    names = desk.send()
    desk.read_back([answers_to(desk.folder / names[0])["999"]])
    assert desk.outbound.archive(NOW, None, lambda _: False) == names[:1]
    later = NOW + timedelta(days=40)
    assert desk.outbound.archive(later, 30, lambda _: True) == []
    assert desk.outbound.archive(later, 30, lambda _: False) == names[1:]
    assert sorted(path.name for path in (desk.folder / "archive" / "2026-11").iterdir()) == sorted(names)
    assert {file.where for file in desk.outbound.files()} == {"archive/2026-11"}


def test_again_puts_the_same_bytes_back_and_refuses_over_others(desk: Desk) -> None:
    name = desk.send()[0]
    data = (desk.folder / name).read_bytes()
    assert not desk.outbound.again(name)
    (desk.folder / name).unlink()
    assert desk.outbound.again(name)
    assert (desk.folder / name).read_bytes() == data
    (desk.folder / name).write_bytes(b"other")
    with pytest.raises(outbox.OutboxConflict):
        desk.outbound.again(name)
    with pytest.raises(LookupError, match="batch list"):
        desk.outbound.again("nothing.x12")


def test_crash_after_publication_adopts_a_file_that_was_moved_to_the_archive(desk: Desk) -> None:
    def crash(folder: Path, name: str, data: bytes) -> None:
        outbox.publish(folder, name, data)
        (folder / "archive" / "2026-11").mkdir(parents=True)
        (folder / name).rename(folder / "archive" / "2026-11" / name)
        raise Crash

    with pytest.raises(Crash):
        desk.stage(crash).run_once(NOW)
    names = desk.send()
    assert len(names) == 3
    assert len(list(desk.folder.glob("*.x12"))) == 2


def test_manifest_lists_every_published_file_and_names_no_patient(desk: Desk) -> None:
    names = desk.send()
    desk.read_back([answers_to(desk.folder / names[0])["999"]])
    assert desk.outbound.write_manifest() == 3
    text = (desk.folder / outbox.MANIFEST).read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["file"], row["state"], row["where"], row["claims"], row["lines"]) for row in rows] == [
        (names[0], "999 accepted", "outbound", "1", "1"),
        (names[1], "published", "outbound", "1", "1"),
        (names[2], "published", "outbound", "1", "1"),
    ]
    sent = (desk.folder / names[0]).read_text("ascii")
    assert rows[0]["interchange_ISA13"] == sent.split("*")[13]
    assert f"BHT*0019*00*{rows[0]['reference_BHT03']}*" in sent
    patients = {part.split("*")[3] for part in sent.split("~") if part.startswith("NM1*IL")}
    assert patients
    assert not any(name in text for name in patients)


def test_export_copies_bytes_and_manifest_and_is_in_the_audit(desk: Desk, tmp_path: Path) -> None:
    name = desk.send()[0]
    stick = tmp_path / "stick"
    with pytest.raises(ValueError, match="there is no folder"):
        desk.outbound.export(name, stick, by="J. Doe", reason="portal down", now=NOW)
    stick.mkdir()
    assert desk.outbound.export(name, stick, by="J. Doe", reason="portal down", now=NOW)
    assert not desk.outbound.export(name, stick, by="J. Doe", reason="portal down", now=NOW)
    assert sorted(path.name for path in stick.iterdir()) == [name, f"{name}.MANIFEST.csv"]
    assert (stick / name).read_bytes() == (desk.folder / name).read_bytes()
    with pytest.raises(ValueError, match="--by"):
        desk.outbound.export(name, stick, by=" ", reason="x", now=NOW)
    with desk.store.database.read() as connection:
        assert desk.store.audit.verify(connection) == 0


# --- elsewhere --------------------------------------------------------------------------------------------------------


def test_rerouted_claims_keep_their_numbers_and_are_owed_once(desk: Desk) -> None:
    name = desk.send()[0]
    before, books = (desk.folder / name).read_text("ascii"), desk.ledger()
    numbers = desk.claims()
    done = desk.reroute(name)
    assert (done.files[0].state, done.withdrawn, done.enrollment) == ("published", True, None)
    after = (desk.folder / done.files[0].file).read_text("ascii")
    (number,) = (part.split("*")[1] for part in before.split("~") if part.startswith("CLM"))
    assert f"CLM*{number}*" in after
    assert after.split("*")[8].strip() == NEW
    assert desk.claims() == numbers | {number: NEW}
    assert desk.ledger() == books
    assert not (desk.folder / name).exists()
    assert (desk.folder / "withdrawn" / name).read_text("ascii") == before
    assert {file.file: (file.state, file.where) for file in desk.outbound.files()}[name] == (
        f"rerouted to {done.files[0].file}",
        "withdrawn",
    )
    with pytest.raises(ValueError, match="may not go out"):
        desk.outbound.again(name)
    with desk.store.database.read() as connection:
        assert conserve(connection)["difference"] == 0
        assert desk.store.audit.verify(connection) == 0


def test_rerouted_claim_is_paid_once_when_the_new_receiver_answers(desk: Desk) -> None:
    done = desk.reroute(desk.send()[0])
    answers = answers_to(desk.folder / done.files[0].file)
    taken = desk.read_back(list(answers.values()))
    assert {one.state for one in taken} == {"done"}
    assert desk.outbound.files()[-1].state == "999 accepted"
    assert len(desk.claims()) == 2


def test_late_answer_to_the_old_file_changes_no_claim_and_waits_for_a_person(desk: Desk) -> None:
    name = desk.send()[0]
    late = answers_to(desk.folder / name)
    done = desk.reroute(name)
    before = desk.claims()
    taken = desk.read_back([late["TA1"], late["999"], late["277CA"]])
    assert [(one.state, one.claims) for one in taken][:2] == [("held", 0), ("held", 0)]
    assert desk.claims() == before
    with desk.store.database.read() as connection:
        held = desk.store.holds.list(connection, queue="rejections")
    assert {hold.finding for hold in held} >= {"rejections.rerouted_file_answered"}
    assert all(hold.text.startswith((OLD, "Another clearinghouse")) for hold in held)
    assert done.files[0].file in {file.file for file in desk.outbound.files()}


@pytest.mark.parametrize("kind", ["TA1", "999", "277CA", "835"])
def test_file_is_not_rerouted_when_any_claim_of_it_was_answered(desk: Desk, kind: str) -> None:
    name = desk.send()[0]
    desk.read_back([answers_to(desk.folder / name)[kind]])
    with pytest.raises(NotRerouted, match="1 of 1 claims"):
        desk.reroute(name)
    assert (desk.folder / name).exists()


def test_file_is_not_rerouted_twice_nor_to_where_it_went_nor_to_nobody(desk: Desk) -> None:
    name = desk.send()[0]
    with pytest.raises(LookupError, match="has no receiver 'NOBODY'"):
        desk.reroute(name, "NOBODY")
    with pytest.raises(ValueError, match="batch again"):
        desk.reroute(name, OLD)
    with pytest.raises(LookupError, match="batch list"):
        desk.reroute("nothing.x12")
    done = desk.reroute(name)
    with pytest.raises(NotRerouted, match=done.files[0].file):
        desk.reroute(name)


@pytest.mark.parametrize("status", list(EnrollmentStatus))
def test_enrollment_on_record_decides_whether_a_receiver_may_take_the_payer(desk: Desk, status) -> None:
    name = desk.send()[0]
    noted = Enrollment(payer="GRANITE", claims=status)
    receivers = desk.rules.receivers | {NEW: replace(desk.rules.receivers[NEW], enrollment=(noted,))}
    desk.rules = replace(desk.rules, receivers=receivers)
    if status is EnrollmentStatus.ACTIVE:
        assert desk.reroute(name).enrollment is EnrollmentStatus.ACTIVE
    else:
        with pytest.raises(ValueError, match=f"enrollment is {status}"):
            desk.reroute(name)


def test_rerouted_file_that_the_check_refuses_leaves_everything_as_it_was(desk: Desk) -> None:
    name = desk.send()[0]
    claims = desk.claims()
    broken = replace(desk.rules.receivers[NEW], sender_id="X" * 16)
    desk.rules = replace(desk.rules, receivers=desk.rules.receivers | {NEW: broken})
    done = desk.reroute(name)
    assert (done.files[0].state, done.withdrawn) == ("refused by the check", False)
    assert desk.claims() == claims
    assert (desk.folder / name).exists()
    assert desk.outbound.files()[0].state == "published"


@pytest.mark.parametrize("moment", ["before publication", "after publication"])
def test_crash_while_rerouting_is_taken_up_with_the_same_bytes(desk: Desk, moment: str) -> None:
    written: list[bytes] = []

    def crash(folder: Path, name: str, data: bytes) -> None:
        written.append(data)
        if moment == "after publication":
            outbox.publish(folder, name, data)
        raise Crash

    name = desk.send()[0]
    books = desk.ledger()
    with pytest.raises(Crash):
        desk.resending(crash).reroute(name, NEW, by="J. Doe", reason="route down", now=NOW)
    assert not (desk.folder / name).exists()
    assert desk.send() == []  # the batcher leaves it to resending
    (done,) = desk.resending().recover(NOW)
    assert (desk.folder / done.file).read_bytes() == written[0]
    assert desk.resending().recover(NOW) == []
    assert sorted(desk.claims().values()) == [OLD, OLD, NEW]
    assert desk.ledger() == books


def test_answer_after_a_crash_finds_the_rerouted_file_that_lies_there(desk: Desk) -> None:
    def crash(folder: Path, name: str, data: bytes) -> None:
        outbox.publish(folder, name, data)
        raise Crash

    name = desk.send()[0]
    with pytest.raises(Crash):
        desk.resending(crash).reroute(name, NEW, by="J. Doe", reason="route down", now=NOW)
    lies_there = [path.name for path in desk.folder.glob("SUMMITLINK_*.x12")]
    assert desk.resending().adopt(NOW, lambda batch: batch.file_name in lies_there) == 1
    (taken,) = desk.read_back([answers_to(desk.folder / lies_there[0])["999"]])
    assert (taken.state, taken.claims) == ("done", 1)
    assert desk.resending().adopt(NOW, lambda _: True) == 0
    assert desk.outbound.files()[-1].state == "999 accepted"


@pytest.mark.parametrize("kind", ["999", "277CA"])
def test_answer_to_the_old_file_waits_while_a_killed_reroute_has_not_been_judged(desk: Desk, kind: str) -> None:
    class Killed:
        def check(self, _: str) -> Verdict:
            raise Crash

    name = desk.send()[0]
    answer_to_old = answers_to(desk.folder / name)[kind]
    rerouting = desk.resending()
    rerouting.batch.gate = Killed()
    with pytest.raises(Crash):
        rerouting.reroute(name, NEW, by="J. Doe", reason="route down", now=NOW)
    assert [one.state for one in desk.read_back([answer_to_old])] == ["waiting"]
    against = Finding(id="edits.x12_1", severity=Severity.ERROR, text="t", fix="f", owner="biller", subject="837P")
    again = desk.resending()
    again.batch.gate = Refuses(Verdict(accepted=False, findings=(against,)))
    assert [one.state for one in again.recover(NOW)] == ["refused by the check"]
    assert [one.state for one in desk.read_back([answer_to_old])] == ["done"]


def test_two_batchers_that_finish_one_file_bill_it_once(desk: Desk) -> None:
    class OtherIsFirst(Accepts):
        def check(self, text: str) -> Verdict:
            if not list(desk.folder.glob("*.x12")):
                desk.stage().recover(NOW)  # another process finds all of them on their way, and is first
            return super().check(text)

    stage = desk.stage()
    stage.gate = OtherIsFirst()
    stage.run_once(NOW)
    books = desk.ledger()
    assert (books["debits"], books["difference"]) == ("660.00", "0.00")


# --- enrollment ------------------------------------------------------------------------------------------------------


def noting(desk: Desk, **noted) -> None:
    first = replace(desk.rules.receivers[OLD], enrollment=(Enrollment(payer="GRANITE", **noted),))
    desk.rules = replace(desk.rules, receivers=desk.rules.receivers | {OLD: first})


def holds_of(desk: Desk) -> list[str]:
    with desk.store.database.read() as connection:
        return [hold.finding for hold in desk.store.holds.list(connection, queue="rejections")]


def test_claims_wait_with_a_hold_until_the_enrollment_is_active_and_then_leave_by_themselves(desk: Desk) -> None:
    noting(desk, claims=EnrollmentStatus.ACTIVE, since=NOW.date() + timedelta(days=2))
    assert len(desk.send()) == 2
    assert holds_of(desk) == ["rejections.not_enrolled"]
    (planned,) = desk.stage().preview(NOW).files
    assert (planned.payer, planned.waits_for, planned.due) == ("GRANITE", WaitsFor.ENROLLMENT, False)
    assert desk.send(NOW + timedelta(days=1)) == []
    assert holds_of(desk) == ["rejections.not_enrolled"]
    assert len(desk.send(NOW + timedelta(days=2))) == 1
    assert holds_of(desk) == []


def test_claims_leave_when_the_enrollment_is_noted_as_active(desk: Desk) -> None:
    noting(desk, claims=EnrollmentStatus.REQUESTED)
    assert len(desk.send()) == 2
    noting(desk, claims=EnrollmentStatus.ACTIVE)
    assert len(desk.send()) == 1
    assert holds_of(desk) == []


def test_claim_leaves_when_a_person_overrides_the_wait_for_enrollment(desk: Desk) -> None:
    noting(desk, claims=EnrollmentStatus.REQUESTED)
    desk.send()
    with desk.store.database.write() as connection:
        (hold,) = desk.store.holds.list(connection, queue="rejections")
        desk.store.holds.override(connection, hold.id, by="J. Doe", reason="confirmed by telephone", now=NOW)
    assert len(desk.stage().preview(NOW).files) == 1
    assert desk.stage().preview(NOW).files[0].due
    assert len(desk.send()) == 1
