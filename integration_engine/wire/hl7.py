"""HL7 v2 as a thin, lazy view of text: segments are split once, fields only when they are asked for.

Positions are one-based and count as the manual writes them (MSH-1 is the field separator). Nothing is mapped or
judged here. Tolerances have names and travel with the message. Authority: HL7 v2.5.1 ch. 2; what real senders do
beyond it is in tests/wire.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from integration_engine.core.errors import InboundError

MOST_SEGMENTS: Final = 20_000
MOST_CHARGES: Final = 1_000
NULL: Final = '""'

# HL7 table 0211 → Python codec. Source  HL7 v2.5.1 §2.15.9.18.
CHARACTER_SETS: Final = {
    "": "utf-8",
    "ASCII": "ascii",
    "8859/1": "latin-1",
    **{f"8859/{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "WINDOWS-1252": "cp1252",
}

_ESCAPED = re.compile(r"\\([^\\\r]{0,64})\\")


@dataclass(frozen=True, slots=True)
class Header:
    """What MSH says, read from the bytes without touching the rest.

    Shapes   separator and encoding: as sent, for the answer. sender: ``application|facility``. trigger: ``DFT^P03``.
    """

    separator: str
    encoding: str
    sending_application: str
    sending_facility: str
    receiving_application: str
    receiving_facility: str
    stated_at: str
    message_code: str
    event: str
    control_id: str
    processing_id: str
    version: str
    accept_acknowledgment: str
    application_acknowledgment: str
    character_set: str

    @property
    def sender(self) -> str:
        """The sender's name for its journal entries."""
        return f"{self.sending_application}|{self.sending_facility}"

    @property
    def trigger(self) -> str:
        """Message code and trigger event, as a mapping file lists them."""
        return f"{self.message_code}^{self.event}" if self.event else self.message_code


def peek(raw: bytes) -> Header:
    """Read MSH from the bytes of one message.

    Raises   InboundError (AR) when there is no usable MSH.
    """
    start = 3 if raw.startswith(codecs.BOM_UTF8) else 0
    while raw[start : start + 1] in (b"\r", b"\n", b" "):
        start += 1
    end = _line_end(raw, start)
    line = raw[start:end].decode("latin-1")
    if line[:3].upper() != "MSH" or len(line) < 9:  # noqa: PLR2004 - MSH, separator, four characters, separator
        raise InboundError(
            "the message does not begin with a usable MSH segment", position="MSH", acknowledgment="AR", condition="100"
        )
    separator = line[3]
    fields = line[4:].split(separator)
    encoding = fields[0]
    if separator.isalnum() or not 2 <= len(encoding) <= 5 or len(set(encoding)) < 2:  # noqa: PLR2004
        raise InboundError(
            "MSH-2 must name component, repetition, escape and subcomponent characters",
            position="MSH-2",
            acknowledgment="AR",
            condition="102",
        )
    fields += [""] * (18 - len(fields))
    component = encoding[0]
    kind = fields[7].split(component)
    event = kind[1] if len(kind) > 1 else ""
    if kind[0] and not event:
        event = _event_from_evn(raw, separator)
    return Header(
        separator,
        encoding,
        _name(fields[1], component),
        _name(fields[2], component),
        fields[3],
        fields[4],
        fields[5],
        kind[0],
        event,
        fields[8],
        fields[9].split(component)[0],
        fields[10].split(component)[0],
        fields[13],
        fields[14],
        fields[16],
    )


def _name(field: str, component: str) -> str:
    """The first component that says something: some senders leave the first one empty."""
    for part in field.split(component):
        if part:
            return part
    return ""


def _line_end(raw: bytes, start: int) -> int:
    ends = [place for place in (raw.find(b"\r", start), raw.find(b"\n", start)) if place >= 0]
    return min(ends) if ends else len(raw)


def _event_from_evn(raw: bytes, separator: str) -> str:
    for terminator in (b"\rEVN", b"\nEVN"):
        place = raw.find(terminator)
        if place >= 0:
            fields = raw[place + 1 : _line_end(raw, place + 1)].decode("latin-1").split(separator)
            return fields[1].strip() if len(fields) > 1 else ""
    return ""


