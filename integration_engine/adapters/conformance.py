"""How well each sender keeps to HL7, and which facts it never sends.

hl7apy judges each message (tolerant parse, groups, ``validate()``) in worker processes with a time limit a message.
The verdicts are findings about a sender, told apart by position and counted; they are never a gate, and nothing here
decides whether a message is taken in. Findings name positions and tables only: no field value leaves a worker.
Authority: HL7 v2.5.1 and its neighbours as hl7apy 1.3.5 carries them; what therapy billing needs: REQUIREMENTS S2.14.
"""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import re
import sys
import tempfile
import warnings
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import ClassVar, Final

from integration_engine.core.errors import InboundError
from integration_engine.wire.hl7 import NULL, Message, peek

VERSIONS: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
ASSUMED_VERSION: Final = "2.5.1"  # where MSH-12 says nothing; reported each time
START_SECONDS: Final = 60.0  # a worker has this long to import hl7apy before its first message counts
MOST_WORKERS: Final = 4
NAMED_MESSAGES: Final = 5  # of the messages that show a finding, this many are named

# HL7 v2.5.1 §2.17.3 (table 0354): the structure of a trigger that has no structure of its own name.
_STRUCTURES: Final = {
    **dict.fromkeys(("ADT_A04", "ADT_A08", "ADT_A13"), "ADT_A01"),
    **dict.fromkeys(("ADT_A05", "ADT_A14", "ADT_A28", "ADT_A31"), "ADT_A05"),
    **dict.fromkeys(("ADT_A39", "ADT_A40", "ADT_A41", "ADT_A42"), "ADT_A39"),
    **{f"SIU_S{number}": "SIU_S12" for number in range(12, 27)},
    **{f"MDM_T0{number}": "MDM_T01" for number in (1, 3, 5, 7, 9)},
    **{f"MDM_T{number:02}": "MDM_T02" for number in (2, 4, 6, 8, 10)},
    "MDM_T11": "MDM_T01",
}

_NAME: Final = r"[A-Z][A-Z0-9_]*"
_AT: Final = rf"(?P<at>{_NAME}\.{_NAME})"
_STRANGERS: Final = rf"^Error: Invalid children detected for <\w+ (?P<at>{_NAME})[^\[]*: "
_VERSION: Final = re.compile(r"\d(?:\.\d){1,2}")
_TRIGGER_PARTS: Final = 2

# What hl7apy's report lines look like, and what of them may leave the worker: positions, tables and lengths.
_SHAPES: Final = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (rf"^Error: Missing required child {_AT}$", "required, and missing"),
        (rf"^Error: Child limit exceeded {_AT}$", "repeats more often than allowed"),
        (rf"^Warning: Value .* not in table (?P<table>HL7\d+) in element {_AT}$", "a value not in table {table}"),
        (rf"^Warning: Exceeded max length \((?P<most>\d+)\) of {_AT}$", "longer than {most} characters"),
        (rf"^Error: Datatype \S+ is not correct for {_AT} ", "has another data type"),
        (_STRANGERS + r"\[None(?:, None)*\]$", "has more parts than this version knows"),
        (_STRANGERS + r"\['(?P<child>[A-Z][A-Z0-9]{2})'", "holds {child}, which does not belong there"),
        (rf"^Error: Unknown element found: (?:\w+\.)?<\w+ (?P<at>{_NAME})", "holds a part this version does not know"),
    )
)

# Fields of the segments that charges are made of, HL7 v2.5.1 §3.4.2, §3.4.3, §6.5.1, §6.5.6.
SEGMENT_LENGTHS: Final = {"FT1": 31, "PID": 39, "PV1": 52, "IN1": 53}


class Remedy(StrEnum):
    """What kind of change at the EMR would supply a missing fact (REQUIREMENTS S2.14)."""

    CONFIGURATION = "configuration"  # the EMR has it and can be set to send it
    CUSTOM_FIELD = "custom field"  # no standard position; agree on a Z segment or an OBX code
    POLICY = "policy"  # somebody has to record it first


@dataclass(frozen=True, slots=True)
class Need:
    """A fact that therapy claims need, and the standard positions that may carry it, the usual one first."""

    item: str
    positions: tuple[str, ...]
    remedy: Remedy


