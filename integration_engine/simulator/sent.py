"""The 837P as a payer's mailroom sees it: who sent it, and of each claim what an answer has to repeat or to price.

    ISA ─ GS ─ ST ─ 2000A billing provider ─ 2000B subscriber ─ 2000C patient ─ 2300 claim ─ 2320 other payer
                                                                                           └ 2400 line ─ 2430 adjudication

It does not judge the file. Source  005010X222A1; X12.md §2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.domain.parties import PersonName
from integration_engine.domain.remit import Adjustment
from integration_engine.wire.x12.reading import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class SentProvider:
    """The billing provider: the payee of the remit."""

    name: str
    npi: str
    tax_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorPayment:
    """What one earlier payer decided, of a claim (2320) or of a line (2430)."""

    payer_id: str
    sequence: str
    paid: Decimal | None
    adjustments: tuple[Adjustment, ...]
    remaining: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """One loop 2400. control: REF*6R."""

    number: int
    code: str
    modifiers: tuple[str, ...]
    charge: Decimal
    units: Decimal
    on: date | None
    control: str | None
    prior: tuple[PriorPayment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentClaim:
    """One loop 2300 with the loops above it.

    Shapes   filing: SBR09. sequence: SBR01. original: REF*F8. segments: CLM to the last one of the claim, numbered
             from ST.
    """

    number: str
    charge: Decimal
    place_of_service: str
    frequency: str
    sequence: str
    filing: str
    payer_id: str
    payer_name: str
    payer_street: str
    payer_city: str
    payer_state: str
    payer_postal_code: str
    member_id: str
    patient: PersonName
    provider: SentProvider
    rendering_npi: str | None
    original: str | None
    lines: tuple[SentLine, ...]
    prior: tuple[PriorPayment, ...]
    segments: tuple[Segment, ...]

    @property
    def on(self) -> date | None:
        """The first date of service."""
        return min((line.on for line in self.lines if line.on), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSet:
    """One transaction set. reference: BHT03."""

    control: str
    guide: str
    reference: str
    submitter_name: str
    submitter_id: str
    claims: tuple[SentClaim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentGroup:
    """One functional group of 837 sets."""

    control: str
    sender: str
    receiver: str
    guide: str
    sets: tuple[SentSet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One interchange. control: ISA13 as sent; created: ISA09 and ISA10."""

    control: str
    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    receiver_name: str
    created_date: str
    created_time: str
    usage: str
    acknowledgment_requested: bool
    groups: tuple[SentGroup, ...]

    @property
    def claims(self) -> tuple[SentClaim, ...]:
        """Every claim of the file, in file order."""
        return tuple(claim for group in self.groups for one in group.sets for claim in one.claims)


# Loops below a claim, by the loop they lie in and NM101.
_NAME_LOOPS = {
    "2300": {"DN": "2310A", "P3": "2310A", "82": "2310B", "77": "2310C", "DQ": "2310D", "PW": "2310E", "45": "2310F"},
    "2320": {"IL": "2330A", "PR": "2330B", "DN": "2330C", "P3": "2330C", "82": "2330D", "77": "2330E", "DQ": "2330F"},
    "2400": {"82": "2420A", "QB": "2420B", "77": "2420C", "DQ": "2420D", "DK": "2420E", "DN": "2420F", "P3": "2420F"},
}
_OPENING = {"CLM": "2300", "SBR": "2320", "LX": "2400", "SVD": "2430", "LIN": "2410"}


def loops(claim: SentClaim) -> tuple[tuple[str, Segment], ...]:
    """Each segment of a claim with the loop it lies in."""
    found = []
    loop = level = "2300"
    for segment in claim.segments:
        name = segment.name
        if name in _OPENING:
            loop = _OPENING[name]
            level = loop if loop in _NAME_LOOPS else level
        elif name == "NM1":
            loop = _NAME_LOOPS[level].get(segment.element(1), level)
        found.append((loop, segment))
    return tuple(found)


RANKS = "PSTABCDEFGHU"  # SBR01, first payer first


def rank(sequence: str) -> int:
    """Where a payer stands in the order of payment; one of no known rank stands before all."""
    return RANKS.find(sequence)


def ranks_before(one: str, other: str) -> bool:
    """True when the payer of one SBR01 pays before that of the other."""
    return rank(one) < rank(other)
