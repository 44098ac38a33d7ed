"""An encounter: one patient, one practitioner, one date; with its diagnoses and treatments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from integration_engine.core.codes import Icd10
from integration_engine.domain.parties import Discipline, Practitioner
from integration_engine.domain.treatment import Treatment


class Modality(StrEnum):
    """Where and how patient and therapist met."""

    IN_PERSON = "in_person"
    TELEHEALTH_VIDEO = "telehealth_video"
    TELEHEALTH_AUDIO = "telehealth_audio"


class EncounterType(StrEnum):
    """What kind of encounter it was; decides which minimum documentation applies."""

    EVALUATION = "evaluation"
    RE_EVALUATION = "re_evaluation"
    TREATMENT = "treatment"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One diagnosis; rank 1 is the primary one."""

    rank: int | None = None
    code: Icd10 | None = None
    onset_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accident:
    """What the condition is related to, for claims that another liability may pay.

    Shapes   claim_number: the liable insurer's number of the case. disabled_from, disabled_to: the span in which the
             patient could not work. first_contact_on: when the patient first saw the provider for it.
    """

    occurred_on: date | None = None
    kind: str | None = None  # AA auto, EM employment, OA other (837P CLM11)
    state: str | None = None
    claim_number: str | None = None
    disabled_from: date | None = None
    disabled_to: date | None = None
    last_worked_on: date | None = None
    returned_to_work_on: date | None = None
    first_contact_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """What the EMR states about one encounter.

    Shapes   number: the sender's visit number (PV1-19). place_of_service: two digits, or None so that the location
             decides. location: the sender's location code. treatments: one per charge line, in the order sent.
    Units    minutes are whole; timed_minutes and total_minutes as the note totals them.
    """

    number: str | None = None
    date_of_service: date | None = None
    discipline: Discipline | None = None
    encounter_type: EncounterType | None = None
    modality: Modality | None = None
    place_of_service: str | None = None
    location: str | None = None
    start: datetime | None = None
    stop: datetime | None = None
    total_minutes: int | None = None
    timed_minutes: int | None = None
    telehealth_consent: bool | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    referring: Practitioner | None = None
    ordering: Practitioner | None = None
    supervision: str | None = None
    note_signed_on: date | None = None
    note_status: str | None = None
    referral_number: str | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    accident: Accident | None = None
    medical_necessity_attested: bool | None = None  # supports KX above the threshold
    patient_paid: str | None = None
    habilitative: bool | None = None  # builds a skill never had, rather than one lost
