"""What ``explain`` and ``queue show`` say first, and claims with the day until which they may be filed."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.cli.explaining import tell
from integration_engine.wire.hl7 import split_messages
from tests.cli.running import run
from tests.cli.test_authorizations import load

MESSAGES = shipped_folder().parent / "samples" / "messages"
FILING_DAYS = {"MEDICARE": 365, "SUMMIT": 90, "GRANITE": 180}  # timely_filing_days of mappings/practice.yaml


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three visits in 837P files, others held."""
    home = tmp_path_factory.mktemp("told")
    stories = [*MESSAGES.glob("01_*.hl7"), *MESSAGES.glob("07_*.hl7")]
    load(home, *(raw for story in stories for raw in split_messages(story.read_bytes())))
    assert run("batch", "--now", home=home).returncode == 0
    return home


def test_explain_opens_with_reason_and_next_step_when_held(home: Path) -> None:
    told = run("explain", "VS07A1", home=home).stdout.splitlines()
    assert told[0] == "VS07A1 on 2026-10-15, PT, MEDICARE: HELD"
    assert "gives no minutes" in told[1]
    assert told[2].startswith("    next step: Enter start and stop")
    order = [told.index(heading) for heading in ("HOLDS", "FINDINGS", "DECISIONS", "CHARGES", "MESSAGES")]
    assert order == sorted(order)
    whole = json.loads(run("explain", "VS07A1", "--json", home=home).stdout)
    version = whole["treatment_day"]["mappings_version"]
    assert told[-2].endswith(f"decided under mappings {version[:12]}")
    assert not any(version in line for line in told)


def test_explain_shows_the_claim_before_the_arithmetic_when_billed(home: Path) -> None:
    told = run("explain", "VS01A1", home=home).stdout.splitlines()
    assert told[0] == "VS01A1 on 2026-10-19, PT, MEDICARE: BILLED"
    assert told.index("CLAIMS") < told.index("DECISIONS")
    assert "        1: 97110 x4 GP 240.00" in told
    assert any("54 min earn 4 units" in line for line in told)


def test_explain_tells_a_claim_without_number_and_an_event_in_words() -> None:
    event = {"on": "2026-11-24", "what": "payer_accepted", "code": "A2:20", "text": "Taken.", "file": "A_277CA.x12"}
    claim = {"number": None, "standing": "", "state": "drafted", "charge": "184.00", "payer": "SUMMIT"}
    bare = {"on": "2026-11-23", "what": "submitted", "code": "", "text": "", "file": None}
    lines = tell({"claims": [claim | {"events": [bare, event]}]}).splitlines()
    assert "  not numbered yet: drafted, 184.00 to SUMMIT" in lines
    assert [line.strip() for line in lines if " - " in line] == [
        "- 2026-11-23 submitted",
        "- 2026-11-24 payer accepted (A2:20): Taken. [A_277CA.x12]",
    ]


def test_queue_show_opens_with_the_reason_and_prints_no_empty_value(home: Path) -> None:
    hold = json.loads(run("queue", "list", "documentation", "--json", home=home).stdout)[0]
    told = run("queue", "show", str(hold["id"]), home=home).stdout.splitlines()
    assert told[0] == hold["text"]
    assert told[1] == f"  next step: {hold['fix']}"
    assert not any(line.endswith(("None", ": ")) for line in told)
    run("queue", "assign", str(hold["id"]), "--to", "A. Roe", "--by", "J. Doe", home=home)
    again = run("queue", "show", str(hold["id"]), home=home).stdout
    assert "with A. Roe" in again
    assert "J. Doe: assign to A. Roe" in again


def test_every_claim_has_its_filing_day_by_the_payer_it_went_to(home: Path) -> None:
    rows = json.loads(run("claims", "list", "--json", home=home).stdout)
    assert {row["payer"] for row in rows} == set(FILING_DAYS)
    for row in rows:
        served = date.fromisoformat(row["date_of_service"])
        assert row["file_by"] == (served + timedelta(days=FILING_DAYS[row["payer"]])).isoformat()


def test_claims_list_says_why_no_last_day_is_known_when_a_payer_gives_no_limit(tmp_path: Path) -> None:
    mappings = Path(shutil.copytree(shipped_folder(), tmp_path / "mappings"))
    profile = mappings / "payers" / "full_unit_only.yaml"
    practice = mappings / "practice.yaml"
    practice.write_text(practice.read_text("utf-8").replace("    timely_filing_days: 180\n", ""), "utf-8")
    text, limit = profile.read_text("utf-8"), "filing_limit:\n  - {effective_from: 2015-01-01, days: 90"
    assert limit in text
    profile.write_text(text.replace(limit, limit.replace("2015-01-01", "2030-01-01")), "utf-8")
    home = tmp_path / "home"
    load(home, *split_messages((MESSAGES / "01_pt_54_minutes_three_payers.hl7").read_bytes()))
    done = run("batch", "--now", home=home, MAPPINGS=str(mappings))
    assert done.returncode == 0, done.stderr
    told = run("claims", "list", "--payer", "GRANITE", home=home, MAPPINGS=str(mappings)).stdout.splitlines()
    why = "not known: enter timely_filing_days of GRANITE in mappings/practice.yaml"
    assert [line.split("\t")[-1] for line in told] == ["file by", why]
