"""Reading the 837P that is to be answered: one walk over its segments, with a small state for each level.

Raises   InboundError with a position where an answer would have to guess: no interchange, no claim, an amount or a date
         that cannot be read. Structure beyond that is for the guide check.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from integration_engine.core.errors import InboundError
from integration_engine.domain.parties import PersonName
from integration_engine.domain.remit import Adjustment
from integration_engine.simulator.sent import (
    PriorPayment,
    SentClaim,
    SentFile,
    SentGroup,
    SentLine,
    SentProvider,
    SentSet,
    ranks_before,
)
from integration_engine.wire.x12.reading import Group, Interchange, Segment, Transaction, read_interchanges
from integration_engine.wire.x12.segments import COMPONENT, ELEMENT, REPETITION, SEGMENT

_OURS = str.maketrans(dict.fromkeys((ELEMENT, COMPONENT, SEGMENT, REPETITION), " "))
_TRIPLES = range(2, 20, 3)


def read_sent(text: str) -> tuple[SentFile, ...]:
    """Every interchange of an 837P file.

    Raises   InboundError where the file cannot be answered.
    """
    reading = read_interchanges(text.encode())
    if not reading.interchanges:
        raise InboundError("there is no interchange to answer", position="ISA")
    return tuple(_file(interchange) for interchange in reading.interchanges)


def _file(interchange: Interchange) -> SentFile:
    isa = interchange.isa
    groups = tuple(_group(group) for group in interchange.groups if group.functional_code == "HC")
    if not any(one.claims for group in groups for one in group.sets):
        raise InboundError("the interchange holds no claim", position="2300/CLM")
    return SentFile(
        control=isa.element(13),
        sender_qualifier=isa.element(5),
        sender=_plain(isa, 6),
        receiver_qualifier=isa.element(7),
        receiver=_plain(isa, 8),
        receiver_name=_receiver_name(interchange) or _plain(isa, 8),
        created_date=isa.element(9),
        created_time=isa.element(10),
        usage=isa.element(15),
        acknowledgment_requested=isa.element(14) == "1",
        groups=groups,
    )


def _receiver_name(interchange: Interchange) -> str:
    for group in interchange.groups:
        for transaction in group.transactions:
            for segment in transaction.segments[:20]:
                if segment.name == "NM1" and segment.element(1) == "40":
                    return _plain(segment, 3)
    return ""


def _group(group: Group) -> SentGroup:
    assert group.gs is not None
    return SentGroup(
        control=group.gs.element(6),
        sender=_plain(group.gs, 2),
        receiver=_plain(group.gs, 3),
        guide=group.gs.element(8),
        sets=tuple(_Walk(transaction).result() for transaction in group.transactions if transaction.code == "837"),
    )


class _Walk:
    """One transaction set, segment by segment."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.reference = self.submitter_name = self.submitter_id = ""
        self.level = ""
        self.provider: dict[str, str] = {}
        self.subscriber: dict[str, str] = {}
        self.patient = PersonName()
        self.claims: list[SentClaim] = []
        self.open: _OpenClaim | None = None

    def result(self) -> SentSet:
        for segment in self.transaction.segments:
            name = segment.name
            if name in {"CLM", "HL", "SE"}:
                self._close()
            if name == "CLM":
                self.open = _OpenClaim(segment)
            elif self.open is not None:
                self.open.take(name, segment)
            else:
                self._above(name, segment)
        self._close()
        st = self.transaction.st
        return SentSet(
            control=st.element(2),
            guide=st.element(3),
            reference=self.reference,
            submitter_name=self.submitter_name,
            submitter_id=self.submitter_id,
            claims=tuple(self.claims),
        )

    def _close(self) -> None:
        if self.open is not None:
            self.claims.append(self.open.finished(self.provider, self.subscriber, self.patient))
            self.open = None

    def _above(self, name: str, segment: Segment) -> None:
        """What stands above the claims: header, billing provider, subscriber, payer, patient."""
        match name:
            case "BHT":
                self.reference = _plain(segment, 3)
            case "HL":
                self.level = segment.element(3)
                if self.level == "20":
                    self.provider = {}
                elif self.level == "22":
                    self.subscriber = {}
            case "SBR":
                self.subscriber |= {"sequence": _plain(segment, 1), "filing": _plain(segment, 9)}
            case "NM1":
                self._name(segment)
            case "N3" if "payer_id" in self.subscriber and self.level == "22":
                self.subscriber["payer_street"] = _plain(segment, 1)
            case "N4" if "payer_id" in self.subscriber and self.level == "22":
                self.subscriber |= {
                    "payer_city": _plain(segment, 1),
                    "payer_state": _plain(segment, 2),
                    "payer_postal_code": _plain(segment, 3),
                }
            case "REF" if self.level == "20" and segment.element(1) in {"EI", "SY"}:
                self.provider["tax_id"] = _plain(segment, 2)

    def _name(self, segment: Segment) -> None:
        match segment.element(1):
            case "41":
                self.submitter_name, self.submitter_id = _plain(segment, 3), _plain(segment, 9)
            case "85":
                name = " ".join(part for part in (_plain(segment, 4), _plain(segment, 3)) if part)
                self.provider |= {"name": name, "npi": _plain(segment, 9)}
            case "IL":
                self.subscriber["member_id"] = _plain(segment, 9)
                self.patient = _person(segment)
            case "PR":
                self.subscriber |= {"payer_name": _plain(segment, 3), "payer_id": _plain(segment, 9)}
            case "QC":
                self.patient = _person(segment)


