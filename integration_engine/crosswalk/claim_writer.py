"""Claims to an 837P file: the table of claim_table.py written forwards. Pure, and strict: what the guide forbids is refused.

HL segments carry the hierarchy: one 2000A a billing provider, its subscribers below it, dependents below theirs.
Source  005010X222A1; X12.md §2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from integration_engine.core.codes import parse_npi
from integration_engine.core.errors import OutboundError
from integration_engine.core.money import ZERO
from integration_engine.crosswalk.claim_table import COMPOSITE, ClaimTable, Context, Element, SegmentRow
from integration_engine.domain.claim import Claim, ClaimDraft, Envelope, Receiver
from integration_engine.domain.coverage import Relationship
from integration_engine.wire.x12.segments import Interchange, clean, envelope, join

MOST_CLAIMS_PER_PATIENT = 100
MOST_LINES = 50
MOST_DIAGNOSES = 12
MOST_MODIFIERS = 4
MOST_POINTERS = 4
GUIDE = "005010X222A1"
_DIGITS = re.compile(r"\D+")
_POST_BOX = re.compile(r"^\s*(P\.?\s*O\.?\s*BOX|LOCK\s*BOX)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A whole file. index: claim number → first and last segment, counted from ST. content_digest leaves out numbers and times."""

    text: str
    index: tuple[tuple[str, int, int], ...]
    content_digest: str


def render(claims: Sequence[Claim], receiver: Receiver, numbers: Envelope, table: ClaimTable) -> Rendered:
    """Write one interchange of one transaction set.

    Raises   OutboundError with position and claim number: the file is not written.
    """
    if not claims:
        raise OutboundError("a file needs at least one claim", position="ST")
    body = _Body(receiver, table)
    ordered = sorted(claims, key=_order)
    for _, group in groupby(ordered, key=lambda claim: claim.draft.billing_provider.key):
        body.billing_provider(list(group))
    head = [
        join("ST", ("837", f"{numbers.transaction:04d}", GUIDE)),
        join("BHT", ("0019", "00", numbers.reference, numbers.created[:8], numbers.created[8:12], "CH")),
    ]
    opening = body.once(table.sections["submitter"], Context(receiver))
    segments = [*head, *opening, *body.segments]
    segments.append(join("SE", (str(len(segments) + 1), f"{numbers.transaction:04d}")))
    before = len(head) + len(opening)
    text = envelope(
        Interchange(
            sender_qualifier=receiver.sender_qualifier,
            sender_id=receiver.sender_id,
            receiver_qualifier=receiver.receiver_qualifier,
            receiver_id=receiver.interchange_receiver_id,
            group_sender_id=receiver.group_sender_id,
            group_receiver_id=receiver.group_receiver_id,
            interchange=numbers.interchange,
            group=numbers.group,
            created=numbers.created,
            usage=receiver.usage,
            acknowledgment_requested=receiver.acknowledgment_requested,
            functional_code="HC",
            guide=GUIDE,
        ),
        [segments],
        receiver.line_ending,
    )
    digest = hashlib.sha256("~".join([*opening, *body.segments]).encode()).hexdigest()
    index = tuple((number, first + before, last + before) for number, first, last in body.index)
    return Rendered(text=text, index=index, content_digest=digest)


def _order(claim: Claim) -> tuple[str, ...]:
    draft = claim.draft
    return (
        draft.billing_provider.key,
        *_subscriber_key(draft),
        *_patient_key(draft),
        draft.date_of_service.isoformat(),
        claim.number,
    )


def _subscriber_key(draft: ClaimDraft) -> tuple[str, ...]:
    s = draft.subscriber
    return (
        draft.payer.payer_id,
        s.member_id,
        s.name.last or "",
        s.name.first or "",
        draft.sequence,
        s.group_number or "",
    )


def _patient_key(draft: ClaimDraft) -> tuple[str, ...]:
    p = draft.patient
    return (draft.subscriber.relationship.value, p.name.last or "", p.name.first or "", p.birth_date.isoformat())


class _Body:
    """Segments between the header and SE, with the hierarchy's numbers."""

    def __init__(self, receiver: Receiver, table: ClaimTable) -> None:
        self.receiver = receiver
        self.table = table
        self.segments: list[str] = []
        self.index: list[tuple[str, int, int]] = []
        self.level = 0

    def billing_provider(self, claims: list[Claim]) -> None:
        here = self._hl("", "20", child=True)
        rows = self.table.sections["billing_provider"]
        context = Context(self.receiver, claims[0])
        self._write(rows, context)
        for _, group in groupby(claims, key=lambda claim: _subscriber_key(claim.draft)):
            self.subscriber(list(group), here)

    def subscriber(self, claims: list[Claim], parent: int) -> None:
        own = [claim for claim in claims if claim.draft.subscriber.relationship is Relationship.SELF]
        others = [claim for claim in claims if claim.draft.subscriber.relationship is not Relationship.SELF]
        for part in _parts(own):
            self._hl(str(parent), "22", child=False)
            self._write(self.table.sections["subscriber"], Context(self.receiver, part[0]))
            self.claims(part)
        if not others:
            return
        here = self._hl(str(parent), "22", child=True)
        self._write(self.table.sections["subscriber"], Context(self.receiver, others[0]))
        for _, group in groupby(others, key=lambda claim: _patient_key(claim.draft)):
            for part in _parts(list(group)):
                self._hl(str(here), "23", child=False)
                self._write(self.table.sections["dependent"], Context(self.receiver, part[0]))
                self.claims(part)

    def claims(self, claims: list[Claim]) -> None:
        for claim in claims:
            first = len(self.segments) + 1
            check(claim)
            self._write(self.table.sections["claim"], Context(self.receiver, claim))
            rows = self.table.sections["line"]
            for line in claim.draft.lines:
                self._write(rows, Context(self.receiver, claim, line))
            self.index.append((claim.number, first, len(self.segments)))

    def once(self, rows: Iterable[SegmentRow], context: Context) -> list[str]:
        """Segments without keeping them."""
        return [_segment(row, context) for row in rows if row.when is None or row.when(context)]

    def _write(self, rows: Iterable[SegmentRow], context: Context) -> None:
        self.segments.extend(self.once(rows, context))

    def _hl(self, parent: str, code: str, *, child: bool) -> int:
        self.level += 1
        self.segments.append(join("HL", (str(self.level), parent, code, "1" if child else "0")))
        return self.level


