"""The commands on 837P files as billing staff run them: exit codes, JSON, words on standard error, files where they say."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from tests.cli.running import run
from tests.cli.test_authorizations import load

STORY = shipped_folder().parent / "samples" / "messages" / "01_pt_54_minutes_three_payers.hl7"
VISIT = "VS01A1"
SECOND = """
  SUMMITLINK:
    submitter_name: TEST REHABILITATION CENTER
    submitter_id: TESTREHAB01
    submitter_contact: BILLING OFFICE
    submitter_phone: "5555550100"
    receiver_name: SUMMITLINK
    receiver_id: SUMMITLINK
    sender_qualifier: ZZ
    sender_id: TESTREHAB01
    receiver_qualifier: ZZ
    interchange_receiver_id: SUMMITLINK
    group_sender_id: TESTREHAB01
    group_receiver_id: SUMMITLINK
    usage: T
    file_name: "{receiver}_{created}_{interchange}.x12"
    claims_per_file: 5000
    enrollment:
      GRANITE: {claims: requested, remits: requested, since: 2026-11-02, note: form of the payer}
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three ready claims and a mappings folder with a second receiver; copied for each test."""
    from integration_engine.wire.hl7 import split_messages  # noqa: PLC0415 - beside its only use

    home = tmp_path_factory.mktemp("batches")
    load(home, *split_messages(STORY.read_bytes()))
    shutil.copytree(shipped_folder(), home / "mappings")
    receivers = home / "mappings" / "claims" / "receivers.yaml"
    receivers.write_text(receivers.read_text("utf-8").rstrip("\n") + SECOND, "utf-8")
    return home


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    shutil.copytree(loaded, tmp_path / "home")
    return tmp_path / "home"


def batch(home: Path, *arguments: str, **settings: str):
    return run("batch", *arguments, home=home, MAPPINGS=str(home / "mappings"), **settings)


def listed(home: Path) -> list[dict]:
    return json.loads(batch(home, "list", "--json").stdout)


def receivers_with(home: Path, old: str, new: str) -> None:
    file = home / "mappings" / "claims" / "receivers.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_preview_batch_and_list_tell_of_the_same_files(home: Path) -> None:
    seen = batch(home, "preview", "--json")
    ready = json.loads(seen.stdout)["ready"]
    assert seen.returncode == 0, seen.stderr
    assert {(one["payer"], one["claims"], one["total"]) for one in ready} == {
        ("GRANITE", 1, "180.00"),
        ("MEDICARE", 1, "240.00"),
        ("SUMMIT", 1, "240.00"),
    }
    assert "GRANITE\t1\t1\t1\t180.00" in batch(home, "preview").stdout
    written = json.loads(batch(home, "--json").stdout)
    assert {one["state"] for one in written} == {"published"}
    files = listed(home)
    assert [one["file"] for one in files] == [one["file"] for one in written]
    assert {(one["state"], one["where"], one["receiver"]) for one in files} == {("published", "outbound", "CLEARPATH")}
    with (home / "outbound" / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        assert [row["sha256"] for row in csv.DictReader(manifest)] == [one["sha256"] for one in files]
    assert json.loads(batch(home, "preview", "--json").stdout)["unanswered"][0]["receiver"] == "CLEARPATH"


def test_schedule_is_waited_for_unless_asked_for_now(home: Path) -> None:
    receivers_with(home, "claims_per_file: 5000", "claims_per_file: 5000\n    send_at: ['23:59']")
    ready = json.loads(batch(home, "preview", "--json").stdout)["ready"]
    if {one["waits_for"] for one in ready} == {"schedule"}:  # it is not that minute of the day
        assert json.loads(batch(home, "--json").stdout) == []
    assert len(json.loads(batch(home, "--now", "--json").stdout)) == 3


def test_hold_back_and_let_go_take_a_visit_number_and_refuse_what_they_cannot(home: Path) -> None:
    who = ("--by", "J. Doe", "--reason", "asked by the patient")
    assert batch(home, "hold-back", VISIT, *who).returncode == 0
    assert VISIT in batch(home, "preview").stdout
    assert len(json.loads(batch(home, "--json").stdout)) == 2
    assert batch(home, "let-go", VISIT, *who).returncode == 0
    again = batch(home, "let-go", VISIT, *who)
    assert (again.returncode, "is not held back" in again.stderr) == (2, True)
    unknown = batch(home, "hold-back", "NOBODY", *who)
    assert (unknown.returncode, "no treatment day is known" in unknown.stderr) == (2, True)
    assert batch(home, "hold-back", VISIT, "--by", " ", "--reason", "x").returncode == 2
    batch(home, "--now")
    left = batch(home, "hold-back", VISIT, *who)
    assert (left.returncode, f"visit {VISIT} has left already" in left.stderr) == (2, True)


def test_again_export_archive_and_manifest_work_on_a_published_file(home: Path, tmp_path: Path) -> None:
    batch(home, "--now")
    name = listed(home)[0]["file"]
    lying = home / "outbound" / name
    data = lying.read_bytes()
    lying.unlink()
    assert listed(home)[0]["where"] == ""
    assert batch(home, "again", name).returncode == 0
    assert lying.read_bytes() == data
    stick = tmp_path / "stick"
    stick.mkdir()
    assert batch(home, "export", name, "--to", str(stick), "--by", "J. Doe").returncode == 0
    assert (stick / name).read_bytes() == data
    assert batch(home, "archive", "--json").stdout.strip() == "[]"
    assert name in json.loads(batch(home, "archive", "--days", "0", "--json").stdout)
    assert not lying.exists()
    (home / "outbound" / "MANIFEST.csv").unlink()
    assert batch(home, "manifest").returncode == 0
    assert "archive/" in (home / "outbound" / "MANIFEST.csv").read_text("utf-8")
    lying.write_bytes(b"other")
    conflict = batch(home, "again", name)
    assert (conflict.returncode, "exists in" in conflict.stderr) == (2, True)
    assert batch(home, "again", "nothing.x12").returncode == 2


def test_reroute_moves_a_file_and_says_what_it_cannot_do(home: Path) -> None:
    batch(home, "--now")
    by_payer = {one["payer"]: one["file"] for one in listed(home)}
    who = ("--receiver", "SUMMITLINK", "--by", "J. Doe", "--reason", "route down")
    refused = batch(home, "reroute", by_payer["GRANITE"], *who)
    assert (refused.returncode, "enrollment is requested" in refused.stderr) == (2, True)
    done = batch(home, "reroute", by_payer["SUMMIT"], *who)
    assert done.returncode == 0, done.stderr
    assert "does not note whether this payer is enrolled with SUMMITLINK" in done.stdout
    states = {one["file"]: (one["state"], one["where"]) for one in listed(home)}
    (new,) = (file for file in states if file.startswith("SUMMITLINK_"))
    assert states[by_payer["SUMMIT"]] == (f"rerouted to {new}", "withdrawn")
    assert json.loads(run("conserve", "--json", home=home).stdout)["difference"] == 0
    assert batch(home, "reroute", by_payer["SUMMIT"], *who).returncode == 2


def test_receiver_over_its_limit_shows_in_the_preview_and_in_the_rejections_queue(home: Path) -> None:
    receivers_with(home, "claims_per_file: 5000", "claims_per_file: 5000\n    files_per_day: 1")
    assert len(json.loads(batch(home, "--json").stdout)) == 1
    assert batch(home, "preview").returncode == 1
    assert "\tlimit\t" in batch(home, "preview").stdout
    held = json.loads(run("queue", "list", "rejections", "--json", home=home).stdout)
    assert [hold["finding"] for hold in held] == ["rejections.over_limit"]


def test_stopped_receiver_shows_with_its_hold_until_that_is_resolved(home: Path) -> None:
    batch(home, "--now")
    scenario = home / "refusing.yaml"
    everyday = (STORY.parents[1] / "simulator" / "everyday.yaml").read_text("utf-8")
    choices = "".join(
        f"  - {{payer: {payer}, outcome: interchange_refused}}\n" for payer in ("MEDB1", "SUMM1", "GRAN1")
    )
    scenario.write_text(everyday + "\nchoices:\n" + choices, "utf-8")
    run("simulate-payer", "--scenario", str(scenario), home=home)
    run("read-back", home=home)
    seen = batch(home, "preview", "--json")
    stops = json.loads(seen.stdout)["stops"]
    assert (seen.returncode, {stop["receiver"] for stop in stops}) == (1, {"CLEARPATH"})
    held = json.loads(run("queue", "list", "rejections", "--json", home=home).stdout)
    assert {stop["hold_id"] for stop in stops} == {hold["id"] for hold in held}
    assert json.loads(batch(home, "--now", "--json").stdout) == []
    for stop in stops:
        run("queue", "resolve", str(stop["hold_id"]), "--by", "J. Doe", "--reason", "number set anew", home=home)
    assert len(json.loads(batch(home, "--now", "--json").stdout)) == 3


def test_wrong_receiver_file_is_told_with_its_line(home: Path) -> None:
    receivers_with(home, "GRANITE: {claims: requested", "NOBODY: {claims: requested")
    receivers_with(home, '"{receiver}_{created}_{interchange}.x12"', '"{sender}_837P_{created}_{interchange}.x12"')
    told = batch(home, "preview")
    assert told.returncode == 2
    assert "claims/receivers.yaml:" in told.stderr
    assert "practice.yaml has no payer 'NOBODY'" in told.stderr
    assert "could have the same name" in told.stderr
