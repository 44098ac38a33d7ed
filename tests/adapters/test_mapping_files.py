"""A changed mappings folder takes over only when all of it compiles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from integration_engine.adapters.mapping_files import InForce, MappingFiles
from integration_engine.core.errors import MappingError, MappingProblem


def compile_or_refuse(files: Mapping[str, str]) -> dict[str, str]:
    if any("bad" in text for text in files.values()):
        raise MappingError((MappingProblem(file="a.yaml", line=3, column=1, where="x", text="bad"),))
    return dict(files)


def test_good_file_stays_in_force_when_a_bad_one_replaces_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("one: 1")
    rules = InForce(MappingFiles(tmp_path), compile_or_refuse, look_every_seconds=0)
    file.write_text("bad: 1 ")
    assert rules() == {"a.yaml": "one: 1"}
    assert str(rules.problems[0]) == "a.yaml:3:1: x: bad"
    file.write_text("two: 22 ")
    assert rules() == {"a.yaml": "two: 22 "}
    assert rules.problems == ()


def test_start_is_refused_when_a_file_is_bad(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("bad: 1")
    with pytest.raises(MappingError, match=r"a\.yaml:3:1"):
        InForce(MappingFiles(tmp_path), compile_or_refuse)


def test_reading_is_refused_with_the_name_when_a_file_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(MappingError, match=r"a\.yaml:1:1.*UTF-8"):
        MappingFiles(tmp_path).read()
