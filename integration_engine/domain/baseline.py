"""Denials counted over a period: of history that others sent, frozen as a baseline, or of our own claims since.

Counts only; no claim, patient or file content is in it. Source  REQUIREMENTS KPI registry, shared terms: adjudicated,
denied line, denied claim, original claim; one primary category each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.domain.denial import DenialCategory
from integration_engine.domain.remit import RemitClaim


class Told(StrEnum):
    """Whose treatment an answer tells of, as far as its codes and modifiers say."""

    PT = "PT"
    OT = "OT"
    SLP = "SLP"
    SEVERAL = "several"
    UNKNOWN = "unknown"


class NotUsable(StrEnum):
    """Why an answer on a claim is not counted."""

    NO_DATE = "no date of payment"
    NO_NUMBER = "no claim number"
    INCOMPLETE = "its remit could not be read whole"
    REVERSAL = "a reversal of an earlier answer"
    ESTIMATE = "an estimate before the service"
    PASSED_ON = "passed on to another payer, nothing decided"
    LATER_PAYER = "answered by a second or later payer"
    CORRECTED = "a corrected or void claim (frequency 7 or 8)"
    LATER_ANSWER = "a later answer on a claim that is counted by its first"
    REPEATED = "the same payment in another file"
    SENT_BY_US = "sent by this engine"
    ROW = "a row of it cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredClaim:
    """One answer on one claim, from an 835 or a spreadsheet.

    Shapes   key: of the payment, equal when the same payment comes again; empty where that cannot be told. paid_on: date
             of the remit. complete: the remit was read whole. file: index of the file in its import.
    """

    payer_id: str
    paid_on: date | None
    claim: RemitClaim
    key: str = ""
    complete: bool = True
    file: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCount:
    """Denials of one category. claims: with this as their one category; lines, amount: of denied lines of the category."""

    category: DenialCategory
    claims: int
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Adjudicated and denied, by category; every category stands here, those without denials with 0.

    Units    charged, paid, denied: dollars.
    """

    adjudicated_claims: int
    denied_claims: int
    adjudicated_lines: int
    denied_lines: int
    charged: Decimal
    paid: Decimal
    denied: Decimal
    categories: tuple[CategoryCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The tally of a part: by ``discipline`` (a value of Told) or by ``payer`` (its id)."""

    by: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCoverage:
    """What one file gave. used: False where nothing of it counts, with the reason; read: answers on claims in it."""

    name: str
    digest: str
    used: bool
    reason: str
    read: int
    used_answers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of what was given could be used, and why the rest could not.

    Shapes   answers: claims as the payers answered them; a claim answered in parts has several. months: ``2026-01`` with
             the claims counted in it, every month of the period, those without claims with 0. not_usable: why, with how many. unbalanced, frequency_unknown: counted, but a doubt remains.
    """

    files: tuple[FileCoverage, ...]
    answers_read: int
    answers_used: int
    claims_counted: int
    lines_read: int
    lines_used: int
    not_usable: tuple[tuple[NotUsable, int], ...]
    months: tuple[tuple[str, int], ...]
    months_wanted: int
    unbalanced: int
    frequency_unknown: int

    @property
    def months_covered(self) -> int:
        """Months with at least one claim."""
        return sum(claims > 0 for _, claims in self.months)

    @property
    def enough(self) -> bool:
        """True when it covers the months that a baseline asks for."""
        return self.months_covered >= self.months_wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Denials over a period. first_on, last_on: of the payments counted, None when nothing was.

    Shapes   denials: denied lines, and claims that were denied without one. unmapped: codes that no file maps, as sent,
             with their count among the denials.
    """

    first_on: date | None
    last_on: date | None
    whole: Tally
    slices: tuple[Slice, ...]
    denials: int
    unmapped: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A measurement of history as it was frozen.

    Shapes   data_digest: over the files it was made of. definitions: version of mappings/responses/ that categorized;
             mappings_version: of all mappings, kept in the store.
    """

    name: str
    data_digest: str
    definitions: str
    mappings_version: str
    measured: Measured
    coverage: Coverage