# Positions from HL7.md §2.3-2.5 (vendor specifications and HL7 v2.5.1, 2.9); the list itself is a house list.
NEEDS: Final = (
    Need("patient record number", ("PID-3",), Remedy.CONFIGURATION),
    Need("patient name", ("PID-5",), Remedy.CONFIGURATION),
    Need("birth date", ("PID-7",), Remedy.CONFIGURATION),
    Need("sex", ("PID-8",), Remedy.CONFIGURATION),
    Need("patient address", ("PID-11",), Remedy.CONFIGURATION),
    Need("visit number, which joins charge, appointment and notes", ("PV1-19",), Remedy.CONFIGURATION),
    Need("referring provider", ("PV1-8", "FT1-21", "ROL-4"), Remedy.CONFIGURATION),
    Need("payer id", ("IN1-3", "IN1-2"), Remedy.CONFIGURATION),
    Need("member id", ("IN1-36", "IN1-49"), Remedy.CONFIGURATION),
    Need("relationship to the subscriber", ("IN1-17",), Remedy.CONFIGURATION),
    Need("charge line id, which corrections and credits refer to", ("FT1-2",), Remedy.CONFIGURATION),
    Need("date of service", ("FT1-4",), Remedy.CONFIGURATION),
    Need("charge or credit", ("FT1-6",), Remedy.CONFIGURATION),
    Need("procedure code", ("FT1-25", "FT1-7"), Remedy.CONFIGURATION),
    Need("units as the EMR counts them", ("FT1-10",), Remedy.CONFIGURATION),
    Need("price", ("FT1-22", "FT1-12", "FT1-11"), Remedy.CONFIGURATION),
    Need("diagnoses of the line, in order", ("FT1-19",), Remedy.CONFIGURATION),
    Need("rendering practitioner", ("FT1-20", "PV1-7"), Remedy.CONFIGURATION),
    Need("place of service or location", ("FT1-16", "PV1-3", "FT1-37"), Remedy.CONFIGURATION),
    Need("authorization number", ("IN1-14", "AUT-6", "FT1-39", "IN3-2"), Remedy.CONFIGURATION),
    Need("start and stop of the treatment", ("FT1-4.2", "PR1-5"), Remedy.CONFIGURATION),
    Need("treated minutes of each code", ("PR1-7", "FT1-4.2"), Remedy.CUSTOM_FIELD),
    Need("assistant and supervising therapist", ("ROL-3", "PRT-4"), Remedy.CUSTOM_FIELD),
    Need("plan of care and its certification", ("TXA-22",), Remedy.CUSTOM_FIELD),
    Need("progress notes", ("TXA-2",), Remedy.CONFIGURATION),
    Need("goals, tests and measures", ("OBX-5",), Remedy.CONFIGURATION),
    Need("in person, by video or by telephone", (), Remedy.CUSTOM_FIELD),
    Need("consent to telehealth", ("CON-11",), Remedy.POLICY),
)


