"""Every deliberate defect is told, by us or with a reason not to; and whatever pyx12 refuses, we refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.core.findings import Severity
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_file.compiling import compile_claim_file
from integration_engine.rules.claim_file.results import ClaimFileCheck
from integration_engine.rules.rule_files.compiling import compile_rules
from tests.crosswalk.claim_drafts import FILES
from tests.wire.defects import DEFECTS, GOOD, Defect, recount

RULES, PARAMETERS = compile_claim_file(FILES), compile_rules(FILES)
TABLE = Path(__file__).parent / "defects.md"
CASES = [(defect, branch) for defect in DEFECTS for branch in defect.branches]


def checked(text: str) -> ClaimFileCheck:
    return check_claim_file(text.encode(), RULES, PARAMETERS, date(2026, 11, 24))


@pytest.fixture(scope="module")
def gate() -> Iterator[X12Gate]:
    with X12Gate() as gate:
        yield gate


@pytest.mark.parametrize("branch", GOOD)
def test_good_file_has_no_error_and_no_warning(branch: str) -> None:
    found = [(f.id, f.position) for f in checked(GOOD[branch]).findings if f.severity is not Severity.INFORMATION]
    assert found == []


@pytest.mark.parametrize("branch", GOOD)
def test_good_file_is_accepted_by_pyx12(gate: X12Gate, branch: str) -> None:
    assert gate.check(GOOD[branch]).accepted


@pytest.mark.parametrize(("defect", "branch"), CASES, ids=lambda value: getattr(value, "name", value))
def test_defect_is_told_with_its_place(defect: Defect, branch: str) -> None:
    check = checked(defect.change(GOOD[branch]))
    before = {(f.id, f.position) for f in checked(GOOD[branch]).findings}
    new = [f for f in check.findings if (f.id, f.position) not in before]
    told = [
        f for f in new if (not defect.edit or f.id == f"claim_file.{defect.edit}") and defect.position in f.position
    ]
    assert told, [(f.id, f.position, f.text) for f in new]
    assert check.accepted is bool(defect.harmless), [(f.id, f.position) for f in new if f.severity is Severity.ERROR]


@pytest.mark.parametrize(("defect", "branch"), CASES, ids=lambda value: getattr(value, "name", value))
def test_what_pyx12_refuses_we_refuse(gate: X12Gate, defect: Defect, branch: str) -> None:
    text = defect.change(GOOD[branch])
    if not gate.check(text).accepted:
        assert not checked(text).accepted


@st.composite
def damaged(draw) -> str:
    """A good file with one segment left out, doubled, moved or one of its elements changed."""
    segments = draw(st.sampled_from(sorted(GOOD.values()))).split("~")
    body = st.integers(3, len(segments) - 5)
    place = draw(body)
    match draw(st.sampled_from(["drop", "double", "move", "cut", "change", "change", "change"])):
        case "drop":
            del segments[place]
        case "double":
            segments.insert(place, segments[place])
        case "move":
            segments.insert(draw(body), segments.pop(place))
        case "cut":
            parts = segments[place].split("*")
            segments[place] = "*".join(parts[: draw(st.integers(1, len(parts)))])
        case _:
            parts = segments[place].split("*")
            at = draw(st.integers(1, len(parts) - 1))
            kept = parts[at]
            parts[at] = draw(
                st.sampled_from(["", "QQ", "1", "0", "20261301", "X" * 61, "1.234", f"{kept}Z", f"{kept}:1", kept[1:]])
            )
            segments[place] = "*".join(parts)
    return recount("~".join(segments))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=damaged())
def test_what_pyx12_refuses_of_damaged_files_we_refuse(gate: X12Gate, text: str) -> None:
    if not gate.check(text).accepted:
        assert not checked(text).accepted


def test_table_of_who_catches_what_is_the_one_beside_this_file(gate: X12Gate, request: pytest.FixtureRequest) -> None:
    lines = ["| defect | we say | at | pyx12 |", "| --- | --- | --- | --- |"]
    harmless = sum(bool(defect.harmless) for defect in DEFECTS)
    theirs = 0
    for defect in DEFECTS:
        branch = defect.branches[0]
        text = defect.change(GOOD[branch])
        before = {(f.id, f.position) for f in checked(GOOD[branch]).findings}
        new = [f for f in checked(text).findings if (f.id, f.position) not in before]
        told = next(
            f for f in new if not defect.edit or (f.id == f"claim_file.{defect.edit}" and defect.position in f.position)
        )
        refused = not gate.check(text).accepted
        theirs += refused
        says = told.id.removeprefix("claim_file.") + (
            f" ({told.severity.value}: {defect.harmless})" if defect.harmless else ""
        )
        lines.append(f"| {defect.name} | {says} | {told.position} | {'refuses' if refused else 'accepts'} |")
    lines.append(
        f"\n{len(DEFECTS)} defects: we refuse {len(DEFECTS) - harmless} and remark on {harmless} harmless ones; pyx12 refuses {theirs}."
    )
    text = "\n".join(lines) + "\n"
    if request.config.getoption("--update-golden"):
        TABLE.write_text(text, "utf-8")
    assert TABLE.read_text("utf-8") == text
