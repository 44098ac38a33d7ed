"""The commands on denials as staff run them: exit codes, JSON, places of mistakes, the sample history."""

from __future__ import annotations

import json
import shutil
from datetime import date
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
from tests.stages.paying import Decision, written

RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
SAMPLES = shipped_folder().parent / "samples"
HISTORY = [str(path) for path in sorted((SAMPLES / "history").glob("*.835"))]
ROWS = str(SAMPLES / "history" / "2026-05.csv")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims of the sample stories, answered by payers of whom one denies everything."""
    home = tmp_path_factory.mktemp("answered")
    scenario = home / "denies.yaml"
    everyday = (SAMPLES / "simulator" / "everyday.yaml").read_text("utf-8")
    chosen = "\nchoices:\n  - {payer: SUMM1, outcome: denied_authorization}\n  - {payer: MEDB1, outcome: paid}\n"
    scenario.write_text(
        everyday.replace("\nshares:", f"{chosen}  - {{payer: GRAN1, outcome: paid}}\n\nshares:"), "utf-8"
    )
    with open_store(Settings(home=str(home))) as store:
        raws = split_messages((SAMPLES / "messages" / "01_pt_54_minutes_three_payers.hl7").read_bytes())
        Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=system_clock)(
            [Incoming(raw, "peer") for raw in raws]
        )
        stage = Adjudicate(store=store, rules=lambda: RULES)
        while stage.run_once(system_clock()):
            pass
    assert run("batch", home=home).returncode == 0
    assert run("simulate-payer", "--scenario", str(scenario), home=home).returncode == 0
    assert run("read-back", home=home).returncode == 0
    return home


@pytest.fixture
def home(answered: Path, tmp_path: Path) -> Path:
    shutil.copytree(answered, tmp_path / "home")
    return tmp_path / "home"


def listed(home: Path, *options: str) -> list[dict]:
    done = run("denials", "list", *options, "--json", home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_queue_shows_what_to_do_and_by_when_and_is_filtered(home: Path) -> None:
    open_ones = listed(home)
    assert {one["category"] for one in open_ones} == {"authorization"}
    assert all(one["next_action"] and one["owner"] and one["appeal_by"] and one["amount"] for one in open_ones)
    assert listed(home, "--category", "units") == listed(home, "--state", "appealed") == []
    assert listed(home, "--payer", "GRANITE") == listed(home, "--discipline", "OT") == []
    assert listed(home, "--payer", open_ones[0]["payer"], "--discipline", "pt") == open_ones
    assert listed(home, "--state", "all") == open_ones
    table = run("denials", "list", home=home).stdout
    assert str(open_ones[0]["id"]) in table
    assert table.splitlines()[0].split("\t")[:3] == ["denial", "claim", "line"]


def test_move_writes_off_tells_what_it_did_and_leaves_the_books_even(home: Path) -> None:
    denials = listed(home)
    for one in denials:
        done = run(
            "denials",
            "move",
            str(one["id"]),
            "--to",
            "written_off",
            "--by",
            "J. Doe",
            "--reason",
            "too late",
            home=home,
        )
        assert done.returncode == 0, done.stderr
        assert f"written off {one['amount']}" in done.stdout
    assert "resolved" in done.stdout
    assert len(listed(home, "--state", "written_off")) == len(denials)
    assert run("conserve", home=home).returncode == run("db", "verify", home=home).returncode == 0
    again = run(
        "denials", "move", str(denials[0]["id"]), "--to", "appealed", "--by", "J. Doe", "--reason", "x", home=home
    )
    assert (again.returncode, "no open denial" in again.stderr) == (2, True)


def test_a_denial_of_which_the_payer_owes_nothing_says_that_nothing_was_written_off(home: Path) -> None:
    number = listed(home)[0]["claim"]
    with open_store(Settings(home=str(home))) as store, store.database.read() as connection:
        claim = store.submissions.by_number(connection, [number])[number]
    of_patient = Decision(claim, tuple(f"PR-119 {line.charge}" for line in claim.draft.lines), "4")
    name, remit = written(of_patient, on="20261126", key="SUMM1", number=501)
    (home / "inbound" / name).write_bytes(remit)
    run("read-back", home=home)
    denial = next(one for one in listed(home) if one["reason"] == "PR-119")
    by = ("--by", "J. Doe", "--reason", "the patient's")
    told = run("denials", "move", str(denial["id"]), "--to", "written_off", *by, home=home).stdout
    assert f"nothing was written off: the payer owes nothing of the {denial['amount']} denied" in told
    assert f"`ledger write-off {number} --amount AMOUNT --side patient`" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--state", "lost"), "--state is one of"),
        (("list", "--category", "weather"), "--category is one of"),
        (("move", "1", "--to", "appealed", "--by", "J. Doe", "--reason", "x"), "no denial 1"),
        (("import", ROWS, "--name", " ", "--by", "J. Doe"), "--name must not be empty"),
        (("import", ROWS, "--name", "new"), "--by must say who"),
        (("import", ROWS, "--name", "new", "--by", " "), "--by must say who"),
        (("compare",), "there is no baseline; frozen: none yet"),
        (("import", ROWS, "--name", "new", "--by", "J. Doe", "--supersedes", "old"), "there is no baseline old"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("denials", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_report_ranks_and_links_what_would_prevent_a_category(home: Path) -> None:
    done = run("denials", "report", "--json", home=home)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    first = report["categories"][0]
    assert (first["category"], first["by_count"], first["by_money"], first["queue"]) == (
        "authorization",
        1,
        1,
        "authorization",
    )
    assert "authorization.missing" in first["prevented_by"]
    assert report["unmapped"]["limit_percent"] == 5
    assert report["unmapped_over_limit"] is False
    assert report["initial"][0]["rate"]["percent"] == "33.33"
    table = run("denials", "report", home=home).stdout
    assert "10 to 20 %" in table or "authorization.missing" in table
    assert "by its first answer" in table
    (payer,) = (row for row in table.splitlines() if row.startswith("payer\tSUMMIT ("))
    assert payer.split("\t")[2:4] == ["1", "1"]


def test_sample_history_is_frozen_once_and_compared(home: Path) -> None:
    tried = run("denials", "import", *HISTORY, "--name", "before", "--dry-run", home=home)
    assert (tried.returncode, "would be frozen as before" in tried.stdout) == (0, True), tried.stderr
    done = run("denials", "import", *HISTORY, "--name", "before", "--by", "J. Doe", "--json", home=home)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["outcome"], told["coverage"]["months_covered"], told["coverage"]["enough_months"]) == (
        "frozen",
        3,
        True,
    )
    again = run("denials", "import", *HISTORY, "--name", "again", "--by", "J. Doe", home=home)
    assert (again.returncode, "baseline before holds these very files" in again.stdout) == (0, True)
    taken = run("denials", "import", HISTORY[0], "--name", "before", "--by", "J. Doe", home=home)
    assert (taken.returncode, "is frozen" in taken.stderr) == (2, True)
    compared = run("denials", "compare", "--json", home=home)
    assert compared.returncode == 0, compared.stderr
    told = json.loads(compared.stdout)
    assert [row["category"] for row in told["rows"]][-2:] == ["targeted", "all"]
    assert {part["by"] for part in told["parts"]} == {"discipline", "payer"}
    for kind in ("discipline", "payer"):  # every claim is in one part of each kind, on both sides
        parts = [part for part in told["parts"] if part["by"] == kind]
        assert sum(part["baseline_claims"] for part in parts) == told["baseline_claims"]
        assert sum(part["current_claims"] for part in parts) == told["current_claims"]
        denied = sum(row["baseline"]["claims"] for part in parts for row in part["rows"] if row["category"] == "all")
        assert denied == told["rows"][-1]["baseline"]["claims"]
    share = told["baseline_classified"]
    assert (share["with_category"] <= share["denials"], share["percent"] is not None) == (True, True)
    table = run("denials", "compare", "--baseline", "before", "--from", "2026-01-01", home=home).stdout
    assert "note: " in table
    assert "denials with a category of the baseline: " in table
    assert "discipline\tPT\tall\t" in table
    assert run("db", "verify", home=home).returncode == 0


def test_fewer_than_three_months_are_told(tmp_path: Path) -> None:
    done = run("denials", "import", ROWS, "--name", "may", "--by", "J. Doe", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "only 1 of at least 3 months are covered" in done.stdout
    assert "no category for CO-999: 1" in done.stdout
    assert "denials with a category of this history: 2 of 3, 66.67 %" in done.stdout
    brief = run("denials", "report", "--baseline", "may", home=tmp_path)
    assert (brief.returncode, "authorization.missing" in brief.stdout) == (1, True)  # a third has no category
    assert "without a category: 1 of 3 lines, 33.33 % (limit 5 %)" in brief.stdout
    assert run("denials", "report", "--baseline", "june", home=tmp_path).returncode == 2


def test_a_mistake_in_a_spreadsheet_is_told_at_its_place_and_the_rest_is_counted(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        Path(ROWS).read_text("utf-8").replace("NORTH1,A-1005,2026-05-19", "NORTH1,A-1005,19.05.2026"), "utf-8"
    )
    done = run("denials", "import", str(rows), "--name", "may", "--by", "J. Doe", home=tmp_path / "home")
    assert done.returncode == 1
    assert "rows.csv:7:15: remit_date: this is no date: write it as 2026-01-31" in done.stdout
    assert "not counted: 1, a row of it cannot be read" in done.stdout
    assert "19.05.2026" not in done.stdout


def test_a_denial_hold_says_why_it_matters_and_where_it_is_worked(home: Path) -> None:
    holds = json.loads(run("queue", "list", "denials", "--json", home=home).stdout)
    shown = json.loads(run("queue", "show", str(holds[0]["id"]), "--json", home=home).stdout)
    assert shown["finding"] == "denials.authorization"
    assert "authorization" in shown["why"]
    assert shown["screen"] == "Patient > Authorizations"
    missing = run("queue", "show", "1", home=home)
    assert (missing.returncode, "`queue list`" in missing.stderr) == (2, True)


def test_a_balance_is_given_up_and_restored_by_the_ledger_commands(home: Path) -> None:
    claims = json.loads(run("claims", "list", "--standing", "denied", "--json", home=home).stdout)
    number, owed = claims[0]["number"], claims[0]["payer_owes"]
    named = ("--by", "J. Doe", "--reason", "not worth an appeal")
    for amount, said in (
        ("-1.00", "more than nothing"),
        ("9999.00", "no more can be given up"),
        ("x", "plain decimal"),
    ):
        wrong = run("ledger", "write-off", number, f"--amount={amount}", *named, home=home)
        assert (wrong.returncode, said in wrong.stderr) == (2, True), wrong.stderr
    assert run("ledger", "write-off", number, "--amount", owed, "--side", "bank", *named, home=home).returncode == 2
    done = json.loads(run("ledger", "write-off", number, "--amount", owed, *named, "--json", home=home).stdout)
    assert (done["amount"], done["side"], done["closed"], len(done["denials"]) > 0) == (owed, "payer", True, True)
    ledger = json.loads(run("ledger", "--json", home=home).stdout)
    assert (ledger["written_off"], ledger["difference"]) == (owed, "0.00")
    assert {"payers_owe", "patients_owe", "unapplied"} <= ledger.keys()
    back = run("ledger", "restore", number, *named, home=home)
    assert (back.returncode, f"{owed} is owed by the payer again" in back.stdout) == (0, True), back.stderr
    assert "open again" in back.stdout
    assert run("db", "verify", home=home).returncode == 0


def test_claims_list_tells_kinds_in_words_why_no_limit_is_known_and_the_next_step(home: Path) -> None:
    table = run("claims", "list", home=home)
    assert "\tfirst\t" in table.stdout
    assert "denied: 1; `denials list`" in table.stderr
    with open_store(Settings(home=str(home))) as store, store.database.write() as connection:
        connection.exec_driver_sql("UPDATE claim SET file_by = NULL")
    rows = json.loads(run("claims", "list", "--json", home=home).stdout)
    assert {row["file_by_unknown"] for row in rows} == {"not known when it was sent"}
    with open_store(Settings(home=str(home))) as store, store.database.write() as connection:
        connection.exec_driver_sql("UPDATE claim SET payer = 'GONE'")
    rows = json.loads(run("claims", "list", "--json", home=home).stdout)
    assert {row["file_by_unknown"] for row in rows} == {"not known: GONE is no longer in mappings/practice.yaml"}


def test_denials_list_says_what_became_of_one_that_was_worked(home: Path) -> None:
    first = listed(home)[0]
    named = ("--by", "J. Doe", "--reason", "faxed")
    assert run("denials", "move", str(first["id"]), "--to", "appealed", *named, home=home).returncode == 0
    table = run("denials", "list", "--state", "all", home=home).stdout
    assert "wait for the payer's decision on the appeal" in table
    with open_store(Settings(home=str(home))) as store, store.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE denial SET state = 'recovered', recovered_cents = 4550, rest_cents = 100 WHERE id = {first['id']}"
        )
    table = run("denials", "list", "--state", "recovered", home=home).stdout
    assert "45.50 paid" in table
    assert "1.00 still open" in table
    assert listed(home, "--state", "recovered")[0]["recovered"] == "45.50"


def test_a_limit_that_runs_out_stands_first_in_the_queue(home: Path) -> None:
    appeal_by = listed(home)[0]["appeal_by"]
    near = str((date.fromisoformat(appeal_by) - system_clock().date()).days + 1)
    assert run("read-back", home=home, DEADLINE_ALERT_DAYS=near).returncode == 0
    holds = json.loads(run("queue", "list", "--json", home=home).stdout)
    first = {hold["finding"]: hold["text"] for hold in holds[:2]}
    assert sorted(first) == ["denials.appeal_deadline", "denials.filing_deadline"]
    assert appeal_by in first["denials.appeal_deadline"]
    assert holds[2]["finding"] == "denials.authorization"
    assert run("read-back", home=home, DEADLINE_ALERT_DAYS="soon").returncode == 2


def test_trips_tell_days_to_cash_and_the_cost_only_when_all_figures_are_given(home: Path) -> None:
    rows = json.loads(run("claims", "trips", "--json", home=home).stdout)
    assert {row["submissions"] for row in rows} == {1}
    assert all("cost" not in row for row in rows)
    assert any(row["days_to_cash"] is None for row in rows)
    some = run("claims", "trips", "--rate", "30", home=home)
    assert (some.returncode, "no figure is guessed" in some.stderr) == (2, True)
    wrong = run("claims", "trips", "--rate", "x", "--margin", "15", "--minutes-per-touch", "12", home=home)
    assert (wrong.returncode, "plain numbers" in wrong.stderr) == (2, True)
    denial = listed(home)[0]
    named = ("--by", "J. Doe", "--reason", "faxed")
    assert run("denials", "move", str(denial["id"]), "--to", "appealed", *named, home=home).returncode == 0
    told = run("claims", "trips", "--rate", "30", "--margin", "15", "--minutes-per-touch", "12", home=home).stderr
    assert f"{denial['claim']}: 1 touches cost 6.00, margin 0.00" in told
