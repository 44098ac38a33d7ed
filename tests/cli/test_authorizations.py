"""The commands on authorizations as staff run them: exit codes, JSON, places of mistakes, the sample file."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from integration_engine.adapters.clock import system_clock
from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.bootstrap import open_store
from integration_engine.settings import Settings
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.wire.hl7 import split_messages
from tests.cli.running import run

RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
SAMPLES = shipped_folder().parent / "samples"
HEADER = "patient,payer,number,basis,allowed,used,disciplines,codes,from,to,status\n"


def load(home: Path, *raws: bytes) -> None:
    with open_store(Settings(home=str(home))) as store:
        Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=system_clock)(
            [Incoming(r, "peer") for r in raws]
        )
        stage = Adjudicate(store=store, rules=lambda: RULES)
        while stage.run_once(system_clock()):
            pass


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All sample stories, taken in; copied for each test."""
    home = tmp_path_factory.mktemp("loaded")
    load(
        home,
        *(raw for path in sorted((SAMPLES / "messages").glob("*.hl7")) for raw in split_messages(path.read_bytes())),
    )
    return home


@pytest.fixture
def home(loaded: Path, tmp_path: Path) -> Path:
    shutil.copytree(loaded, tmp_path / "home")
    return tmp_path / "home"


def test_sample_file_is_taken_whole_and_then_nothing_changes(home: Path) -> None:
    file = str(SAMPLES / "authorizations.csv")
    tried = run("authorizations", "import", file, "--by", "J. Doe", "--dry-run", "--json", home=home)
    done = run("authorizations", "import", file, "--by", "J. Doe", "--json", home=home)
    again = run("authorizations", "import", file, "--by", "J. Doe", home=home)
    assert (tried.returncode, done.returncode, again.returncode) == (0, 0, 0), done.stderr
    assert json.loads(tried.stdout)["counts"] == json.loads(done.stdout)["counts"]
    assert json.loads(done.stdout)["counts"] == {"taken": 6, "unchanged": 0, "refused": 0, "patient_unknown": 0}
    assert "unchanged: 6" in again.stdout
    found = json.loads(run("authorizations", "balance", "--patient", "S15A", "--json", home=home).stdout)
    assert {(row["number"], row["authorized"], row["used_before"]) for row in found} == {
        ("AUTHA0015", "20", "4"),
        ("AUTHA0016", "10", "0"),
    }
    assert json.loads(run("conserve", "--json", home=home).stdout)["difference"] == 0


def test_import_tells_each_bad_row_with_file_line_and_column(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    rows = ("S15A,SUMMITCOM,0000,visits,12,0,PT,,2026-09-01,2026-12-31,approved\n", "NOBODY,SUMMITCOM,B7")
    file.write_text(HEADER + rows[0] + rows[1] + rows[0][rows[0].index(",visits") :])
    done = run("authorizations", "import", str(file), "--by", "J. Doe", home=home)
    assert done.returncode == 1
    assert f"{file}:2:16: number: this is a placeholder" in done.stdout
    assert f"{file}:3:1: patient: no patient has this record number" in done.stdout
    assert "taken: 0, unchanged: 0, refused: 1, patient_unknown: 1" in done.stdout


def test_import_is_refused_when_the_file_is_not_utf_8_or_nobody_is_named(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(HEADER.encode() + b"S15A,\xff")
    bad = run("authorizations", "import", str(file), "--by", "J. Doe", home=home)
    assert (bad.returncode, "mine.csv:2:6" in bad.stderr) == (2, True)
    assert run("authorizations", "import", str(file), "--by", " ", home=home).returncode == 2


def test_balance_is_a_table_and_follows_the_date(home: Path) -> None:
    table = run("authorizations", "balance", "--patient", "S14A", home=home).stdout
    assert "AUTH14001" in table
    assert "VS14A2" in table
    before = run("authorizations", "balance", "--patient", "S14A", "--as-of", "2026-10-19", "--json", home=home)
    now = run("authorizations", "balance", "--patient", "S14A", "--json", home=home)
    assert [row["left"] for answer in (before, now) for row in json.loads(answer.stdout)] == ["1", "0"]
    assert {c["discipline"] for c in json.loads(now.stdout)[0]["consumers"]} == {"PT", "OT"}
    assert run("authorizations", "balance", "--patient", "NOBODY", home=home).returncode == 2


def test_uncovered_lists_the_next_days_by_day_and_location(tmp_path: Path) -> None:
    registration, booking, *_ = split_messages(
        (SAMPLES / "messages" / "13_authorization_twelve_visits.hl7").read_bytes()
    )
    today = system_clock().date()
    for days, number in ((3, b"A"), (5, b"B"), (20, b"C")):
        when = f"{today + timedelta(days=days):%Y%m%d}".encode()
        booked = (
            booking.replace(b"20261019", when).replace(b"APT13-12", b"APT-" + number).replace(b"VS13A12", b"V" + number)
        )
        load(tmp_path, registration, booked.replace(b"S13-002", b"S13-" + number))
    load(tmp_path, registration.replace(b"S13-001", b"X").replace(b"20261231", f"{today:%Y}1231".encode()))
    done = run("authorizations", "uncovered", "--json", home=tmp_path)
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert (answer["days"], answer["visits_of_unknown_worth"], answer["money_at_risk"]) == (
        14,
        len(answer["visits"]),
        "0.00",
    )
    assert "B" in {visit["appointment"].removeprefix("APT-") for visit in answer["visits"]}
    assert all(row["location"] == "MAIN" for row in answer["by_day_and_location"])
    assert all(visit["at_risk"] == "unknown" for visit in answer["visits"])
    assert "APT-B" in run("authorizations", "uncovered", "--days", "6", home=tmp_path).stdout
    assert "APT-C" not in run("authorizations", "uncovered", home=tmp_path).stdout
    later = str(today + timedelta(days=7))
    assert "APT-C" in run("authorizations", "uncovered", "--as-of", later, home=tmp_path).stdout
    assert run("authorizations", "uncovered", "--days", "0", home=tmp_path).returncode == 2


def test_queue_state_moves_a_hold_and_refuses_what_is_not_legal(home: Path) -> None:
    held = json.loads(run("queue", "list", "authorization", "--json", home=home).stdout)
    hold = next(row["id"] for row in held if row["encounter"] == "VS13A13")

    def move(to: str, evidence: str, *more: str):
        return run("queue", "state", str(hold), "--to", to, "--evidence", evidence, "--by", "J. Doe", *more, home=home)

    assert move("denied", "letter 2026-11-01").returncode == 2
    assert "cannot go from none to denied" in move("denied", "letter 2026-11-01").stderr
    assert "--to is one of" in move("paid", "x").stderr
    assert "needs the payer's reference" in move("extension_requested", "called").stderr
    assert move("extension_requested", "called", "--reference", "REQ-5512").returncode == 0
    assert move("patient_pay_only", "notice signed 2026-10-20").returncode == 0
    told = json.loads(run("explain", "VS13A13", "--json", home=home).stdout)
    assert told["treatment_day"]["state"] == "void"
    assert told["charges"][0]["reason"].startswith("the patient pays: notice signed 2026-10-20")
    shown = json.loads(run("queue", "show", str(hold), "--json", home=home).stdout)
    assert (shown["stage"], shown["state"]) == ("patient_pay_only", "resolved")
    assert json.loads(run("conserve", "--json", home=home).stdout)["difference"] == 0
