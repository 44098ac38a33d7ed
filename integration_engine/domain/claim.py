"""Claim drafts and claims: what an 837P says, before and after it has a number.

A draft is assembled by rules/claim_assembly.py and holds no allotted number, so that the same facts give the same
draft forever. A claim is a draft with its claim number (CLM01) and line control numbers (REF*6R), frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Hcpcs, Icd10, Modifier
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import Accident
from integration_engine.domain.parties import Address, Discipline, Organization, PersonName, Practitioner, Sex


class Frequency(StrEnum):
    """Claim frequency code, 837P CLM05-3."""

    ORIGINAL = "1"
    REPLACEMENT = "7"
    VOID = "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who the claim goes to. key: our name in mappings/practice.yaml; payer_id: 2010BB NM109; profile: rule profile."""

    key: str
    name: str
    payer_id: str
    claim_filing: str
    profile: str
    receiver: str
    payer_id_kind: str = "PI"
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """The insured person of a claim."""

    name: PersonName
    member_id: str
    relationship: Relationship
    group_number: str | None = None
    group_name: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPatient:
    """The patient as a claim names them."""

    name: PersonName
    birth_date: date
    sex: Sex
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """One loop 2400.

    Shapes   number: LX01, from 1. modifiers: at most four, in the payer's order. pointers: one-based positions in
             the claim's diagnoses, one to four. line_control: REF*6R, None on a draft. charges: ids of the stored
             charge lines (FT1) that this line bills.
    Units    units: whole service units; charge in dollars for all units.
    """

    number: int
    code: Hcpcs
    modifiers: tuple[Modifier, ...]
    units: int
    charge: Decimal
    date_of_service: date
    pointers: tuple[int, ...]
    place_of_service: str | None = None
    line_control: str | None = None
    authorization_number: str | None = None
    referral_number: str | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    ordering: Practitioner | None = None
    note: str | None = None
    charges: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDraft:
    """A professional claim, complete but for its numbers.

    Shapes   part: 1, or 1..n where more than 50 lines forced a split. sequence: P, S or T (SBR01). diagnoses: 1 to
             12, principal first. referring_kind: DN or P3.
    """

    discipline: Discipline
    date_of_service: date
    part: int
    sequence: str
    payer: Payer
    billing_provider: Organization
    subscriber: Subscriber
    patient: ClaimPatient
    place_of_service: str
    frequency: Frequency
    total_charge: Decimal
    diagnoses: tuple[Icd10, ...]
    lines: tuple[ServiceLine, ...]
    pay_to_address: Address | None = None
    service_facility: Organization | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    referring: Practitioner | None = None
    referring_kind: str = "DN"
    provider_signature: str = "Y"
    assignment: str = "A"
    benefits_assigned: str = "Y"
    release_of_information: str = "Y"
    authorization_number: str | None = None
    referral_number: str | None = None
    medical_record_number: str | None = None
    payer_control_number: str | None = None
    onset_on: date | None = None
    initial_treatment_on: date | None = None
    accident: Accident | None = None
    patient_paid: Decimal | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A numbered claim: id is the store's, number is CLM01 (at most 17 of A-Z 0-9)."""

    id: int
    number: str
    draft: ClaimDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A clearinghouse as mappings/claims/receivers.yaml describes it; one file goes to one receiver."""

    key: str
    submitter_name: str
    submitter_id: str
    submitter_contact: str
    submitter_phone: str
    receiver_name: str
    receiver_id: str
    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    interchange_receiver_id: str
    group_sender_id: str
    group_receiver_id: str
    usage: str = "P"
    line_ending: str = ""
    acknowledgment_requested: str = "1"
    file_name: str = "{sender}_837P_{created}_{interchange}.x12"
    claims_per_file: int = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The allotted numbers and the instant one 837P file is written under, so that rendering is pure."""

    interchange: int
    group: int
    transaction: int
    reference: str  # BHT03
    created: str  # CCYYMMDDHHMMSS, practice time
