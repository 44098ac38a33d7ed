"""A treatment: one procedure done in an encounter, with its minutes and who did them; one FT1 line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Hcpcs, Icd10, Modifier
from integration_engine.domain.parties import Practitioner


class Delivery(StrEnum):
    """How the patient was treated while the minutes ran."""

    ONE_ON_ONE = "one_on_one"
    CONCURRENT = "concurrent"
    GROUP = "group"


class LineAction(StrEnum):
    """What a charge line does, from FT1-6 (HL7 table 0017)."""

    CHARGE = "charge"
    CREDIT = "credit"  # takes back an earlier line
    REPLACEMENT = "replacement"  # states an earlier line anew
    PAYMENT = "payment"


class DenialExpected(StrEnum):
    """Why a payer is expected to deny a service, as the practice judged it before treating."""

    NOT_NECESSARY = "not_necessary"
    EXCLUDED = "excluded"  # no benefit by statute


class AdvanceNotice(StrEnum):
    """The advance beneficiary notice (ABN) that the patient signed."""

    REQUIRED = "required"
    VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One charge line of therapy.

    Shapes   line_id: the sender's id of the line (FT1-2), stable over resends. modifiers: as sent, in order.
    Units    minutes: all documented whole minutes, the assistant's included. assistant_minutes: those without the
             therapist. joint_minutes: therapist and assistant together; they count as the therapist's. rest_minutes:
             included in start..stop, not in minutes. units_sent: what the EMR computed. device_days: days with data of
             a remote monitoring device. live_contact: the clinician spoke with the patient in the month. description: what
             an unlisted code stands for. screening_referral: follows from a child's screening (EPSDT).
    """

    line_id: str | None = None
    action: LineAction | None = None
    code: Hcpcs | None = None
    modifiers: tuple[Modifier, ...] = ()
    units_sent: int | None = None
    start: datetime | None = None
    stop: datetime | None = None
    minutes: int | None = None
    assistant_minutes: int | None = None
    joint_minutes: int | None = None
    rest_minutes: int | None = None
    delivery: Delivery | None = None
    group_size: int | None = None
    unit_charge: Decimal | None = None
    charge: Decimal | None = None
    diagnoses: tuple[Icd10, ...] = ()
    rendering: Practitioner | None = None
    assistant: Practitioner | None = None
    student: Practitioner | None = None
    supervising: Practitioner | None = None
    ordering: Practitioner | None = None
    authorization_number: str | None = None
    note: str | None = None
    device_days: int | None = None
    live_contact: bool | None = None
    denial_expected: DenialExpected | None = None
    advance_notice: AdvanceNotice | None = None
    description: str | None = None
    screening_referral: bool | None = None