def _parts(claims: list[Claim]) -> list[list[Claim]]:
    return [claims[start : start + MOST_CLAIMS_PER_PATIENT] for start in range(0, len(claims), MOST_CLAIMS_PER_PATIENT)]


def check(claim: Claim) -> None:
    """What no single element can see: counts, pointers and balance of one claim.

    Raises   OutboundError with the position.
    """
    draft = claim.draft
    if not re.fullmatch(r"[A-Z0-9]{1,17}", claim.number):
        raise OutboundError("a claim number has at most 17 of A-Z and 0-9", position="2300/CLM-01")
    if not 1 <= len(draft.lines) <= MOST_LINES:
        raise OutboundError(f"claim {claim.number}: 1 to {MOST_LINES} service lines", position="2400/LX-01")
    if not 1 <= len(draft.diagnoses) <= MOST_DIAGNOSES or len(set(draft.diagnoses)) != len(draft.diagnoses):
        raise OutboundError(
            f"claim {claim.number}: 1 to {MOST_DIAGNOSES} different diagnoses", position="2300/HI*ABK-01"
        )
    if sum((line.charge for line in draft.lines), ZERO) != draft.total_charge:
        raise OutboundError(f"claim {claim.number}: total charge is not the sum of its lines", position="2300/CLM-02")
    controls = [line.line_control for line in draft.lines]
    if len(set(controls)) != len(controls):
        raise OutboundError(f"claim {claim.number}: line control numbers repeat", position="2400/REF*6R-02")
    for line in draft.lines:
        if len(line.modifiers) > MOST_MODIFIERS:
            raise OutboundError(f"claim {claim.number}: more than four modifiers", position="2400/SV1-01")
        if not 1 <= len(line.pointers) <= MOST_POINTERS or not all(
            1 <= p <= len(draft.diagnoses) for p in line.pointers
        ):
            raise OutboundError(f"claim {claim.number}: pointers name absent diagnoses", position="2400/SV1-07")
        if line.units < 1 or line.charge < ZERO:
            raise OutboundError(f"claim {claim.number}: units above zero and charges not below", position="2400/SV1-04")


def _segment(row: SegmentRow, context: Context) -> str:
    elements = [""] * row.width
    for element in row.elements:
        if element.get is None:
            elements[element.number - 1] = element.constant
            continue
        value = element.get(context)
        if element.written_as == "spread":
            assert isinstance(value, tuple)
            elements[element.number - 1 :] = value
            continue
        text = _format(element, value, context)
        if not text and not element.optional:
            number = context.claim.number if context.claim else "header"
            raise OutboundError(
                f"claim {number}: a required element is empty ({element.source})", position=element.position
            )
        if element.most is not None and len(text) > element.most:
            text = _shorten(element, text, context)
        elements[element.number - 1] = text
    return join(row.name, elements)


def _shorten(element: Element, text: str, context: Context) -> str:
    """Names and streets are cut to the guide's length; a number that is too long is refused."""
    assert element.most is not None
    if element.written_as in {"text", "street"} and element.source != "claim.number":
        return text[: element.most].rstrip()
    number = context.claim.number if context.claim else "header"
    raise OutboundError(f"claim {number}: longer than {element.most} characters", position=element.position)


def _format(element: Element, value: object, context: Context) -> str:
    if value is None:
        return ""
    kind = element.written_as
    if isinstance(value, Decimal):
        return _money(value)
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if element.source in COMPOSITE:
        return text
    if kind in {"digits", "zip", "zip9"}:
        return _digits(element, _DIGITS.sub("", text), context)
    if kind == "npi":
        try:
            return parse_npi(text)
        except ValueError as error:
            raise OutboundError(str(error), position=element.position) from None
    if kind == "street" and _POST_BOX.match(text):
        raise OutboundError("the billing provider's address is a street, not a box", position=element.position)
    return clean(text)


def _digits(element: Element, digits: str, context: Context) -> str:
    wanted = {"zip9": (9,), "zip": (5, 9)}.get(element.written_as)
    if wanted and len(digits) not in wanted:
        number = context.claim.number if context.claim else "header"
        raise OutboundError(
            f"claim {number}: a postal code of {' or '.join(map(str, wanted))} digits", position=element.position
        )
    return digits


def _money(value: Decimal) -> str:
    """No trailing zeros after the point, no leading ones before it, at most two decimals."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
