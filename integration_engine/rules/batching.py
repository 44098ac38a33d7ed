"""Which ready claims go together into one file: per receiver and payer, in a fixed order, up to the receiver's limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from integration_engine.domain.claim import ClaimDraft, Receiver


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
