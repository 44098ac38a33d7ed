"""Where does one HL7 message end and the next begin in a stream of bytes?

Decides the framing and nothing else: no socket, no clock. Bytes are fed in, events are taken out, and the events are
the same however the bytes were cut. What a frame holds is for ``wire.hl7``; timeouts are for the listener, which asks
``mid_frame`` and ``awaiting_terminator``. Authority: HL7 Implementation Guide for MLLP release 1 (start block VT, end
block FS CR); each tolerance beyond it has a name (``Tolerance``) and travels with the frame.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from integration_engine.core.errors import OutboundError

START: Final = b"\x0b"
END: Final = b"\x1c"
CARRIAGE_RETURN: Final = b"\x0d"
FRAME_END: Final = END + CARRIAGE_RETURN

HEAD_BYTES: Final = 4096
_PADDING: Final = b"\x00\t\n\r "
_VT: Final = 0x0B
_LF: Final = 0x0A
_CR: Final = 0x0D
_HTTP: Final = (b"GET ", b"POST", b"PUT ", b"HEAD", b"OPTI", b"DELE", b"CONN", b"PATC", b"TRAC", b"PRI ")
_TLS: Final = b"\x16\x03"
_PROBE_BYTES: Final = 4
_NO_FAULT: Final = 0


class Tolerance(StrEnum):
    """What the sender did beyond the framing standard, and we accepted."""

    PADDING_BEFORE_START = "padding_before_start"  # blanks, line ends or NUL between frames
    REPEATED_START = "repeated_start"  # VT VT
    LF_AFTER_END = "lf_after_end"  # FS LF
    MISSING_CR = "missing_cr"  # FS, then the next VT
    END_WITHOUT_CR = "end_without_cr"  # FS, then nothing more
    LONE_END_IN_DATA = "lone_end_in_data"  # FS kept as data


class DiscardReason(StrEnum):
    """Why bytes were thrown away; nothing that was thrown away is ever acknowledged."""

    JUNK_BEFORE_START = "junk_before_start"
    RESTARTED = "restarted"  # a new VT inside a frame
    EMPTY_FRAME = "empty_frame"
    TRUNCATED = "truncated"  # the stream ended, or time ran out, inside a frame


class FatalReason(StrEnum):
    """Why the connection cannot go on."""

    HTTP = "http_on_mllp_port"
    TLS = "tls_on_plain_port"
    JUNK = "junk"
    EMPTY_FRAMES = "empty_frames"
    RESTARTS = "restarts"


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame: the bytes between start and end block."""

    payload: bytes
    tolerances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discarded:
    """Bytes thrown away, told by size and hash only."""

    byte_count: int
    digest: str
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class Oversize:
    """A frame beyond the limit: its first bytes, so that a refusal can name MSH-10. Nothing follows it."""

    head: bytes
    limit: int


@dataclass(frozen=True, slots=True)
class Fatal:
    """The stream is not MLLP. Nothing follows it."""

    reason: FatalReason


class NeedData:
    """Nothing to tell until more bytes come; ``NEED_DATA`` is the only one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NEED_DATA"


NEED_DATA: Final = NeedData()

Event = Frame | Discarded | Oversize | Fatal | NeedData


def encode_frame(payload: bytes) -> bytes:
    """Put a message between start and end block.

    Raises   OutboundError: the payload holds a start or end block byte, which MLLP cannot carry.
    """
    if START in payload or END in payload:
        raise OutboundError("payload holds a start or end block byte", position="frame")
    return START + payload + FRAME_END


def digest_of(data: bytes) -> str:
    """Name bytes without showing them: the first 16 hex digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


