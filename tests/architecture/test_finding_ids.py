"""Whoever meets a finding is told why it matters and where it is mended: every id that can be made has its row."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from tests.architecture.finding_ids import MAPPINGS, Source, finding_ids, followed, ids_from_mappings

ROWS = yaml.safe_load((MAPPINGS / "findings.yaml").read_text(encoding="utf-8"))["findings"]
EDITS = {
    edit["id"]: edit
    for path in sorted((MAPPINGS / "edits").glob("*.yaml"))
    for key in ("edits", "repairs")
    for edit in yaml.safe_load(path.read_text(encoding="utf-8")).get(key) or ()
}
FOUND, LOST = finding_ids(ids_from_mappings())


def test_every_finding_can_be_followed_to_its_id() -> None:
    assert LOST == []


def test_ids_are_found_in_every_room() -> None:
    """The scan itself: a literal, a constant, a caller's word two functions away, a loop, and what mappings say."""
    assert {
        "claim.accident_date",
        "remittance.answer_missing",
        "answers.unreadable_amount",
        "documentation.times_overlap",
        "edits.ncci_pair",
        "edits.timely_filing_near",
        "denials.unmapped",
        "documentation.note_unsigned",
    } <= FOUND


@pytest.mark.parametrize("identity", sorted(FOUND))
def test_finding_is_explained(identity: str) -> None:
    row, edit = ROWS.get(identity, {}), EDITS.get(identity, {})
    why = row.get("why") or edit.get("why") or edit.get("reason")
    assert why, f"{identity} wants a row in mappings/findings.yaml that says why it matters"
    # An edit of the claim file is told at the field that its position came from.
    if not identity.startswith("claim_file."):
        assert row.get("screen"), f"{identity} wants a row in mappings/findings.yaml that says where it is mended"


def test_no_row_speaks_of_a_finding_nobody_makes() -> None:
    assert sorted(set(ROWS) - FOUND) == []


def test_words_of_the_rows_are_plain() -> None:
    """A biller reads them: sentences, and no word of programmers."""
    wrong = re.compile(r"\b(None|null|exception|traceback|database|parser|enum|regex)\b")
    bad = [
        identity
        for identity, row in ROWS.items()
        if wrong.search(f"{row['screen']} {row.get('why', '')}") or (row.get("why") and not row["why"].endswith("."))
    ]
    assert bad == []


# Findings about answers and denials come after the payer has spoken, and corrections after the claim was sent.
AFTER = ("answers.", "rejections.", "remittance.", "denials.", "corrections.", "batch.", "enrollment.")


def test_every_gate_and_edit_says_which_denials_it_prevents() -> None:
    """Each stands under the category it prevents, or under prevents_nothing with the reason; none under both."""
    actions = yaml.safe_load((MAPPINGS / "responses" / "denials.yaml").read_text(encoding="utf-8"))["actions"]
    named = {check for action in actions["categories"].values() for check in action.get("prevented_by") or ()}
    nothing = actions["prevents_nothing"]
    families = tuple(check.removesuffix("*") for check in nothing if check.endswith(".*"))
    silent = {
        identity
        for identity in FOUND - named - set(nothing)
        if not identity.startswith(AFTER) and not identity.startswith(families)
    }
    assert sorted(silent) == []
    assert sorted(named - FOUND) == []
    assert sorted({check for check in nothing if not check.endswith(".*")} - FOUND) == []
    assert all(reason.strip() for reason in nothing.values())


def test_an_id_that_cannot_be_followed_is_told() -> None:
    call = ast.parse("Finding(id=somewhere.else_())").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert followed(call.value.keywords[0].value, None, Source(), {}, ()) is None
