"""A rerouted file whose new receiver takes fewer claims a file: several files, all of them or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from integration_engine.adapters import outbox
from integration_engine.core.findings import Finding, Severity
from integration_engine.stages.batch import Batch
from integration_engine.stages.resending import Rerouted, Resending
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.sent_files import NotRerouted
from tests.stages.office import NOW, RULES, Accepts, Office, visit

OLD, NEW = "CLEARPATH", "SUMMITLINK"
NAME = "{receiver}_{created}_{interchange}.x12"


def rules_with(**changes):
    second = replace(RULES.receivers[OLD], key=NEW, receiver_id=NEW, file_name=NAME, claims_per_file=2, **changes)
    return replace(RULES, receivers=RULES.receivers | {NEW: second})


AGAINST = Finding(id="edits.x12_1", severity=Severity.ERROR, text="t", fix="f", owner="biller", subject="837P")


class RefusesLast:
    """A gate that has something against the last of three files only."""

    def __init__(self, accepted: Accepts, refused: Accepts) -> None:
        self.verdicts = [accepted, accepted, refused]

    def check(self, _: str) -> Accepts:
        return self.verdicts.pop(0)


def resending(office: Office, rules=None, gate=None, publish=outbox.publish) -> Resending:
    stage = Batch(
        store=office.store,
        rules=lambda: rules or rules_with(),
        gate=gate or Accepts(),
        publish=publish,
        outbound=office.outbound,
    )
    return Resending(batch=stage, outbox=outbox)


@pytest.fixture
def sent(office: Office) -> str:
    office.receive(*(visit(number) for number in range(1, 6)))
    (path,) = office.send()
    return path.name


def go(stage: Resending, name: str) -> Rerouted:
    return stage.reroute(name, NEW, by="J. Doe", reason="route down", now=NOW)


def claims_in(*paths: Path) -> list[str]:
    return sorted(
        segment.split("*")[1]
        for path in paths
        for segment in path.read_text("ascii").split("~")
        if segment.startswith("CLM*")
    )


def states(office: Office) -> dict[str, str]:
    with office.store.database.read() as connection:
        return {row.file: row.rerouted_to or row.state for row in office.store.sent_files.all(connection)}


def test_claims_go_in_as_many_files_as_the_new_receiver_wants(office: Office, sent: str) -> None:
    before = claims_in(office.outbound / sent)
    done = go(resending(office), sent)
    assert [(file.claims, file.state) for file in done.files] == [(2, "published"), (2, "published"), (1, "published")]
    assert (done.published, done.withdrawn) == (True, True)
    assert claims_in(*(office.outbound / file.file for file in done.files)) == before
    assert states(office)[sent] == f"{done.files[0].file} and 2 more"
    assert (office.difference(), office.ledger()) == (0, 0)


def test_all_claims_stay_in_the_old_file_when_one_of_the_new_ones_is_refused(office: Office, sent: str) -> None:
    done = go(resending(office, gate=RefusesLast(Accepts(), Accepts(accepted=False, findings=(AGAINST,)))), sent)
    assert not done.published
    assert states(office)[sent] == "published"
    assert [path.name for path in office.outbound.glob("*.x12")] == [sent]
    assert go(resending(office), sent).published


def test_crash_between_the_files_is_taken_up_with_the_same_bytes(office: Office, sent: str) -> None:
    before = claims_in(office.outbound / sent)
    seen = []

    def crash(folder: Path, name: str, data: bytes) -> None:
        outbox.publish(folder, name, data)
        seen.append(name)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(resending(office, publish=crash), sent)
    told = resending(office).recover(NOW)
    assert [file.state for file in told] == ["published"] * 3
    files = list(office.outbound.glob("*.x12"))
    assert len(files) == 3
    assert claims_in(*files) == before
    with office.store.database.read() as connection:
        assert conserve(connection)["difference"] == 0


def test_file_is_not_rerouted_when_the_receiver_would_take_too_few_files_today(office: Office, sent: str) -> None:
    with pytest.raises(NotRerouted, match="takes 2 files a day and has had 0; this needs 3"):
        go(resending(office, rules_with(files_per_day=2)), sent)
    assert states(office) == {sent: "published"}
