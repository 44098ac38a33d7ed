"""What no single element of a claim can see: counts, pointers, frequency, and money that has to add up, also over payers.

Everything refused here is a fault of ours, found before a file exists; data that is not billable is told by the edits.
Source  X12.md §2.9: B1 the total is the sum of the lines; B2 a line's charge is what a payer paid of it and adjusted
        away; B3 what a payer paid is the sum of its lines less its claim adjustments; B4 so is the total charge; B5 no
        amount of zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from integration_engine.core.errors import OutboundError
from integration_engine.core.money import ZERO
from integration_engine.domain.claim import (
    Claim,
    ClaimDraft,
    Frequency,
    LineAdjudication,
    OtherPayer,
    Payer,
    ProviderNumber,
)
from integration_engine.domain.remit import Adjustment, AdjustmentGroup

MOST_LINES = 50
MOST_DIAGNOSES = 12
MOST_MODIFIERS = 4
MOST_POINTERS = 4
MOST_OTHER_PAYERS = 10
MOST_ADJUDICATIONS = 15
MOST_ATTACHMENTS = 10
MOST_NUMBERS = 5
MOST_PAYER_IDS = 2
MOST_ADJUSTMENT_SEGMENTS = 5
REASONS_A_SEGMENT = 6
PRIMARY = "P"
_ALL = frozenset({"0B", "1G", "G2", "LU"})
# role → position, kinds its loop takes (of the billing provider those of 2010BB too), and the most
PROVIDER_NUMBERS = {
    "85": ("2010AA/REF*0B-01", _ALL, 4),
    "DN": ("2310A/REF*0B-01", _ALL - {"LU"}, 3),
    "P3": ("2310A/REF*0B*P3-01", _ALL - {"LU"}, 3),
    "82": ("2310B/REF*0B-01", _ALL, 4),
    "77": ("2310C/REF*0B-01", _ALL - {"1G"}, 3),
    "DQ": ("2310D/REF*0B-01", _ALL, 4),
}
_GROUPS = frozenset(group.value for group in AdjustmentGroup)
_NUMBER = re.compile(r"[A-Z0-9]{1,17}")


def check(claim: Claim) -> None:
    """Refuse a claim that may not be written.

    Raises   OutboundError with the position of the first thing that is wrong.
    """
    for position, text in _wrong(claim):
        raise OutboundError(f"claim {claim.number}: {text}", position=position)


def _wrong(claim: Claim) -> Iterator[tuple[str, str]]:
    draft = claim.draft
    if not _NUMBER.fullmatch(claim.number):
        yield "2300/CLM-01", "a claim number has at most 17 of A-Z and 0-9"
    yield from _of_claim(draft)
    yield from _of_lines(draft)
    if draft.other_payers or any(line.adjudications or line.other_numbers or line.attachments for line in draft.lines):
        yield from _other_payers(draft)
        yield from _line_decisions(draft)
        for other in draft.other_payers:
            yield from _adjustments(other.adjustments, "2320/CAS")
            yield from _balance(draft, other)


def _of_claim(draft: ClaimDraft) -> Iterator[tuple[str, str]]:
    if not 1 <= len(draft.lines) <= MOST_LINES:
        yield "2400/LX-01", f"1 to {MOST_LINES} service lines"
    if not 1 <= len(draft.diagnoses) <= MOST_DIAGNOSES or len(set(draft.diagnoses)) != len(draft.diagnoses):
        yield "2300/HI*ABK-01", f"1 to {MOST_DIAGNOSES} different diagnoses"
    if draft.frequency is not Frequency.ORIGINAL and not draft.payer_control_number:
        yield "2300/REF*F8-02", "a replacement or void names the payer's own number of the claim"
    if len(draft.attachments) > MOST_ATTACHMENTS:
        yield "2300/PWK-01", f"at most {MOST_ATTACHMENTS} attachments"
    if draft.provider_numbers:
        yield from _numbers(draft.provider_numbers)
    if sum((line.charge for line in draft.lines), ZERO) != draft.total_charge:
        yield "2300/CLM-02", "total charge is not the sum of its lines"


def _numbers(numbers: tuple[ProviderNumber, ...]) -> Iterator[tuple[str, str]]:
    """Numbers beside the NPI: each kind once a provider, and not more than a loop takes."""
    kinds = [(one.role, one.qualifier) for one in numbers]
    for role, (position, kept, most) in PROVIDER_NUMBERS.items():
        own = [qualifier for of, qualifier in kinds if of == role]
        if not kept.issuperset(own):
            yield position, f"a number of this provider is one of {', '.join(sorted(kept))}"
        if len(set(own)) != len(own) or len(own) > most:
            yield position, f"at most {most} numbers of this provider, each of another kind"


def _of_lines(draft: ClaimDraft) -> Iterator[tuple[str, str]]:
    diagnoses = len(draft.diagnoses)
    if len({line.line_control for line in draft.lines}) != len(draft.lines):
        yield "2400/REF*6R-02", "line control numbers repeat"
    for line in draft.lines:
        if len(line.modifiers) > MOST_MODIFIERS:
            yield "2400/SV1-01", "more than four modifiers"
        if not 1 <= len(line.pointers) <= MOST_POINTERS or min(line.pointers) < 1 or max(line.pointers) > diagnoses:
            yield "2400/SV1-07", "pointers name absent diagnoses"
        if line.units < 1 or line.charge < ZERO:
            yield "2400/SV1-04", "units above zero and charges not below"


def _other_payers(draft: ClaimDraft) -> Iterator[tuple[str, str]]:
    """The other payers' places in the order of payment, and the ids that lines know them by."""
    others = draft.other_payers
    if len(others) > MOST_OTHER_PAYERS:
        yield "2320/SBR-01", f"at most {MOST_OTHER_PAYERS} other payers"
    sequences = [draft.sequence, *(other.sequence for other in others)]
    if others and sequences.count(PRIMARY) != 1:
        yield "2320/SBR-01", "one payer, and only one, is the primary"
    if any(sum(map(bool, (p.second_id, p.tax_id, p.claim_office, p.naic))) > MOST_PAYER_IDS for p in _payers(draft)):
        yield "2330B/REF*2U-01", f"at most {MOST_PAYER_IDS} further ids of another payer"
    if len({other.payer.payer_id for other in others}) != len(others):
        yield "2330B/NM1*PR-09", "two other payers have the same id, and lines could not tell them apart"