class Kind(StrEnum):
    """What a conformance finding is about."""

    ERROR = "error"  # the structure of the version is not kept
    WARNING = "warning"  # a value is not in its table, or too long
    VERSION = "version"  # judged by a neighbouring version
    NOT_JUDGED = "not judged"  # hl7apy could not, or not in time


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceFinding:
    """One thing that a sender's messages of one trigger do, with how many do it and the first few by name."""

    sender: str
    trigger: str
    kind: Kind
    position: str
    text: str
    count: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A fact that therapy claims need and that a sender filled in none of the standard positions.

    Shapes   z_segments: those the sender does send and this report cannot read; the fact may stand there, so the gap
             is then *not checked* (``checked`` False), never a pass.
    """

    sender: str
    item: str
    positions: tuple[str, ...]
    remedy: Remedy
    z_segments: tuple[str, ...]

    @property
    def checked(self) -> bool:
        """False when only the sender's own segments could tell."""
        return not self.z_segments


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSummary:
    """What was looked at of one sender.

    Shapes   never_populated: of FT1, PID, PV1 and IN1, the positions that no message fills; a segment that never
             came is in segments_never_sent instead.
    """

    sender: str
    messages: int
    judged: int
    conforming: int
    triggers: tuple[str, ...]
    versions: tuple[str, ...]
    never_populated: tuple[str, ...]
    segments_never_sent: tuple[str, ...]
    z_segments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceReport:
    """The whole answer, per sender. A report, never a gate: a message with findings is taken in all the same."""

    senders: tuple[SenderSummary, ...]
    findings: tuple[ConformanceFinding, ...]
    gaps: tuple[Gap, ...]

    COLUMNS: ClassVar = ("sender", "about", "position", "what", "times", "remedy or example")

    @property
    def has_findings(self) -> bool:
        """True when there is anything to talk to a sender about."""
        return bool(self.findings or self.gaps)

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The report as a table: for each sender its summary, its findings, its gaps."""
        for sender in self.senders:
            name = sender.sender
            verdict = f"{sender.conforming} of {sender.judged} judged conform; {' '.join(sender.triggers)}"
            yield (name, "messages", "MSH", verdict, sender.messages, f"version {' '.join(sender.versions)}")
            for finding in self.findings:
                if finding.sender == name:
                    what = f"{finding.trigger}: {finding.text}"
                    yield (name, finding.kind.value, finding.position, what, finding.count, finding.messages[0])
            for gap in self.gaps:
                if gap.sender == name:
                    remedy = gap.remedy.value
                    if not gap.checked:
                        remedy = f"not checked: may stand in {' '.join(gap.z_segments)}, else {remedy}"
                    yield (name, "gap", " or ".join(gap.positions) or "no standard position", gap.item, 0, remedy)
            for segment in sender.segments_never_sent:
                yield (name, "never sent", segment, "no message has this segment", 0, "")
            if sender.never_populated:
                yield (name, "never filled", "", _shortened(sender.never_populated), 0, "")


def judge(
    messages: Iterable[tuple[str, bytes]], time_limit_seconds: float, *, workers: int | None = None
) -> ConformanceReport:
    """Judge each message and say what each sender never fills.

    Shapes   messages: (name, bytes). A message that cannot be read at all is a finding of the sender ``unreadable``.
    Units    time_limit_seconds: wall-clock seconds for each message; over it, the worker is ended and the message is
             *not judged*.
    """
    named = [_Heard.of(name, raw) for name, raw in messages]
    readable = [heard for heard in named if heard.text]
    verdicts = _judged([heard.text for heard in readable], time_limit_seconds, workers)
    return _report(named, {id(heard): verdict for heard, verdict in zip(readable, verdicts, strict=True)})


# --- what was sent ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Heard:
    """One message, read as far as it can be. ``filled``: positions with a value, ``FT1-4`` and ``FT1-4.2``."""

    name: str
    sender: str = "unreadable"
    trigger: str = ""
    version: str = ""
    text: str = ""
    problem: str = ""
    segments: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, name: str, raw: bytes) -> _Heard:
        heard = cls(name)
        try:
            header = peek(raw)
            heard.sender = header.sender
            heard.trigger = header.trigger
            heard.version = header.version
            heard._take(Message.parse_bytes(raw))
        except InboundError as error:
            heard.problem = f"{error.position}: {error.text}"
        return heard

    def _take(self, message: Message) -> None:
        self.text = "\r".join(segment.text for segment in message.segments) + "\r"
        for segment in message.segments:
            self.segments.add(segment.name)
            for number in range(1, segment.field_count + 1):
                if segment.field(number) in ("", NULL):
                    continue
                self.filled.add(f"{segment.name}-{number}")
                components = max(len(one.split(message.marks.component)) for one in segment.repetitions(number))
                self.filled.update(
                    f"{segment.name}-{number}.{part}"
                    for part in range(1, components + 1)
                    if any(segment.inside(one, part) for one in segment.repetitions(number))
                )


# --- the report ------------------------------------------------------------------------------------------------------


def _report(named: Sequence[_Heard], verdicts: Mapping[int, Verdict]) -> ConformanceReport:
    by_sender: dict[str, list[_Heard]] = defaultdict(list)
    seen: dict[tuple[str, str, Kind, str, str], list[str]] = defaultdict(list)
    for heard in named:
        by_sender[heard.sender].append(heard)
        verdict = verdicts.get(id(heard))
        for kind, position, text in verdict.items if verdict else ((Kind.NOT_JUDGED, "MSH", heard.problem),):
            seen[heard.sender, heard.trigger, kind, position, text].append(heard.name)
    findings = tuple(
        ConformanceFinding(
            sender=sender,
            trigger=trigger,
            kind=kind,
            position=position,
            text=text,
            count=len(names),
            messages=tuple(names[:NAMED_MESSAGES]),
        )
        for (sender, trigger, kind, position, text), names in sorted(seen.items())
    )
    senders = sorted(by_sender)
    return ConformanceReport(
        senders=tuple(_summary(sender, by_sender[sender], verdicts) for sender in senders),
        findings=findings,
        gaps=tuple(gap for sender in senders for gap in _gaps(sender, by_sender[sender])),
    )


def _summary(sender: str, heard: Sequence[_Heard], verdicts: Mapping[int, Verdict]) -> SenderSummary:
    segments = {name for one in heard for name in one.segments}
    filled = {position for one in heard for position in one.filled}
    found = [verdicts[id(one)] for one in heard if id(one) in verdicts]
    return SenderSummary(
        sender=sender,
        messages=len(heard),
        judged=sum(verdict.judged for verdict in found),
        conforming=sum(verdict.conforms for verdict in found),
        triggers=tuple(sorted({one.trigger for one in heard if one.trigger})),
        versions=tuple(sorted({one.version or "none" for one in heard if one.text})),
        never_populated=tuple(
            position
            for segment, length in SEGMENT_LENGTHS.items()
            if segment in segments
            for position in (f"{segment}-{number}" for number in range(1, length + 1))
            if position not in filled
        ),
        segments_never_sent=tuple(segment for segment in SEGMENT_LENGTHS if segment not in segments),
        z_segments=tuple(sorted(name for name in segments if name.startswith("Z"))),
    )


def _gaps(sender: str, heard: Sequence[_Heard]) -> Iterator[Gap]:
    """Facts no message of the sender carries; positions of segments it never sends count as not filled."""
    if not any(one.text for one in heard):
        return
    filled = {position for one in heard for position in one.filled}
    z_segments = tuple(sorted({name for one in heard for name in one.segments if name.startswith("Z")}))
    for need in NEEDS:
        if not filled.intersection(need.positions):
            yield Gap(
                sender=sender, item=need.item, positions=need.positions, remedy=need.remedy, z_segments=z_segments
            )


def _shortened(positions: Iterable[str]) -> str:
    """``FT1-1 FT1-3 FT1-4`` → ``FT1: 1 3-4``."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for position in positions:
        segment, _, number = position.partition("-")
        numbers[segment].append(int(number))
    return "; ".join(f"{segment}: {' '.join(_runs(values))}" for segment, values in numbers.items())


