"""edits/*.yaml: the scrubber's edits and the repairs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from integration_engine.core.findings import Severity
from integration_engine.rules.rule_models.kinds import Code, RuleFile, Span


class EditFile(RuleFile):
    id: str
    scope: Literal["claim", "line"]
    severity: Severity
    queue: Literal["documentation", "authorization", "edits", "interface"] = "edits"
    text: str
    why: str
    fix: str
    owner: str
    payers: list[str] = Field(default_factory=list)
    segments: list[str] = Field(default_factory=list)
    in_force: list[Span] = Field(min_length=1)
    when: dict[str, Any]
    fails: dict[str, Any]
    passes: dict[str, Any]


class EditsFile(RuleFile):
    """Scrubber edits; each with a failing and a passing case."""

    description: str
    edits: list[EditFile]


class RepairFile(RuleFile):
    id: str
    kind: Literal["replace_code", "leave_out"]
    code: Code
    becomes: Code | None = None
    text: str
    why: str
    payers: list[str] = Field(default_factory=list)
    segments: list[str] = Field(default_factory=list)
    in_force: list[Span] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> RepairFile:
        if (self.kind == "replace_code") != (self.becomes is not None):
            raise ValueError("replace_code, and only it, says what the code becomes")
        return self


class RepairsFile(RuleFile):
    """What is put right without a person; never clinical content."""

    description: str
    repairs: list[RepairFile]
