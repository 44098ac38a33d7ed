"""A value with its dates, as the decisions that lean on it cite it."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation, ParameterUse

T = TypeVar("T")
ALWAYS = date.min  # from when a value is in force that its file states without dates


def used(dated: Dated[Any], on: date) -> ParameterUse:
    """A dated value as the decisions that lean on it cite it: its name, the value, and since when it is in force."""
    found = dated.on(on)
    value = (
        "none"
        if found.value is None
        else str(found.value).lower()
        if isinstance(found.value, bool)
        else str(found.value)
    )
    return ParameterUse(
        name=dated.name, value=value, in_force_from=None if found.effective_from == ALWAYS else found.effective_from
    )


def without_dates(name: str, value: T, citation: Citation | None = None) -> Dated[T]:
    """A value that is in force always."""
    return Dated(name, (DatedValue(value=value, effective_from=ALWAYS, citation=citation),))
