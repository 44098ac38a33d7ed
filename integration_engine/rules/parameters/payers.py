"""What a payer's profile says: units, caps, modifiers, documentation, telehealth, filing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.dated import Dated
from integration_engine.core.findings import Citation


def modifier_rank(order: Sequence[str]) -> Mapping[str, int]:
    """The place of each modifier on the line, from groups of modifiers in order."""
    return {modifier: rank for rank, group in enumerate(order) for modifier in group.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsMethod:
    """How minutes become units.

    Units    unit_minutes: length of one unit. earned_at: minutes of a unit that earn it. pooled: minutes of all
             15-minute codes of the treatment day are counted together.
    """

    key: str
    label: str
    earned_at: int
    unit_minutes: int
    pooled: bool
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsRule:
    """Which units method a payer has. visit_code: what a contract pays for the whole visit, for a flat method."""

    method: str
    visit_code: Hcpcs | None


class DeliveryRule(StrEnum):
    """What happens to minutes of a one-on-one code that were not one-on-one."""

    HOLD = "hold"
    COUNT = "count"  # the payer makes no difference
    GROUP = "group"  # they are billed as the discipline's group code


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCap:
    """The most a payer pays for one visit. None: no cap of that kind."""

    most_units: int | None
    most_codes: int | None
    most_minutes: int | None
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class TelehealthRule:
    """What a payer wants on a telehealth line. A modifier of None means: none is sent.

    Shapes   codes: name of the list in mappings/codes/telehealth.yaml, or ``any``. institution_modifier: in place of
             video_modifier where an institution bills.
    """

    covered: bool
    codes: str
    video_modifier: Modifier | None
    institution_modifier: Modifier | None
    audio_modifier: Modifier | None
    places_of_service: tuple[str, ...]
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingLimit:
    """How long after the date of service a claim may be filed: days, calendar months, or to the end of a later year."""

    days: int | None
    months: int | None
    year_ends: int | None = None

    def last_day(self, on: date) -> date:
        """The last day a claim of a date of service may arrive."""
        if self.days is not None:
            return on + timedelta(days=self.days)
        if self.year_ends is not None:
            return date(on.year + self.year_ends, 12, 31)
        month = on.month - 1 + (self.months or 0)
        year, month = on.year + month // 12, month % 12 + 1
        for day in (on.day, 30, 29, 28):
            try:
                return date(year, month, day)
            except ValueError:
                continue
        raise AssertionError


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerProfile:
    """One payer's rules, each asked by date of service.

    Shapes   a value that a file states without dates is in force always. units_sent: what to do when the EMR's units differ: hold, warn or accept. modifier_rank: place of each
             modifier on the line. discipline_modifiers: all, always_therapy or none. progress_note_every: treatment
             days, progress_note_days: calendar days, None: not asked. minutes_checks: hold or warn. separate_modifier:
             added where the record shows separate blocks, None: only proposed. code_pairs: names of the pair tables.
    """

    key: str
    label: str
    segment: str
    units_method: Dated[UnitsRule]
    units_sent: Dated[str]
    rest_counts: Dated[bool]
    not_one_on_one: Dated[DeliveryRule]
    caps: Dated[VisitCap] | None
    minutes_checks: Dated[str]
    discipline_modifiers: Dated[str]
    assistant_modifiers: Dated[bool]
    threshold: Dated[bool]
    advance_notices: Dated[bool]
    habilitative_modifiers: Dated[bool]
    separate_modifier: Dated[Modifier | None]
    plan_of_care: Dated[bool]
    progress_note_every: Dated[int | None]
    progress_note_days: Dated[int | None]
    progress_note_grace_days: Dated[int]
    referring_required: Dated[bool]
    supervising_sent: Dated[bool]
    modifier_rank: Dated[Mapping[str, int]]
    telehealth: Dated[TelehealthRule]
    code_pairs: Dated[tuple[str, ...]]
    most_units: Dated[str | None]
    filing_limit: Dated[FilingLimit]
    citation: Citation
