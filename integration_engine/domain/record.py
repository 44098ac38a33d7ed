"""A patient's record as the store keeps it: each stated thing with its identity and the message that stated it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Finding
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.hold import SelfPay
from integration_engine.domain.parties import Discipline, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A stored thing: our id, the journal id of the message that last stated it, and what it says."""

    id: int
    journal_id: int
    value: T


class ChargeState(StrEnum):
    """Where one received FT1 line stands; it is in exactly one of these, with a reason."""

    PENDING = "pending"
    HELD = "held"
    BILLED = "billed"
    VOID = "void"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One received FT1 line. treatment_index: its place in the encounter, None when it no longer stands there."""

    id: int
    journal_id: int
    encounter_id: int | None
    line_number: int  # its place among the FT1 of its message, from 1
    line_id: str | None
    treatment_index: int | None
    state: ChargeState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEncounter:
    """A stored encounter with its charge lines and what the crosswalk found in the messages that stated it."""

    id: int
    journal_id: int
    value: Encounter
    charges: tuple[Charge, ...] = ()
    findings: tuple[Finding, ...] = ()


class DayState(StrEnum):
    """Where a treatment day stands."""

    HELD = "held"
    READY = "ready"  # claim drafted, waits for its batch
    BILLED = "billed"  # in a published batch
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDay:
    """A treatment day's standing after its latest adjudication.

    Shapes   billing_provider: key of the provider that bills it, None for the practice's main one. separated: codes
             that carry a modifier saying they were done apart. therapist_took_part: None when not known. sent: a
             claim of it has left at least once.
    """

    id: int
    date_of_service: date
    discipline: Discipline | None
    state: DayState
    payer: str | None = None
    codes: tuple[tuple[Hcpcs, int], ...] = ()
    allowed: Decimal | None = None
    evaluation: bool = False
    consumed: tuple[tuple[str, Decimal], ...] = ()
    billing_provider: str | None = None
    separated: tuple[Hcpcs, ...] = ()
    therapist_took_part: bool | None = None
    minutes: int = 0
    habilitative: bool | None = None
    sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """All that is kept about one patient. ``scope`` is the sender scope its identifiers are unique in.

    Shapes   self_pays: what the patient agreed to pay, as the work queue recorded it.
    """

    id: int
    scope: str
    journal_id: int
    patient: Patient
    coverages: tuple[Kept[Coverage], ...] = ()
    encounters: tuple[KeptEncounter, ...] = ()
    plans_of_care: tuple[Kept[PlanOfCare], ...] = ()
    progress_notes: tuple[Kept[ProgressNote], ...] = ()
    authorizations: tuple[Kept[Authorization], ...] = ()
    benefit_limits: tuple[Kept[BenefitLimit], ...] = ()
    measurements: tuple[Kept[Measurement], ...] = ()
    appointments: tuple[Kept[Appointment], ...] = ()
    days: tuple[KeptDay, ...] = ()
    self_pays: tuple[SelfPay, ...] = ()
