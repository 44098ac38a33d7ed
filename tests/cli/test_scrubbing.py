"""scrub as a user runs it: exit codes, the JSON contract, and any file at all."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.wire.defects import GOOD


def scrub(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    return run("scrub", *arguments, home=home)


def test_scrub_prints_each_file_with_its_findings_as_json(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.837", tmp_path / "bad.837"
    good.write_text(GOOD["subscriber"])
    bad.write_text(GOOD["subscriber"].replace("CLM*C1*240*", "CLM*C1*250*"))
    done = scrub(str(good), str(bad), "--json", home=tmp_path)
    assert done.returncode == 1
    first, second = json.loads(done.stdout)
    assert (first["file"], second["file"]) == (str(good), str(bad))
    assert {f["severity"] for f in first["findings"]} <= {"information"}
    (error,) = [f for f in second["findings"] if f["severity"] == "error"]
    assert {"edit", "severity", "position", "text", "fix"} <= set(error)
    assert (error["edit"], error["position"], error["claims"]) == ("claim_file.total_charge", "2300/CLM-02", ["C1"])


def test_scrub_exits_0_when_no_file_has_an_error(tmp_path: Path) -> None:
    good = tmp_path / "good.837"
    good.write_text(GOOD["dependent"])
    done = scrub(str(good), home=tmp_path)
    assert done.returncode == 0
    assert "2 claims" in done.stderr


@pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256)) * 40, b"ISA*00*", GOOD["subscriber"].encode()[:900]])
def test_scrub_tells_about_any_bytes(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    done = scrub(str(file), "--json", home=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)[0]["findings"]


def test_scrub_of_no_such_file_is_wrong_use(tmp_path: Path) -> None:
    assert scrub(str(tmp_path / "nowhere.837"), home=tmp_path).returncode == 2


def test_scrub_stores_nothing(tmp_path: Path) -> None:
    file = tmp_path / "good.837"
    file.write_text(GOOD["subscriber"])
    scrub(str(file), home=tmp_path / "home")
    assert not (tmp_path / "home").exists()
