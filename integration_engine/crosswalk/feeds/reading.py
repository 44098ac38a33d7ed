"""A message becomes a statement.

Each model field has an ordered list of positions; the first that says something is taken and remembered in the trace.
Blank is not sent, ``""`` clears, what cannot be read becomes a finding, never a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from integration_engine.core import codes
from integration_engine.core.findings import Finding
from integration_engine.crosswalk import datatypes as d
from integration_engine.crosswalk.feeds.feed import Feed, Target
from integration_engine.crosswalk.feeds.grouping import Group, record_groups
from integration_engine.crosswalk.feeds.line_findings import shifted_lines, unreadable
from integration_engine.crosswalk.feeds.model import KINDS, NESTED, WHOLE_MESSAGE
from integration_engine.crosswalk.positions import Position, matches
from integration_engine.domain.encounter import Diagnosis
from integration_engine.domain.parties import Identifier, Practitioner
from integration_engine.domain.statement import Statement, TraceEntry
from integration_engine.domain.treatment import Treatment
from integration_engine.wire.hl7 import NULL, Message, Segment

NULL_TEXTS = frozenset({NULL, '""""'})


def read_statement(feed: Feed, message: Message, *, trace: bool = True) -> Statement:
    """Everything the message states; never raises for what a sender wrote inside it.

    Shapes   trace: also tell where each value came from; it costs a third of the reading, and can be had at any
             time from the journaled bytes.
    """
    return _Reader(feed, message, trace=trace).statement()


