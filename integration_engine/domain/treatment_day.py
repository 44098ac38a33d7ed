"""What adjudication looks at: one treatment day, and the history it stands in.

A treatment day is one patient, one discipline, one date of service, one billing provider: the pool that timed minutes
are counted in and the span that one claim draft bills. Several encounters of the same discipline on one date belong to
one treatment day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.clinician_time import ClinicianTime
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Discipline, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeReference:
    """Ties a treatment to its stored charge line: the same order as the treatments of all encounters, flattened."""

    charge_id: int
    encounter_index: int
    treatment_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentDay:
    """All that is known about one treatment day, ready to be adjudicated.

    Shapes   encounters: of this date and discipline, treatments already net of credits and replacements.
             coverages: all of the patient's, ranked. findings: what the crosswalk found in the messages behind it.
             as_of: the day it is adjudicated on, None where time limits are not to be judged. billing_provider: its
             key, None for the practice's main one.
    """

    date_of_service: date
    discipline: Discipline | None
    patient: Patient
    coverages: tuple[Coverage, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    plans_of_care: tuple[PlanOfCare, ...] = ()
    progress_notes: tuple[ProgressNote, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    benefit_limits: tuple[BenefitLimit, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    charges: tuple[ChargeReference, ...] = ()
    findings: tuple[Finding, ...] = ()
    as_of: date | None = None
    billing_provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorDay:
    """What an earlier adjudication of another treatment day of this patient used up.

    Shapes   state: held, ready, billed or void. allowed: what it adds to the therapy threshold, None if not known.
             authorizations: number and quantity it consumes. separated: codes billed with a modifier that says they
             were done apart.
    """

    date_of_service: date
    discipline: Discipline
    state: str
    payer: str | None = None
    codes: tuple[tuple[Hcpcs, int], ...] = ()
    allowed: Decimal | None = None
    evaluation: bool = False
    authorizations: tuple[tuple[str, Decimal], ...] = ()
    separated: tuple[Hcpcs, ...] = ()
    therapist_took_part: bool | None = None
    minutes: int = 0
    habilitative: bool | None = None
    billing_provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The patient's other treatment days and bookings, and what the day's clinicians did elsewhere.

    Shapes   prior_allowed: allowed amount already used, per threshold bucket. elsewhere: one-on-one time of the day's
             clinicians in visits of other patients that touches this day's.
    """

    days: tuple[PriorDay, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    prior_allowed: tuple[tuple[str, Decimal], ...] = ()
    elsewhere: tuple[ClinicianTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjudication:
    """The whole answer for one treatment day.

    Shapes   findings: everything gates, rules and edits had to say; ``holds`` are those that stop it. drafts: the
             claims that would be billed; empty when it is held before assembly was possible. consumed: what this
             day uses of each authorization. parameters_version: content hash of the rule files used.
    """

    date_of_service: date
    discipline: Discipline | None
    payer: str | None
    parameters_version: str
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    drafts: tuple[ClaimDraft, ...]
    codes: tuple[tuple[Hcpcs, int], ...] = ()
    allowed: Decimal | None = None
    evaluation: bool = False
    consumed: tuple[tuple[str, Decimal], ...] = ()
    separated: tuple[Hcpcs, ...] = ()
    therapist_took_part: bool | None = None
    minutes: int = 0
    habilitative: bool | None = None

    @property
    def holds(self) -> tuple[Finding, ...]:
        """The findings that keep this treatment day out of every batch."""
        return tuple(finding for finding in self.findings if finding.holds)
