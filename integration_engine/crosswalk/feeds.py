"""Feeds: the compiled mapping files of senders, and the reading of a message into a statement.

A feed is chosen by MSH-3, MSH-4 and the trigger; the most specific sender wins, ``*`` comes last. Each model field has
an ordered list of positions; the first that says something is taken and remembered in the trace. Blank is not sent,
``""`` clears, what cannot be read becomes a finding, never a default.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from integration_engine.core import codes
from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.crosswalk import datatypes as d
from integration_engine.crosswalk.feed_files import TYPES, AcknowledgmentFile, FeedFile, FieldFile, RecordFile
from integration_engine.crosswalk.positions import Position, matches, parse_position
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Accident, Diagnosis, Encounter
from integration_engine.domain.parties import Identifier, Patient, Practitioner
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote
from integration_engine.domain.statement import Statement, TraceEntry
from integration_engine.domain.treatment import Treatment
from integration_engine.wire.hl7 import NULL, Message, Segment

KINDS: Mapping[str, type] = {
    "patient": Patient,
    "coverage": Coverage,
    "encounter": Encounter,
    "treatment": Treatment,
    "diagnosis": Diagnosis,
    "plan_of_care": PlanOfCare,
    "progress_note": ProgressNote,
    "authorization": Authorization,
    "benefit_limit": BenefitLimit,
    "measurement": Measurement,
    "appointment": Appointment,
}
WHOLE_MESSAGE = frozenset({"patient", "encounter", "merged_identifier"})
HOLDING = frozenset({"treatment", "diagnosis", "encounter"})
NESTED: Mapping[str, type] = {"accident": Accident, "rendering": Practitioner}
LINE_ACTIONS = frozenset({"CG", "CD", "CR", "CO", "PY", "AJ", "PA", ""})
MOST_PLANS = 2000
NULL_TEXTS = frozenset({NULL, '""""'})


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

    def read(self, message: Message, *, trace: bool = True) -> Statement:
        """Everything the message states; never raises for what a sender wrote inside it.

        Shapes   trace: also tell where each value came from; it costs a third of the reading, and can be had at any
                 time from the journaled bytes.
        """
        return _Reader(self, message, trace=trace).statement()

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


# --- reading ---------------------------------------------------------------------------------------------------------


