"""What is told about each sender: findings, gaps, and what it never fills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from integration_engine.adapters.conformance.heard import Heard
from integration_engine.adapters.conformance.needs import NEEDS, SEGMENT_LENGTHS, Remedy
from integration_engine.adapters.conformance.verdicts import Kind, Verdict

NAMED_MESSAGES: Final = 5  # of the messages that show a finding, this many are named


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


def report_on(named: Sequence[Heard], verdicts: Mapping[int, Verdict]) -> ConformanceReport:
    """Findings of all messages, told apart and counted, and a summary of each sender."""
    by_sender: dict[str, list[Heard]] = defaultdict(list)
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


def _summary(sender: str, heard: Sequence[Heard], verdicts: Mapping[int, Verdict]) -> SenderSummary:
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


def _gaps(sender: str, heard: Sequence[Heard]) -> Iterator[Gap]:
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
