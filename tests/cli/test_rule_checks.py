"""``rules test`` and ``rules check`` as an admin runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from tests.cli.running import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_folder(), tmp_path / "mappings"))


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


def test_rules_test_exits_0_when_every_shipped_case_passes(tmp_path: Path) -> None:
    done = run("rules", "test", "--json", home=tmp_path)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["failed"] == 0
    assert answer["passed"] == answer["cases"] == len(answer["results"]) > 300


def test_rules_test_exits_1_and_explains_when_a_rule_no_longer_answers_its_case(folder: Path, tmp_path: Path) -> None:
    change(folder, "rules/units.yaml", "earned_at: 8", "earned_at: 9")
    done = run("rules", "test", str(folder), home=tmp_path)
    assert done.returncode == 1
    line = next(
        number
        for number, row in enumerate((folder / "cases/units.yaml").read_text("utf-8").splitlines(), start=1)
        if "eight timed minutes earn one unit" in row
    )
    assert f"cases/units.yaml:{line}: eight timed minutes earn one unit" in done.stdout
    assert "lines: expected 97110 x1 GP; got none" in done.stdout
    assert "8 min earn 0 units: first at 9" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" fail")


def test_rules_test_and_crosswalk_check_refuse_a_wrong_case_file_with_its_place(folder: Path, tmp_path: Path) -> None:
    change(folder, "cases/units.yaml", "minutes: 7}", "minuets: 7}")
    for command in (("rules", "test"), ("crosswalk", "check"), ("rules", "check")):
        done = run(*command, str(folder), home=tmp_path)
        assert done.returncode == 1
        assert "cases/units.yaml:9:" in done.stdout + done.stderr
        assert "minuets" in done.stdout + done.stderr


def test_rules_check_tells_doubts_and_exits_0_when_nothing_is_wrong(tmp_path: Path) -> None:
    done = run("rules", "check", "--json", home=tmp_path)
    answer = json.loads(done.stdout)
    assert done.returncode == answer["findings"] == 0
    kinds = {remark["kind"] for remark in answer["remarks"]}
    assert {"unconfirmed", "disagreement", "ends", "no section"} <= kinds
    assert all(remark["line"] >= 1 for remark in answer["remarks"])


def test_rules_check_counts_doubts_by_kind_and_shows_each_only_when_asked(tmp_path: Path) -> None:
    brief = run("rules", "check", home=tmp_path).stdout.splitlines()
    whole = run("rules", "check", "--all", home=tmp_path).stdout.splitlines()
    told = json.loads(run("rules", "check", "--json", home=tmp_path).stdout)["remarks"]
    kinds = {remark["kind"] for remark in told}
    assert len(brief) == len(kinds) + 1
    assert brief[-1].endswith("--all shows each at its place")
    assert len(whole) == len(told) + len(brief)
    assert sum(int(line.split()[0]) for line in brief[:-1]) == len(told)


@pytest.mark.parametrize(
    ("name", "old", "new", "text"),
    [
        (
            "rules/thresholds.yaml",
            "effective_from: 2025-01-01, effective_to: 2025-12-31",
            "effective_from: 2025-03-01, effective_to: 2025-12-31",
            "rules/thresholds.yaml:11:1: gap: threshold PT+SLP: nothing is in force from 2025-01-01 to 2025-02-28",
        ),
        (
            "rules/thresholds.yaml",
            "effective_from: 2025-01-01, effective_to: 2025-12-31",
            "effective_from: 2024-12-01, effective_to: 2025-12-31",
            "rules/thresholds.yaml:11:7: problem: thresholds.PT+SLP.6: threshold PT+SLP: the value from 2024-01-01 runs into",
        ),
        (
            "rules/thresholds.yaml",
            "source: {document: CMS KX modifier thresholds, section: CY 2025}",
            'source: {document: ""}',
            "at least 1 character",
        ),
        (
            "rules/units.yaml",
            "    source: {document: payer contract, section: units, status: unconfirmed}\n",
            "",
            "Field required",
        ),
    ],
)
def test_rules_check_exits_1_with_the_place_when(
    folder: Path, tmp_path: Path, name: str, old: str, new: str, text: str
) -> None:
    change(folder, name, old, new)
    done = run("rules", "check", str(folder), home=tmp_path)
    assert done.returncode == 1
    assert text in done.stdout
    assert f"{name}:" in done.stdout
