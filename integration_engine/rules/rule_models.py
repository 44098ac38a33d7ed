"""What each kind of rule file holds: the shapes an admin's YAML is checked against, and their JSON Schemas.

Shapes only; what the values become is rule_files.py. An unset payer rule is an error of the file, never a fallback.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from integration_engine.core import codes
from integration_engine.core.findings import Severity
from integration_engine.core.money import parse_money
from integration_engine.domain.parties import LicenceLevel


def _iso(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _money(value: Any) -> Any:
    return parse_money(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_iso)]
Money = Annotated[Decimal, BeforeValidator(_money)]
Npi = Annotated[str, BeforeValidator(lambda value: codes.parse_npi(str(value)))]
Taxonomy = Annotated[str, BeforeValidator(lambda value: codes.parse_taxonomy(str(value)))]
Code = Annotated[str, BeforeValidator(lambda value: codes.parse_hcpcs(str(value)))]
Mod = Annotated[str, BeforeValidator(lambda value: codes.parse_modifier(str(value)))]
Disc = Literal["PT", "OT", "SLP"]
T = TypeVar("T")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_File):
    """Where a value comes from. status: confirmed, or unconfirmed where the primary text was not read.

    Shapes   other_reading: what another source says where two disagree, and why this one was chosen.
    """

    document: str = Field(min_length=1)
    section: str = ""
    effective: Day | None = None
    status: Literal["confirmed", "unconfirmed", "derived", "house"] = "confirmed"
    other_reading: str = ""


class Span(_File):
    """Dates a value is in force; both ends included."""

    effective_from: Day
    effective_to: Day | None = None
    source: Source


class Since(Span, Generic[T]):
    """A value with its dates and source."""

    value: T


def _form(value: Any) -> str:
    """Whether a setting is written as one plain value, in force always, or as a list of dated ones."""
    return "dated" if isinstance(value, list) and value and isinstance(value[0], dict) else "plain"


FORM = Discriminator(_form)
Flag = Annotated[Annotated[bool, Tag("plain")] | Annotated[list[Since[bool]], Tag("dated")], FORM]
Days = Annotated[Annotated[int, Tag("plain")] | Annotated[list[Since[int]], Tag("dated")], FORM]
Limit = Annotated[Annotated[int | None, Tag("plain")] | Annotated[list[Since[int | None]], Tag("dated")], FORM]
Name = Annotated[Annotated[str | None, Tag("plain")] | Annotated[list[Since[str | None]], Tag("dated")], FORM]
Names = Annotated[Annotated[list[str], Tag("plain")] | Annotated[list[Since[list[str]]], Tag("dated")], FORM]
Appended = Annotated[Annotated[Mod | None, Tag("plain")] | Annotated[list[Since[Mod | None]], Tag("dated")], FORM]
Comparing = Literal["hold", "warn", "accept"]
Differing = Annotated[Annotated[Comparing, Tag("plain")] | Annotated[list[Since[Comparing]], Tag("dated")], FORM]
Judging = Literal["hold", "warn"]
Judged = Annotated[Annotated[Judging, Tag("plain")] | Annotated[list[Since[Judging]], Tag("dated")], FORM]
Delivering = Literal["hold", "count", "group"]
Delivered = Annotated[Annotated[Delivering, Tag("plain")] | Annotated[list[Since[Delivering]], Tag("dated")], FORM]


# --- practice.yaml ---------------------------------------------------------------------------------------------------


class AddressFile(_File):
    line1: str
    line2: str | None = None
    city: str
    state: str
    postal_code: str


class ProviderNumberFile(_File):
    """A number beside the NPI; the payer's own (G2, LU) name their payers, the others may."""

    qualifier: Literal["0B", "1G", "G2", "LU"]
    number: Annotated[str, Field(min_length=1, max_length=50)]
    payers: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _named(self) -> ProviderNumberFile:
        if self.qualifier in {"G2", "LU"} and not self.payers:
            msg = f"{self.qualifier} is a payer's own number; name its payers"
            raise ValueError(msg)
        return self


class OrganizationFile(_File):
    name: str
    npi: Npi | None = None
    tax_id: str | None = None
    taxonomy: Taxonomy | None = None
    address: AddressFile
    phone: str | None = None
    contact: str | None = None
    pay_to: AddressFile | None = None
    numbers: list[ProviderNumberFile] = Field(default_factory=list)


class LocationFile(_File):
    place_of_service: str
    billing_provider: str
    setting: Literal["private_practice", "institution", "critical_access_hospital"] = "private_practice"
    facility: OrganizationFile | None = None


class PractitionerFile(_File):
    npi: Npi | None = None
    local_id: str | None = None
    last: str
    first: str
    licence: LicenceLevel
    credential: str | None = None
    taxonomy: Taxonomy | None = None
    numbers: list[ProviderNumberFile] = Field(default_factory=list)


class AllowedFile(Span):
    amounts: dict[Code, Money]