class _Group:
    """The segments of one record, and where the message stood before it."""

    __slots__ = ("at", "found", "index", "own", "segments")

    def __init__(self, index: int, at: int, segments: list[Segment], own: frozenset[str]) -> None:
        self.index = index
        self.at = at
        self.segments = segments
        self.own = own
        self.found: dict[str, list[tuple[Segment, int]]] = {}


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

    def statement(self) -> Statement:
        feed, message = self.feed, self.message
        kinds = feed.file.triggers.get(message.header.trigger, [])
        found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        merged: Identifier | None = None
        for kind in kinds:
            if kind == "merged_identifier":
                merged = self._merged()
                continue
            for group in self._groups(kind):
                record = self._record(kind, group)
                if record is not None:
                    found[kind].append(record)
        encounter = found["encounter"][0] if found["encounter"] and "encounter" in kinds else None
        if encounter is not None:
            if "treatment" in kinds:
                self._shifted()
            encounter = replace(
                encounter,
                treatments=tuple(found["treatment"]),
                diagnoses=self._diagnoses(found["diagnosis"], found["treatment"]),
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

    def _groups(self, kind: str) -> Iterator[_Group]:
        segments = self.message.segments
        if kind in WHOLE_MESSAGE:
            yield _Group(0, 0, list(segments), frozenset())
            return
        file = self.feed.file.records.get(kind)
        if file is None:
            return
        starts, own = frozenset(file.starts), frozenset((*file.starts, *file.with_segments, *file.between))
        places = [index for index, segment in enumerate(segments) if segment.name in starts]
        number = 0
        for order, place in enumerate(places):
            following = places[order + 1] if order + 1 < len(places) else None
            group = self._members(file, segments, place, following, starts, own)
            if self._admitted(kind, group[0]):
                yield _Group(number, place, group, own)
                number += 1

    @staticmethod
    def _members(
        file: RecordFile,
        segments: tuple[Segment, ...],
        place: int,
        following: int | None,
        starts: frozenset[str],
        own: frozenset[str],
    ) -> list[Segment]:
        end = len(segments) if following is None else following
        members = [segments[place]]
        for segment in segments[place + 1 : end]:
            if segment.name in starts:
                break
            if segment.name in file.between and following is None:
                break  # after the last start these speak for the whole message
            if segment.name in own:
                members.append(segment)
        return members

    def _admitted(self, kind: str, start: Segment) -> bool:
        for position, wanted in self.feed.wheres.get(kind, ()):
            if position.segment != start.name:
                continue
            value = start.value(position.field, position.component, position.subcomponent)
            if wanted == "present":
                if not value:
                    return False
            elif not matches(value, [str(one) for one in wanted]):
                return False
        return True

    def _record(self, kind: str, group: _Group) -> Any:
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
            value = self._value(target, _Group(0, 0, list(self.message.segments), frozenset()), "merged_identifier")
            if value is not None:
                assert isinstance(value, Identifier)
                return value
        return None

    def _where(self, position: Position, group: _Group) -> list[tuple[Segment, int]]:
        """The segments a position may mean for this record, the nearest first."""
        name = position.segment
        if not group.own:
            return self._named(name)
        found = group.found.get(name)
        if found is None:
            found = group.found[name] = self._around(name, group)
        return found

    def _around(self, name: str, group: _Group) -> list[tuple[Segment, int]]:
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

    def _value(self, target: Target, group: _Group, label: str) -> Any:
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
                        self._unreadable(target, _path(label, target), position, number, texts, str(error))
                        return None
                    continue
                if value is not None and value not in ("", ()):
                    if self.tracing:
                        shown = f"{position.segment}[{number}]-{position.text.partition('-')[2].rstrip('?')}"
                        self.trace.append(TraceEntry(_path(label, target), _shown(value), shown))
                    return value
        return None

    def _convert(  # noqa: C901 - one branch a kind of type
        self, target: Target, position: Position, segment: Segment, texts: list[str], group: _Group
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
        if kind in _STRUCTURED:
            return _STRUCTURED[kind](texts[0], reading)
        text = position.inside(segment, texts[0]).strip()
        if not text:
            return None
        if kind == "table":
            return self._table(target, text)
        return d.read_minutes(text, self._unit(target, group))

    def _between(self, position: Position, segment: Segment, text: str) -> int | None:
        assert position.until is not None
        start = d.read_timestamp(position.inside(segment, text))
        last = position.until.inside(segment, text)
        stop = d.read_timestamp(last) if last else None
        if start is None or stop is None or stop <= start:
            return None
        return int((stop - start).total_seconds() // 60)

    def _unit(self, target: Target, group: _Group) -> str:
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

    # --- findings -----------------------------------------------------------------------------------------------------

    def _unreadable(
        self, target: Target, path: str, position: Position, number: int, texts: list[str], text: str
    ) -> None:
        self.findings.append(
            Finding(
                id="crosswalk.unreadable",
                severity=Severity.ERROR if target.holds else Severity.WARNING,
                text=f"{position.text} cannot be used for {target.name}: {text}.",
                fix="Correct the field in the EMR and send the message again, or the feed file if the EMR means it.",
                owner="interface administrator",
                subject=path,
                position=f"{position.segment}[{number}]-{position.field}",
                observed=texts[0][:60],
                queue=Queue.INTERFACE if target.holds else None,
                outcome=Outcome.FAIL,
            )
        )

    def _shifted(self) -> None:
        """FT1 fields one place off: the line is held, never guessed. Source  HL7.md §0 item 8."""
        for number, segment in enumerate(self.message.all("FT1"), start=1):
            wrong = []
            when = segment.value(4)
            if when and not when[:8].isdigit():
                wrong.append("FT1-4 is no date")
            if segment.value(6).upper() not in LINE_ACTIONS:
                wrong.append("FT1-6 is no transaction type")
            units = segment.value(10)
            if units and not units.replace(".", "", 1).isdigit():
                wrong.append("FT1-10 is no number")
            if len(wrong) > 1:
                self._line_finding(
                    "crosswalk.shifted", number, f"The fields of this FT1 look shifted: {', '.join(wrong)}."
                )
            first, second = segment.value(25), segment.value(7)
            if first and second and first != second and _is_code(first) and _is_code(second):
                self._line_finding("crosswalk.two_codes", number, "FT1-25 and FT1-7 name different procedures.")

    def _line_finding(self, identity: str, number: int, text: str) -> None:
        self.findings.append(
            Finding(
                id=identity,
                severity=Severity.ERROR,
                text=text,
                fix="Correct the interface of the EMR and send the message again.",
                owner="interface administrator",
                subject=f"treatment[{number - 1}]",
                position=f"FT1[{number}]",
                queue=Queue.INTERFACE,
            )
        )


def _path(label: str, target: Target) -> str:
    return ".".join((label, *target.path)) if target.path else label


def _is_code(text: str) -> bool:
    try:
        codes.parse_hcpcs(text)
    except ValueError:
        return False
    return True


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
    "practitioner": d.read_practitioner,
    "identifier": d.read_identifier,
}
_LISTS: Mapping[str, Callable[[str], Any]] = {
    "hcpcs_list": codes.parse_hcpcs,
    "icd10_list": codes.parse_icd10,
    "table_list": str,
}


# --- compiling -------------------------------------------------------------------------------------------------------


def compile_feeds(files: Mapping[str, str]) -> Feeds:
    """Compile every mappings/hl7/*.yaml.

    Raises   MappingError with file:line:column of every problem of every file.
    """
    own = {name: text for name, text in sorted(files.items()) if name.startswith("hl7/") and name.endswith(".yaml")}
    problems: list[MappingProblem] = []
    feeds: list[Feed] = []
    senders: dict[tuple[str, str], str] = {}
    for name, text in own.items():
        try:
            document = read_document(name, text)
            file = document.check(FeedFile)
        except MappingError as error:
            problems.extend(error.problems)
            continue
        for index, sender in enumerate(file.senders):
            key = (sender.application, sender.facility)
            if key in senders:
                problems.append(document.problem(("senders", index), f"{senders[key]} has this sender already"))
            senders[key] = name
        feeds.append(_compile(name, document, file, problems))
    if not own:
        problems.append(MappingProblem(file="hl7/", line=1, column=1, where="folder", text="there is no feed file"))
    if problems:
        raise MappingError(tuple(problems))
    digest = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in own.items()).encode()).hexdigest()
    return Feeds(digest, tuple(feeds))


