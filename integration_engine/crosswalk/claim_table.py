"""The 837P as one table, claim field ↔ loop/segment/element, compiled from mappings/claims/837p.yaml.

    1000A submitter · 1000B receiver
    2000A billing provider ─ 2010AA name · 2010AB pay-to address
      2000B subscriber ─ 2010BA name · 2010BB payer
        2000C patient ─ 2010CA name                       (only when the patient is not the subscriber)
          2300 claim ─ 2310A referring · 2310B rendering · 2310C facility · 2310D supervising
            2400 service line ─ 2420A rendering · 2420D supervising · 2420E ordering

Forwards it writes, looked up it locates, backwards it names the field of a position. Source  005010X222A1.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.crosswalk.claim_files import ClaimTableFile, SegmentFile
from integration_engine.domain.claim import Claim, ClaimDraft, Receiver, ServiceLine
from integration_engine.domain.coverage import Relationship

FILE = "claims/837p.yaml"

# loop → segment → number of elements: what an address in the table may name.
GUIDE: Mapping[str, Mapping[str, int]] = {
    "1000A": {"NM1": 9, "PER": 8},
    "1000B": {"NM1": 9},
    "2000A": {"PRV": 3, "CUR": 3},
    "2010AA": {"NM1": 9, "N3": 2, "N4": 7, "REF": 2, "PER": 8},
    "2010AB": {"NM1": 2, "N3": 2, "N4": 7},
    "2000B": {"SBR": 9, "PAT": 9},
    "2010BA": {"NM1": 9, "N3": 2, "N4": 7, "DMG": 3, "REF": 2},
    "2010BB": {"NM1": 9, "N3": 2, "N4": 7, "REF": 2},
    "2000C": {"PAT": 9},
    "2010CA": {"NM1": 7, "N3": 2, "N4": 7, "DMG": 3, "REF": 2},
    "2300": {"CLM": 20, "DTP": 3, "PWK": 6, "AMT": 2, "REF": 2, "NTE": 2, "HI": 12, "K3": 1, "CRC": 7},
    "2310A": {"NM1": 9, "REF": 2},
    "2310B": {"NM1": 9, "PRV": 3, "REF": 2},
    "2310C": {"NM1": 9, "N3": 2, "N4": 7, "REF": 2, "PER": 6},
    "2310D": {"NM1": 9, "REF": 2},
    "2400": {"LX": 1, "SV1": 15, "PWK": 6, "DTP": 3, "REF": 4, "AMT": 2, "NTE": 2, "K3": 1},
    "2420A": {"NM1": 9, "PRV": 3, "REF": 2},
    "2420D": {"NM1": 9, "REF": 2},
    "2420E": {"NM1": 9, "N3": 2, "N4": 7, "REF": 2},
}


@dataclass(frozen=True, slots=True)
class Context:
    """What a segment may look at while it is written."""

    receiver: Receiver
    claim: Claim | None = None
    line: ServiceLine | None = None


Getter = Callable[[Context], Any]


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its position, how its value is found and formatted."""

    number: int
    position: str
    source: str
    get: Getter | None
    constant: str
    written_as: str
    most: int | None
    optional: bool


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment of the table, compiled."""

    name: str
    position: str
    when: Getter | None
    elements: tuple[Element, ...]
    width: int


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """The compiled table; ``sections`` by name, each in writing order."""

    version: str
    sections: Mapping[str, tuple[SegmentRow, ...]]

    def targets(self) -> Mapping[str, str]:
        """Therapy-model field → 837P position, for the crosswalk report."""
        positions = {e.source: e.position for rows in self.sections.values() for row in rows for e in row.elements}
        found = {}
        for path, (source, component) in MODEL_FIELDS.items():
            if source in positions:
                found[path] = positions[source] + component
        return found

    def locate(self, position: str) -> str | None:
        """The claim field at a position, such as ``2400/SV1-02``."""
        for rows in self.sections.values():
            for row in rows:
                for element in row.elements:
                    if element.position == position:
                        return element.source
        return None


def compile_claim_table(files: Mapping[str, str]) -> ClaimTable:
    """Compile mappings/claims/837p.yaml.

    Raises   MappingError with every wrong address, field, condition or format.
    """
    text = files.get(FILE)
    if text is None:
        raise MappingError((MappingProblem(file=FILE, line=1, column=1, where="file", text="this file is missing"),))
    document = read_document(FILE, text)
    file = document.check(ClaimTableFile)
    problems: list[MappingProblem] = []
    sections = {
        name: tuple(
            row
            for index, segment in enumerate(getattr(file, name))
            if (row := _segment(document, name, index, segment, problems)) is not None
        )
        for name in ("submitter", "billing_provider", "subscriber", "dependent", "claim", "line")
    }
    if problems:
        raise MappingError(tuple(problems))
    return ClaimTable(hashlib.sha256(text.encode()).hexdigest(), sections)


def _segment(
    document: Document, section: str, index: int, file: SegmentFile, problems: list[MappingProblem]
) -> SegmentRow | None:
    path = (section, index)
    loop, _, rest = file.segment.partition("/")
    name = rest.split("*")[0]
    if loop not in GUIDE or name not in GUIDE[loop]:
        problems.append(
            document.problem((*path, "segment"), f"{file.segment}: the guide has no such segment in this loop")
        )
        return None
    if file.when is not None and file.when not in CONDITIONS:
        text = f"there is no condition {file.when!r}; there are {', '.join(sorted(CONDITIONS))}"
        problems.append(document.problem((*path, "when"), text))
    elements = []
    for number, element in sorted(file.elements.items()):
        place = (*path, "elements", number)
        if not 1 <= number <= GUIDE[loop][name]:
            problems.append(document.problem(place, f"{file.segment} has {GUIDE[loop][name]} elements"))
            continue
        if (element.source is None) == (element.constant is None):
            problems.append(document.problem(place, "an element has either `from` or `is`"))
            continue
        getter = None
        if element.source is not None:
            getter = _getter(element.source)
            if getter is None:
                text = f"there is no claim field {element.source!r}{_did_you_mean(element.source)}"
                problems.append(document.problem((*place, "from"), text))
                continue
        elements.append(
            Element(
                number,
                f"{file.segment}-{number:02d}",
                element.source or "",
                getter,
                element.constant or "",
                element.written_as,
                element.most,
                element.optional,
            )
        )
    if file.off:
        return None
    width = max((e.number for e in elements), default=0)
    return SegmentRow(name, file.segment, CONDITIONS.get(file.when or ""), tuple(elements), width)


# --- claim fields ----------------------------------------------------------------------------------------------------


def _getter(source: str) -> Getter | None:
    if source in DERIVED:
        return DERIVED[source]
    root, _, path = source.partition(".")
    kinds: dict[str, type] = {"receiver": Receiver, "claim": ClaimDraft, "line": ServiceLine}
    if root not in kinds or not path:
        return None
    steps = path.split(".")
    kind: Any = kinds[root]
    for step in steps:
        hints = _hints(kind)
        if step not in hints:
            return None
        kind = hints[step]
    if root == "receiver":
        return lambda c: _walk(c.receiver, steps)
    if root == "line":
        return lambda c: _walk(c.line, steps)
    return lambda c: _walk(c.claim.draft if c.claim else None, steps)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return {}
    found = {}
    for name, hint in get_type_hints(kind).items():
        inner = [arg for arg in get_args(hint) if isinstance(arg, type) and is_dataclass(arg)]
        found[name] = inner[0] if inner and type(None) in get_args(hint) else hint
    return found


def _walk(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if value is None:
            return None
        value = getattr(value, step)
    return value


def _did_you_mean(source: str) -> str:
    known = [
        *DERIVED,
        *(f"claim.{f.name}" for f in fields(ClaimDraft)),
        *(f"line.{f.name}" for f in fields(ServiceLine)),
    ]
    close = difflib.get_close_matches(source, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _draft(context: Context) -> ClaimDraft:
    assert context.claim is not None
    return context.claim.draft


def _line(context: Context) -> ServiceLine:
    assert context.line is not None
    return context.line


def _is_self(context: Context) -> bool:
    return _draft(context).subscriber.relationship is Relationship.SELF


def _related_causes(context: Context) -> str:
    accident = _draft(context).accident
    if accident is None or not accident.kind:
        return ""
    return f"{accident.kind}:::{accident.state}" if accident.state else accident.kind


def _diagnoses(context: Context) -> tuple[str, ...]:
    return tuple(
        f"{'ABF' if index else 'ABK'}:{code.replace('.', '')}" for index, code in enumerate(_draft(context).diagnoses)
    )


# Composite and computed values; they are written as they are.
DERIVED: Mapping[str, Getter] = {
    "claim.number": lambda c: c.claim.number if c.claim else None,
    "claim.self_relationship": lambda c: "18" if _is_self(c) else "",
    "claim.group_name": lambda c: None if _draft(c).subscriber.group_number else _draft(c).subscriber.group_name,
    "claim.place_and_frequency": lambda c: f"{_draft(c).place_of_service}:B:{_draft(c).frequency.value}",
    "claim.related_causes": _related_causes,
    "claim.diagnosis_composites": _diagnoses,
    "claim.facility_npi_kind": lambda c: "XX" if (f := _draft(c).service_facility) and f.npi else "",
    "line.procedure": lambda c: ":".join(("HC", _line(c).code, *_line(c).modifiers)),
    "line.pointer_composite": lambda c: ":".join(map(str, _line(c).pointers)),
}
COMPOSITE = frozenset(
    {
        "claim.place_and_frequency",
        "claim.related_causes",
        "claim.diagnosis_composites",
        "line.procedure",
        "line.pointer_composite",
    }
)

CONDITIONS: Mapping[str, Getter] = {
    "billing_taxonomy": lambda c: _draft(c).billing_provider.taxonomy,
    "billing_phone": lambda c: _draft(c).billing_provider.phone,
    "pay_to": lambda c: _draft(c).pay_to_address,
    "patient_is_subscriber": _is_self,
    "payer_address": lambda c: _draft(c).payer.address,
    "onset": lambda c: _draft(c).onset_on,
    "initial_treatment": lambda c: _draft(c).initial_treatment_on,
    "accident_date": lambda c: (a := _draft(c).accident) is not None and a.occurred_on is not None,
    "patient_paid": lambda c: _draft(c).patient_paid,
    "referral_number": lambda c: _draft(c).referral_number,
    "authorization_number": lambda c: _draft(c).authorization_number,
    "payer_control_number": lambda c: _draft(c).payer_control_number,
    "medical_record_number": lambda c: _draft(c).medical_record_number,
    "claim_note": lambda c: _draft(c).note,
    "referring": lambda c: _draft(c).referring,
    "rendering": lambda c: (r := _draft(c).rendering) is not None and r.npi != _draft(c).billing_provider.npi,
    "rendering_taxonomy": lambda c: (
        (r := _draft(c).rendering) is not None and r.npi != _draft(c).billing_provider.npi and r.taxonomy is not None
    ),
    "service_facility": lambda c: _draft(c).service_facility,
    "supervising": lambda c: _draft(c).supervising,
    "line_referral": lambda c: _line(c).referral_number and _line(c).referral_number != _draft(c).referral_number,
    "line_authorization": lambda c: (
        _line(c).authorization_number and _line(c).authorization_number != _draft(c).authorization_number
    ),
    "line_note": lambda c: _line(c).note,
    "line_rendering": lambda c: _line(c).rendering,
    "line_rendering_taxonomy": lambda c: (r := _line(c).rendering) is not None and r.taxonomy is not None,
    "line_supervising": lambda c: _line(c).supervising,
    "line_ordering": lambda c: _line(c).ordering,
}

# Therapy-model field → the claim field it becomes, and the component of its element.
MODEL_FIELDS: Mapping[str, tuple[str, str]] = {
    "patient.name": ("claim.patient.name.last", ""),
    "patient.birth_date": ("claim.patient.birth_date", ""),
    "patient.sex": ("claim.patient.sex", ""),
    "patient.address": ("claim.patient.address.line1", ""),
    "patient.identifiers": ("claim.medical_record_number", ""),
    "coverage.rank": ("claim.sequence", ""),
    "coverage.payer_id": ("claim.payer.payer_id", ""),
    "coverage.payer_name": ("claim.payer.name", ""),
    "coverage.member_id": ("claim.subscriber.member_id", ""),
    "coverage.group_number": ("claim.subscriber.group_number", ""),
    "coverage.group_name": ("claim.group_name", ""),
    "coverage.relationship": ("claim.subscriber.relationship", ""),
    "coverage.subscriber_name": ("claim.subscriber.name.last", ""),
    "coverage.subscriber_birth_date": ("claim.subscriber.birth_date", ""),
    "coverage.subscriber_sex": ("claim.subscriber.sex", ""),
    "coverage.subscriber_address": ("claim.subscriber.address.line1", ""),
    "coverage.referral_number": ("claim.referral_number", ""),
    "encounter.referral_number": ("claim.referral_number", ""),
    "encounter.date_of_service": ("line.date_of_service", ""),
    "encounter.place_of_service": ("claim.place_and_frequency", "-1"),
    "encounter.modality": ("claim.place_and_frequency", "-1"),
    "encounter.location": ("claim.service_facility.name", ""),
    "encounter.discipline": ("line.procedure", "-3"),
    "encounter.rendering": ("claim.rendering.npi", ""),
    "encounter.supervising": ("claim.supervising.npi", ""),
    "encounter.referring": ("claim.referring.npi", ""),
    "encounter.accident.occurred_on": ("claim.accident.occurred_on", ""),
    "encounter.accident.kind": ("claim.related_causes", "-1"),
    "encounter.accident.state": ("claim.related_causes", "-4"),
    "encounter.patient_paid": ("claim.patient_paid", ""),
    "encounter.medical_necessity_attested": ("line.procedure", "-3"),
    "diagnosis.code": ("claim.diagnosis_composites", "-2"),
    "diagnosis.rank": ("claim.diagnosis_composites", "-1"),
    "diagnosis.onset_on": ("claim.onset_on", ""),
    "treatment.code": ("line.procedure", "-2"),
    "treatment.modifiers": ("line.procedure", "-3"),
    "treatment.minutes": ("line.units", ""),
    "treatment.start": ("line.units", ""),
    "treatment.stop": ("line.units", ""),
    "treatment.rest_minutes": ("line.units", ""),
    "treatment.assistant_minutes": ("line.procedure", "-4"),
    "treatment.joint_minutes": ("line.procedure", "-4"),
    "treatment.assistant": ("line.procedure", "-4"),
    "treatment.charge": ("line.charge", ""),
    "treatment.unit_charge": ("line.charge", ""),
    "treatment.diagnoses": ("line.pointer_composite", ""),
    "treatment.rendering": ("claim.rendering.npi", ""),
    "treatment.rendering.taxonomy": ("claim.rendering.taxonomy", ""),
    "treatment.authorization_number": ("line.authorization_number", ""),
    "treatment.note": ("line.note", ""),
    "authorization.number": ("claim.authorization_number", ""),
    "plan_of_care.evaluation_on": ("claim.initial_treatment_on", ""),
    "plan_of_care.certified_from": ("claim.initial_treatment_on", ""),
}
