"""Everything a rule may look up, as frozen, dated records. Compiled from mappings/ by rule_files.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.dated import Dated
from integration_engine.core.findings import Citation, Severity
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Discipline, Organization, Practitioner
from integration_engine.rules.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsMethod:
    """How minutes become units.

    Units    unit_minutes: length of one unit. earned_at: minutes of a unit that earn it. pooled: minutes of all
             15-minute codes of the treatment day are counted together.
    """

    key: str
    label: str
    earned_at: int
    unit_minutes: int
    pooled: bool
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class TelehealthRule:
    """What a payer wants on a telehealth line. A modifier of None means: none is sent."""

    video_modifier: Modifier | None
    audio_modifier: Modifier | None
    places_of_service: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerProfile:
    """One payer's rules, each asked by date of service.

    Shapes   units_sent: what to do when the EMR's units differ: hold, warn or accept. modifier_order: groups of
             modifiers in the order they stand on the line. progress_note_every: treatment days, None: not asked.
    """

    key: str
    label: str
    segment: str
    units_method: Dated[str]
    units_sent: str
    discipline_modifiers: bool
    assistant_modifiers: bool
    threshold: bool
    plan_of_care: bool
    progress_note_every: int | None
    referring_required: bool
    supervising_sent: bool
    modifier_order: tuple[str, ...]
    telehealth: Dated[TelehealthRule]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFacts:
    """What a procedure code is.

    Units    unit_minutes: length of its unit, None for untimed codes. earned_at: minutes that earn a unit where the
             family has its own rule; None: the payer's method decides.
    """

    code: Hcpcs
    unit_minutes: int | None
    earned_at: int | None
    further_code: Hcpcs | None
    add_on_to: tuple[Hcpcs, ...]
    disciplines: tuple[Discipline, ...]
    evaluation: bool
    group: bool
    hands_on: bool
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantRule:
    """How assistant minutes are judged. share_over: tenths that trigger; therapist_midpoint: the 2022 exception."""

    share_over: int
    therapist_midpoint: int | None
    two_units_from: int
    two_units_to: int
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRule:
    """The clocks of a plan of care, in calendar days."""

    signature_days: int
    longest_interval: int
    order_exception: bool
    transmission_days: int
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that must be documented, for an encounter type and a payer segment (``any``: all)."""

    need: str
    encounter_types: tuple[str, ...]
    segments: tuple[str, ...]
    finding: str
    text: str
    fix: str
    owner: str
    queue: str
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One scrubber edit as an admin wrote it; ``when`` finds the fault."""

    id: str
    scope: str  # claim or line
    severity: Severity
    queue: str
    text: str
    why: str
    fix: str
    owner: str
    payers: tuple[str, ...]
    when: Condition
    in_force: Dated[bool]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEdits:
    """Column-1/column-2 pairs of one quarter; indicator 1: a modifier may separate them, 0: never."""

    pairs: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the practice: its place of service, billing provider and facility."""

    key: str
    place_of_service: str
    billing_provider: str
    facility: Organization | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerEntry:
    """A payer of the practice: its claim facts, its profile, and what this practice agreed with it."""

    payer: Payer
    authorization_required: tuple[Discipline, ...]
    authorization_exempt: tuple[Hcpcs, ...]
    timely_filing_days: int | None
    allowed: Mapping[str, Dated[Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The practice's own directory, from mappings/practice.yaml."""

    time_zone: str
    default_location: str | None
    billing_providers: Mapping[str, Organization]
    locations: Mapping[str, Location]
    practitioners: Mapping[str, Practitioner]
    payers: Mapping[str, PayerEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One consistent reading of all rule files. version: content hash over them."""

    version: str
    methods: Mapping[str, UnitsMethod]
    profiles: Mapping[str, PayerProfile]
    procedures: Mapping[str, Dated[ProcedureFacts]]
    discipline_modifiers: Mapping[str, Modifier]
    assistant: Dated[AssistantRule]
    assistant_modifiers: Mapping[str, Modifier]
    thresholds: Mapping[str, Dated[Decimal]]
    buckets: Mapping[str, str]
    certification: Dated[CertificationRule]
    requirements: Dated[tuple[Requirement, ...]]
    edits: tuple[Edit, ...]
    pair_edits: Dated[PairEdits]
    most_units: Dated[Mapping[str, int]]
    placeholders: frozenset[str]
    practice: Practice
    citations: Mapping[str, Citation] = field(default_factory=dict)

    def practitioner(self, stated: Practitioner | None) -> Practitioner | None:
        """What the message says about a practitioner, filled up from the practice's directory by NPI or local id."""
        if stated is None:
            return None
        known = self.practice.practitioners.get(stated.npi or "") or self.practice.practitioners.get(
            stated.local_id or ""
        )
        if known is None:
            return stated
        return Practitioner(
            npi=stated.npi or known.npi,
            local_id=stated.local_id or known.local_id,
            name=known.name or stated.name,
            credential=stated.credential or known.credential,
            licence=stated.licence or known.licence,
            taxonomy=known.taxonomy or stated.taxonomy,
        )
