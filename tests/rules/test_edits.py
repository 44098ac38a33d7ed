"""Every edit shipped has its text, why, fix, owner, source, and a failing and a passing case that do as they say."""

from __future__ import annotations

import pytest
import yaml

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.rules.rule_files.compiling import compile_rules
from integration_engine.rules.rule_files.edits import OTHER_EDITS
from integration_engine.rules.scrubber.conditions import Kind
from integration_engine.rules.scrubber.edit_facts import LINE_FIELDS

FILES = MappingFiles(shipped_folder()).read()
PARAMETERS = compile_rules(FILES)
EDITS = [
    edit
    for name, text in FILES.items()
    if name.startswith("edits/") and name not in OTHER_EDITS
    for edit in yaml.safe_load(text)["edits"]
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit["id"])
def test_edit_fires_on_its_failing_case_only(edit: dict) -> None:
    compiled = next(e for e in PARAMETERS.edits if e.id == edit["id"])
    for case, expected in (("fails", True), ("passes", False)):
        stated = {
            name: tuple(value) if LINE_FIELDS[name] is Kind.TEXTS else value for name, value in edit[case].items()
        }
        assert compiled.when.holds(dict.fromkeys(LINE_FIELDS) | stated) is expected, case


@pytest.mark.parametrize("edit", PARAMETERS.edits, ids=lambda edit: edit.id)
def test_edit_explains_itself(edit) -> None:
    assert all((edit.text, edit.why, edit.fix, edit.owner, str(edit.citation), edit.when.text))


def test_ids_are_given_once() -> None:
    ids = [edit.id for edit in PARAMETERS.edits]
    assert len(ids) == len(set(ids))
