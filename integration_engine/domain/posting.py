"""What posting a remit came to: the entries, and what was decided on each claim and line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from integration_engine.core.findings import Finding
from integration_engine.domain.denial import DenialDecision
from integration_engine.domain.ledger import Entry
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """What an answer decided on one line. line: ours, None when not sure or for a claim without lines.

    Shapes   number: RemitLine.number, 0 for a claim without lines. open: what the payer still owes in our eyes (denied
             or not decided). claim: index of the claim in the remit.
    """

    claim: int
    number: int
    line: SubmittedLine | None
    charge: Decimal
    paid: Decimal
    contractual: Decimal
    payer_adjusted: Decimal
    patient: Decimal
    open: Decimal
    denial: DenialDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """What an answer did to one claim.

    Shapes   key: under which it is recognised when it comes again. denial: of the claim as a whole; a claim with status
             4 is denied even when all of it is the patient's share and no line counts as denied.
    """

    index: int
    key: str
    claim: SubmittedClaim | None
    status: str
    paid: Decimal
    patient: Decimal
    reversal: bool
    posted: bool
    denial: DenialDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A remit posted, or the findings that stopped it.

    Shapes   entries: sum to zero. claims, lines: results in the order of the remit; both are told even when nothing was
             posted. posted: False when the remit waits for a person. keys: what to remember as posted, so that it is
             recognised when it comes again.
    """

    posted: bool
    entries: tuple[Entry, ...]
    claims: tuple[ClaimResult, ...]
    lines: tuple[LineResult, ...]
    patient_responsibility: Decimal
    findings: tuple[Finding, ...]
    keys: tuple[str, ...] = ()
