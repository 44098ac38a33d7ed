"""Receive: from framed bytes to a committed journal row and the acknowledgment that may now be sent.

Load → decide → save over all messages that arrived together: each is peeked at and answered in memory, one journal
transaction stores them all, and only then are the acknowledgments handed out. A commit that fails raises, and
nothing is acknowledged. Nothing here reads a segment beyond MSH and the patient identifier that keeps order.
Source  HL7 v2.5.1 §2.9 (acknowledgments); the ACK contract in the README.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_engine.core.errors import InboundError
from integration_engine.crosswalk.feeds.feed import Feed, Feeds
from integration_engine.store.journal import Arrival, Journal, Verdict
from integration_engine.store.lanes import LANE_COUNT
from integration_engine.wire.acknowledgment import acknowledge
from integration_engine.wire.hl7 import Header, Message, peek, split_batch
from integration_engine.wire.mllp import END, START

NEXT_FRAME = END + b"\r" + START


@dataclass(frozen=True, slots=True)
class Incoming:
    """One frame as it came. oversize: only its first bytes, the rest was never read."""

    payload: bytes
    peer: str
    tolerances: tuple[str, ...] = ()
    oversize: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one message is told, before anyone knows whether it is new."""

    code: str
    condition: str = ""
    position: str = ""
    text: str = ""


ACCEPTED = _Answer("AA")
USED_BEFORE = _Answer("AE", "205", "MSH-10", "this control id was used before with other content")
NOT_STORED = _Answer("AE", "207", "MSH", "the message could not be stored; send it again later")
TOO_LARGE = _Answer("AE", "207", "MSH", "the message is larger than this listener takes")
COUNTS_DIFFER = _Answer("AE", "207", "BTS-1", "the batch counts differ from its messages")


class Receive:
    """The stage. feeds: gives the mapping files in force. clock: the instant messages are received at."""

    def __init__(self, *, journal: Journal, feeds: Callable[[], Feeds], clock: Callable[[], datetime]) -> None:
        self._journal = journal
        self._feeds = feeds
        self._clock = clock

    def __call__(self, frames: Sequence[Incoming]) -> list[bytes | None]:
        """Store all frames in one commit; answers in the same order, None where the sender wants none."""
        now = self._clock()
        feeds = self._feeds()
        taken = [_Taken(frame, feeds, now) for frame in frames]
        receipts = self._journal.append([arrival for one in taken for arrival in one.arrivals], now)
        answers: list[bytes | None] = []
        place = 0
        for one in taken:
            mine = receipts[place : place + len(one.arrivals)]
            place += len(one.arrivals)
            answers.append(one.answer([receipt.acknowledgment for receipt in mine], [r.verdict for r in mine]))
        return answers

    def refuse(self, frame: Incoming) -> bytes | None:
        """The answer to a frame that could not be stored: AE 207, so that the sender keeps it."""
        try:
            header: Header | None = peek(frame.payload)
        except InboundError:
            header = None
        return _build(header, NOT_STORED, self._clock(), frame.payload)


class _Taken:
    """One frame: the arrivals in it, and how their answers become the frame's answer."""

    def __init__(self, frame: Incoming, feeds: Feeds, now: datetime) -> None:
        batch = None if frame.oversize else split_batch(frame.payload)
        self._batch = batch
        self._now = now
        parts = batch.messages if batch is not None else (frame.payload,)
        self._enveloped = batch is not None and frame.payload.lstrip()[:3].upper() != b"MSH"
        self.arrivals = [_arrive(part, frame, feeds, now) for part in parts or (frame.payload,)]

    def answer(self, acknowledgments: list[bytes], verdicts: list[Verdict]) -> bytes | None:
        """One answer a message; one for all of an FHS/BHS batch, AE when its counts differ."""
        if self._batch is None or not self._enveloped:
            return NEXT_FRAME.join(part for part in acknowledgments if part) or None
        if self._batch.counts_agree and Verdict.CONFLICT not in verdicts:
            return acknowledgments[0] or None
        header = peek(self._batch.messages[0]) if self._batch.messages else None
        return _build(header, COUNTS_DIFFER if not self._batch.counts_agree else USED_BEFORE, self._now, b"")


def _arrive(raw: bytes, frame: Incoming, feeds: Feeds, now: datetime) -> Arrival:
    """One message as the journal takes it, with its answer in case it is new."""
    header: Header | None = None
    feed: Feed | None = None
    lane = 0
    try:
        header = peek(raw)
        feed = feeds.select(header.sending_application, header.sending_facility, header.trigger)
        told = TOO_LARGE if frame.oversize else _judge(header, feed, feeds)
        if told is ACCEPTED and feed is not None:
            message = Message.parse_bytes(raw, default_charset=feed.character_set)
            lane = zlib.crc32(f"{feed.scope}|{feed.order_key(message)}".encode()) % LANE_COUNT
    except InboundError as error:
        told = _Answer(error.acknowledgment, error.condition, error.position, error.text)
    is_acknowledgment = header is not None and header.message_code == "ACK"
    return Arrival(
        sender=header.sender if header else "",
        control_id=header.control_id if header else "",
        digest=hashlib.sha256(raw).hexdigest(),
        trigger=header.trigger if header else "",
        lane=lane,
        charge_count=_charges(raw),
        accepted=told is ACCEPTED,
        reason=told.text,
        peer=frame.peer,
        tolerances=" ".join(frame.tolerances),
        raw=raw,
        acknowledgment=b"" if is_acknowledgment else _build(header, told, now, raw) or b"",
        conflict=lambda: _build(header, USED_BEFORE, now, raw) or b"",
    )


def _judge(header: Header, feed: Feed | None, feeds: Feeds) -> _Answer:
    """What the header alone decides."""
    if header.message_code == "ACK":
        return _Answer("AA", text="an acknowledgment: stored, never answered")
    if not header.control_id and not (feed and feed.acknowledgment.accept_empty_control_id):
        return _Answer("AR", "101", "MSH-10", "a control id is required")
    if feed is None:
        known = feeds.knows_message_code(header.message_code)
        return _Answer("AR", "201" if known else "200", "MSH-9", "no feed takes this message type and trigger event")
    if header.processing_id and header.processing_id not in feed.acknowledgment.processing_ids:
        return _Answer("AR", "202", "MSH-11", "this processing id is not taken here")
    if feed.acknowledgment.strict_version and not header.version.startswith("2."):
        return _Answer("AR", "203", "MSH-12", "this version is not supported")
    return ACCEPTED


def _charges(raw: bytes) -> int:
    return raw.count(b"\rFT1") + raw.count(b"\nFT1")


def _build(header: Header | None, told: _Answer, now: datetime, raw: bytes) -> bytes | None:
    return acknowledge(
        header,
        told.code,
        answer_id=f"E{zlib.crc32(raw):08x}{now:%y%m%d%H%M%S}",
        answered_at=f"{now:%Y%m%d%H%M%S}",
        condition=told.condition,
        position=told.position,
        text=told.text,
    )
