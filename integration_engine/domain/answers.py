"""What comes back before a claim is adjudicated: TA1 for an interchange, 999 for a group, 277CA for a claim.

Source  X12.5 TA1; 005010X231A1 (999); 005010X214 (277CA); X12.md §3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class InterchangeAnswer:
    """TA1. interchange: ISA13 it answers, nine digits. code: A accepted, E accepted with errors (do not resend), R refused."""

    interchange: str
    code: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentProblem:
    """One IK3 with one IK4 below it, or an IK3 alone.

    Shapes   segment_number: counted from ST of our file. element and component: one-based, None when the segment as a
             whole is meant. segment_code: IK304; element_code: IK403. claim_number: from CTX*CLM01, None if not sent.
             trigger: CTX*SITUATIONAL TRIGGER, what made the segment required (``CLM 43 5-3``: segment, number, element).
    """

    segment: str
    segment_number: int
    loop: str | None = None
    segment_code: str | None = None
    element: int | None = None
    component: int | None = None
    element_code: str | None = None
    claim_number: str | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionAnswer:
    """AK2 to IK5. code: IK501, A E R M W X; reasons: IK502 and further."""

    transaction: str
    code: str
    reasons: tuple[str, ...] = ()
    problems: tuple[SegmentProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """999. group: AK102. code: AK901, A E P R. included, received, accepted: AK902 to AK904; reasons: AK905 and on."""

    functional_code: str
    group: str
    code: str
    included: int | None = None
    received: int | None = None
    accepted: int | None = None
    reasons: tuple[str, ...] = ()
    transactions: tuple[TransactionAnswer, ...] = ()


class StatusSource(StrEnum):
    """Who speaks in a 277CA: the two are kept apart."""

    CLEARINGHOUSE = "clearinghouse"
    PAYER = "payer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCode:
    """One STC composite. category: A0 to A8; status: claim status code; entity: entity code; action: STC03 (WQ, U)."""

    category: str
    status: str
    entity: str | None = None
    action: str | None = None
    on: date | None = None
    amount: Decimal | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """2220D: what is said of one service line. line_control: REF*FJ."""

    line_control: str | None
    code: str | None
    statuses: tuple[StatusCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStatus:
    """2200D: what is said of one claim.

    Shapes   number: TRN02, our claim number, or "" when the answer gives none (0 and blanks count as none).
    """

    number: str
    statuses: tuple[StatusCode, ...]
    position: int
    payer_control_number: str | None = None
    clearinghouse_number: str | None = None
    date_of_service: date | None = None
    total_charge: Decimal | None = None
    member_id: str | None = None
    lines: tuple[LineStatus, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStatus:
    """2200C: what is said of one billing provider.

    Shapes   provider: its NPI (2100C NM109), None if not sent. claims: the places in the report of those below it; where
             there are none, what is said holds for all of its claims in our file.
    """

    provider: str | None
    statuses: tuple[StatusCode, ...]
    claims: range
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStatusReport:
    """One transaction set of a 277CA.

    Shapes   source: from NM101 of 2100A (PR payer, AY clearinghouse). reference: 2200B TRN02, the BHT03 of our file.
             file_statuses: STC of the batch as a whole (2200B); providers: those of which something is said (2200C).
             accepted and rejected: claims and dollars as the sender counts them (QTY*90/AA, AMT*YU/YY).
    """

    transaction: str
    source: StatusSource
    sender_name: str
    reference: str | None = None
    sent_on: date | None = None
    file_statuses: tuple[StatusCode, ...] = ()
    providers: tuple[ProviderStatus, ...] = ()
    accepted: int | None = None
    rejected: int | None = None
    accepted_amount: Decimal | None = None
    rejected_amount: Decimal | None = None
    claims: tuple[ClaimStatus, ...] = ()