class _OpenClaim:
    """A claim while its segments go by."""

    def __init__(self, clm: Segment) -> None:
        self.segments = [clm]
        self.rendering: str | None = None
        self.original: str | None = None
        self.lines: list[_OpenLine] = []
        self.prior: list[_OpenPrior] = []
        self.loop = "2300"

    def take(self, name: str, segment: Segment) -> None:
        self.segments.append(segment)
        match name:
            case "LX":
                self.lines.append(_OpenLine(len(self.lines) + 1))
            case "SBR":
                self.prior.append(_OpenPrior(sequence=segment.element(1)))
            case _ if self.lines:
                self.lines[-1].take(name, segment)
            case _ if self.prior:
                self.prior[-1].take(name, segment)
            case "REF" if segment.element(1) == "F8":
                self.original = _plain(segment, 2)
            case "NM1" if segment.element(1) == "82":
                self.rendering = _plain(segment, 9) or None

    def finished(self, provider: dict[str, str], subscriber: dict[str, str], patient: PersonName) -> SentClaim:
        clm = self.segments[0]
        place = clm.components(5)
        sequences = {prior.payer_id: prior.sequence for prior in self.prior}
        return SentClaim(
            number=_plain(clm, 1),
            charge=_amount(clm, 2, "2300/CLM-02"),
            place_of_service=place[0] if place else "",
            frequency=place[2] if len(place) > 2 else "",  # noqa: PLR2004 - CLM05-3
            sequence=subscriber.get("sequence", ""),
            filing=subscriber.get("filing", ""),
            payer_id=subscriber.get("payer_id", ""),
            payer_name=subscriber.get("payer_name", ""),
            payer_street=subscriber.get("payer_street", ""),
            payer_city=subscriber.get("payer_city", ""),
            payer_state=subscriber.get("payer_state", ""),
            payer_postal_code=subscriber.get("payer_postal_code", ""),
            member_id=subscriber.get("member_id", ""),
            patient=patient,
            provider=SentProvider(
                name=provider.get("name", ""), npi=provider.get("npi", ""), tax_id=provider.get("tax_id", "")
            ),
            rendering_npi=self.rendering,
            original=self.original,
            lines=tuple(line.finished(sequences) for line in self.lines),
            # A payer that comes after this one may be named too (2320 without a decision); it has paid nothing.
            prior=tuple(p.finished() for p in self.prior if ranks_before(p.sequence, subscriber.get("sequence", ""))),
            segments=tuple(self.segments),
        )


