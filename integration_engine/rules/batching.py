"""Which ready claims go together into one file: per receiver and payer, in a fixed order, up to the limit of both.

What keeps a file from leaving (a refusal nobody has looked into, the files of the day, the schedule) is told in this order.
Source  limits and schedules as mappings/claims/receivers.yaml and payers/ state them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from integration_engine.core.errors import OutboundError
from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.core.money import ZERO, from_cents
from integration_engine.domain.claim import ClaimDraft, EnrollmentStatus, Frequency, Receiver
from integration_engine.domain.hold import OVER_LIMIT

MostClaims = Callable[[Receiver, str], int]
HOUSE = Citation(document="house rule", section="files a day; mappings/claims/receivers.yaml")


class Ready(Protocol):
    """A drafted claim that may go out."""

    @property
    def id(self) -> int:
        """Its stored id."""

    @property
    def draft(self) -> ClaimDraft:
        """What it says."""


class Silent(Protocol):
    """A claim that has left and waits for an answer."""

    @property
    def receiver(self) -> str:
        """To whom it went."""

    @property
    def payer(self) -> str:
        """Who is to pay."""

    @property
    def total_cents(self) -> int:
        """What it asks for."""

    @property
    def submitted_on(self) -> date:
        """Since when it waits."""

    @property
    def file_by(self) -> date | None:
        """Last day on which it may be filed, None if not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """The claims of one file."""

    receiver: Receiver
    payer: str
    claims: tuple[Ready, ...]


def split(ready: Sequence[Ready], receivers: Mapping[str, Receiver], most: MostClaims) -> tuple[BatchPlan, ...]:
    """Plans in the order of receiver and payer; claims whose receiver is not known are left waiting.

    Shapes   most: how many claims of a payer one file to a receiver may hold.
    """
    groups: dict[tuple[str, str], list[Ready]] = {}
    for one in ready:
        payer = one.draft.payer
        if payer.receiver in receivers:
            groups.setdefault((payer.receiver, payer.key), []).append(one)
    plans = []
    for (receiver_key, payer_key), group in sorted(groups.items()):
        receiver = receivers[receiver_key]
        ordered = sorted(group, key=_order)
        size = most(receiver, payer_key)
        for start in range(0, len(ordered), size):
            plans.append(BatchPlan(receiver=receiver, payer=payer_key, claims=tuple(ordered[start : start + size])))
    return tuple(plans)


def within_limit(plans: Sequence[BatchPlan], made_today: Mapping[str, int]) -> tuple[BatchPlan, ...]:
    """The plans that their receivers still take today, the first ones first.

    Shapes   made_today: files made since midnight of the practice, by receiver.
    """
    made = dict(made_today)
    kept = []
    for plan in plans:
        count = made.get(plan.receiver.key, 0)
        if plan.receiver.files_per_day is None or count < plan.receiver.files_per_day:
            kept.append(plan)
            made[plan.receiver.key] = count + 1
    return tuple(kept)


def over_limit(receiver: Receiver, claims: int, total: Decimal) -> Finding:
    """The hold that tells of claims which the files of the day have no room for."""
    return Finding(
        id=OVER_LIMIT,
        severity=Severity.ERROR,
        text=f"{receiver.key} takes {receiver.files_per_day} files a day; {claims} claims over {total} wait for the next.",
        fix="Nothing, if tomorrow is early enough; else agree on more files with the receiver and set files_per_day.",
        owner="biller",
        subject=receiver.key,
        observed=str(receiver.files_per_day),
        expected="no ready claim left over",
        queue=Queue.REJECTIONS,
        citation=HOUSE,
        due_in_days=1,
    )


def due(receiver: Receiver, local: datetime, last: datetime | None) -> bool:
    """Is it time for a file to this receiver?

    Shapes   local: now, in the practice's zone. last: when its last file was made, None if never. A receiver without
             a schedule is always due; with one, once after each of its times on each of its weekdays.
    """
    if receiver.send_on and local.isoweekday() not in receiver.send_on:
        return False
    if not receiver.send_at:
        return True
    passed = [moment for text in receiver.send_at if (moment := _today_at(text, local)) <= local]
    return bool(passed) and (last is None or last < max(passed))


def _today_at(text: str, local: datetime) -> datetime:
    return datetime.combine(local.date(), time.fromisoformat(text), local.tzinfo)


