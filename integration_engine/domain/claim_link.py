"""A submission as one link of the claims that correct one another, and what a day comes to by them (rules/corrections/chain.py)."""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.domain.claim import Frequency
from integration_engine.domain.claim_event import ClaimEvent
from integration_engine.domain.record import DayState


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One submission. follows: number of the claim it corrects. refused: before adjudication. charges: its charge lines."""

    number: str
    frequency: Frequency = Frequency.ORIGINAL
    follows: str | None = None
    refused: bool = False
    charges: frozenset[int] = frozenset()
    events: tuple[ClaimEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStands:
    """A treatment day as its first payer has it, with the ids of its charge lines."""

    day_id: int
    state: DayState
    billed: frozenset[int]
    held: frozenset[int]
    void: frozenset[int]