class PayerFile(_File):
    name: str
    payer_id: str
    claim_filing: str
    profile: str
    receiver: str
    sender_ids: list[str]
    address: AddressFile | None = None
    claim_office: str | None = None
    second_id: str | None = None
    tax_id: str | None = None
    naic: str | None = None
    authorization_required: list[Disc] = Field(default_factory=list)
    authorization_exempt: list[Code] = Field(default_factory=list)
    visit_counts: Literal["discipline_day", "day"] = "discipline_day"
    timely_filing_days: int | None = None
    allowed: list[AllowedFile] = Field(default_factory=list)
    practice_expense: list[AllowedFile] = Field(default_factory=list)


class PracticeFile(_File):
    """The practice's own directory."""

    description: str
    time_zone: str
    default_location: str | None = None
    billing_providers: dict[str, OrganizationFile]
    locations: dict[str, LocationFile]
    practitioners: list[PractitionerFile]
    payers: dict[str, PayerFile]
    charges: list[AllowedFile] = Field(default_factory=list)


# --- payers/*.yaml ---------------------------------------------------------------------------------------------------


class MethodSpan(Span):
    method: str
    visit_code: Code | None = None


class CapSpan(Span):
    most_units: int | None = Field(default=None, ge=1)
    most_codes: int | None = Field(default=None, ge=1)
    most_minutes: int | None = Field(default=None, ge=1)


class DisciplineSpan(Span):
    on_codes: Literal["all", "always_therapy", "none"]


class UsedSpan(Span):
    used: bool


class FilingSpan(Span):
    days: int | None = Field(default=None, ge=1)
    months: int | None = Field(default=None, ge=1)
    year_ends: int | None = Field(default=None, ge=1)  # 31 December of that many years after the year of service

    @model_validator(mode="after")
    def _one(self) -> FilingSpan:
        if sum(value is not None for value in (self.days, self.months, self.year_ends)) != 1:
            raise ValueError("give one of days, months and year_ends")
        return self


class TelehealthSpan(Span):
    covered: bool
    codes: str = "any"
    video_modifier: Mod | None = None
    institution_modifier: Mod | None = None
    audio_modifier: Mod | None = None
    places_of_service: list[str] = Field(default_factory=list)


class ProfileFile(_File):
    """How one payer counts units and wants modifiers.

    Shapes   a setting is a plain value, in force always by the profile's own source, or a list of dated values.
    """

    label: str
    segment: str
    source: Source
    units_method: list[MethodSpan] = Field(min_length=1)
    units_sent: Differing
    rest_counts: Flag
    not_one_on_one: Delivered
    caps: list[CapSpan]
    minutes_checks: Judged
    discipline_modifiers: list[DisciplineSpan] = Field(min_length=1)
    assistant_modifiers: list[UsedSpan] = Field(min_length=1)
    threshold: Flag
    advance_notices: Flag
    habilitative_modifiers: Flag
    separate_modifier: Appended
    plan_of_care: Flag
    progress_note_every: Limit
    progress_note_days: Limit
    progress_note_grace_days: Days
    referring_required: Flag
    supervising_sent: Flag
    modifier_order: Names
    telehealth: list[TelehealthSpan] = Field(min_length=1)
    code_pairs: Names
    most_units: Name
    filing_limit: list[FilingSpan] = Field(min_length=1)


# --- rules/ ----------------------------------------------------------------------------------------------------------


class MethodFile(_File):
    label: str
    earned_at: int = Field(ge=1)
    unit_minutes: int = Field(ge=1)
    pooled: bool
    source: Source


class UnitsFile(_File):
    """How minutes become units."""

    description: str
    methods: dict[str, MethodFile]
    group_codes: dict[Disc, Code]


class AssistantSpan(Span):
    used: bool = True
    share_method: Literal["strict", "percentage", "simple"] = "strict"
    share_over_tenths: int = 1
    unit_minutes: int = Field(ge=1)
    therapist_midpoint: int | None = None
    two_units_from: int = 23
    two_units_to: int = 28
    exempt_settings: list[str] = Field(default_factory=list)


class ModifiersFile(_File):
    """Discipline and assistant modifiers."""

    description: str
    discipline_modifiers: dict[Disc, Mod]
    discipline_source: Source
    assistant_modifiers: dict[Disc, Mod]
    assistant: list[AssistantSpan]


class ThresholdSpan(Span):
    amount: Money


class ThresholdsFile(_File):
    """The yearly therapy threshold of each bucket, and which disciplines share one."""

    description: str
    buckets: dict[Disc, str]
    thresholds: dict[str, list[ThresholdSpan]]
    medical_review: list[ThresholdSpan]
    undecided_within: list[ThresholdSpan]


class CertificationSpan(Span):
    signature_days: int
    verbal_order_days: int
    delayed_days: int
    delayed_without_evidence: Literal["warn", "hold"]
    recertification_open_days: int = Field(ge=0)
    longest_interval_days: int
    order_exception: bool
    transmission_days: int
    may_certify: list[LicenceLevel]


class CertificationFile(_File):
    """The clocks of a plan of care."""

    description: str
    certification: list[CertificationSpan]