class WaitsFor(StrEnum):
    """What keeps a planned file from leaving at once."""

    NOTHING = "nothing"
    STOPPED = "stopped"  # an open hold of the rejections queue
    LIMIT = "limit"  # the receiver has had all files it takes today
    SCHEDULE = "schedule"
    ENROLLMENT = "enrollment"  # the payer does not take claims of this provider through the receiver yet


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file that would be written now, with its totals.

    Shapes   due: it would be written by the batcher now. enrollment: of the payer's claims at the receiver, None where
             nobody has noted it.
    """

    receiver: str
    payer: str
    claims: int
    lines: int
    total: Decimal
    corrections: int
    oldest_date_of_service: str
    waits_for: WaitsFor
    enrollment: EnrollmentStatus | None

    @property
    def due(self) -> bool:
        """The batcher would write it now."""
        return self.waits_for is WaitsFor.NOTHING


def preview(
    plans: Sequence[BatchPlan],
    local: datetime,
    last: Mapping[str, datetime],
    made_today: Mapping[str, int],
    stopped: Collection[str],
) -> tuple[PlannedFile, ...]:
    """What the next files would hold, before anything is numbered or written."""
    fitting = {id(plan) for plan in within_limit(plans, made_today)}
    return tuple(
        _planned(plan, _waits_for(plan.receiver, local, last, stopped, fits=id(plan) in fitting)) for plan in plans
    )


def not_enrolled(plans: Sequence[BatchPlan]) -> tuple[PlannedFile, ...]:
    """The files that would be written if their payers took the claims."""
    return tuple(_planned(plan, WaitsFor.ENROLLMENT) for plan in plans)


def _planned(plan: BatchPlan, waits_for: WaitsFor) -> PlannedFile:
    first = plan.claims[0].draft
    return PlannedFile(
        receiver=plan.receiver.key,
        payer=plan.payer,
        claims=len(plan.claims),
        lines=sum(len(one.draft.lines) for one in plan.claims),
        total=sum((one.draft.total_charge for one in plan.claims), ZERO),
        corrections=sum(one.draft.frequency is not Frequency.ORIGINAL for one in plan.claims),
        oldest_date_of_service=min(one.draft.date_of_service for one in plan.claims).isoformat(),
        waits_for=waits_for,
        enrollment=plan.receiver.enrolled(plan.payer, first.billing_provider.key).claims,
    )


def _waits_for(
    receiver: Receiver, local: datetime, last: Mapping[str, datetime], stopped: Collection[str], *, fits: bool
) -> WaitsFor:
    if receiver.key in stopped:
        return WaitsFor.STOPPED
    if not fits:
        return WaitsFor.LIMIT
    return WaitsFor.NOTHING if due(receiver, local, last.get(receiver.key)) else WaitsFor.SCHEDULE


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTotal:
    """Claims of one payer through one receiver, summed: what is at risk while that route is down.

    Shapes   files: 0 for claims in no planned file. oldest: date of service of what waits to leave, date of submission
             of what waits for an answer. file_by: the nearest last day for filing, None if not known.
    """

    receiver: str
    payer: str
    claims: int
    total: Decimal
    oldest: str
    files: int = 0
    lines: int | None = None
    waits_for: WaitsFor | None = None
    enrollment: EnrollmentStatus | None = None
    file_by: date | None = None


def route_totals(files: Sequence[PlannedFile]) -> tuple[RouteTotal, ...]:
    """Planned files summed by receiver, payer and what they wait for."""
    groups: dict[tuple[str, str, WaitsFor], list[PlannedFile]] = {}
    for file in files:
        groups.setdefault((file.receiver, file.payer, file.waits_for), []).append(file)
    return tuple(
        RouteTotal(
            receiver=receiver,
            payer=payer,
            claims=sum(file.claims for file in group),
            lines=sum(file.lines for file in group),
            total=sum((file.total for file in group), ZERO),
            oldest=min(file.oldest_date_of_service for file in group),
            files=len(group),
            waits_for=waits_for,
            enrollment=group[0].enrollment,
        )
        for (receiver, payer, waits_for), group in groups.items()
    )


def unanswered_totals(silent: Sequence[Silent]) -> tuple[RouteTotal, ...]:
    """Claims that have left and that nobody has adjudicated, by receiver and payer."""
    groups: dict[tuple[str, str], list[Silent]] = {}
    for one in silent:
        groups.setdefault((one.receiver, one.payer), []).append(one)
    return tuple(
        RouteTotal(
            receiver=receiver,
            payer=payer,
            claims=len(group),
            total=sum((from_cents(one.total_cents) for one in group), ZERO),
            oldest=min(one.submitted_on for one in group).isoformat(),
            file_by=min((one.file_by for one in group if one.file_by is not None), default=None),
        )
        for (receiver, payer), group in sorted(groups.items())
    )


def unroutable_totals(ready: Sequence[Ready], receivers: Collection[str]) -> tuple[RouteTotal, ...]:
    """Ready claims whose receiver nobody has described: they wait until receivers.yaml has it."""
    groups: dict[tuple[str, str], list[ClaimDraft]] = {}
    for one in ready:
        if one.draft.payer.receiver not in receivers:
            groups.setdefault((one.draft.payer.receiver, one.draft.payer.key), []).append(one.draft)
    return tuple(
        RouteTotal(
            receiver=receiver,
            payer=payer,
            claims=len(group),
            lines=sum(len(draft.lines) for draft in group),
            total=sum((draft.total_charge for draft in group), ZERO),
            oldest=min(draft.date_of_service for draft in group).isoformat(),
        )
        for (receiver, payer), group in sorted(groups.items())
    )


def unwritable_finding(error: OutboundError, number: str) -> Finding:
    """Why a claim cannot be written as 837P, for the edits queue. number: the one it was tried under, no real one."""
    return Finding(
        id="edits.unwritable",
        severity=Severity.ERROR,
        text=f"The claim cannot be written: {error.text.removeprefix(f'claim {number}: ')}.",
        fix="Correct the field in the EMR, in mappings/practice.yaml, or the line of mappings/claims/ that writes it.",
        owner="biller",
        subject=f"837P {error.position}",
        position=error.position,
        queue=Queue.EDITS,
    )


def _order(one: Ready) -> tuple[str, ...]:
    draft = one.draft
    return (
        draft.billing_provider.key,
        draft.subscriber.member_id,
        draft.patient.name.last or "",
        draft.patient.name.first or "",
        draft.date_of_service.isoformat(),
        draft.discipline.value,
        f"{draft.part:03d}",
        f"{one.id:020d}",
    )
