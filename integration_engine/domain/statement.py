"""A statement: everything one HL7 message says, in the words of the therapy model.

The crosswalk writes statements; the store merges them into what is known. None means *not sent*; a field that was
sent as null (``""``) is listed in ``cleared`` and erases what was known. Each value keeps the position it came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integration_engine.core.findings import Finding
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Identifier, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """One value on its way in: model path (``treatment[1].minutes``), value as text, HL7 position (``ZTM[1]-4``)."""

    path: str
    value: str
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one message states. ``trigger`` is ``DFT^P03``; ``feed`` names the mapping file that read it."""

    feed: str
    trigger: str
    control_id: str
    stated_at: datetime | None = None
    patient: Patient | None = None
    merged_identifier: Identifier | None = None  # ADT^A40: the record that ceases to exist
    coverages: tuple[Coverage, ...] = ()
    encounter: Encounter | None = None
    plans_of_care: tuple[PlanOfCare, ...] = ()
    progress_notes: tuple[ProgressNote, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    benefit_limits: tuple[BenefitLimit, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    appointment: Appointment | None = None
    cleared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    trace: tuple[TraceEntry, ...] = ()
