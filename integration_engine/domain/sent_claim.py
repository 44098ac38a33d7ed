"""A claim that has left as the store keeps it: what it said, where it stands, and why it was refused if it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import ClaimDraft


class SentState(StrEnum):
    """Whether the payer may still adjudicate it."""

    SUBMITTED = "submitted"
    REFUSED = "refused"  # by TA1, 999 or 277CA: the payer never adjudicates it


@dataclass(frozen=True, slots=True, kw_only=True)
class SentClaim:
    """One submission with the draft it was made from.

    Shapes   id, day_id, patient_id: the store's. number: CLM01. draft: with its line control numbers (REF*6R).
             standing: a word of rules/life_cycle.Standing. refusal: why, where it was refused before adjudication.
             file_by: last day on which it may be filed. follows_id: the claim it corrects, or that its draft rests on.
    """

    id: int
    day_id: int
    patient_id: int
    number: str
    state: SentState
    standing: str
    draft: ClaimDraft
    payer_control_number: str | None = None
    refusal: tuple[Finding, ...] = ()
    submitted_on: date | None = None
    file_by: date | None = None
    follows_id: int | None = None
