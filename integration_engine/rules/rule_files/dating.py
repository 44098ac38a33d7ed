"""Stretches of a file as values with dates and citations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation
from integration_engine.rules.rule_models.kinds import Since, Source
from integration_engine.rules.rule_models.practice import (
    AllowedFile,
)

T = TypeVar("T")


def is_dated(stated: Any) -> bool:
    """True where a setting is written as dated stretches, not as one value."""
    return isinstance(stated, list) and bool(stated) and isinstance(stated[0], Since)


def stretches_of(field: str, stated: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value a setting states, with its place in the file."""
    if is_dated(stated):
        return [((field, index, "value"), span.value) for index, span in enumerate(stated)]
    return [((field,), stated)]


def cite(source: Source) -> Citation:
    """A citation; one that nobody has read in the primary text says so."""
    doubt = " [unconfirmed]" if source.status == "unconfirmed" else ""
    return Citation(document=source.document + doubt, section=source.section, effective=source.effective)


def value_in_force(span: Any, value: Callable[[Any], T]) -> DatedValue[T]:
    """A stretch of a file as a value with its dates and citation."""
    return DatedValue(
        value=value(span),
        effective_from=span.effective_from,
        effective_to=span.effective_to,
        citation=cite(span.source),
    )


def runs_into(values: list[DatedValue[T]]) -> DatedValue[T]:
    """The first value that begins before the one before it ends."""
    ordered = sorted(values, key=lambda value: value.effective_from)
    return next(
        later
        for earlier, later in pairwise(ordered)
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from
    )


def one_after_another(values: list[DatedValue[T]]) -> list[DatedValue[T]]:
    """A file that begins inside another's span takes over on its first day, as an April update does."""
    ordered = sorted(values, key=lambda value: value.effective_from)
    for index, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from > earlier.effective_from:
            ordered[index] = replace(earlier, effective_to=later.effective_from - timedelta(days=1))
    return ordered


def amounts_by_code(label: str, spans: Iterable[AllowedFile]) -> dict[str, Dated[Decimal]]:
    """Amounts by code, each with its dates."""
    found: dict[str, list[DatedValue[Decimal]]] = {}
    for span in spans:
        for code, amount in span.amounts.items():
            found.setdefault(code, []).append(
                DatedValue(value=amount, effective_from=span.effective_from, effective_to=span.effective_to)
            )
    return {code: Dated(f"{label} {code}", tuple(values)) for code, values in found.items()}