def decode(raw: bytes, declared: str, default: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Text of a message by its MSH-18, and the tolerances that took.

    Shapes   default: the sender's own character set from its feed, used when MSH-18 is empty.
    Raises   InboundError naming MSH-18 for a character set that is not known.
    """
    name = (declared or default or "").strip().upper()
    codec = CHARACTER_SETS.get(name)
    if codec is None:
        raise InboundError("character set is not supported", position="MSH-18", condition="103")
    if raw.startswith(codecs.BOM_UTF8):
        raw = raw[3:]
    try:
        return raw.decode(codec), ()
    except UnicodeDecodeError:
        if not name:
            return raw.decode("cp1252", errors="replace"), ("read_as_windows_1252",)
        return raw.decode(codec, errors="replace"), ("undecodable_bytes_replaced",)


class Segment:
    """One segment; fields are split at the first question and kept."""

    __slots__ = ("_fields", "_marks", "name", "text")

    def __init__(self, text: str, marks: Marks) -> None:
        self.text = text
        self._marks = marks
        self._fields: list[str] | None = None
        self.name = text[:3].upper()

    def field(self, number: int) -> str:
        """Field ``number`` as sent, all its repetitions; ``""`` when absent."""
        fields = self._fields
        if fields is None:
            fields = self.text.split(self._marks.field)
            if self.name == "MSH":
                fields.insert(1, self._marks.field)
            self._fields = fields
        return fields[number] if number < len(fields) else ""

    @property
    def field_count(self) -> int:
        """The highest field number that was sent."""
        self.field(0)
        assert self._fields is not None
        return len(self._fields) - 1

    def repetitions(self, number: int) -> list[str]:
        """The repetitions of a field, as sent; one empty one when absent."""
        text = self.field(number)
        mark = self._marks.repetition
        return text.split(mark) if mark and mark in text else [text]

    def value(self, number: int, component: int = 0, subcomponent: int = 0, repetition: int = 1) -> str:
        """Text at a position, unescaped; component 0 means the first one, with its subcomponents' first."""
        text = self.field(number)
        marks = self._marks
        if marks.repetition and marks.repetition in text:
            parts = text.split(marks.repetition)
            text = parts[repetition - 1] if repetition <= len(parts) else ""
        elif repetition > 1:
            return ""
        return self.inside(text, component, subcomponent)

    def inside(self, text: str, component: int = 0, subcomponent: int = 0) -> str:
        """A component or subcomponent of one repetition's text, unescaped."""
        marks = self._marks
        if marks.component in text:
            parts = text.split(marks.component)
            at = (component or 1) - 1
            text = parts[at] if at < len(parts) else ""
        elif component > 1:
            return ""
        if marks.subcomponent and marks.subcomponent in text:
            parts = text.split(marks.subcomponent)
            at = (subcomponent or 1) - 1
            text = parts[at] if at < len(parts) else ""
        elif subcomponent > 1:
            return ""
        return unescape(text, marks) if marks.escape and marks.escape in text else text


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiters of one message; the last ones may be missing in a short MSH-2."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


@lru_cache(maxsize=64)
def _marks(separator: str, encoding: str) -> Marks:
    if encoding == "^~\\\\&":  # a doubled backslash, as one code generator writes it
        encoding = "^~\\&"
    padded = encoding[:4].ljust(4, "\0")
    return Marks(separator, *("" if mark == "\0" else mark for mark in padded))


def unescape(text: str, marks: Marks) -> str:
    r"""Decode ``\F\ \S\ \T\ \R\ \E\ \Xhh\ \.br\``; what is not known stays as it was sent."""
    if marks.escape != "\\":
        pattern = re.compile(re.escape(marks.escape) + r"([^\r]{0,64}?)" + re.escape(marks.escape))
    else:
        pattern = _ESCAPED
    known = {"F": marks.field, "S": marks.component, "T": marks.subcomponent, "R": marks.repetition, "E": marks.escape}

    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in known:
            return known[code]
        if code == ".br":
            return "\n"
        if code[:1] == "X" and len(code) % 2 and len(code) > 1:
            try:
                return bytes.fromhex(code[1:]).decode("latin-1")
            except ValueError:
                return match.group(0)
        return match.group(0)

    return pattern.sub(one, text)


class Message:
    """One message: its segments in order, and what had to be tolerated to read it."""

    __slots__ = ("_by_name", "header", "marks", "segments", "tolerances")

    def __init__(
        self, header: Header, segments: tuple[Segment, ...], marks: Marks, tolerances: tuple[str, ...]
    ) -> None:
        self.header = header
        self.segments = segments
        self.marks = marks
        self.tolerances = tolerances
        self._by_name: dict[str, list[Segment]] | None = None

    @classmethod
    def parse_bytes(cls, raw: bytes, *, default_charset: str | None = None) -> Message:
        """Read one message.

        Raises   InboundError with position, for no usable MSH, an unknown character set, or too many segments.
        """
        header = peek(raw)
        text, tolerances = decode(raw, header.character_set, default_charset)
        return cls._parse(header, text, tolerances)

    @classmethod
    def parse(cls, text: str) -> Message:
        """Read one message that is text already."""
        return cls._parse(peek(text.encode("utf-8")), text, ())

    @classmethod
    def _parse(cls, header: Header, text: str, tolerances: tuple[str, ...]) -> Message:
        if "\n" in text:
            if "\r" not in text:
                text = text.replace("\n", "\r")
                tolerances = (*tolerances, "lf_segment_ends")
            elif "\r\n" in text:
                text = text.replace("\r\n", "\r")
                tolerances = (*tolerances, "crlf_segment_ends")
        marks = _marks(header.separator, header.encoding)
        segments = tuple(Segment(line.lstrip(" \t\ufeff"), marks) for line in text.split("\r") if line.strip())
        if len(segments) > MOST_SEGMENTS:
            raise InboundError(f"more than {MOST_SEGMENTS} segments", position="MSH", condition="207")
        if sum(segment.name == "FT1" for segment in segments) > MOST_CHARGES:
            raise InboundError(f"more than {MOST_CHARGES} FT1 segments", position="FT1", condition="207")
        return cls(header, segments, marks, tolerances)

    def all(self, name: str) -> list[Segment]:
        """Every segment of a name, in order."""
        if self._by_name is None:
            self._by_name = {}
            for segment in self.segments:
                self._by_name.setdefault(segment.name, []).append(segment)
        return self._by_name.get(name, [])

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        found = self.all(name)
        return found[0] if found else None


# --- batches ---------------------------------------------------------------------------------------------------------

_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")
_SEGMENT_START = re.compile(rb"(?:^|[\r\n])[ \t\r\n]*(MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\r\n])")


@dataclass(frozen=True, slots=True)
class Batch:
    """An FHS/BHS batch taken apart: its messages, and whether its counts agree with them."""

    messages: tuple[bytes, ...]
    counts_agree: bool


def split_messages(raw: bytes) -> list[bytes]:
    """The messages of a file or of a frame that holds several, without batch headers and MLLP bytes."""
    return [part for kind, part in _split(raw.replace(b"\x0b", b"\r").replace(b"\x1c", b"\r")) if kind == b"MSH"]


def split_batch(raw: bytes) -> Batch | None:
    """A batch taken apart, or None when the bytes are one plain message.

    Source   HL7 v2.5.1 §2.10.3: BTS-1 counts messages, FTS-1 batches.
    """
    head = raw.lstrip(b" \t\r\n")[:3]
    if head not in _ENVELOPE and raw.count(b"MSH") < 2:  # noqa: PLR2004
        return None
    parts = _split(raw)
    messages = tuple(part for kind, part in parts if kind == b"MSH")
    if head not in _ENVELOPE:
        return Batch(messages, counts_agree=True) if len(messages) > 1 else None
    agree, since, batches = True, 0, 0
    for kind, part in parts:
        separator = part[3:4]
        given = part.split(b"\r")[0].split(b"\n")[0].split(separator)[1:2]
        count = given[0].strip() if given else b""
        if kind == b"MSH":
            since += 1
        elif kind == b"BHS":
            since, batches = 0, batches + 1
        elif kind == b"BTS":
            agree &= not count or (count.isdigit() and int(count) == since)
        elif kind == b"FTS":
            agree &= not count or (count.isdigit() and int(count) == max(batches, 1))
    return Batch(messages, counts_agree=agree)


def _split(raw: bytes) -> list[tuple[bytes, bytes]]:
    starts = [(match.start(1), match.group(1)) for match in _SEGMENT_START.finditer(raw)]
    ends = [start for start, _ in starts[1:]] + [len(raw)]
    return [(kind, raw[start:end]) for (start, kind), end in zip(starts, ends, strict=True)]
