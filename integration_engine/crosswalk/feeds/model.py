"""The therapy model as a feed file names it: the records there are, and the fields of each that a sender may fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Accident, ClaimSupplement, Diagnosis, Enclosure, Encounter
from integration_engine.domain.parties import Identifier, Patient, Practitioner
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote
from integration_engine.domain.treatment import Treatment

KINDS: Mapping[str, type] = {
    "patient": Patient,
    "coverage": Coverage,
    "encounter": Encounter,
    "treatment": Treatment,
    "diagnosis": Diagnosis,
    "enclosure": Enclosure,
    "plan_of_care": PlanOfCare,
    "progress_note": ProgressNote,
    "authorization": Authorization,
    "benefit_limit": BenefitLimit,
    "measurement": Measurement,
    "appointment": Appointment,
}
WHOLE_MESSAGE = frozenset({"patient", "encounter", "merged_identifier"})
HOLDING = frozenset({"treatment", "diagnosis", "enclosure", "encounter"})
NESTED: Mapping[str, type] = {"accident": Accident, "supplement": ClaimSupplement, "rendering": Practitioner}
_IN_ENCOUNTER = ("accident", "supplement")  # their fields are named one by one


@cache
def model_paths() -> tuple[str, ...]:
    """Every field of the therapy model that a feed may fill, ``record.field``."""
    found = ["merged_identifier"]
    for record, kind in KINDS.items():
        for item in fields(kind):
            if item.name in {"treatments", "diagnoses", "enclosures"} and record == "encounter":
                continue
            if record == "encounter" and item.name in _IN_ENCOUNTER:
                found.extend(f"encounter.{item.name}.{inner.name}" for inner in fields(NESTED[item.name]))
            else:
                found.append(f"{record}.{item.name}")
    return tuple(found)


def hint_of(record: str, steps: tuple[str, ...]) -> Any:
    """The type a model field has; None when the model has no such field."""
    if record == "merged_identifier":
        return Identifier if not steps else None
    kind = KINDS.get(record)
    if kind is None or not 1 <= len(steps) <= 2:  # noqa: PLR2004 - record.field or record.part.field
        return None
    hint = get_type_hints(kind).get(steps[0])
    if hint is None or len(steps) == 1:
        return hint
    nested = NESTED.get(steps[0])
    return get_type_hints(nested).get(steps[1]) if nested is not None else None


def enumeration_of(hint: Any) -> type[Enum] | None:
    """The closed set a model field takes its values from; None when it takes any."""
    for candidate in (hint, *get_args(hint)):
        inner = get_args(candidate)[0] if get_origin(candidate) is tuple else candidate
        if isinstance(inner, type) and issubclass(inner, Enum):
            return inner
    return None
