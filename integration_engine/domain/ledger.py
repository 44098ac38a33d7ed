"""The ledger: every cent of a claim in double entry, from its submission to its last payment.

Entries are legs, each a debit or a credit of whole cents, and every posting sums to zero. Nothing is ever changed or
deleted: what was wrong is undone by entries that name the posting they undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Account(StrEnum):
    """The accounts. A debit raises all of them but revenue and unapplied, which a credit raises."""

    RECEIVABLE_PAYER = "receivable_payer"
    RECEIVABLE_PATIENT = "receivable_patient"
    CASH = "cash"  # from payers, by remit
    PATIENT_PAYMENT = "patient_payment"  # money from patients
    PROVIDER_ADJUSTMENT = "provider_adjustment"  # PLB: money a payer took or gave outside of claims
    REVENUE = "revenue"
    CONTRACTUAL = "contractual"  # written off by contract
    PAYER_ADJUSTMENT = "payer_adjustment"  # sequestration, withholds, other reductions that are not contested
    WRITE_OFF = "write_off"  # given up by a decision of ours
    UNAPPLIED = "unapplied"  # money whose claim or reason is not known yet


RECEIVABLES = frozenset({Account.RECEIVABLE_PAYER, Account.RECEIVABLE_PATIENT})


class EntryKind(StrEnum):
    """Why an entry was made."""

    CHARGE = "charge"
    PAYMENT = "payment"
    ADJUSTMENT = "adjustment"
    PATIENT_SHARE = "patient_share"
    PROVIDER_ADJUSTMENT = "provider_adjustment"
    TRANSFER = "transfer"
    WRITE_OFF = "write_off"
    UNAPPLIED = "unapplied"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leg of a posting.

    Shapes   posting: the key under which a set of legs stands and falls, and is recognised when it comes again. claim: our
             claim number, None for money that belongs to no claim of ours; line: line number of the submission, None for
             the claim as a whole. code: ``CO-45``, ``PLB WO``. remit: trace of the payment. undoes: key of the posting
             that this one takes back.
    Units    debit, credit: whole cents, not negative, exactly one of them not zero.
    """

    posting: str
    account: Account
    kind: EntryKind
    on: date
    debit: int = 0
    credit: int = 0
    claim: str | None = None
    line: int | None = None
    code: str = ""
    remit: str | None = None
    undoes: str | None = None

    def __post_init__(self) -> None:
        """Hold the one rule of a leg.

        Raises   ValueError for a leg on both sides, on neither, or negative.
        """
        if self.debit < 0 or self.credit < 0 or (self.debit > 0) == (self.credit > 0):
            msg = "an entry is a debit or a credit of at least one cent"
            raise ValueError(msg)

    @property
    def cents(self) -> int:
        """Debit as positive, credit as negative."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBalance:
    """What is still owed on one claim, in cents; negative: more came in than was owed."""

    claim: str
    payer: int
    patient: int

    @property
    def total(self) -> int:
        """Payer and patient together."""
        return self.payer + self.patient
