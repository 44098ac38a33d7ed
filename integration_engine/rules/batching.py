"""Which ready claims go together into one file: per receiver and payer, in a fixed order, up to the receiver's limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Protocol

from integration_engine.core.money import ZERO
from integration_engine.domain.claim import ClaimDraft, Frequency, Receiver


class Ready(Protocol):
    """A drafted claim that may go out."""

    @property
    def id(self) -> int:
        """Its stored id."""

    @property
    def draft(self) -> ClaimDraft:
        """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """The claims of one file."""

    receiver: Receiver
    payer: str
    claims: tuple[Ready, ...]


def split(ready: Sequence[Ready], receivers: Mapping[str, Receiver]) -> tuple[BatchPlan, ...]:
    """Plans in the order of receiver and payer; claims whose receiver is not known are left waiting."""
    groups: dict[tuple[str, str], list[Ready]] = {}
    for one in ready:
        payer = one.draft.payer
        if payer.receiver in receivers:
            groups.setdefault((payer.receiver, payer.key), []).append(one)
    plans = []
    for (receiver_key, payer_key), group in sorted(groups.items()):
        receiver = receivers[receiver_key]
        ordered = sorted(group, key=_order)
        for start in range(0, len(ordered), receiver.claims_per_file):
            plans.append(
                BatchPlan(
                    receiver=receiver, payer=payer_key, claims=tuple(ordered[start : start + receiver.claims_per_file])
                )
            )
    return tuple(plans)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file that would be written now, with its totals. due: False while it waits for its receiver's schedule."""

    receiver: str
    payer: str
    claims: int
    lines: int
    total: Decimal
    corrections: int
    oldest_date_of_service: str
    due: bool


def preview(plans: Sequence[BatchPlan], local: datetime, last: Mapping[str, datetime]) -> tuple[PlannedFile, ...]:
    """What the next files would hold, before anything is numbered or written."""
    return tuple(
        PlannedFile(
            receiver=plan.receiver.key,
            payer=plan.payer,
            claims=len(plan.claims),
            lines=sum(len(one.draft.lines) for one in plan.claims),
            total=sum((one.draft.total_charge for one in plan.claims), ZERO),
            corrections=sum(one.draft.frequency is not Frequency.ORIGINAL for one in plan.claims),
            oldest_date_of_service=min(one.draft.date_of_service for one in plan.claims).isoformat(),
            due=due(plan.receiver, local, last.get(plan.receiver.key)),
        )
        for plan in plans
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
