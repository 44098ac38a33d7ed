"""hl7apy's verdict on one message: positions, tables and lengths, never a value."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from integration_engine.adapters.conformance.versions import STRUCTURES, VERSION_SHAPE, nearest_version

_NAME: Final = r"[A-Z][A-Z0-9_]*"
_AT: Final = rf"(?P<at>{_NAME}\.{_NAME})"
_STRANGERS: Final = rf"^Error: Invalid children detected for <\w+ (?P<at>{_NAME})[^\[]*: "
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


class Kind(StrEnum):
    """What a conformance finding is about."""

    ERROR = "error"  # the structure of the version is not kept
    WARNING = "warning"  # a value is not in its table, or too long
    VERSION = "version"  # judged by a neighbouring version
    NOT_JUDGED = "not judged"  # hl7apy could not, or not in time


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


def not_judged(text: str) -> Verdict:
    """The verdict on a message that hl7apy gave no answer to, and why."""
    return Verdict(((Kind.NOT_JUDGED, "MSH", text),))


def judge_text(text: str) -> Verdict:
    """hl7apy's verdict on one decoded message, segments ended by CR; in this process, without a time limit."""
    try:
        asked, judged_by, prepared, completed = _prepared(text)
        items = [item for item in _objections(prepared) if not (completed and item[1] == "MSH-9")]
    except Exception as error:  # noqa: BLE001 - hl7apy raises what it likes; its texts can hold values
        return not_judged(f"hl7apy cannot read it: {type(error).__name__}")
    if asked != judged_by:
        told = f"version {asked} is not known" if VERSION_SHAPE.fullmatch(asked) else "no usable version is named"
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
    structure = STRUCTURES.get("_".join(kind[:2]))
    completed = structure is not None and len(kind) == _TRIGGER_PARTS
    if structure is not None and completed:
        fields[8] = component.join((*kind, structure))
    return asked, judged_by, separator.join(fields) + end + rest, completed


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
