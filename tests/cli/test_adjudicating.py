"""``adjudicate``: JSON with or without being asked for it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from integration_engine.cli.commands.tree import app

STORY = Path(__file__).parents[2] / "samples" / "messages" / "01_pt_54_minutes_three_payers.hl7"


def test_adjudicate_prints_the_same_json_when_json_is_asked_for() -> None:
    plain = CliRunner().invoke(app, ["adjudicate", str(STORY)])
    asked = CliRunner().invoke(app, ["adjudicate", str(STORY), "--json"])
    assert len(json.loads(plain.stdout)["treatment_days"]) == 3
    assert (asked.exit_code, asked.stdout) == (plain.exit_code, plain.stdout)