class _OpenPrior:
    """One other payer of a claim or of a line while its segments go by."""

    def __init__(self, *, sequence: str = "", payer_id: str = "", paid: Decimal | None = None) -> None:
        self.sequence = sequence
        self.payer_id = payer_id
        self.paid = paid
        self.remaining: Decimal | None = None
        self.adjustments: list[Adjustment] = []

    def take(self, name: str, segment: Segment) -> None:
        match name:
            case "CAS":
                self.adjustments.extend(_adjustments(segment))
            case "AMT" if segment.element(1) == "D":
                self.paid = _amount(segment, 2, "2320/AMT*D-02")
            case "AMT" if segment.element(1) == "EAF":
                self.remaining = _amount(segment, 2, "2320/AMT*EAF-02")
            case "NM1" if segment.element(1) == "PR":
                self.payer_id = _plain(segment, 9)

    def finished(self, sequences: dict[str, str] | None = None) -> PriorPayment:
        return PriorPayment(
            payer_id=self.payer_id,
            sequence=self.sequence or (sequences or {}).get(self.payer_id, ""),
            paid=self.paid,
            adjustments=tuple(self.adjustments),
            remaining=self.remaining,
        )


class _OpenLine:
    """A service line while its segments go by."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.procedure: tuple[str, ...] = ()
        self.charge = self.units = Decimal(0)
        self.on: date | None = None
        self.control: str | None = None
        self.prior: list[_OpenPrior] = []

    def take(self, name: str, segment: Segment) -> None:
        match name:
            case "SV1":
                self.procedure = tuple(part.translate(_OURS) for part in segment.components(1))
                self.charge = _amount(segment, 2, "2400/SV1-02")
                self.units = _amount(segment, 4, "2400/SV1-04")
            case "DTP" if segment.element(1) == "472":
                self.on = _date(segment.element(3).partition("-")[0], "2400/DTP*472-03")
            case "REF" if segment.element(1) == "6R":
                self.control = _plain(segment, 2)
            case "SVD":
                self.prior.append(_OpenPrior(payer_id=_plain(segment, 1), paid=_amount(segment, 2, "2430/SVD-02")))
            case _ if self.prior:
                self.prior[-1].take(name, segment)

    def finished(self, sequences: dict[str, str]) -> SentLine:
        return SentLine(
            number=self.number,
            code=self.procedure[1] if len(self.procedure) > 1 else "",
            modifiers=tuple(part for part in self.procedure[2:6] if part),
            charge=self.charge,
            units=self.units,
            on=self.on,
            control=self.control,
            prior=tuple(prior.finished(sequences) for prior in self.prior),
        )


def _plain(segment: Segment, number: int) -> str:
    """An element without the separators of our answers, which another file may hold as data."""
    return segment.element(number).translate(_OURS).strip()


def _person(segment: Segment) -> PersonName:
    parts = [_plain(segment, number) or None for number in (3, 4, 5, 7)]
    return PersonName(last=parts[0], first=parts[1], middle=parts[2], suffix=parts[3])


def _adjustments(segment: Segment) -> list[Adjustment]:
    group = segment.element(1)
    return [
        Adjustment(
            group=group,
            reason=segment.element(number),
            amount=_amount(segment, number + 1, f"CAS-{number + 1:02d}"),
            quantity=_amount(segment, number + 2, f"CAS-{number + 2:02d}") if segment.element(number + 2) else None,
        )
        for number in _TRIPLES
        if segment.element(number)
    ]


def _amount(segment: Segment, number: int, position: str) -> Decimal:
    try:
        value = Decimal(segment.element(number))
    except InvalidOperation:
        raise InboundError("an amount that cannot be read cannot be answered", position=position) from None
    if not value.is_finite():
        raise InboundError("an amount that cannot be read cannot be answered", position=position)
    return value


def _date(text: str, position: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise InboundError("a date of service that cannot be read cannot be answered", position=position) from None