def _runs(values: Sequence[int]) -> Iterator[str]:
    start = previous = values[0]
    for value in (*values[1:], -1):
        if value != previous + 1:
            yield str(start) if start == previous else f"{start}-{previous}"
            start = value
        previous = value


# --- the workers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """hl7apy on one message: (kind, position, text) of everything it objects to, without any value."""

    items: tuple[tuple[Kind, str, str], ...]

    @property
    def judged(self) -> bool:
        """False when hl7apy gave no answer."""
        return not any(kind is Kind.NOT_JUDGED for kind, _, _ in self.items)

    @property
    def conforms(self) -> bool:
        """Judged, and the structure of its version is kept."""
        return self.judged and not any(kind is Kind.ERROR for kind, _, _ in self.items)


class _Worker:
    """One process that judges message after message, and can be ended in the middle of one."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        theirs_in, self._ours_out = context.Pipe(duplex=False)
        self._ours_in, theirs_out = context.Pipe(duplex=False)
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs_in, theirs_out), daemon=True)
        self._process.start()
        theirs_in.close()
        theirs_out.close()
        self.started = self._answer(START_SECONDS) is not None

    def judge(self, text: str, limit: float) -> Verdict | None:
        """The verdict on one message; None when it did not come in time, or the process is gone."""
        with suppress(OSError):
            self._ours_out.send(text)
            return self._answer(limit)
        return None

    def _answer(self, limit: float) -> Verdict | None:
        with suppress(EOFError, OSError):
            if self._ours_in.poll(limit):
                answer: Verdict = self._ours_in.recv()
                return answer
        return None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._ours_out.close()
        self._process.terminate()
        self._process.join()
        self._ours_in.close()


def _judged(texts: Sequence[str], limit: float, count: int | None) -> list[Verdict]:
    """A verdict for each text, in order; at most ``count`` processes at a time."""
    verdicts = [_not_judged("no process could be started to judge it")] * len(texts)
    waiting = deque(range(len(texts)))

    def drive() -> None:
        worker: _Worker | None = None
        try:
            with suppress(IndexError):  # raised by popleft when nothing waits any more
                while True:
                    worker = worker or _Worker()
                    if not worker.started:
                        return
                    index = waiting.popleft()
                    verdict = worker.judge(texts[index], limit)
                    if verdict is None:
                        worker.end()
                        worker = None
                    verdicts[index] = verdict or _not_judged(f"hl7apy gave no verdict within {limit:g} seconds")
        finally:
            if worker is not None:
                worker.end()

    drivers = min(count or min(os.cpu_count() or 1, MOST_WORKERS), len(texts))
    if drivers:
        with ThreadPoolExecutor(drivers) as pool:
            for driver in [pool.submit(drive) for _ in range(drivers)]:
                driver.result()
    return verdicts


def _not_judged(text: str) -> Verdict:
    return Verdict(((Kind.NOT_JUDGED, "MSH", text),))


def _work(questions: Connection, answers: Connection) -> None:
    """The worker process: texts in, verdicts out, nothing else ever written anywhere."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = io.StringIO()  # whatever a library prints may hold field values
    import hl7apy.parser  # noqa: F401, PLC0415 - half a second that only a worker should pay

    answers.send(Verdict(()))
    with suppress(EOFError):
        while True:
            answers.send(judge_text(questions.recv()))


