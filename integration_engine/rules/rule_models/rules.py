"""rules/*.yaml: units, modifiers, thresholds, certification, claims, supervision, placeholders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from integration_engine.domain.parties import LicenceLevel
from integration_engine.rules.rule_models.kinds import Code, Disc, Mod, Money, RuleFile, Source, Span


class MethodFile(RuleFile):
    label: str
    earned_at: int = Field(ge=1)
    unit_minutes: int = Field(ge=1)
    pooled: bool
    source: Source


class UnitsFile(RuleFile):
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


class ModifiersFile(RuleFile):
    """Discipline and assistant modifiers."""

    description: str
    discipline_modifiers: dict[Disc, Mod]
    discipline_source: Source
    assistant_modifiers: dict[Disc, Mod]
    assistant: list[AssistantSpan]


class ThresholdSpan(Span):
    amount: Money


class ThresholdsFile(RuleFile):
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


class CertificationFile(RuleFile):
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


class ClaimsFile(RuleFile):
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


class SupervisionFile(RuleFile):
    """How closely assistants are supervised, by setting."""

    description: str
    supervision: dict[
        Literal["private_practice", "institution", "critical_access_hospital", "remote_monitoring"],
        list[SupervisionSpan],
    ]


class PlaceholdersFile(RuleFile):
    """Numbers that are no authorization numbers."""

    description: str
    placeholders: list[str]
    source: Source