def _compile(name: str, document: Document, file: FeedFile, problems: list[MappingProblem]) -> Feed:
    targets: dict[str, list[Target]] = {}
    seen: dict[str, str] = {}
    for domain, entries in file.fields.items():
        for path, entry in entries.items():
            place = ("fields", domain, path)
            if path in seen:
                problems.append(document.problem(place, f"this field stands under {seen[path]} too"))
            seen[path] = domain
            target = _target(document, place, domain, path, entry, file, problems)
            if target is not None:
                targets.setdefault(target.record, []).append(target)
    order = tuple(
        p
        for i, text in enumerate(file.identifiers.record_number)
        if (p := _position(document, ("identifiers", "record_number", i), text, problems))
    )
    wheres = {
        kind: tuple(
            (p, wanted)
            for text, wanted in record.where.items()
            if (p := _position(document, ("records", kind, "where", text), text, problems))
        )
        for kind, record in file.records.items()
    }
    for kind in file.records:
        if kind not in KINDS:
            problems.append(
                document.problem(("records", kind), f"there is no record {kind!r}; there are {', '.join(KINDS)}")
            )
    licences = file.tables["licences"].values if "licences" in file.tables else {}
    return Feed(
        name=name.rsplit("/", 1)[-1].removesuffix(".yaml"),
        file=file,
        targets={kind: tuple(listed) for kind, listed in targets.items()},
        order_positions=order,
        wheres=wheres,
        licences={key.upper(): value for key, value in licences.items()},
    )


