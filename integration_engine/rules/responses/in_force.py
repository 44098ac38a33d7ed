"""What payers' and clearinghouses' codes mean, compiled from mappings/responses/: asked by date, with citations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from integration_engine.core.dated import Dated
from integration_engine.core.findings import Citation, Queue
from integration_engine.domain.denial import Books, DenialCategory, Remedy
from integration_engine.rules.scrubber.conditions import Condition, Kind

DENIAL_FIELDS: Mapping[str, Kind] = {
    "denial.group": Kind.TEXT,
    "denial.reason": Kind.TEXT,
    "denial.remarks": Kind.TEXTS,
    "payer.key": Kind.TEXT,
    "payer.profile": Kind.TEXT,
    "payer.segment": Kind.TEXT,
    "line.code": Kind.TEXT,
    "line.modifiers": Kind.TEXTS,
    "line.paid_nothing": Kind.FLAG,
    "line.pair_on_date": Kind.FLAG,
    "line.split_pair": Kind.FLAG,
    "claim.status": Kind.TEXT,
    "claim.sent_before": Kind.FLAG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One CARC in our words. category: None where no money was to be had. instead: codes that took its place."""

    code: str
    says: str
    category: DenialCategory | None
    books: Books
    by_remark: bool = False
    therapy: str = ""
    ended: date | None = None
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One RARC in our words. category: None where it explains no denial."""

    code: str
    says: str
    category: DenialCategory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What to do about a category.

    Shapes   queue: where its causes wait before a claim is sent. prevented_by: ids of the gates and edits that look for
             them; None and empty where nothing of the engine does.
    """

    remedy: Remedy
    owner: str
    follow_up_days: int
    next_action: str
    queue: Queue | None = None
    prevented_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialRule:
    """A routing rule. payers: keys or profiles; empty: all. books: how it is posted, None: by category."""

    id: str
    when: Condition
    category: DenialCategory | None
    detail: str
    payers: tuple[str, ...]
    in_force: Dated[bool]
    remedy: Remedy | None
    owner: str | None
    next_action: str | None
    books: Books | None
    citation: Citation
    fires: Mapping[str, object]
    spares: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealLimit:
    """Days from the remit to the first appeal."""

    days: int
    first_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCode:
    """One code of an answer in our words. taken, refused: what it does to the claim; neither: it only explains."""

    code: str
    says: str
    fix: str
    owner: str
    taken: bool
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCodes:
    """One list of codes with its source."""

    codes: Mapping[str, AnswerCode]
    citation: Citation

    def get(self, code: str) -> AnswerCode | None:
        """The code as sent, or with fewer or more zeros before it; None when the list does not have it."""
        return self.codes.get(code) or self.codes.get(code.lstrip("0")) or self.codes.get(code.zfill(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """Everything mappings/responses/ says. rules: overrides first, then the general ones, in order."""

    version: str
    reasons: Dated[Mapping[str, Reason]]
    remarks: Dated[Mapping[str, Remark]]
    no_appeal: Dated[frozenset[str]]
    actions: Mapping[DenialCategory, Action]
    actions_citation: Citation
    rules: tuple[DenialRule, ...]
    appeals: Mapping[str, Dated[AppealLimit]]
    unmapped_limit_percent: int
    verdicts: AnswerCodes
    interchange_notes: AnswerCodes
    segment_errors: AnswerCodes
    element_errors: AnswerCodes
    set_errors: AnswerCodes
    status_categories: AnswerCodes
    statuses: AnswerCodes
    entities: AnswerCodes
    provider_adjustments: AnswerCodes
