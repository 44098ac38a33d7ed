"""A denial that the payer may decide anew, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class DenialState(StrEnum):
    """Where the work on one denied line stands."""

    OPEN = "open"
    RESUBMITTED = "resubmitted"
    APPEALED = "appealed"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"  # a later decision of the payer paid it, or left it to the patient
    DENIED_AGAIN = "denied_again"  # the later denial is one of its own


UNDECIDED = (DenialState.OPEN, DenialState.RESUBMITTED, DenialState.APPEALED)  # money may still come


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDenial:
    """A denied line that may be decided anew.

    Shapes   same_claim: the new decision is on the very claim that was denied, so that lines are known by their number;
             else by what they bill. line_number: None where the claim was denied as a whole, or the line was not known.
             charges: ids of the charge lines (FT1) behind the line. decided_on: of the last decision on it.
    """

    id: int
    same_claim: bool
    line_number: int | None
    code: str
    modifiers: frozenset[str]
    charges: frozenset[int]
    amount_cents: int
    decided_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialOutcome:
    """What became of one denial.

    Shapes   lines: the numbers of the new decision's lines that answered it; empty for the claim as a whole.
    Units    recovered, rest: cents that were paid on it, and that are still open or were denied again.
    """

    denial: int
    state: DenialState
    recovered: int
    rest: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayersAnswer:
    """One answer of a payer on a claim, as it is in the books. status: CLP02. on: date of its payment, None if not told."""

    id: int
    claim_id: int
    remit_id: int
    payer: str
    status: str
    on: date | None
