"""An encounter: one patient, one practitioner, one date; with its diagnoses and treatments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
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
class Enclosure:
    """A document that goes with the claim, as the EMR states it.

    Shapes   report, transmission: in the codes of PWK01 and PWK02. number: what the document is found by. line_id: the
             sender's id of the charge line it belongs to, None for the whole claim.
    """

    report: str | None = None
    transmission: str | None = None
    number: str | None = None
    line_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSupplement:
    """What the EMR says for the claim alone, which neither the visit nor the coverage shows.

    Shapes   note_kind: NTE01. delay_reason: CLM20, why the claim is late. special_program: CLM12.
             authorization_exception: REF*4N, why care began without an authorization. last_seen_on: by the attending
             physician. admitted_on, discharged_on: of the stay the visit falls in. signature_source: P where the
             provider signed for an absent patient. contract_…: CN101, CN102 and CN104.
    """

    note: str | None = None
    note_kind: str | None = None
    delay_reason: str | None = None
    special_program: str | None = None
    authorization_exception: str | None = None
    last_seen_on: date | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    signature_source: str | None = None
    contract_kind: str | None = None
    contract_amount: Decimal | None = None
    contract_code: str | None = None


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
    primary_care: Practitioner | None = None
    supplement: ClaimSupplement | None = None
    enclosures: tuple[Enclosure, ...] = ()
    habilitative: bool | None = None  # builds a skill never had, rather than one lost
