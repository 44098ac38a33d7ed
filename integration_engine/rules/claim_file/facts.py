"""One claim of a file as the questions see it: its lines, diagnoses, other payers, and the days it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.core.money import ZERO
from integration_engine.rules.claim_file.values import amount, period
from integration_engine.wire.x12.guide_check import LoopNode, Placed

_MODIFIERS = slice(2, 6)
_REASONS = range(3, 19, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One code of HI. qualifier: ABK principal or ABF other; BK and BF are ICD-9-CM."""

    at: Placed
    number: int
    qualifier: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAdjudication:
    """What one other payer decided about a line (loop 2430). adjustments: sum of its CAS amounts."""

    node: LoopNode
    at: Placed
    payer_id: str
    paid: Decimal
    adjustments: Decimal
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """One loop 2400. kind: HC for CPT and HCPCS. first_day, last_day: None where the date is none."""

    node: LoopNode
    at: Placed
    service: Placed | None
    number: str
    kind: str
    code: str
    modifiers: tuple[str, ...]
    description: str
    charge: Decimal | None
    pointers: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    control: str
    adjudications: tuple[LineAdjudication, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPayer:
    """One loop 2320. paid: AMT*D, None where it is not sent. adjustments: sum of the claim-level CAS amounts."""

    node: LoopNode
    at: Placed
    sequence: str
    payer_id: str
    paid: Decimal | None
    paid_at: Placed | None
    adjustments: Decimal
    dated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """One loop 2300 with what it lies in. patient: the 2000C, None when the subscriber is the patient."""

    node: LoopNode
    at: Placed
    provider: LoopNode | None
    subscriber: LoopNode | None
    patient: LoopNode | None
    total: Decimal | None
    place: str
    frequency: str
    diagnoses: tuple[Diagnosis, ...]
    lines: tuple[LineFacts, ...]
    others: tuple[OtherPayer, ...]
    first_day: date | None
    last_day: date | None

    @property
    def sequence(self) -> str:
        """Whose turn it is to pay: SBR01 of the payer the claim goes to."""
        coverage = self.subscriber.find("SBR") if self.subscriber else None
        return coverage.element(1) if coverage else ""

    @property
    def filing(self) -> str:
        """The claim filing code, SBR09."""
        coverage = self.subscriber.find("SBR") if self.subscriber else None
        return coverage.element(9) if coverage else ""

    def name(self, loop: str) -> Placed | None:
        """NM1 of a provider loop of the claim."""
        node = self.node.loop(loop)
        return node.find("NM1") if node else None


def claim_facts(node: LoopNode) -> ClaimFacts | None:
    """The facts of one complete loop 2300; None when it has no CLM, which the guide check has told already."""
    at = node.find("CLM")
    if at is None:
        return None
    lines: list[LineFacts] = []
    others: list[OtherPayer] = []
    for child in node.children:
        loop = child.id
        if loop == "2400":
            lines.append(_line(child))
        elif loop == "2320":
            others.append(_other_payer(child))
    days = [day for line in lines for day in (line.first_day, line.last_day) if day is not None]
    patient = node.above if node.above is not None and node.above.id == "2000C" else None
    return ClaimFacts(
        node=node,
        at=at,
        provider=node.around("2000A"),
        subscriber=node.around("2000B"),
        patient=patient,
        total=amount(at.element(2)),
        place=at.component(5, 1),
        frequency=at.component(5, 3),
        diagnoses=tuple(_diagnoses(node)),
        lines=tuple(lines),
        others=tuple(others),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
    )


def _diagnoses(node: LoopNode) -> Iterator[Diagnosis]:
    for placed in node.segments:
        parts = placed.parts
        if parts[0] != "HI":
            continue
        separator = placed.segment.separators.component
        for number in range(1, len(parts)):
            qualifier, _, rest = parts[number].partition(separator)
            if qualifier in {"ABK", "ABF", "BK", "BF"}:
                yield Diagnosis(at=placed, number=number, qualifier=qualifier, code=rest.partition(separator)[0])


def _line(node: LoopNode) -> LineFacts:
    service = dated = None
    control = ""
    for placed in node.segments:
        name = placed.parts[0]
        if name == "SV1":
            service = placed
        elif name == "DTP" and placed.element(1) == "472":
            dated = placed
        elif name == "REF" and placed.element(1) == "6R":
            control = placed.element(2)
    at = node.segments[0]
    separator = at.segment.separators.component
    procedure = service.element(1).split(separator) if service else [""]
    first, last = period(dated.element(3)) if dated else (None, None)
    pointers = service.element(7) if service else ""
    return LineFacts(
        node=node,
        at=at,
        service=service,
        number=at.element(1),
        kind=procedure[0],
        code=procedure[1] if len(procedure) > 1 else "",
        modifiers=tuple(filter(None, procedure[_MODIFIERS])),
        description=procedure[6] if len(procedure) > 6 else "",  # noqa: PLR2004 - SV101-7
        charge=amount(service.element(2)) if service else None,
        pointers=tuple(pointers.split(separator)) if pointers else (),
        first_day=first,
        last_day=last,
        control=control,
        adjudications=tuple(_adjudication(child) for child in node.children if child.id == "2430"),
    )


def _adjudication(node: LoopNode) -> LineAdjudication:
    at = node.find("SVD") or node.segments[0]
    return LineAdjudication(
        node=node,
        at=at,
        payer_id=at.element(1),
        paid=amount(at.element(2)) or ZERO,
        adjustments=_adjusted(node),
        dated=node.find("DTP", "573") is not None,
    )


def _other_payer(node: LoopNode) -> OtherPayer:
    paid = node.find("AMT", "D")
    payer = node.loop("2330B")
    name = payer.find("NM1") if payer else None
    coverage = node.find("SBR") or node.segments[0]
    return OtherPayer(
        node=node,
        at=coverage,
        sequence=coverage.element(1),
        payer_id=name.element(9) if name else "",
        paid=amount(paid.element(2)) if paid else None,
        paid_at=paid,
        adjustments=_adjusted(node),
        dated=payer is not None and payer.find("DTP", "573") is not None,
    )


def _adjusted(node: LoopNode) -> Decimal:
    total = ZERO
    for placed in node.segments:
        if placed.parts[0] == "CAS":
            for number in _REASONS:
                total += amount(placed.element(number)) or ZERO
    return total
