"""mappings/edits/claim_file.yaml and mappings/codes/claim_file.yaml to the rules of the claim file, every problem placed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import FileReading
from integration_engine.core.errors import MappingError
from integration_engine.core.findings import Severity
from integration_engine.rules.claim_file.questions import IDS, LISTS
from integration_engine.rules.claim_file.records import ClaimFileEdit, ClaimFileRules, CodeGroup, CodeList
from integration_engine.rules.rule_files.dating import cite
from integration_engine.rules.rule_models.kinds import Span

EDITS_FILE = "edits/claim_file.yaml"
LISTS_FILE = "codes/claim_file.yaml"
AREA = "claim_file."


class EditFile(BaseModel):
    """One edit: its words, owner and dates; what it asks is a function of this package."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^claim_file\.[a-z_]+$")
    severity: Severity
    text: str = Field(min_length=1)
    why: str = Field(min_length=1)
    fix: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    off: bool = False
    limit: int | None = Field(default=None, ge=1)
    payers: list[str] = Field(default_factory=list)
    in_force: list[Span] = Field(min_length=1)


class ClaimFileEditsFile(BaseModel):
    """All edits of a claim file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    edits: list[EditFile]


class CodesSpan(Span):
    """Codes, blanks between them, that came into a list together."""

    codes: str


class CodeListsFile(BaseModel):
    """Open code lists by name; groups of a list run side by side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    lists: dict[str, list[CodesSpan]]


def compile_claim_file(files: Mapping[str, str]) -> ClaimFileRules:
    """The rules of the claim file from a mappings folder.

    Raises   MappingError: a file is missing, an edit has no question or a question no edit, a list is missing.
    """
    reading = FileReading(files)
    edits = reading.one(EDITS_FILE, ClaimFileEditsFile)
    lists = reading.one(LISTS_FILE, CodeListsFile)
    if edits is None or lists is None:
        raise MappingError(tuple(reading.problems))
    compiled = _edits(edits, reading)
    for name in sorted(LISTS - lists.lists.keys()):
        reading.wrong(LISTS_FILE, ("lists",), f"the list {name!r} is missing")
    if reading.problems:
        raise MappingError(tuple(reading.problems))
    return ClaimFileRules(
        edits=compiled,
        lists={name: CodeList(name=name, groups=tuple(map(_group, spans))) for name, spans in lists.lists.items()},
    )


def _edits(file: ClaimFileEditsFile, reading: FileReading) -> dict[str, ClaimFileEdit]:
    compiled: dict[str, ClaimFileEdit] = {}
    named: set[str] = set()
    for index, edit in enumerate(file.edits):
        name = edit.id.removeprefix(AREA)
        if name not in IDS:
            reading.wrong(EDITS_FILE, ("edits", index, "id"), f"nothing asks for {edit.id}; it would never fire")
        if name in named:
            reading.wrong(EDITS_FILE, ("edits", index, "id"), f"{edit.id} stands here twice")
        named.add(name)
        try:
            in_force = Dated(edit.id, tuple(_dated(span) for span in edit.in_force))
        except ValueError as error:
            reading.wrong(EDITS_FILE, ("edits", index, "in_force"), str(error))
            continue
        if not edit.off:
            compiled[name] = _edit(edit, in_force)
    for name in sorted(IDS - named):
        reading.wrong(EDITS_FILE, ("edits",), f"{AREA}{name} is missing; `off: true` switches an edit off")
    return compiled


def _edit(edit: EditFile, in_force: Dated[bool]) -> ClaimFileEdit:
    return ClaimFileEdit(
        id=edit.id,
        severity=edit.severity,
        text=edit.text,
        why=edit.why,
        fix=edit.fix,
        owner=edit.owner,
        payers=frozenset(edit.payers),
        in_force=in_force,
        citation=cite(edit.in_force[-1].source),
        limit=edit.limit,
    )


def _dated(span: Span) -> DatedValue[bool]:
    return DatedValue(
        value=True, effective_from=span.effective_from, effective_to=span.effective_to, citation=cite(span.source)
    )


def _group(span: CodesSpan) -> CodeGroup:
    return CodeGroup(
        codes=frozenset(span.codes.split()), effective_from=span.effective_from, effective_to=span.effective_to
    )


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of both files, for editors."""
    return {
        "claim_file_edits": ClaimFileEditsFile.model_json_schema(),
        "claim_file_codes": CodeListsFile.model_json_schema(),
    }
