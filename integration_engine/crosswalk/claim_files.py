"""The shapes of mappings/claims/837p.yaml and of what a receiver or a payer has differently, checked with file, line and column."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Format = Literal[
    "text", "date", "money", "quantity", "whole", "digits", "zip", "zip9", "npi", "identifier", "street", "spread"
]
Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]
Qualifier = Literal["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"]
Id15 = Annotated[str, Field(min_length=2, max_length=15)]

# The sections of the table in the order they are written; each is repeated for what its name says.
SECTIONS = (
    "submitter",
    "billing_provider",
    "subscriber",
    "dependent",
    "claim",
    "other_payer",
    "line",
    "adjudication",
)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ElementFile(_File):
    """Where one element comes from: a claim field with its format, or a constant."""

    source: str | None = Field(default=None, alias="from")
    constant: str | None = Field(default=None, alias="is")
    written_as: Format = Field(default="text", alias="as")
    most: int | None = Field(default=None, ge=1)
    optional: bool = False


class SegmentFile(_File):
    """One segment of the table. each: the records it is written for, one segment each."""

    segment: str
    when: str | None = None
    each: str | None = None
    off: bool = False
    elements: dict[int, ElementFile]


class ClaimTableFile(_File):
    """The whole table, in the order segments are written."""

    description: str
    guide: Literal["005010X222A1"]
    submitter: list[SegmentFile]
    billing_provider: list[SegmentFile]
    subscriber: list[SegmentFile]
    dependent: list[SegmentFile]
    claim: list[SegmentFile]
    other_payer: list[SegmentFile]
    line: list[SegmentFile]
    adjudication: list[SegmentFile]


class OwnElementFile(_File):
    """What one element has differently; what is not said stays as in 837p.yaml."""

    source: str | None = Field(default=None, alias="from")
    constant: str | None = Field(default=None, alias="is")
    written_as: Format | None = Field(default=None, alias="as")
    most: int | None = Field(default=None, ge=1)
    optional: bool | None = None


class OwnSegmentFile(_File):
    """What one segment of the table has differently. when: another condition, or ``always``."""

    segment: str
    when: str | None = None
    off: bool | None = None
    elements: dict[int, OwnElementFile] = Field(default={})


class InterchangeFile(_File):
    """What the envelope and loops 1000A and 1000B have differently from receivers.yaml."""

    submitter_name: str | None = Field(default=None, min_length=1, max_length=60)
    submitter_id: str | None = Field(default=None, min_length=2, max_length=80)
    receiver_name: str | None = Field(default=None, min_length=1, max_length=60)
    receiver_id: str | None = Field(default=None, min_length=2, max_length=80)
    sender_qualifier: Qualifier | None = None
    sender_id: Id15 | None = None
    receiver_qualifier: Qualifier | None = None
    interchange_receiver_id: Id15 | None = None
    group_sender_id: Id15 | None = None
    group_receiver_id: Id15 | None = None
    usage: Literal["T", "P"] | None = None
    line_ending: Literal["none", "lf", "crlf"] | None = None
    acknowledgment_requested: Literal["0", "1"] | None = None


class GuideSourceFile(_File):
    """Where a companion guide says it."""

    document: str
    section: str = ""
    effective: Day | None = None
    status: Literal["confirmed", "unconfirmed", "derived", "house"] = "confirmed"


class CompanionGuideFile(_File):
    """What one receiver or one payer has differently from the table: mappings/claims/receivers/ and payers/.

    Shapes   effective_from, effective_to: the days, both included, on which files are written by it; left out: open.
    """

    def holds_on(self, day: date) -> bool:
        """Is a file of this day written by it?"""
        return (self.effective_from or date.min) <= day <= (self.effective_to or date.max)

    description: str
    source: GuideSourceFile
    effective_from: Day | None = None
    effective_to: Day | None = None
    interchange: InterchangeFile = InterchangeFile()
    claims_per_file: int | None = Field(default=None, ge=1, le=5000)
    segments: list[OwnSegmentFile] = Field(default=[])


def json_schema() -> dict[str, Any]:
    """The JSON Schema of 837p.yaml, for editors."""
    return ClaimTableFile.model_json_schema()


def companion_guide_schema() -> dict[str, Any]:
    """The JSON Schema of a receiver's or a payer's own file, for editors."""
    return CompanionGuideFile.model_json_schema()
