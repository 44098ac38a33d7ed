"""Claims to an 837P file: the table of claim_table.py written forwards. Pure, and strict: what the guide forbids is refused.

HL segments carry the hierarchy: one 2000A a billing provider, its subscribers below it, dependents below theirs.
Source  005010X222A1; X12.md §2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from integration_engine.core.errors import OutboundError
from integration_engine.crosswalk.claim_balance import check
from integration_engine.crosswalk.claim_forms import Context
from integration_engine.crosswalk.claim_segments import SegmentRow
from integration_engine.crosswalk.claim_table import ClaimTable, Variant
from integration_engine.domain.claim import Claim, ClaimDraft, Envelope, Receiver
from integration_engine.domain.coverage import Relationship
from integration_engine.wire.x12.segments import Interchange, envelope, join

MOST_CLAIMS_PER_PATIENT = 100
GUIDE = "005010X222A1"


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
    variants = {key: table.of(receiver.key, key) for key in {claim.draft.payer.key for claim in claims}}
    first = variants[claims[0].draft.payer.key]
    receiver = first.receiver(receiver)
    if any(
        v.interchange != first.interchange or v.sections["submitter"] != first.sections["submitter"]
        for v in variants.values()
    ):
        raise OutboundError("payers whose companion guides ask for other envelopes need a file each", position="ISA")
    body = _Body(receiver, variants)
    ordered = sorted(claims, key=_order)
    for _, group in groupby(ordered, key=lambda claim: _provider(claim.draft)):
        body.billing_provider(list(group))
    head = [
        join("ST", ("837", f"{numbers.transaction:04d}", GUIDE)),
        join("BHT", ("0019", "00", numbers.reference, numbers.created[:8], numbers.created[8:12], "CH")),
    ]
    opening = body.once(first.sections["submitter"], Context(receiver))
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


def refusal(claim: Claim, receiver: Receiver, table: ClaimTable) -> OutboundError | None:
    """Why a claim cannot be written, None when it can: for a batch that leaves out what it cannot carry."""
    variant = table.of(receiver.key, claim.draft.payer.key)
    body = _Body(variant.receiver(receiver), {claim.draft.payer.key: variant})
    try:
        body.billing_provider([claim])
    except OutboundError as error:
        return error
    return None


def _provider(draft: ClaimDraft) -> tuple[object, ...]:
    """What shares a 2000A. Payers are kept apart, as their companion guides may differ about it."""
    numbers = draft.provider_numbers
    of_biller = tuple(n for n in numbers if n.role == "85") if numbers else ()
    return draft.billing_provider, draft.pay_to_address, draft.payer.key, of_biller


def _insured(draft: ClaimDraft) -> tuple[object, ...]:
    """What shares a 2000B."""
    number = draft.property_casualty_number if draft.subscriber.relationship is Relationship.SELF else None
    return draft.payer, draft.subscriber, draft.sequence, draft.insurance_type, number


def _patient(draft: ClaimDraft) -> tuple[object, ...]:
    """What shares a patient: a 2000C, or the 2000B of a subscriber who is the patient."""
    return draft.subscriber.relationship, draft.patient, draft.property_casualty_number


def _order(claim: Claim) -> tuple[str, ...]:
    draft = claim.draft
    return (
        draft.billing_provider.key,
        draft.payer.key,
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
        draft.insurance_type or "",
        draft.property_casualty_number or "",
    )


def _patient_key(draft: ClaimDraft) -> tuple[str, ...]:
    p = draft.patient
    return (draft.subscriber.relationship.value, p.name.last or "", p.name.first or "", p.birth_date.isoformat())


class _Body:
    """Segments between the header and SE, with the hierarchy's numbers. variants: the table by payer key."""

    def __init__(self, receiver: Receiver, variants: dict[str, Variant]) -> None:
        self.receiver = receiver
        self.variants = variants
        self.segments: list[str] = []
        self.index: list[tuple[str, int, int]] = []
        self.level = 0

    def billing_provider(self, claims: list[Claim]) -> None:
        here = self._hl("", "20", child=True)
        self._head("billing_provider", claims[0])
        for _, group in groupby(claims, key=lambda claim: _insured(claim.draft)):
            self.subscriber(list(group), here)

    def subscriber(self, claims: list[Claim], parent: int) -> None:
        own = [claim for claim in claims if claim.draft.subscriber.relationship is Relationship.SELF]
        others = [claim for claim in claims if claim.draft.subscriber.relationship is not Relationship.SELF]
        for _, group in groupby(own, key=lambda claim: _patient(claim.draft)):
            for part in _parts(list(group)):
                self._hl(str(parent), "22", child=False)
                self._head("subscriber", part[0])
                self.claims(part)
        if not others:
            return
        here = self._hl(str(parent), "22", child=True)
        self._head("subscriber", others[0])
        for _, group in groupby(others, key=lambda claim: _patient(claim.draft)):
            for part in _parts(list(group)):
                self._hl(str(here), "23", child=False)
                self._head("dependent", part[0])
                self.claims(part)

    def claims(self, claims: list[Claim]) -> None:
        receiver, segments = self.receiver, self.segments
        for claim in claims:
            first = len(segments) + 1
            check(claim)
            draft = claim.draft
            sections = self.variants[draft.payer.key].sections
            segments.extend(self.once(sections["claim"], Context(receiver, claim, draft)))
            for other in draft.other_payers:
                segments.extend(self.once(sections["other_payer"], Context(receiver, claim, draft, None, other)))
            rows, decisions = sections["line"], sections["adjudication"]
            for line in draft.lines:
                segments.extend(self.once(rows, Context(receiver, claim, draft, line)))
                for one in line.adjudications:
                    segments.extend(self.once(decisions, Context(receiver, claim, draft, line, None, one)))
            self.index.append((claim.number, first, len(segments)))

    def once(self, rows: Iterable[SegmentRow], context: Context) -> list[str]:
        """Segments without keeping them."""
        found = []
        for row in rows:
            if row.when is not None and not row.when(context):
                continue
            if row.each is None:
                found.append(row.write(context))
            else:
                found.extend(row.write(context._replace(item=item)) for item in row.each.get(context))
        return found

    def _head(self, section: str, claim: Claim) -> None:
        rows = self.variants[claim.draft.payer.key].sections[section]
        self.segments.extend(self.once(rows, Context(self.receiver, claim, claim.draft)))

    def _hl(self, parent: str, code: str, *, child: bool) -> int:
        self.level += 1
        self.segments.append(join("HL", (str(self.level), parent, code, "1" if child else "0")))
        return self.level


def _parts(claims: list[Claim]) -> list[list[Claim]]:
    return [claims[start : start + MOST_CLAIMS_PER_PATIENT] for start in range(0, len(claims), MOST_CLAIMS_PER_PATIENT)]
