"""Plans of care, their certification, and the notes and measures that keep them alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from integration_engine.core.codes import Icd10
from integration_engine.domain.parties import Discipline, Practitioner


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOfCare:
    """One version of a plan of care. Spans include both ends.

    Shapes   plan_id: the sender's id; version counts from 1. certified_from/to: the interval asked for.
             signed_on: the certifying practitioner's dated signature. transmitted_on: when the plan went to that
             practitioner. order_signed_on: date of the signed order or referral on file.
    """

    plan_id: str | None = None
    version: int | None = None
    discipline: Discipline | None = None
    evaluation_on: date | None = None
    established_on: date | None = None
    certified_from: date | None = None
    certified_to: date | None = None
    duration_weeks: int | None = None
    duration_visits: int | None = None
    amount_per_day: int | None = None
    frequency_per_week: int | None = None
    established_by: Practitioner | None = None
    certifying: Practitioner | None = None
    signed_on: date | None = None
    verbal_order_on: date | None = None
    transmitted_on: date | None = None
    order_signed_on: date | None = None
    delayed_certification: bool | None = None
    status: str | None = None
    diagnoses: tuple[Icd10, ...] = ()


class NoteKind(StrEnum):
    """What a signed document is."""

    EVALUATION = "evaluation"
    PLAN_OF_CARE = "plan_of_care"
    DAILY = "daily"
    PROGRESS = "progress"
    RE_EVALUATION = "re_evaluation"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressNote:
    """A document about the patient's course; kind PROGRESS answers the ten-treatment-day rule."""

    document_id: str | None = None
    kind: NoteKind | None = None
    discipline: Discipline | None = None
    written_on: date | None = None
    signed_on: date | None = None
    covers_from: date | None = None
    covers_to: date | None = None
    author: Practitioner | None = None
    status: str | None = None
    encounter_number: str | None = None


class MeasurementKind(StrEnum):
    """The clinical facts that rules look at."""

    GOAL = "goal"
    TEST = "test"
    MEASURE = "measure"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A goal, a test, a measure or an outcome with its value as stated."""

    kind: MeasurementKind | None = None
    code: str | None = None
    name: str | None = None
    value: str | None = None
    unit: str | None = None
    observed_on: date | None = None
    discipline: Discipline | None = None
    encounter_number: str | None = None
