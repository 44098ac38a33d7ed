"""The shape of mappings/claims/837p.yaml, checked with file, line and column."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMATS = ("text", "date", "money", "whole", "digits", "zip", "zip9", "npi", "identifier", "street", "spread")


class ElementFile(BaseModel):
    """Where one element comes from: a claim field with its format, or a constant."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: str | None = Field(default=None, alias="from")
    constant: str | None = Field(default=None, alias="is")
    written_as: Literal[
        "text", "date", "money", "whole", "digits", "zip", "zip9", "npi", "identifier", "street", "spread"
    ] = Field(default="text", alias="as")
    most: int | None = Field(default=None, ge=1)
    optional: bool = False


class SegmentFile(BaseModel):
    """One segment of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segment: str
    when: str | None = None
    off: bool = False
    elements: dict[int, ElementFile]


class ClaimTableFile(BaseModel):
    """The whole table, in the order segments are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    guide: Literal["005010X222A1"]
    submitter: list[SegmentFile]
    billing_provider: list[SegmentFile]
    subscriber: list[SegmentFile]
    dependent: list[SegmentFile]
    claim: list[SegmentFile]
    line: list[SegmentFile]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of 837p.yaml, for editors."""
    return ClaimTableFile.model_json_schema()