class _Reader:
    """One message being read."""

    def __init__(self, feed: Feed, message: Message, *, trace: bool) -> None:
        self.feed = feed
        self.message = message
        self.tracing = trace
        self.names = frozenset(segment.name for segment in message.segments)
        self.findings: list[Finding] = []
        self.trace: list[TraceEntry] = []
        self.cleared: list[str] = []
        self.numbered: dict[str, list[tuple[Segment, int]]] = {}
        self.people: dict[str, Practitioner | None] = {}

    def statement(self) -> Statement:
        feed, message = self.feed, self.message
        kinds = feed.file.triggers.get(message.header.trigger, [])
        found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        merged: Identifier | None = None
        for kind in kinds:
            if kind == "merged_identifier":
                merged = self._merged()
                continue
            for group in record_groups(self.feed, self.message, kind):
                record = self._record(kind, group)
                if record is not None:
                    found[kind].append(record)
        encounter = found["encounter"][0] if found["encounter"] and "encounter" in kinds else None
        if encounter is not None:
            if "treatment" in kinds:
                self.findings.extend(shifted_lines(self.message))
            encounter = replace(
                encounter,
                treatments=tuple(found["treatment"]),
                diagnoses=self._diagnoses(found["diagnosis"], found["treatment"]),
                enclosures=tuple(found["enclosure"]),
            )
        stated = message.header.stated_at
        return Statement(
            feed=feed.name,
            trigger=message.header.trigger,
            control_id=message.header.control_id,
            stated_at=self._quiet(d.read_timestamp, stated) if stated else None,
            patient=found["patient"][0] if found["patient"] else None,
            merged_identifier=merged,
            coverages=tuple(found["coverage"]),
            encounter=encounter,
            plans_of_care=tuple(found["plan_of_care"]),
            progress_notes=tuple(found["progress_note"]),
            authorizations=tuple(found["authorization"]),
            benefit_limits=tuple(found["benefit_limit"]),
            measurements=tuple(found["measurement"]),
            appointment=found["appointment"][0] if found["appointment"] else None,
            cleared=tuple(self.cleared),
            findings=tuple(self.findings),
            trace=tuple(self.trace),
        )

    @staticmethod
    def _quiet(read: Callable[[str], Any], text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return None

    def _diagnoses(self, stated: list[Diagnosis], treatments: list[Treatment]) -> tuple[Diagnosis, ...]:
        """DG1 in rank order, else the union of what the lines point to, in first-seen order."""
        if stated:
            return tuple(dict.fromkeys(one for one in stated if one.code))
        pointed = dict.fromkeys(code for treatment in treatments for code in treatment.diagnoses)
        return tuple(Diagnosis(rank=rank, code=code) for rank, code in enumerate(pointed, start=1))

    # --- records ------------------------------------------------------------------------------------------------------

    def _record(self, kind: str, group: Group) -> Any:
        values: dict[str, Any] = {}
        label = kind if kind in WHOLE_MESSAGE or kind == "appointment" else f"{kind}[{group.index}]"
        for target in self.feed.plan(kind, self.names):
            value = self._value(target, group, label)
            if value is None or value == ():
                continue
            if len(target.path) == 1:
                values[target.path[0]] = value
            else:
                outer, inner = target.path
                before = values.get(outer) or NESTED[outer]()
                values[outer] = replace(before, **{inner: value})
        if not values and kind not in {"encounter", "patient"}:
            return None
        return KINDS[kind](**values)

    def _merged(self) -> Identifier | None:
        for target in self.feed.targets.get("merged_identifier", ()):
            value = self._value(target, Group(0, 0, list(self.message.segments), frozenset()), "merged_identifier")
            if value is not None:
                assert isinstance(value, Identifier)
                return value
        return None

    def _where(self, position: Position, group: Group) -> list[tuple[Segment, int]]:
        """The segments a position may mean for this record, the nearest first."""
        name = position.segment
        if not group.own:
            return self._named(name)
        found = group.found.get(name)
        if found is None:
            found = group.found[name] = self._around(name, group)
        return found

    def _around(self, name: str, group: Group) -> list[tuple[Segment, int]]:
        if name in group.own:
            place = {id(segment): number for segment, number in self._named(name)}
            return [(segment, place[id(segment)]) for segment in group.segments if segment.name == name]
        preceding = [s for s in self.message.segments[: group.at] if s.name == name]
        if preceding:
            return [(preceding[-1], len(preceding))]
        return self._named(name)[:1]

    def _named(self, name: str) -> list[tuple[Segment, int]]:
        found = self.numbered.get(name)
        if found is None:
            found = self.numbered[name] = [(s, n) for n, s in enumerate(self.message.all(name), start=1)]
        return found

    def _value(self, target: Target, group: Group, label: str) -> Any:
        for position in target.positions:
            for segment, number in self._where(position, group):
                if position.admits is not None and not position.admits(segment):
                    continue
                texts = position.fields(segment)
                if not texts:
                    continue
                first = texts[0]
                if '""' in first and (
                    first in NULL_TEXTS
                    or (position.component and segment.inside(first, position.component) in NULL_TEXTS)
                ):
                    self.cleared.append(target.name)
                    return None
                try:
                    value = self._convert(target, position, segment, texts, group)
                except ValueError as error:
                    if not position.tentative:
                        self.findings.append(
                            unreadable(target, _path(label, target), position, number, texts, str(error))
                        )
                        return None
                    continue
                if value is not None and value not in ("", ()):
                    if self.tracing:
                        shown = f"{position.segment}[{number}]-{position.text.partition('-')[2].rstrip('?')}"
                        self.trace.append(TraceEntry(_path(label, target), _shown(value), shown))
                    return value
        return None

    def _convert(  # noqa: C901 - one branch a kind of type
        self, target: Target, position: Position, segment: Segment, texts: list[str], group: Group
    ) -> Any:
        kind = target.file.type
        if position.until is not None:
            return self._between(position, segment, texts[0])
        read = _SIMPLE.get(kind)
        if read is not None:
            text = position.inside(segment, texts[0]).strip()
            if not text:
                return None
            return d.read_money_text(text) if target.name == "encounter.patient_paid" else read(text)
        reading = d.Reading(segment, self.feed.licences)
        if kind == "identifiers":
            return tuple(i for text in texts if (i := d.read_identifier(text, reading)) is not None)
        if kind == "modifiers":
            return d.read_modifiers(texts, reading, lists="modifier_lists" in self.feed.file.tolerances)
        if kind in _LISTS:
            plain = [position.inside(segment, text).strip() for text in texts]
            if kind == "table_list":
                return tuple(self._table(target, text) for text in plain if text)
            return tuple(dict.fromkeys(_LISTS[kind](text) for text in plain if text))
        if kind == "practitioner":
            return self._practitioner(texts[0], reading)
        if kind in _STRUCTURED:
            return _STRUCTURED[kind](texts[0], reading)
        text = position.inside(segment, texts[0]).strip()
        if not text:
            return None
        if kind == "table":
            return self._table(target, text)
        return d.read_minutes(text, self._unit(target, group))

    def _practitioner(self, text: str, reading: d.Reading) -> Practitioner | None:
        """A message names the same few people on every line; each is read once and is one record."""
        if text not in self.people:
            self.people[text] = d.read_practitioner(text, reading)
        return self.people[text]

    def _between(self, position: Position, segment: Segment, text: str) -> int | None:
        assert position.until is not None
        start = d.read_timestamp(position.inside(segment, text))
        last = position.until.inside(segment, text)
        stop = d.read_timestamp(last) if last else None
        if start is None or stop is None or stop <= start:
            return None
        return int((stop - start).total_seconds() // 60)

    def _unit(self, target: Target, group: Group) -> str:
        for position in target.units:
            for segment, _ in self._where(position, group):
                unit = segment.value(position.field, position.component)
                if unit and segment.name == position.segment:
                    return unit if target.record == "appointment" else ""
        return ""

    def _table(self, target: Target, text: str) -> Any:
        assert target.table is not None
        value = target.table.get(text) or target.table.get(text.upper())
        if value is None:
            value = next((v for k, v in target.table.items() if "*" in k and matches(text, [k])), None)
        if value is None:
            msg = f"the code is not in the feed's table {target.file.table}"
            raise ValueError(msg)
        return target.enumeration(value) if target.enumeration is not None else value


def _path(label: str, target: Target) -> str:
    return ".".join((label, *target.path)) if target.path else label


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(_shown(one) for one in value)
    if is_dataclass(value):
        return " ".join(_shown(v) for f in fields(value) if (v := getattr(value, f.name)) is not None)
    return str(value.value if isinstance(value, Enum) else value)


_SIMPLE: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "hcpcs": codes.parse_hcpcs,
    "icd10": codes.parse_icd10,
    "npi": codes.parse_npi,
    "taxonomy": codes.parse_taxonomy,
    "place_of_service": d.read_place_of_service,
    "date": d.read_date,
    "timestamp": d.read_timestamp,
    "whole": d.read_whole,
    "rank": d.read_whole,
    "money": d.read_money,
    "quantity": d.read_quantity,
    "yes_no": d.read_yes_no,
}
_STRUCTURED: Mapping[str, Callable[[str, d.Reading], Any]] = {
    "name": d.read_name,
    "address": d.read_address,
    "identifier": d.read_identifier,
}
_LISTS: Mapping[str, Callable[[str], Any]] = {
    "hcpcs_list": codes.parse_hcpcs,
    "icd10_list": codes.parse_icd10,
    "table_list": str,
}
