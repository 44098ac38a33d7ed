"""What must be documented, who may do what, and where a finding is mended."""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.core.findings import Citation, ParameterUse, Severity
from integration_engine.domain.parties import LicenceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoMay:
    """Which licences may do one thing, and what is found when another did."""

    action: str
    segments: tuple[str, ...]
    licences: tuple[LicenceLevel, ...]
    finding: str
    text: str
    fix: str
    owner: str
    queue: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """Why a finding matters and where in the EMR, or in mappings/, it is mended."""

    why: str
    screen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that must be documented, for an encounter type and a payer segment (``any``: all).

    Shapes   severity: an error holds the visit, a warning travels with it.
    """

    need: str
    encounter_types: tuple[str, ...]
    segments: tuple[str, ...]
    severity: Severity
    finding: str
    text: str
    fix: str
    owner: str
    queue: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsInForce:
    """The requirements of one encounter type and payer segment on one date, and the text that lists them."""

    requirements: tuple[Requirement, ...]
    text: str
    use: ParameterUse
    citation: Citation | None
