"""One claim's way back and forth between the practice and a payer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What one payer was asked for one visit day, over all submissions.

    Shapes   numbers: our claim numbers, oldest first. answers: files that said something of it. touches: what people did
             about it, from the audit. first_cash_on: day of the first payment, None while nothing was paid.
    Units    paid_cents, allowed_cents: cents; allowed is what was paid and what the patient owes.
    """

    numbers: tuple[str, ...]
    visits: str
    payer: str
    discipline: str
    date_of_service: date
    submissions: int
    refused: int
    answers: int
    denials: int
    touches: int
    first_cash_on: date | None
    paid_cents: int
    allowed_cents: int

    @property
    def days_to_cash(self) -> int | None:
        """Days from the date of service to the first payment; None while nothing was paid."""
        return (self.first_cash_on - self.date_of_service).days if self.first_cash_on is not None else None