def _payers(draft: ClaimDraft) -> Iterator[Payer]:
    return (other.payer for other in draft.other_payers)


def _line_decisions(draft: ClaimDraft) -> Iterator[tuple[str, str]]:
    """How much may stand with one line, and by whom."""
    known = {other.payer.payer_id for other in draft.other_payers}
    for line in draft.lines:
        if len(line.attachments) > MOST_ATTACHMENTS:
            yield "2400/PWK-01", f"at most {MOST_ATTACHMENTS} attachments"
        for kind in ("G1", "9F"):
            # the line's own number takes one of the places
            if sum(number.kind == kind for number in line.other_numbers) >= MOST_NUMBERS:
                yield f"2400/REF*{kind}*2U-02", f"at most {MOST_NUMBERS} numbers of a kind"
        if len(line.adjudications) > MOST_ADJUDICATIONS:
            yield "2430/SVD-01", f"at most {MOST_ADJUDICATIONS} decisions about a line"
        for one in line.adjudications:
            if one.payer_id not in known:
                yield "2430/SVD-01", "a decision about a line is by a payer the claim does not name"
            yield from _adjustments(one.adjustments, "2430/CAS")


def _adjustments(adjustments: tuple[Adjustment, ...], position: str) -> Iterator[tuple[str, str]]:
    """Whole groups, known groups, no amount of zero, and not more than the segments there is room for."""
    ordered = [group for group, _ in groupby(one.group for one in adjustments)]
    segments = sum(
        -(-sum(one.group == group for one in adjustments) // REASONS_A_SEGMENT) for group in dict.fromkeys(ordered)
    )
    if len(set(ordered)) != len(ordered):
        yield f"{position}-01", "the adjustments of one group stand together"
    if not _GROUPS.issuperset(ordered):
        yield f"{position}-01", f"an adjustment group is one of {', '.join(sorted(_GROUPS))}"
    if segments > MOST_ADJUSTMENT_SEGMENTS:
        yield f"{position}-01", f"more adjustments than {MOST_ADJUSTMENT_SEGMENTS} segments hold"
    if any(one.amount == ZERO for one in adjustments):
        yield f"{position}-03", "an adjustment of zero is not sent"


def _balance(draft: ClaimDraft, other: OtherPayer) -> Iterator[tuple[str, str]]:
    """What one other payer paid and adjusted, against the charges. Nothing to check before it has decided."""
    lines = [(line.charge, _of_payer(line.adjudications, other.payer.payer_id)) for line in draft.lines]
    decided = [one for _, several in lines for one in several]
    for charge, several in lines:
        if several and sum((a.paid + _sum(a.adjustments) for a in several), ZERO) != charge:
            yield "2430/SVD-02", "a line's charge is not what was paid of it and adjusted away"
    if other.non_covered is not None:
        if decided or other.adjustments or other.non_covered != draft.total_charge:
            yield "2320/AMT*A8-02", "charges a payer does not cover are all of them, without adjustments"
    elif other.paid is None:
        if decided or other.adjustments:
            yield "2320/AMT*D-02", "what the payer paid is missing"
    else:
        yield from _decision(draft.total_charge, other, other.paid, decided)


def _decision(
    total: Decimal, other: OtherPayer, paid: Decimal, decided: Sequence[LineAdjudication]
) -> Iterator[tuple[str, str]]:
    """B3 and B4, and the date, which stands with the claim or with its lines."""
    of_claim = _sum(other.adjustments)
    if decided and other.adjudicated_on is not None:
        yield "2330B/DTP*573-03", "the date of a decision stands with the claim or with its lines, not with both"
    if not decided and other.adjudicated_on is None:
        yield "2330B/DTP*573-03", "the date of the payer's decision is missing"
    if decided and paid != sum((one.paid for one in decided), ZERO) - of_claim:
        yield "2320/AMT*D-02", "what the payer paid is not the sum of its lines less its claim adjustments"
    if paid + of_claim + sum((_sum(one.adjustments) for one in decided), ZERO) != total:
        yield "2300/CLM-02", "total charge is not what the other payer paid and adjusted away"


def _of_payer(adjudications: tuple[LineAdjudication, ...], payer_id: str) -> list[LineAdjudication]:
    return [one for one in adjudications if one.payer_id == payer_id]


def _sum(adjustments: tuple[Adjustment, ...]) -> Decimal:
    return sum((one.amount for one in adjustments), ZERO)
