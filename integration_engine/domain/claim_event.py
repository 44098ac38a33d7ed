"""What happened to a submitted claim, event by event; its standing is a fold over them (rules/answers/life_cycle.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ClaimEventKind(StrEnum):
    """One thing that can happen to a submission."""

    SUBMITTED = "submitted"
    INTERCHANGE_ACCEPTED = "interchange_accepted"  # TA1 A or E
    INTERCHANGE_REFUSED = "interchange_refused"  # TA1 R
    TRANSACTION_ACCEPTED = "transaction_accepted"  # 999 A or E
    TRANSACTION_REFUSED = "transaction_refused"  # 999 R, M, W, X
    CLEARINGHOUSE_ACCEPTED = "clearinghouse_accepted"
    CLEARINGHOUSE_REJECTED = "clearinghouse_rejected"
    PAYER_ACCEPTED = "payer_accepted"
    PAYER_REJECTED = "payer_rejected"
    PAID = "paid"
    DENIED = "denied"
    REVERSED = "reversed"  # a decision was taken back that had paid nothing
    PAYMENT_REVERSED = "payment_reversed"  # a payment was taken back
    FORWARDED = "forwarded"  # sent on to another payer (835 status 19 to 21, 23)
    REPLACED = "replaced"
    VOIDED = "voided"
    CORRECTION_REFUSED = "correction_refused"  # the replacement or void named in code was refused: this one stands


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEvent:
    """One event. on: when the sender says it happened, else when it arrived. code: the answer's own code."""

    kind: ClaimEventKind
    on: date
    code: str = ""
    text: str = ""
