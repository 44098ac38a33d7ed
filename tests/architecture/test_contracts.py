"""The import contracts of pyproject.toml hold, and they would notice a wrong import."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.house_rules import PACKAGE, ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
WRONG_IMPORTS = {
    "one-way": ("domain", "import integration_engine.stages"),
    "pure": ("rules", "import time"),
    "store-only": ("stages", "import sqlalchemy"),
    "tables-stay": ("stages", "import integration_engine.store.tables"),
}


def _lint(root: Path) -> subprocess.CompletedProcess[str]:
    """A process of its own: the analysis must see the copy in ``root``, not the package that is imported here."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(root)})


def test_imports_go_one_way() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_notices_a_wrong_import(tmp_path: Path) -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(WRONG_IMPORTS)
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for part, line in WRONG_IMPORTS.values():
        with (tmp_path / PACKAGE.name / part / "planted.py").open("a") as module:
            module.write(f"{line}\n")
    result = _lint(tmp_path)
    flat = " ".join(result.stdout.split())
    assert result.returncode == 1
    for contract in CONTRACTS:
        assert f"{contract['name']} BROKEN" in flat, contract["name"]


def test_a_new_part_of_the_package_has_to_find_its_layer(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / PACKAGE.name / "helpers.py").write_text("")
    result = _lint(tmp_path)
    assert result.returncode != 0
    assert "helpers" in result.stdout + result.stderr
