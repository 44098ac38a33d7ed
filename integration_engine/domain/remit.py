"""A remit (835) as the payer states it: one payment, its claims, their lines, and every adjustment.

Nothing is computed or corrected here: amounts are those of the file, so that a file that does not balance can say so.
Source  005010X221A1; X12.md §2.9 B6, §3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Modifier
from integration_engine.domain.parties import PersonName


class AdjustmentGroup(StrEnum):
    """Who is liable for an adjustment (CAS01)."""

    CONTRACTUAL = "CO"
    CORRECTION = "CR"
    OTHER = "OA"
    PAYER_INITIATED = "PI"
    PATIENT = "PR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One reason of a CAS segment. group: text, because a payer may send one we do not know. reason: the CARC."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemitLine:
    """One service line of the answer (2110).

    Shapes   code and modifiers: as adjudicated; submitted_code and submitted_modifiers: SVC06 when the payer changed
             it. code_kind: SVC01-1, HC for CPT and HCPCS. line_control: our REF*6R. number: position in its claim,
             from 1. remarks: RARC codes (LQ*HE). position: segment number of its SVC in the transaction set.
    """

    number: int
    code: str
    charge: Decimal
    paid: Decimal
    modifiers: tuple[Modifier, ...] = ()
    submitted_code: str | None = None
    submitted_modifiers: tuple[Modifier, ...] = ()
    code_kind: str = "HC"
    units_paid: Decimal | None = None
    units_billed: Decimal | None = None
    date_of_service: date | None = None
    line_control: str | None = None
    allowed: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemitClaim:
    """One claim of the answer (2100).

    Shapes   number: CLP01, our claim number when the payer returned it. status: CLP02. payer_control_number: CLP07.
             position: segment number of its CLP in the transaction set. remarks: RARC codes of MOA and MIA.
             original_reference: REF*F8, the payer's number of the claim that this one corrects. interest: AMT*I, which
             is paid outside of CLP04.
    """

    number: str
    status: str
    charge: Decimal
    paid: Decimal
    position: int
    patient_responsibility: Decimal | None = None
    claim_filing: str | None = None
    payer_control_number: str | None = None
    place_of_service: str | None = None
    frequency: str | None = None
    patient_name: PersonName | None = None
    member_id: str | None = None
    corrected_member_id: str | None = None
    rendering_npi: str | None = None
    crossover_payer: str | None = None
    original_reference: str | None = None
    date_of_service: date | None = None
    received_on: date | None = None
    allowed: Decimal | None = None
    interest: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    lines: tuple[RemitLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAdjustment:
    """Money that belongs to no claim of this remit (PLB); positive takes away from the payment, as the guide counts it."""

    provider: str
    reason: str
    amount: Decimal
    reference: str | None = None
    fiscal_period_on: date | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remit:
    """One transaction set of an 835: one payment and what it pays.

    Shapes   trace: TRN02; payer_id: TRN03 or N104 of the payer; payer_ids: every identifier by which it names itself
             (TRN03, N104, REF*2U and the like). handling: BPR01. method: BPR04 (CHK, ACH, NON, …).
             paid_on: BPR16, the day the money moves, often a few days ahead. produced_on: DTM*405, else the date of the
             file (GS04), as the guide has it. transaction: ST02. position: segment number of BPR. complete: False when
             something of it could not be read, so that nothing of it is posted before a person has looked.
    """

    transaction: str
    handling: str
    amount: Decimal
    method: str
    trace: str
    payer_name: str
    payer_id: str
    claims: tuple[RemitClaim, ...]
    paid_on: date | None = None
    produced_on: date | None = None
    payee_name: str | None = None
    payee_id: str | None = None
    payer_ids: tuple[str, ...] = ()
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    position: int = 0
    complete: bool = True

    @property
    def decided_on(self) -> date | None:
        """The day the payer decided, which a next payer is told: a payment dated ahead was decided when it was produced."""
        return min((day for day in (self.paid_on, self.produced_on) if day is not None), default=None)
