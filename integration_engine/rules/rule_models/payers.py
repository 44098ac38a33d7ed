"""payers/*.yaml: one profile a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from integration_engine.rules.rule_models.kinds import (
    Appended,
    Code,
    Days,
    Delivered,
    Differing,
    Flag,
    Judged,
    Limit,
    Mod,
    Name,
    Names,
    RuleFile,
    Source,
    Span,
)


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


class ProfileFile(RuleFile):
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
