"""Feed files become feeds: every path, position, type and table is checked here, with its place in the file."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.crosswalk.feed_files import TYPES, FeedFile, FieldFile
from integration_engine.crosswalk.feeds.feed import Feed, Feeds, Target
from integration_engine.crosswalk.feeds.model import HOLDING, KINDS, enumeration_of, hint_of, model_paths
from integration_engine.crosswalk.positions import Position, parse_position


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
    hint = hint_of(record, tuple(steps))
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
    enumeration = enumeration_of(hint)
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
