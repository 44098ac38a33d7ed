"""The commands as a user runs them: exit codes, JSON, clear words on standard error."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import pytest
from rich.console import Console

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.cli.output import draw_table
from tests.cli.running import run, run_process

SAMPLES = shipped_folder().parent / "samples"


def test_units_answers_one_object_and_a_list(tmp_path: Path) -> None:
    request = {
        "payer": "medicare_part_b",
        "discipline": "PT",
        "date_of_service": "2026-03-02",
        "services": [{"code": "97110", "minutes": 54}],
        "prior_allowed_amount": "2400.00",
        "modality": "in_person",
    }
    one = run_process("units", home=tmp_path, text=json.dumps(request))
    two = run("units", home=tmp_path, text=json.dumps([request, request | {"payer": "full_unit_only"}]))
    assert one.returncode == two.returncode == 0
    answer = json.loads(one.stdout)
    assert answer["lines"] == [{"code": "97110", "units": 4, "modifiers": ["GP"]}]
    assert {"timed_minutes", "total_timed_units", "tie", "alternatives", "decisions", "findings"} <= set(answer)
    assert [a["lines"][0]["units"] for a in json.loads(two.stdout)] == [4, 3]


def test_units_says_where_a_request_is_wrong(tmp_path: Path) -> None:
    bad = run("units", home=tmp_path, text='[{"payer": "nobody"}]')
    assert bad.returncode == 2
    assert "[0]" in bad.stderr
    assert "payer" in bad.stderr
    assert run("units", home=tmp_path, text="{").returncode == 2


def test_adjudicate_prints_decisions_and_drafts_and_stores_nothing(tmp_path: Path) -> None:
    done = run("adjudicate", str(SAMPLES / "messages" / "01_pt_54_minutes_three_payers.hl7"), home=tmp_path)
    answer = json.loads(done.stdout)
    assert [day["state"] for day in answer["treatment_days"]] == ["ready"] * 3
    assert all(day["drafts"] and day["decisions"] for day in answer["treatment_days"])
    assert list(tmp_path.iterdir()) == []


def test_crosswalk_check_names_file_and_line(tmp_path: Path) -> None:
    assert run("crosswalk", "check", home=tmp_path).returncode == 0
    broken = tmp_path / "mappings"
    broken.mkdir()
    (broken / "practice.yaml").write_text("description: x\ndescription: y\n")
    bad = run("crosswalk", "check", str(broken), home=tmp_path)
    assert bad.returncode == 1
    assert "practice.yaml:2:1" in bad.stderr


def test_crosswalk_report_and_schemas_are_written(tmp_path: Path) -> None:
    rows = json.loads(run("crosswalk", "report", "--json", home=tmp_path).stdout)
    assert {row["domain"] for row in rows} == {"clinical", "timing", "administrative", "compliance"}
    done = run("crosswalk", "schemas", str(tmp_path / "schemas"), home=tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "schemas" / "feed.schema.json").read_text())["title"]


def test_unknown_setting_is_refused_by_name(tmp_path: Path) -> None:
    bad = run("settings", home=tmp_path, MLPP_PORT="1")
    good = run("settings", "--json", home=tmp_path)
    assert good.returncode == 0
    assert len(json.loads(good.stdout)) > 15
    assert "MLPP_PORT" in run("conserve", home=tmp_path, MLPP_PORT="1").stderr
    assert bad.returncode in {0, 2}


def test_public_bind_without_tls_is_refused(tmp_path: Path) -> None:
    bad = run_process("listen", home=tmp_path, MLLP_HOST="0.0.0.0", MLLP_PORT="0")
    assert bad.returncode == 2
    assert "not a loopback address" in bad.stderr


def test_conserve_queue_and_database_answer_on_an_empty_store(tmp_path: Path) -> None:
    counts = json.loads(run("conserve", "--json", home=tmp_path).stdout)
    assert counts["difference"] == 0
    assert set(counts["charges"]) == {"received", "billed", "held", "void", "rejected", "pending"}
    assert json.loads(run("queue", "list", "--json", home=tmp_path).stdout) == []
    for wrong, told in ((("denails",), "documentation, authorization"), (("--state", "closed"), "open, released")):
        done = run("queue", "list", *wrong, home=tmp_path)
        assert (done.returncode, told in done.stderr, done.stdout) == (2, True, "")
    assert run("db", "verify", home=tmp_path).returncode == 0
    assert run("explain", "NOBODY", home=tmp_path).returncode == 2


@pytest.mark.parametrize("command", [(), ("queue",), ("crosswalk",), ("db",)])
def test_help_is_there(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "Usage" in run(*command, "--help", home=tmp_path).stdout


# --- for people --------------------------------------------------------------------------------------------------------


def drawn(width: int, *columns: str) -> str:
    """Three claims as a terminal of this width shows them."""
    rows = [(f"C00000{n}AA", "a [red] 12-word reason that nobody would write on one line", "2026-10-19") for n in "123"]
    out = io.StringIO()
    draw_table(Console(file=out, width=width), "Claims", columns, rows)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 100])
def test_table_keeps_numbers_and_dates_whole_when_the_terminal_is_narrow(width: int) -> None:
    told = drawn(width, "claim", "reason", "file by")
    assert all(f"C00000{number}AA" in told for number in "123")
    assert told.count("2026-10-19") == 3
    assert "…" not in told
    assert "[red]" in told
    assert max(map(len, told.splitlines())) <= width


def test_table_is_a_list_when_whole_values_do_not_fit_beside_each_other() -> None:
    assert "claim    C000001AA" in drawn(20, "claim", "reason", "file by")


def test_sentences_stand_below_their_row_when_only_the_short_values_fit_beside_each_other() -> None:
    lines = drawn(30, "claim", "reason", "file by").splitlines()
    assert lines[:3] == ["Claims", "claim      file by", "C000001AA  2026-10-19"]
    assert lines[3].startswith("    reason: a [red] 12-word")
    assert lines[4].startswith("      ")
    assert max(map(len, lines)) <= 30


def test_send_names_the_next_step_when_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        file = str(SAMPLES / "messages" / "01_pt_54_minutes_three_payers.hl7")
        by_setting = run("send", file, home=tmp_path, MLLP_PORT=str(port))
        by_option = run("send", file, "--port", str(port), home=tmp_path)
    for done in (by_setting, by_option):
        assert done.returncode == 2
        told = done.stderr.splitlines()
        assert len(told) == 1
        assert told[0].startswith(f"nobody listens on 127.0.0.1:{port}: start `integration-engine serve`")
        assert told[0].endswith("0 of 6 messages were answered")


def test_new_database_is_told_once_and_only_when_it_was_made(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    assert run("settings", home=home).stderr == ""
    first = run("queue", "list", "--json", home=home)
    assert (json.loads(first.stdout), f"no database in {home}" in first.stderr) == ([], True)
    assert run("queue", "list", home=home).stderr == ""