def judge_text(text: str) -> Verdict:
    """hl7apy's verdict on one decoded message, segments ended by CR; in this process, without a time limit."""
    try:
        asked, judged_by, prepared, completed = _prepared(text)
        items = [item for item in _objections(prepared) if not (completed and item[1] == "MSH-9")]
    except Exception as error:  # noqa: BLE001 - hl7apy raises what it likes; its texts can hold values
        return _not_judged(f"hl7apy cannot read it: {type(error).__name__}")
    if asked != judged_by:
        told = f"version {asked} is not known" if _VERSION.fullmatch(asked) else "no usable version is named"
        items.insert(0, (Kind.VERSION, "MSH-12", f"{told}; judged by {judged_by}"))
    return Verdict(tuple(dict.fromkeys(items)))


def _prepared(text: str) -> tuple[str, str, str, bool]:
    """The text as it will be judged: with a version that hl7apy knows and the structure of its trigger.

    Shapes   returns version asked for, version to judge by, text, and whether MSH-9.3 was added here.
    """
    header, end, rest = text.partition("\r")
    separator, component = header[3], header[4]
    fields = header.split(separator)
    fields += [""] * (12 - len(fields))
    asked = fields[11].split(component)[0].strip()
    judged_by = nearest_version(asked)
    if asked != judged_by:
        fields[11] = judged_by
    kind = fields[8].split(component)
    structure = _STRUCTURES.get("_".join(kind[:2]))
    completed = structure is not None and len(kind) == _TRIGGER_PARTS
    if structure is not None and completed:
        fields[8] = component.join((*kind, structure))
    return asked, judged_by, separator.join(fields) + end + rest, completed


def nearest_version(asked: str) -> str:
    """The version to judge by: the one asked for, else the newest one before it, else the oldest."""
    if asked in VERSIONS:
        return asked
    if not _VERSION.fullmatch(asked):
        return ASSUMED_VERSION
    parts = [int(part) for part in asked.split(".")]
    before = [version for version in VERSIONS if [int(part) for part in version.split(".")] <= parts]
    return before[-1] if before else VERSIONS[0]


def _objections(text: str) -> Iterator[tuple[Kind, str, str]]:
    from hl7apy.consts import VALIDATION_LEVEL  # noqa: PLC0415
    from hl7apy.exceptions import ValidationError  # noqa: PLC0415
    from hl7apy.parser import parse_message  # noqa: PLC0415
    from hl7apy.validation import Validator  # noqa: PLC0415

    message = parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    if message.name is None:
        yield (Kind.NOT_JUDGED, "MSH-9", "the version has no structure for this trigger")
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as report:  # nameless, gone when closed
        with suppress(ValidationError):  # it writes all of them, then raises the first
            Validator.validate(message, report_file=os.dup(report.fileno()))
        report.seek(0)
        lines = report.read().splitlines()
    segments = frozenset(segment[:3] for segment in text.split("\r"))
    for line in lines:
        yield from _without_values(line, segments)


def _without_values(line: str, segments: frozenset[str]) -> Iterator[tuple[Kind, str, str]]:
    """One line of hl7apy's report as position and text; lines of an unknown shape keep nothing but their kind."""
    kind = Kind.WARNING if line.startswith("Warning: ") else Kind.ERROR
    for pattern, text in _SHAPES:
        if found := pattern.search(line):
            parts = found.groupdict()
            yield (kind, _position(parts.pop("at"), segments), text.format(**parts))
            return
    if line.startswith(("Error: ", "Warning: ")):
        yield (kind, "", "hl7apy objects to something it gives no position for")


def _position(name: str, segments: frozenset[str]) -> str:
    """hl7apy's name of a place as the manual writes it.

    ``PV1.PV1_2`` → ``PV1-2``, ``PID_11.XAD_6`` → ``PID-11.6``, ``DFT_P03.EVN`` → ``EVN``; ``XCN_9.HD_3``, which hl7apy
    puts in no segment, → ``XCN.9.3``.
    """
    outer, _, inner = name.partition(".")
    number = inner.rpartition("_")[2] if inner.rpartition("_")[2].isdigit() else ""
    segment, _, place = outer.partition("_")
    if segment in segments and place.isdigit():
        return f"{segment}-{place}.{number}" if number else f"{segment}-{place}"
    if segment in segments and number:
        return f"{segment}-{number}"
    if number:
        return f"{outer.replace('_', '.')}.{number}"
    return inner or outer
