"""A denial as we understand it: its root cause in our words, what to do about it, and by when.

Source  REQUIREMENTS of the KPI registry: denied line, one primary category; categories in mappings/responses/denials.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.findings import Citation
from integration_engine.core.money import ZERO


class DenialCategory(StrEnum):
    """Root causes: six, two that are kept apart from them, and what nobody has mapped yet."""

    DOCUMENTATION = "documentation"
    AUTHORIZATION = "authorization"
    MODIFIER = "modifier"
    UNITS = "units"
    MEDICAL_NECESSITY = "medical_necessity"
    TECHNICAL = "technical"
    BENEFIT_LIMIT = "benefit_limit"
    ELIGIBILITY = "eligibility"
    UNMAPPED = "unmapped"


class Remedy(StrEnum):
    """What brings the money in, if anything does."""

    CORRECTED_CLAIM = "corrected_claim"  # replacement, frequency 7 with the payer control number
    NEW_CLAIM = "new_claim"  # never processed: frequency 1
    APPEAL = "appeal"
    SEND_RECORDS = "send_records"
    OTHER_PAYER = "other_payer"
    PERSON = "person"


class Books(StrEnum):
    """How money that a payer takes off a charge is posted."""

    CONTRACTUAL = "contractual"
    PAYER_ADJUSTMENT = "payer_adjustment"
    PATIENT = "patient"
    PRIOR_PAYER = "prior_payer"  # posted with the earlier payer's remit
    OPEN = "open"  # denied or not decided: it stays owed by the payer


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialContext:
    """What our own side knows about a line when its answer is judged; None is not known, and lets no rule fire.

    Shapes   segment: of the payer profile (``medicare``, …). modifiers: as we sent them. pair_on_date: the code has an
             NCCI pair among the day's codes. split_pair: another line of the claim is the same code of the other side
             of an assistant split. sent_before: the visit went to this payer under another number that was refused.
    """

    payer_key: str | None = None
    profile: str | None = None
    segment: str | None = None
    modifiers: tuple[str, ...] | None = None
    pair_on_date: bool | None = None
    split_pair: bool | None = None
    sent_before: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialDecision:
    """Whether a line was denied, why, and what comes next.

    Shapes   category: None unless denied. rule: ``denials.…`` of a rule, or ``reason 197`` of the table. group, reason,
             remarks: the payer's codes that decided. amount: dollars that were denied. appeal_days: from the date of the
             remit; None where no appeal is possible or none is known, which ``working`` tells apart.
    """

    denied: bool
    text: str
    rule: str
    category: DenialCategory | None = None
    secondary: DenialCategory | None = None
    detail: str = ""
    group: str = ""
    reason: str = ""
    remarks: tuple[str, ...] = ()
    amount: Decimal = ZERO
    remedy: Remedy | None = None
    next_action: str = ""
    owner: str = ""
    follow_up_days: int | None = None
    appeal_days: int | None = None
    citation: Citation | None = None
    appeal_citation: Citation | None = None
    working: tuple[str, ...] = ()

    def appeal_by(self, remit_on: date) -> date | None:
        """The last day for the first appeal; None where there is none or its limit is not known."""
        return remit_on + timedelta(days=self.appeal_days) if self.appeal_days is not None else None

    def follow_up_on(self, remit_on: date) -> date | None:
        """When someone should look again, never after the last day to appeal."""
        if self.follow_up_days is None:
            return None
        wanted = remit_on + timedelta(days=self.follow_up_days)
        last = self.appeal_by(remit_on)
        return min(wanted, last) if last is not None else wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmappedShare:
    """How many denials have no category yet, and the codes that want one: (group, reason, remarks) with their count.

    Units    percent: of denied lines, two places; None when nothing was denied.
    """

    denied: int
    unmapped: int
    percent: Decimal | None
    limit_percent: int
    codes: tuple[tuple[str, int], ...]

    @property
    def over_limit(self) -> bool:
        """True when the share is above the house limit."""
        return self.percent is not None and self.percent > self.limit_percent
