"""The shape of mappings/hl7/<feed>.yaml, checked with file, line and column."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Remedy = Literal["configuration", "custom_field", "policy"]
RECORDS = (
    "patient",
    "merged_identifier",
    "coverage",
    "encounter",
    "treatment",
    "diagnosis",
    "enclosure",
    "plan_of_care",
    "progress_note",
    "authorization",
    "benefit_limit",
    "measurement",
    "appointment",
)
TYPES = [
    "text",
    "name",
    "address",
    "practitioner",
    "identifier",
    "identifiers",
    "hcpcs",
    "hcpcs_list",
    "icd10",
    "icd10_list",
    "modifiers",
    "npi",
    "taxonomy",
    "place_of_service",
    "date",
    "timestamp",
    "minutes",
    "whole",
    "rank",
    "money",
    "quantity",
    "yes_no",
    "table",
    "table_list",
]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SenderFile(_File):
    """MSH-3 and MSH-4 of a sender; ``*`` stands for any."""

    application: str
    facility: str = "*"


class IdentifiersFile(_File):
    """Where the record number stands, and in which scope it is unique (default: the feed's name)."""

    scope: str | None = None
    record_number: list[str] = Field(default_factory=lambda: ["PID-3.1", "PID-2.1"])


class AcknowledgmentFile(_File):
    """How this sender is answered; original or enhanced mode follows its MSH-15 and MSH-16."""

    accept_empty_control_id: bool = False
    processing_ids: list[str] = Field(default_factory=lambda: ["P"])
    strict_version: bool = False


class RecordFile(_File):
    """Which segment starts a record, and which following ones belong to it."""

    starts: list[str] = Field(min_length=1)
    with_segments: list[str] = Field(default_factory=list, alias="with")
    between: list[str] = Field(default_factory=list)
    where: dict[str, Any] = Field(default_factory=dict)


class FieldFile(_File):
    """One model field: positions in order of preference, and how they read."""

    positions: list[str] = Field(alias="from", min_length=1)
    type: str
    table: str | None = None
    unit: list[str] = Field(default_factory=list)
    system: list[str] = Field(default_factory=list)
    required: bool = False
    holds: bool | None = None
    remedy: Remedy | None = None
    why: str | None = None


class TableFile(_File):
    """A code table: what the sender writes → what the model means."""

    values: dict[str, str]
    description: str | None = None


class FeedFile(_File):
    """One EMR's mapping."""

    description: str
    senders: list[SenderFile] = Field(min_length=1)
    triggers: dict[str, list[Literal[RECORDS]]]  # type: ignore[valid-type]
    time_zone: str
    character_set: str | None = None
    identifiers: IdentifiersFile = Field(default_factory=IdentifiersFile)
    acknowledgment: AcknowledgmentFile = Field(default_factory=AcknowledgmentFile)
    tolerances: list[Literal["modifier_lists"]] = Field(default_factory=list)
    records: dict[str, RecordFile]
    fields: dict[Literal["clinical", "timing", "administrative", "compliance"], dict[str, FieldFile]]
    tables: dict[str, TableFile] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a feed file, for editors."""
    return FeedFile.model_json_schema()
