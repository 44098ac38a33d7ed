"""One day's lines while they are being coded, and what their modifiers depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import Discipline, LicenceLevel
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.modifiers.marks import NOTICE
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedLine:
    """One service line while it is being coded: code, units, modifiers, and the treatments behind it."""

    code: Hcpcs
    units: int
    places: tuple[int, ...]
    by_assistant: bool = False
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiersResult:
    """Lines with their modifiers. allowed: what the day adds to the therapy threshold, None if not known."""

    lines: tuple[CodedLine, ...]
    allowed: Decimal | None
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifierFacts:
    """What modifiers depend on besides the services.

    Shapes   treatments: as the services count them. prior_allowed: the bucket's amount used before, None if unknown.
             charges: price of one unit by code, at least what any payer allows. setting: private_practice or
             institution. rendering: licence of who rendered.
    """

    as_of: date
    discipline: Discipline
    modality: Modality | None
    attested: bool | None
    prior_allowed: Decimal | None
    allowed_per_unit: Mapping[Hcpcs, Decimal | None]
    treatments: Sequence[Treatment]
    charges: Mapping[Hcpcs, Decimal] = field(default_factory=dict)
    setting: str = "private_practice"
    rendering: LicenceLevel | None = None
    habilitative: bool | None = None


class Line:
    """One line being coded; modifiers are added in any order and put in the payer's order at the end."""

    __slots__ = ("by_assistant", "code", "modifiers", "places", "share_unknown", "units")

    def __init__(self, code: Hcpcs, units: int, places: tuple[int, ...], marks: list[Modifier]) -> None:
        self.code = code
        self.units = units
        self.places = places
        self.by_assistant = bool(marks)
        self.modifiers = marks
        self.share_unknown = False


class Coding:
    """One day's lines while they are being coded; collects decisions and findings."""

    def __init__(self, profile: PayerProfile, facts: ModifierFacts, parameters: Parameters) -> None:
        self.profile = profile
        self.facts = facts
        self.parameters = parameters
        self.decisions: list[Decision] = []
        self.findings: list[Finding] = []
        treatments = facts.treatments
        sent = {modifier for t in treatments for modifier in t.modifiers}
        self.sent = bool(sent)
        self.noticed = not NOTICE.isdisjoint(sent) or any(t.denial_expected or t.advance_notice for t in treatments)
        scope = profile.discipline_modifiers.on(facts.as_of)
        self.scope, self.since = scope.value, scope.effective_from
        self.assistants = profile.assistant_modifiers.at(facts.as_of)
        self.rank = profile.modifier_rank.at(facts.as_of)

    def assistants_marked(self) -> bool:
        """True where the payer takes a modifier for an assistant's work; there is none for SLP assistants."""
        if self.facts.discipline is Discipline.SLP:
            return False
        return self.assistants

    def not_necessary(self, line: Line) -> bool:
        """A notice stands or is sent on the line: the service is not claimed to be necessary."""
        sent = (m for place in line.places for m in self.facts.treatments[place].modifiers)
        return not NOTICE.isdisjoint(line.modifiers) or (
            self.profile.advance_notices.at(self.facts.as_of) and not NOTICE.isdisjoint(sent)
        )
