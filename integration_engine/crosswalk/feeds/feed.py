"""One sender's compiled mapping, and the choice of the one that a message belongs to.

A feed is chosen by MSH-3, MSH-4 and the trigger; the most specific sender wins, ``*`` comes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from integration_engine.crosswalk.feed_files import AcknowledgmentFile, FeedFile, FieldFile
from integration_engine.crosswalk.positions import Position
from integration_engine.wire.hl7 import Message

MOST_PLANS = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """One model field of a record, compiled."""

    record: str
    path: tuple[str, ...]
    domain: str
    file: FieldFile
    positions: tuple[Position, ...]
    units: tuple[Position, ...]
    table: Mapping[str, str] | None
    enumeration: type[Enum] | None
    holds: bool

    @property
    def name(self) -> str:
        """``treatment.rendering.npi``."""
        return ".".join((self.record, *self.path)) if self.path else self.record


@dataclass(frozen=True, slots=True)
class Feed:
    """One sender's mapping, ready to read its messages."""

    name: str
    file: FeedFile
    targets: Mapping[str, tuple[Target, ...]]  # by record
    order_positions: tuple[Position, ...]
    wheres: Mapping[str, tuple[tuple[Position, Any], ...]]
    licences: Mapping[str, str]
    plans: dict[tuple[str, frozenset[str]], tuple[Target, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def scope(self) -> str:
        """The scope in which this sender's record numbers are unique."""
        return self.file.identifiers.scope or self.name

    @property
    def acknowledgment(self) -> AcknowledgmentFile:
        """How this sender is answered."""
        return self.file.acknowledgment

    @property
    def character_set(self) -> str | None:
        """The character set to assume when MSH-18 is empty."""
        return self.file.character_set

    @property
    def time_zone(self) -> str:
        """The sender's zone."""
        return self.file.time_zone

    def order_key(self, message: Message) -> str:
        """The patient identifier that keeps messages in order; empty when the message names none."""
        for position in self.order_positions:
            for segment in message.all(position.segment):
                for text in position.fields(segment):
                    value = position.inside(segment, text).strip()
                    if value:
                        return value
        return ""

    def plan(self, kind: str, names: frozenset[str]) -> tuple[Target, ...]:
        """The targets of a record that a message with these segments can fill; senders repeat themselves, so kept."""
        key = (kind, names)
        found = self.plans.get(key)
        if found is None:
            if len(self.plans) > MOST_PLANS:
                self.plans.clear()
            found = tuple(
                replace(target, positions=positions)
                for target in self.targets.get(kind, ())
                if (positions := tuple(p for p in target.positions if p.segment in names))
            )
            self.plans[key] = found
        return found


class Feeds:
    """All feeds in force. version: content hash of their files."""

    def __init__(self, version: str, feeds: tuple[Feed, ...]) -> None:
        self.version = version
        self.feeds = feeds
        self._cache: dict[tuple[str, str, str], Feed | None] = {}
        self._codes = frozenset(trigger.split("^")[0] for feed in feeds for trigger in feed.file.triggers)

    @property
    def names(self) -> tuple[str, ...]:
        """The feeds' names."""
        return tuple(feed.name for feed in self.feeds)

    def select(self, application: str, facility: str, trigger: str) -> Feed | None:
        """The feed of a sender and trigger; None when there is none."""
        key = (application, facility, trigger)
        if key not in self._cache:
            if len(self._cache) > 10_000:  # noqa: PLR2004 - senders are few; whoever sends random names gains nothing
                self._cache.clear()
            self._cache[key] = self._select(*key)
        return self._cache[key]

    def knows_message_code(self, code: str) -> bool:
        """True when some feed takes messages of this type."""
        return code in self._codes

    def _select(self, application: str, facility: str, trigger: str) -> Feed | None:
        best: tuple[int, Feed] | None = None
        for feed in self.feeds:
            for sender in feed.file.senders:
                if sender.application in ("*", application) and sender.facility in ("*", facility):
                    score = 2 * (sender.application != "*") + (sender.facility != "*")
                    if best is None or score > best[0]:
                        best = (score, feed)
        if best is None or trigger not in best[1].file.triggers:
            return None
        return best[1]
