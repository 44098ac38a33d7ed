"""What is kept in the repository: locked by hash, the same version everywhere, and no address of anyone's machine."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import integration_engine
from tests.architecture.house_rules import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")
# Put together here, so that this file does not hold what it looks for.
ADDRESSES = tuple(
    "".join(parts)
    for parts in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("registry.", "npmjs"),
        ("/opt/", "py", "pi"),
        ("/opt/", "wheels"),
        ("/ro", "ot/"),
        ("/wo", "rk/main"),
        ("/wo", "rk/shared"),
        ("file:", "///"),
    )
)
KEPT_OUT = {".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache"}


def _repository_files() -> list[Path]:
    """What git keeps or would keep; without git, everything but the caches."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not KEPT_OUT & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {address}"
        for path in _repository_files()
        for address in ADDRESSES
        if address.encode() in path.read_bytes()
    ]
    assert not found, "\n".join(found)


def test_no_file_is_large_or_a_database() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in _repository_files()
        if path.stat().st_size > 1_000_000 or path.suffix in {".db", ".sqlite", ".whl", ".pem", ".key", ".pyc", ".so"}
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_a_hash_for_every_package_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    packages = re.split(r"\n(?=\S)", text.strip())
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9-]+==\S+", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in text


def test_locks_hold_every_declared_dependency() -> None:
    run = PROJECT["project"]["dependencies"]
    groups = PROJECT["dependency-groups"]
    dev = [item for group in groups.values() for item in group if isinstance(item, str)]
    assert {_name(item) for item in run} <= _locked("requirements.txt")
    assert {_name(item) for item in groups["build"]} <= _locked("requirements-build.txt")
    assert {_name(item) for item in (*run, *dev)} <= _locked("requirements-dev.txt")


def test_locks_agree_with_each_other() -> None:
    lines = [line for name in LOCKS for line in (ROOT / name).read_text("utf-8").splitlines() if "==" in line[:60]]
    versions: dict[str, set[str]] = {}
    for line in lines:
        package, version = line.split(" ")[0].split("==")
        versions.setdefault(package, set()).add(version)
    assert not {package: found for package, found in versions.items() if len(found) > 1}


def test_version_is_the_same_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert integration_engine.__version__ == version
    assert f"therapy-integration-engine:{version}" in (ROOT / "docker-compose.yml").read_text("utf-8")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert run.read_text("utf-8").splitlines()[-1] == "make test"


def _locked(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / name).read_text("utf-8"), re.MULTILINE))


def _name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")
