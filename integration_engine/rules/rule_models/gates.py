"""gates/*.yaml and findings.yaml: what must be documented, who may do what, where it is mended."""

from __future__ import annotations

from typing import Literal

from integration_engine.domain.parties import LicenceLevel
from integration_engine.rules.rule_models.kinds import RuleFile, Source, Span


class RequirementFile(RuleFile):
    need: str
    encounter_types: list[str]
    segments: list[str]
    severity: Literal["error", "warning"] = "error"
    finding: str
    text: str
    fix: str
    owner: str
    queue: Literal["documentation", "authorization", "edits", "interface"]
    source: Source


class GatesSpan(Span):
    requirements: list[RequirementFile]


class GatesFile(RuleFile):
    """Minimum documentation by encounter type and payer segment."""

    description: str
    minimum_documentation: list[GatesSpan]


class WhoMayFile(RuleFile):
    action: str
    segments: list[str]
    licences: list[LicenceLevel]
    finding: str
    text: str
    fix: str
    owner: str
    queue: Literal["documentation", "authorization", "edits", "interface"]
    source: Source


class WhoMaySpan(Span):
    actions: list[WhoMayFile]


class WhoMayTable(RuleFile):
    """Which licence may do, document or certify what."""

    description: str
    who_may: list[WhoMaySpan]


class MendingFile(RuleFile):
    screen: str
    why: str = ""


class FindingsFile(RuleFile):
    """Why each finding matters and where it is mended."""

    description: str
    findings: dict[str, MendingFile]