class ClaimsSpan(Span):
    corrections: Literal["replacement", "reopening"]
    authorizations_split: bool
    members_have_ids: bool
    later_payers: bool
    ordering_sent: bool
    initial_treatment_sent: bool
    work_dates_sent: bool
    case_number: Literal["required", "sent", "not_sent"]
    primary_care_sent: bool
    assignment: Literal["A", "B", "C"]
    benefits_assigned: Literal["Y", "N", "W"]
    release_of_information: Literal["Y", "I"]
    insurance_types: list[Annotated[str, Field(pattern=r"^[0-9]{2}$")]]


class ClaimsFile(_File):
    """How claims are made: of a payer's profile, else of its segment, else of any."""

    description: str
    claims: dict[str, list[ClaimsSpan]]

    @model_validator(mode="after")
    def _any(self) -> ClaimsFile:
        if "any" not in self.claims:
            raise ValueError("say under `any` what holds for payers that are not named")
        return self


class SupervisionSpan(Span):
    level: Literal["none", "general", "direct", "personal"]


class SupervisionFile(_File):
    """How closely assistants are supervised, by setting."""

    description: str
    supervision: dict[
        Literal["private_practice", "institution", "critical_access_hospital", "remote_monitoring"],
        list[SupervisionSpan],
    ]


class RequirementFile(_File):
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


class GatesFile(_File):
    """Minimum documentation by encounter type and payer segment."""

    description: str
    minimum_documentation: list[GatesSpan]


class WhoMayFile(_File):
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


class WhoMayTable(_File):
    """Which licence may do, document or certify what."""

    description: str
    who_may: list[WhoMaySpan]


class MendingFile(_File):
    screen: str
    why: str = ""


class FindingsFile(_File):
    """Why each finding matters and where it is mended."""

    description: str
    findings: dict[str, MendingFile]


class EditFile(_File):
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


class EditsFile(_File):
    """Scrubber edits; each with a failing and a passing case."""

    description: str
    edits: list[EditFile]


class RepairFile(_File):
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


class RepairsFile(_File):
    """What is put right without a person; never clinical content."""

    description: str
    repairs: list[RepairFile]


# --- codes/ ----------------------------------------------------------------------------------------------------------


class ProcedureFile(_File):
    codes: list[Code]
    minutes: int | None = None
    earned_at: int | None = None
    further_code: Code | None = None
    add_on_to: list[Code] = Field(default_factory=list)
    disciplines: list[Disc]
    evaluation: bool = False
    group: bool = False
    hands_on: bool = False
    once: bool = False
    remote: bool = False
    live_contact: bool = False
    always_therapy: bool = True
    reduced: bool = False
    device_days: tuple[int, int] | None = None
    effective_from: Day | None = None
    effective_to: Day | None = None
    source: Source | None = None


class ProceduresSpan(Span):
    procedures: list[ProcedureFile]


class ProceduresFile(_File):
    """What each procedure code is: timed or not, whose, and how. No descriptors."""

    description: str
    code_table: list[ProceduresSpan]


class PairsSpan(Span):
    complete: bool = False
    pairs: dict[Code, dict[Literal["1", "0"], str]]


class PairsFile(_File):
    """Column-1/column-2 pairs of a quarter."""

    description: str
    ncci_pairs: list[PairsSpan]


class MostUnitsValue(_File):
    most: int
    indicator: Literal[1, 2, 3]


class MostUnitsSpan(Span):
    complete: bool = False
    most_units: dict[Code, MostUnitsValue]


class MostUnitsFile(_File):
    """Most units a day of a quarter."""

    description: str
    most_units: list[MostUnitsSpan]


class DiagnosisSpan(Span):
    complete: bool = False
    codes: str


class DiagnosesFile(_File):
    """ICD-10-CM codes valid for submission in a year, without dots, blanks between."""

    description: str
    icd10_cm: list[DiagnosisSpan]


class TelehealthGroup(Span):
    codes: list[Code]


class TelehealthFile(_File):
    """Lists of codes a payer takes by telehealth."""

    description: str
    telehealth_codes: dict[str, list[TelehealthGroup]]


class PlaceholdersFile(_File):
    """Numbers that are no authorization numbers."""

    description: str
    placeholders: list[str]
    source: Source


MODELS: Mapping[str, type[BaseModel]] = {
    "practice": PracticeFile,
    "payer": ProfileFile,
    "units": UnitsFile,
    "modifiers": ModifiersFile,
    "thresholds": ThresholdsFile,
    "certification": CertificationFile,
    "gates": GatesFile,
    "edits": EditsFile,
    "procedures": ProceduresFile,
    "ncci_pairs": PairsFile,
    "most_units": MostUnitsFile,
    "icd10_cm": DiagnosesFile,
    "telehealth": TelehealthFile,
    "supervision": SupervisionFile,
    "claims": ClaimsFile,
    "who_may": WhoMayTable,
    "repairs": RepairsFile,
    "findings": FindingsFile,
    "placeholders": PlaceholdersFile,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each kind of rule file, for editors."""
    return {name: model.model_json_schema() for name, model in MODELS.items()}
