"""What procedure and diagnosis codes are, and the quarterly tables about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, ParameterUse
from integration_engine.domain.parties import Discipline


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureFacts:
    """What a procedure code is.

    Shapes   further_code: takes every unit after the first. once: at most one unit. remote: remote monitoring, never
             telehealth. live_contact: only with one in the month. always_therapy: always under a therapy plan of care.
             reduced: multiple-procedure reduction applies.
    Units    unit_minutes: length of its unit, None for untimed codes. earned_at: minutes that earn a unit where the
             family has its own rule; None: the payer's method decides. device_days: least and most days with data.
    """

    code: Hcpcs
    unit_minutes: int | None
    earned_at: int | None
    further_code: Hcpcs | None
    add_on_to: tuple[Hcpcs, ...]
    disciplines: tuple[Discipline, ...]
    evaluation: bool
    group: bool
    hands_on: bool
    once: bool
    remote: bool
    live_contact: bool
    always_therapy: bool
    reduced: bool
    device_days: tuple[int, int] | None
    citation: Citation
    use: tuple[ParameterUse, ...] = ()  # this line of the code table, as decisions cite it


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEdits:
    """Column-1/column-2 pairs of one quarter; indicator 1: a modifier may separate them, 0: never.

    Shapes   complete: read from a whole official file for the codes known here, not an excerpt.
    """

    pairs: Mapping[tuple[str, str], int]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUnits:
    """Most units a day of one quarter: code → (units, adjudication indicator); complete as for pairs."""

    values: Mapping[str, tuple[int, int]]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisCodes:
    """ICD-10-CM codes valid for submission, without dots; not complete: an excerpt that can only confirm."""

    valid: frozenset[str]
    complete: bool
