"""What the files of mappings/responses/ hold: the shapes an admin's YAML is checked against, and their JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from integration_engine.core.findings import Queue
from integration_engine.rules.rule_models.kinds import Day, Source, Span

Category = Literal[
    "documentation",
    "authorization",
    "modifier",
    "units",
    "medical_necessity",
    "technical",
    "benefit_limit",
    "eligibility",
    "none",
]
RemedyName = Literal["corrected_claim", "new_claim", "appeal", "send_records", "other_payer", "person"]
BooksName = Literal["contractual", "payer_adjustment", "prior_payer", "open"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonFile(_File):
    """One CARC."""

    category: Category
    says: str
    therapy: str = ""
    by_remark: bool = False
    books: BooksName | None = None
    ended: Day | None = None
    instead: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _whole(self) -> ReasonFile:
        if self.books is not None and self.category != "none":
            raise ValueError("`books` belongs to category none; what is denied stays open")
        if self.instead and self.ended is None:
            raise ValueError("`instead` needs the date the code ended")
        return self


class ReasonsSpan(Span):
    """A list of CARC codes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    codes: dict[str, ReasonFile]


class RemarksSpan(Span):
    """A list of RARC codes, by category."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    codes: dict[Category, dict[str, str]]


class NoAppealSpan(Span):
    """Remarks that leave no appeal."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    remarks: list[str]


class ActionFile(_File):
    """What to do about a category; ``queue`` and ``prevented_by``: where its causes wait, and what finds them, before a claim leaves."""

    remedy: RemedyName
    owner: str
    follow_up_days: int = Field(ge=0)
    next_action: str
    queue: Queue | None = None
    prevented_by: list[str] = Field(default_factory=list)


class ActionsFile(_File):
    """What to do about every category; ``prevents_nothing``: gates and edits that prevent no denial, each with the reason."""

    source: Source
    categories: dict[str, ActionFile]
    prevents_nothing: dict[str, str] = Field(default_factory=dict)


class DenialRuleFile(_File):
    """One routing rule; ``fires`` and ``spares`` are a case of each kind, and the tests run both."""

    id: str
    category: Category
    detail: str = ""
    payers: list[str] = Field(default_factory=list)
    when: dict[str, Any]
    remedy: RemedyName | None = None
    owner: str | None = None
    next_action: str | None = None
    books: BooksName | None = None
    in_force: list[Span] = Field(min_length=1)
    fires: dict[str, Any]
    spares: dict[str, Any]


class DenialsFile(_File):
    """denials.yaml."""

    description: str
    unmapped_limit_percent: int = Field(ge=0, le=100)
    reasons: list[ReasonsSpan] = Field(min_length=1)
    remarks: list[RemarksSpan] = Field(min_length=1)
    no_appeal: list[NoAppealSpan]
    actions: ActionsFile
    rules: list[DenialRuleFile]


class OverridesFile(_File):
    """overrides.yaml."""

    description: str
    rules: list[DenialRuleFile]


class AppealSpan(Span):
    """Days to the first appeal."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    days: int = Field(ge=1)
    first_level: str = "first appeal"


class AppealsFile(_File):
    """appeals.yaml."""

    description: str
    appeals: dict[str, list[AppealSpan]]


class AnswerCodeFile(_File):
    """One code of a TA1, 999 or 277CA."""

    says: str
    fix: str = ""
    owner: str = "biller"
    taken: bool = False
    refused: bool = False


class AnswerCodesFile(_File):
    """One list of codes."""

    source: Source
    codes: dict[str, AnswerCodeFile]


class AcknowledgmentCodesFile(_File):
    """acknowledgment_codes.yaml."""

    description: str
    in_force_from: Day
    verdicts: AnswerCodesFile
    interchange_notes: AnswerCodesFile
    segment_errors: AnswerCodesFile
    element_errors: AnswerCodesFile
    set_errors: AnswerCodesFile
    status_categories: AnswerCodesFile
    statuses: AnswerCodesFile
    entities: AnswerCodesFile


class ProviderAdjustmentsFile(_File):
    """provider_adjustments.yaml."""

    description: str
    provider_adjustments: AnswerCodesFile


MODELS: Mapping[str, type[BaseModel]] = {
    "denials": DenialsFile,
    "denial_overrides": OverridesFile,
    "appeals": AppealsFile,
    "acknowledgment_codes": AcknowledgmentCodesFile,
    "provider_adjustments": ProviderAdjustmentsFile,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each file of mappings/responses/, for editors."""
    return {name: model.model_json_schema() for name, model in MODELS.items()}