def _position(
    document: Document, place: tuple[str | int, ...], text: str, problems: list[MappingProblem]
) -> Position | None:
    try:
        return parse_position(text)
    except ValueError as error:
        problems.append(document.problem(place, str(error)))
        return None


def _target(
    document: Document,
    place: tuple[str | int, ...],
    domain: str,
    path: str,
    field: FieldFile,
    file: FeedFile,
    problems: list[MappingProblem],
) -> Target | None:
    record, *steps = path.split(".")
    hint = _hint(record, tuple(steps))
    if hint is None:
        close = difflib.get_close_matches(path, model_paths(), n=1)
        problems.append(
            document.problem(
                place, f"the therapy model has no {path}" + (f"; did you mean {close[0]}?" if close else "")
            )
        )
        return None
    if field.type not in TYPES:
        problems.append(
            document.problem((*place, "type"), f"there is no type {field.type!r}; there are {', '.join(TYPES)}")
        )
        return None
    if (field.table is not None and field.table not in file.tables) or (
        field.type.startswith("table") and field.table is None
    ):
        problems.append(document.problem((*place, "table"), "this file has no such table"))
        return None
    positions = [_position(document, (*place, "from", i), text, problems) for i, text in enumerate(field.positions)]
    units = [_position(document, (*place, "unit", i), text, problems) for i, text in enumerate(field.unit)]
    enumeration = _enumeration(hint)
    table = file.tables[field.table].values if field.table else None
    if table is not None and enumeration is not None:
        allowed = {member.value for member in enumeration}
        for key, value in table.items():
            if value not in allowed:
                problems.append(
                    document.problem(
                        ("tables", str(field.table), "values", key),
                        f"{path} knows {', '.join(sorted(allowed))}, not {value}",
                    )
                )
    return Target(
        record=record,
        path=tuple(steps),
        domain=domain,
        file=field,
        positions=tuple(p for p in positions if p is not None),
        units=tuple(p for p in units if p is not None),
        table=table,
        enumeration=enumeration,
        holds=field.holds if field.holds is not None else record in HOLDING and field.type != "practitioner",
    )


@cache
def model_paths() -> tuple[str, ...]:
    """Every field of the therapy model that a feed may fill, ``record.field``."""
    found = ["merged_identifier"]
    for record, kind in KINDS.items():
        for item in fields(kind):
            if item.name in {"treatments", "diagnoses"} and record == "encounter":
                continue
            if record == "encounter" and item.name == "accident":
                found.extend(f"encounter.accident.{inner.name}" for inner in fields(Accident))
            else:
                found.append(f"{record}.{item.name}")
    return tuple(found)


def _hint(record: str, steps: tuple[str, ...]) -> Any:
    if record == "merged_identifier":
        return Identifier if not steps else None
    kind = KINDS.get(record)
    if kind is None or not 1 <= len(steps) <= 2:  # noqa: PLR2004 - record.field or record.part.field
        return None
    hint = get_type_hints(kind).get(steps[0])
    if hint is None or len(steps) == 1:
        return hint
    nested = NESTED.get(steps[0])
    return get_type_hints(nested).get(steps[1]) if nested is not None else None


def _enumeration(hint: Any) -> type[Enum] | None:
    for candidate in (hint, *get_args(hint)):
        inner = get_args(candidate)[0] if get_origin(candidate) is tuple else candidate
        if isinstance(inner, type) and issubclass(inner, Enum):
            return inner
    return None