class FrameDecoder:
    """Turn received bytes into frames.

    ``receive_data`` then ``next_event`` until NEED_DATA. Work is linear in the bytes received, and memory is bounded
    by ``max_frame_bytes`` plus one ``receive_data``.

    Source   HL7 MLLP release 1; behaviour on bad input: house rule, table of bad inputs rows 1-16, 29-31, 35-36.
    """

    __slots__ = (
        "_buffer",
        "_closed",
        "_empties",
        "_ended",
        "_faults",
        "_frames_started",
        "_in_frame",
        "_max_empty_frames",
        "_max_frame_bytes",
        "_max_junk_bytes",
        "_max_restarts",
        "_scan",
        "_start",
        "_tolerances",
    )

    def __init__(
        self,
        max_frame_bytes: int = 1_048_576,
        *,
        max_junk_bytes: int = 1024,
        max_empty_frames: int = 5,
        max_restarts: int = 16,
    ) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._max_junk_bytes = max_junk_bytes
        self._max_empty_frames = max_empty_frames
        self._max_restarts = max_restarts
        self._buffer: bytes | bytearray = b""
        self._start = 0  # first byte not yet told
        self._scan = 0  # first byte not yet looked at
        self._in_frame = False
        self._frames_started = 0
        self._tolerances: tuple[str, ...] = ()
        self._empties = _NO_FAULT
        self._faults = _NO_FAULT
        self._ended = False
        self._closed = False

    @property
    def mid_frame(self) -> bool:
        """True between a start block and its end block."""
        return self._in_frame and not self._closed

    @property
    def frames_started(self) -> int:
        """How many start blocks were seen: a change says that the in-message time starts again."""
        return self._frames_started

    @property
    def awaiting_terminator(self) -> bool:
        """True when FS is the last byte received: the frame ends if nothing but time follows (``flush_pending``)."""
        return self._in_frame and self._scan < len(self._buffer) and self._buffer[-1:] == END

    @property
    def closed(self) -> bool:
        """True after Oversize or Fatal: all further bytes are dropped."""
        return self._closed

    @property
    def partial(self) -> bytes:
        """The first bytes of the frame under way, at most 4 KiB; empty between frames."""
        return bytes(self._buffer[self._start : self._start + HEAD_BYTES]) if self.mid_frame else b""

    def receive_data(self, data: bytes) -> None:
        """Take bytes as they came from the wire."""
        if self._closed:
            return
        if self._start == len(self._buffer):
            self._buffer = data
        elif isinstance(self._buffer, bytearray):
            del self._buffer[: self._start]
            self._buffer += data
        else:
            kept = bytearray(memoryview(self._buffer)[self._start :])
            kept += data
            self._buffer = kept
        self._scan -= self._start
        self._start = 0

    def end_of_input(self) -> None:
        """Say that nothing more will come; ``next_event`` then tells what was left."""
        self._ended = True

    def flush_pending(self) -> Event:
        """Take an FS that nothing followed as the end of its frame; NEED_DATA when there is none."""
        if not self.awaiting_terminator:
            return NEED_DATA
        end = len(self._buffer) - 1
        return self._finish(end, end + 1, (Tolerance.END_WITHOUT_CR,))

    def next_event(self) -> Event:
        """Tell the next thing that the bytes received so far say."""
        while not self._closed:
            event = self._inside() if self._in_frame else self._between()
            if event is not None:
                return event
        return NEED_DATA

    # between frames -------------------------------------------------------------------------------------------------

    def _between(self) -> Event | None:
        buffer, start = self._buffer, self._start
        if start < len(buffer) and buffer[start] == _VT and self._scan <= start:
            self._open(start + 1)
            return None
        if self._scan <= start:  # nothing but padding so far
            start = self._skip_padding()
        vt = buffer.find(START, max(self._scan, start))
        junk_end = len(buffer) if vt < 0 else vt
        fatal = self._judge_junk(buffer, start, junk_end)
        if fatal is not None:
            return fatal
        if vt >= 0:
            junk = bytes(buffer[start:vt])
            self._open(vt + 1)
            return Discarded(len(junk), digest_of(junk), DiscardReason.JUNK_BEFORE_START) if junk else None
        self._scan = len(buffer)
        if self._ended and junk_end > start:
            junk = bytes(buffer[start:junk_end])
            self._start = self._scan = junk_end
            return Discarded(len(junk), digest_of(junk), DiscardReason.JUNK_BEFORE_START)
        return NEED_DATA

    def _skip_padding(self) -> int:
        buffer, start = self._buffer, self._start
        gap = buffer.find(START, start)
        rest = bytes(buffer[start : len(buffer) if gap < 0 else gap])
        skipped = len(rest) - len(rest.lstrip(_PADDING))
        if skipped:
            self._note(Tolerance.PADDING_BEFORE_START)
        self._start = self._scan = start + skipped
        return self._start

    def _judge_junk(self, buffer: bytes | bytearray, start: int, end: int) -> Fatal | None:
        probe = bytes(buffer[start : min(end, start + _PROBE_BYTES)])
        if probe.startswith(_TLS):
            return self._fatal(FatalReason.TLS)
        if probe in _HTTP:
            return self._fatal(FatalReason.HTTP)
        if end - start > self._max_junk_bytes:
            return self._fatal(FatalReason.JUNK)
        return None

    def _open(self, at: int) -> None:
        self._in_frame = True
        self._frames_started += 1
        self._start = self._scan = at

    # inside a frame -------------------------------------------------------------------------------------------------

    def _inside(self) -> Event | None:
        buffer, start, scan = self._buffer, self._start, self._scan
        end = buffer.find(END, scan)
        horizon = len(buffer) if end < 0 else end
        restart = buffer.find(START, scan, horizon)
        if 0 <= restart <= start + self._max_frame_bytes:
            return self._restart(restart)
        if horizon - start > self._max_frame_bytes:
            return self._oversize()
        if end < 0:
            self._scan = horizon
            return self._cut_short() if self._ended else NEED_DATA
        if end + 1 == len(buffer):
            self._scan = end
            return self.flush_pending() if self._ended else NEED_DATA
        after = buffer[end + 1]
        if after == _CR:
            return self._finish(end, end + 2, ())
        if after == _LF:
            return self._finish(end, end + 2, (Tolerance.LF_AFTER_END,))
        if after == _VT:
            return self._finish(end, end + 1, (Tolerance.MISSING_CR,))
        self._note(Tolerance.LONE_END_IN_DATA)
        self._scan = end + 1
        return None

    def _finish(self, end: int, next_start: int, tolerances: tuple[str, ...]) -> Event:
        payload = bytes(self._buffer[self._start : end])
        tolerances = self._tolerances + tolerances
        self._tolerances = ()
        self._in_frame = False
        self._start = self._scan = next_start
        if not payload or not payload.strip(_PADDING):
            self._empties += 1
            if self._empties >= self._max_empty_frames:
                return self._fatal(FatalReason.EMPTY_FRAMES)
            return Discarded(len(payload), digest_of(payload), DiscardReason.EMPTY_FRAME)
        self._empties = self._faults = _NO_FAULT
        return Frame(payload, tolerances)

    def _restart(self, at: int) -> Event | None:
        cut = bytes(self._buffer[self._start : at])
        self._open(at + 1)
        if not cut:
            self._note(Tolerance.REPEATED_START)
            return None
        self._tolerances = ()
        self._faults += 1
        if self._faults >= self._max_restarts:
            return self._fatal(FatalReason.RESTARTS)
        return Discarded(len(cut), digest_of(cut), DiscardReason.RESTARTED)

    def _cut_short(self) -> Event:
        cut = bytes(self._buffer[self._start :])
        self._in_frame = False
        self._start = self._scan = len(self._buffer)
        return Discarded(len(cut), digest_of(cut), DiscardReason.TRUNCATED)

    def _oversize(self) -> Oversize:
        head = bytes(self._buffer[self._start : self._start + min(HEAD_BYTES, self._max_frame_bytes)])
        self._close()
        return Oversize(head, self._max_frame_bytes)

    def _fatal(self, reason: FatalReason) -> Fatal:
        self._close()
        return Fatal(reason)

    def _close(self) -> None:
        self._closed = True
        self._in_frame = False
        self._buffer = b""
        self._start = self._scan = 0

    def _note(self, tolerance: Tolerance) -> None:
        if tolerance not in self._tolerances:
            self._tolerances = (*self._tolerances, tolerance)
