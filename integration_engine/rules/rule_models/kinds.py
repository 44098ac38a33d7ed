"""The kinds of values that rule files hold, and what every file and dated stretch has in common."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from integration_engine.core import codes
from integration_engine.core.money import parse_money


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


class RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(RuleFile):
    """Where a value comes from. status: confirmed, or unconfirmed where the primary text was not read.

    Shapes   other_reading: what another source says where two disagree, and why this one was chosen.
    """

    document: str = Field(min_length=1)
    section: str = ""
    effective: Day | None = None
    status: Literal["confirmed", "unconfirmed", "derived", "house"] = "confirmed"
    other_reading: str = ""


class Span(RuleFile):
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
