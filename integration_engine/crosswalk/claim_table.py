"""The 837P as one table, claim field ↔ loop/segment/element, compiled from mappings/claims/.

    1000A submitter · 1000B receiver
    2000A billing provider ─ 2010AA name · 2010AB pay-to address
      2000B subscriber ─ 2010BA name · 2010BB payer
        2000C patient ─ 2010CA name                       (only when the patient is not the subscriber)
          2300 claim ─ 2310A referring · 2310B rendering · 2310C facility · 2310D supervising
            2320 other payer ─ 2330A subscriber · 2330B payer · 2330C to G its numbers of the providers
            2400 service line ─ 2420A rendering · C facility · D supervising · E ordering · F referring
              2430 another payer's decision about the line

837p.yaml is what everybody gets; mappings/claims/receivers/ and payers/ hold what a companion guide has differently, the
payer's before the receiver's before the table's. Forwards it writes, looked up it locates, backwards it reads a file.
Source  005010X222A1.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.crosswalk.claim_fields import CONDITIONS, MODEL_FIELDS, find_field
from integration_engine.crosswalk.claim_files import (
    SECTIONS,
    ClaimTableFile,
    CompanionGuideFile,
    ElementFile,
    OwnSegmentFile,
    SegmentFile,
)
from integration_engine.crosswalk.claim_formats import fits, form_of
from integration_engine.crosswalk.claim_forms import COMPOSITE, DERIVED, EACH, Getter
from integration_engine.crosswalk.claim_segments import Element, SegmentRow, segment_row
from integration_engine.crosswalk.companion_guides import Guide, first_days, held_on, wrong_dates
from integration_engine.crosswalk.receivers import LINE_ENDINGS, keys_of
from integration_engine.domain.claim import ClaimDraft, OtherPayer, Receiver, ServiceLine
from integration_engine.wire.x12.guides.x222a1 import GUIDE

FILE = "claims/837p.yaml"
RECEIVERS, PAYERS = "claims/receivers/", "claims/payers/"
ALWAYS = "always"

# What the segments of a section may look at.
_OF_CLAIM = frozenset({"receiver", "claim"})
_SCOPES: Mapping[str, frozenset[str]] = {
    "submitter": frozenset({"receiver"}),
    "billing_provider": _OF_CLAIM,
    "subscriber": _OF_CLAIM,
    "dependent": _OF_CLAIM,
    "claim": _OF_CLAIM,
    "other_payer": _OF_CLAIM | {"other_payer"},
    "line": _OF_CLAIM | {"line"},
    "adjudication": _OF_CLAIM | {"line", "adjudication"},
}


def guide_address(segment: str) -> str:
    """The guide's own address of a segment: ``2400/REF*G1*2U`` is a second row of 2400/REF*G1."""
    return "*".join(segment.split("*")[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The table as one receiver and one payer get it.

    Shapes   interchange: what their envelope has differently. claims_per_file: the smallest that their guides say.
    """

    sections: Mapping[str, tuple[SegmentRow, ...]]
    interchange: tuple[tuple[str, Any], ...] = ()
    claims_per_file: int | None = None

    def receiver(self, receiver: Receiver) -> Receiver:
        """The receiver with what the companion guides have differently."""
        return replace(receiver, **dict(self.interchange)) if self.interchange else receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTable:
    """The compiled table.

    Shapes   variants: by receiver and payer key, "" for any that has no file of its own, as companion guides have it on
             one day: after ``on`` that day, before it the last one that any guide speaks of. stretches: the first day of
             each stretch of time in which the guides say the same, oldest first, and the variants of it.
    """

    version: str
    variants: Mapping[tuple[str, str], Variant]
    stretches: tuple[tuple[date, Mapping[tuple[str, str], Variant]], ...] = ()

    def on(self, day: date) -> ClaimTable:
        """The table as a file of this day is written by it."""
        held = [variants for begins, variants in self.stretches if begins <= day]
        return replace(self, variants=held[-1]) if held else self

    @property
    def sections(self) -> Mapping[str, tuple[SegmentRow, ...]]:
        """The table as everybody gets it, each section in writing order."""
        return self.variants["", ""].sections

    def of(self, receiver: str, payer: str) -> Variant:
        """The table as a payer gets it through a receiver."""
        variants = self.variants
        return (
            variants.get((receiver, payer))
            or variants.get(("", payer))
            or variants.get((receiver, ""))
            or variants["", ""]
        )

    def most_claims(self, receiver: Receiver, payer: str) -> int:
        """How many claims of a payer one file to a receiver may hold: the smallest of what all of them say."""
        stated = self.of(receiver.key, payer).claims_per_file
        return receiver.claims_per_file if stated is None else min(stated, receiver.claims_per_file)

    def targets(self) -> Mapping[str, str]:
        """Therapy-model field → 837P position, for the crosswalk report."""
        positions = {
            _whole(row, e.source): e.position for rows in self.sections.values() for row in rows for e in row.elements
        }
        found = {}
        for path, (source, component) in MODEL_FIELDS.items():
            if source in positions:
                found[path] = positions[source] + component
        return found

    def sources(self) -> Mapping[str, str]:
        """Every claim field the table writes → the first 837P position it stands at."""
        found: dict[str, str] = {}
        for rows in self.sections.values():
            for row in rows:
                for element in row.elements:
                    if element.source:
                        found.setdefault(_whole(row, element.source), element.position)
        return found

    def locate(self, position: str) -> str | None:
        """The claim field at a position, such as ``2400/SV1-02``; of a repeated segment ``claim.attachments.report``."""
        for rows in self.sections.values():
            for row in rows:
                for element in row.elements:
                    if element.position == position:
                        return _whole(row, element.source)
        return None


def _whole(row: SegmentRow, source: str) -> str:
    """A field's name with the records it is one of: ``claim.attachments.report``, not ``item.report``."""
    return f"{row.repeats}{source.removeprefix('item')}" if row.repeats and source else source


def compile_claim_table(files: Mapping[str, str]) -> ClaimTable:
    """Compile mappings/claims/837p.yaml and the files of receivers and payers beside it.

    Raises   MappingError with every wrong address, field, condition or format, each with its file, line and column.
    """
    return _Compiling(files).table()


class _Compiling:
    """One compilation; collects problems instead of stopping at the first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.problems: list[MappingProblem] = []
        self.compiled: dict[str, SegmentRow | None] = {}

    def table(self) -> ClaimTable:
        text = self.files.get(FILE)
        if text is None:
            problem = MappingProblem(file=FILE, line=1, column=1, where="file", text="this file is missing")
            raise MappingError((problem,))
        document = read_document(FILE, text)
        file = document.check(ClaimTableFile)
        base = [
            _Row(section, segment, document, (section, index))
            for section in SECTIONS
            for index, segment in enumerate(getattr(file, section))
        ]
        self._refuse_repeated(base)
        receivers = self._guides(RECEIVERS, keys_of(self.files, "claims/receivers.yaml", "receivers"))
        payers = self._guides(PAYERS, keys_of(self.files, "practice.yaml", "payers"))
        stretches = tuple(
            (day, self._variants(base, held_on(receivers, day), held_on(payers, day)))
            for day in first_days(receivers, payers)
        )
        if self.problems:
            raise MappingError(tuple({str(problem): problem for problem in self.problems}.values()))
        digest = hashlib.sha256()
        for name in sorted(name for name in self.files if name == FILE or name.startswith((RECEIVERS, PAYERS))):
            digest.update(self.files[name].encode())
        return ClaimTable(version=digest.hexdigest(), variants=stretches[-1][1], stretches=stretches)

    def _variants(
        self, base: list[_Row], receivers: Mapping[str, Guide], payers: Mapping[str, Guide]
    ) -> dict[tuple[str, str], Variant]:
        return {
            (receiver, payer): self._variant(base, [g for g in (receivers.get(receiver), payers.get(payer)) if g])
            for receiver in ("", *receivers)
            for payer in ("", *payers)
        }

    def _refuse_repeated(self, rows: list[_Row]) -> None:
        seen: set[str] = set()
        for row in rows:
            if row.file.segment in seen:
                self.problems.append(row.problem(("segment",), f"{row.file.segment} stands here twice; keep one"))
            seen.add(row.file.segment)

    def _guides(self, folder: str, known: tuple[str, ...] | None) -> dict[str, list[Guide]]:
        found: dict[str, list[Guide]] = {}
        for name in sorted(name for name in self.files if name.startswith(folder) and name.endswith(".yaml")):
            key = name.removeprefix(folder).removesuffix(".yaml").partition("@")[0]
            document = read_document(name, self.files[name])
            try:
                guide = (document, document.check(CompanionGuideFile))
                self.problems.extend(wrong_dates(guide, found.get(key, ())))
                found.setdefault(key, []).append(guide)
            except MappingError as error:
                self.problems.extend(error.problems)
            if known is not None and key not in known:
                text = f"the file is named after no {folder.split('/')[1][:-1]}{_did_you_mean(key, known)}"
                self.problems.append(document.problem((), text))
        return found

    def _variant(self, base: list[_Row], guides: list[Guide]) -> Variant:
        rows = base
        interchange: dict[str, str] = {}
        for document, guide in guides:
            rows = self._changed(rows, document, guide)
            interchange |= guide.interchange.model_dump(exclude_none=True)
        if "line_ending" in interchange:
            interchange["line_ending"] = LINE_ENDINGS[interchange["line_ending"]]
        sections: dict[str, list[SegmentRow]] = {section: [] for section in SECTIONS}
        for row in rows:
            compiled = self._compiled(row)
            if compiled is not None and not row.file.off:
                sections[row.section].append(compiled)
        return Variant(
            sections={section: tuple(rows) for section, rows in sections.items()},
            interchange=tuple(interchange.items()),
            claims_per_file=min((g.claims_per_file for _, g in guides if g.claims_per_file is not None), default=None),
        )

    def _changed(self, rows: list[_Row], document: Document, guide: CompanionGuideFile) -> list[_Row]:
        """The rows with what one companion guide has differently; problems are found at its lines."""
        places = {row.file.segment: place for place, row in enumerate(rows)}
        changed = list(rows)
        for index, own in enumerate(guide.segments):
            place = places.get(own.segment)
            if place is None:
                text = f"837p.yaml has no segment {own.segment}{_did_you_mean(own.segment, places)}"
                self.problems.append(document.problem(("segments", index, "segment"), text))
                continue
            old = changed[place]
            changed[place] = _Row(old.section, _merged(old.file, own), document, ("segments", index))
        return changed

    def _compiled(self, row: _Row) -> SegmentRow | None:
        """A segment stated alike is one and the same in every variant."""
        stated = row.file.model_dump_json()
        if stated not in self.compiled:
            self.compiled[stated] = self._segment(row)
        return self.compiled[stated]

    def _segment(self, row: _Row) -> SegmentRow | None:
        file = row.file
        name = file.segment.partition("/")[2].partition("*")[0]
        refusal = GUIDE.segment_refusal(guide_address(file.segment))
        if refusal:
            self.problems.append(row.problem(("segment",), f"{file.segment}: {refusal}"))
            return None
        each = None
        if file.each is not None:
            each = EACH.get(file.each)
            if each is None or file.each.partition(".")[0] not in _SCOPES[row.section]:
                names = [one for one in EACH if one.partition(".")[0] in _SCOPES[row.section]]
                self.problems.append(
                    row.problem(("each",), f"{file.each!r} is none of {', '.join(names) or 'nothing'}")
                )
                return None
        elements = [
            element
            for number, stated in sorted(file.elements.items())
            if (element := self._element(row, number, stated, each.kind if each else None)) is not None
        ]
        return segment_row(name, file.segment, self._condition(row), each, file.each or "", tuple(elements))

    def _condition(self, row: _Row) -> Getter | None:
        if row.file.when in {None, ALWAYS}:
            return None
        assert row.file.when is not None
        scope, condition = CONDITIONS.get(row.file.when, ("", None))
        if condition is not None and scope in _SCOPES[row.section]:
            return condition
        names = sorted(name for name, (scope, _) in CONDITIONS.items() if scope in _SCOPES[row.section])
        text = f"there is no condition {row.file.when!r} for a {row.section}; there are {', '.join(names)}"
        self.problems.append(row.problem(("when",), text))
        return None

    def _element(self, row: _Row, number: int, file: ElementFile, item: type | None) -> Element | None:
        place = ("elements", number)
        refusal = GUIDE.element_refusal(guide_address(row.file.segment), number, file.constant)
        if refusal:
            self.problems.append(row.problem(place, f"{row.file.segment}: {refusal}"))
            return None
        if (file.source is None) == (file.constant is None):
            self.problems.append(row.problem(place, "an element has either `from` or `is`"))
            return None
        field = None
        if file.source is not None:
            field = find_field(file.source, item)
            root = file.source.partition(".")[0]
            if field is None or (root not in _SCOPES[row.section] and root != "item"):
                text = f"there is no claim field {file.source!r} here{_did_you_mean(file.source, _field_names())}"
                self.problems.append(row.problem((*place, "from"), text))
                return None
            if not fits(file.written_as, field.kind):
                self.problems.append(
                    row.problem((*place, "as"), f"{file.source} cannot be written as {file.written_as}")
                )
                return None
        return Element(
            number=number,
            position=f"{row.file.segment}-{number:02d}",
            source=file.source or "",
            get=field.get if field else None,
            form=form_of(file.written_as, field.kind if field else str, composite=file.source in COMPOSITE),
            kind=field.kind if field else str,
            derived=field.derived if field else None,
            constant=file.constant or "",
            written_as=file.written_as,
            most=file.most,
            optional=file.optional,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A segment as stated, the section it is written in, and where it is stated."""

    section: str
    file: SegmentFile
    document: Document
    path: tuple[str | int, ...]

    def problem(self, path: tuple[str | int, ...], text: str) -> MappingProblem:
        return self.document.problem((*self.path, *path), text)


def _merged(file: SegmentFile, own: OwnSegmentFile) -> SegmentFile:
    """What a companion guide says, before what the table says."""
    elements = dict(file.elements)
    for number, stated in own.elements.items():
        said = stated.model_dump(exclude_none=True)
        old = elements[number].model_dump() if number in elements else {}
        if "constant" in said:
            old = {}
        elif "source" in said:
            old.pop("constant", None)
        elements[number] = ElementFile(**(old | said))
    changed = {"elements": elements}
    if own.when is not None:
        changed["when"] = own.when  # type: ignore[assignment]
    if own.off is not None:
        changed["off"] = own.off  # type: ignore[assignment]
    return file.model_copy(update=changed)


def _field_names() -> list[str]:
    roots = (("claim", ClaimDraft), ("line", ServiceLine), ("other_payer", OtherPayer), ("receiver", Receiver))
    return [*DERIVED, *(f"{root}.{field.name}" for root, kind in roots for field in fields(kind))]


def _did_you_mean(given: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
