"""Questions about payers that paid before: does what they paid and adjusted add up, line by line and in all?

Source  X12.md §2.7, §2.9 B2-B5; X12 requests for interpretation 1294 and 1555.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from integration_engine.core.money import ZERO
from integration_engine.rules.claim_file.claim_questions import ClaimQuestion
from integration_engine.rules.claim_file.facts import ClaimFacts, LineAdjudication, OtherPayer
from integration_engine.rules.claim_file.records import Circumstances, Hit
from integration_engine.rules.claim_file.values import amount

_ORDER = "PSTABCDEFGH"
_FIRST = "P"
_MOST_DECIMALS = 3


def line_payers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Every line adjudication names an other payer of the claim."""
    if not claim.others and not any(line.adjudications for line in claim.lines):
        return
    known = Counter(other.payer_id for other in claim.others)
    last = len(claim.lines)
    for line in claim.lines:
        for adjudication in line.adjudications:
            if adjudication.payer_id not in known:
                yield Hit("adjudicating_payer", adjudication.at, 1)
            elif known[adjudication.payer_id] > 1:
                yield Hit("adjudicating_payer_ambiguous", adjudication.at, 1)
            bundled = adjudication.at.element(6)
            if bundled.isdigit() and (not 1 <= int(bundled) <= last or bundled == line.number):
                yield Hit("bundled_line", adjudication.at, 6, 0, f"1 to {last}, another than {line.number}")
            units = adjudication.at.element(5)
            if units.startswith("-") or len(units.partition(".")[2]) > _MOST_DECIMALS:
                yield Hit("adjudicated_units", adjudication.at, 5)


def references(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """A number of a line that belongs to another payer names one of the claim."""
    known: set[str] | None = None
    for line in claim.lines:
        for node in (line.node, *line.node.children):
            for placed in node.segments:
                if placed.parts[0] != "REF" or not placed.element(4):
                    continue
                if known is None:
                    known = {other.payer_id for other in claim.others} | {_destination(claim)}
                if placed.component(4, 2) not in known:
                    yield Hit("reference_payer", placed, 4, 2)


def _destination(claim: ClaimFacts) -> str:
    payer = claim.subscriber.loop("2010BB") if claim.subscriber else None
    name = payer.find("NM1") if payer else None
    return name.element(9) if name else ""


def coverage(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """An other payer's coverage as the first one's: a reason where Medicare is not first, a group's number or its name."""
    for other in claim.others:
        at = other.at
        filing, kind = at.element(9), at.element(5)
        medicare = bool(filing) and circumstances.known("medicare_filings", filing, claim.first_day)
        if (kind and other.sequence == _FIRST) or (medicare and other.sequence != _FIRST and not kind):
            yield Hit("medicare_type", at, 5)
        if at.element(3) and at.element(4):
            yield Hit("group_name_and_number", at, 4)
        if not filing:
            yield Hit("claim_filing", at, 9)


def non_covered(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """What is not covered at all is the whole charge, and nothing was decided about it."""
    for other in claim.others:
        stated = other.node.find("AMT", "A8")
        if stated is None:
            continue
        value = amount(stated.element(2))
        decided = bool(other.adjustments) or bool(_of(claim, other))
        if decided or (value is not None and claim.total is not None and value != claim.total):
            yield Hit("non_covered_total", stated, 2, 0, f"{claim.total}")


def remaining(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """What the patient still owes is no more than what was charged."""
    if not claim.others:
        return
    nodes = [(other.node, claim.total) for other in claim.others]
    nodes += [(one.node, line.charge) for line in claim.lines for one in line.adjudications]
    for node, most in nodes:
        placed = node.find("AMT", "EAF")
        value = amount(placed.element(2)) if placed else None
        if placed is not None and value is not None and most is not None and value > most:
            yield Hit("remaining_over_charge", placed, 2, 0, f"at most {most}")


def line_balance(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """B2: charge = paid + adjustments, over all adjudications of one payer when it split the line."""
    for line in claim.lines:
        by_payer: dict[str, list[LineAdjudication]] = {}
        for adjudication in line.adjudications:
            by_payer.setdefault(adjudication.payer_id, []).append(adjudication)
        for ours in by_payer.values():
            explained = sum((one.paid + one.adjustments for one in ours), ZERO)
            if line.charge is not None and explained != line.charge:
                yield Hit("line_adjudication", ours[0].at, 2, 0, f"paid and adjusted {explained}")


def payer_balance(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """B3 and B4: what a payer paid is what its lines say, and with its adjustments the whole charge."""
    for other in claim.others:
        ours = _of(claim, other)
        if not other.paid_at:
            stated = other.node.find("AMT", "A8") is not None  # it covers nothing of the claim, and says so
            if ours or (_earlier(other, claim) and not stated):
                yield Hit("payer_paid_missing", other.at)
            continue
        paid = other.paid or ZERO
        on_lines = sum((one.adjustments for one in ours), ZERO)
        if ours:
            expected = sum((one.paid for one in ours), ZERO) - other.adjustments
            if paid != expected:
                yield Hit("payer_paid_lines", other.paid_at, 2, 0, f"{expected}")
        if (ours or other.adjustments) and claim.total is not None:
            explained = paid + other.adjustments + on_lines
            if explained != claim.total:
                yield Hit("payer_paid_claim", other.paid_at, 2, 0, f"paid and adjusted {explained}")


def decided_on(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """The date of the decision stands once: with the lines where they are adjudicated, else with the payer."""
    for other in claim.others:
        ours = _of(claim, other)
        on_lines = any(one.dated for one in ours)
        adjudicated = bool(ours) or other.paid_at is not None
        if (on_lines and other.dated) or (adjudicated and not on_lines and not other.dated):
            yield Hit("adjudication_date", other.at)


def _of(claim: ClaimFacts, other: OtherPayer) -> list[LineAdjudication]:
    return [one for line in claim.lines for one in line.adjudications if one.payer_id == other.payer_id]


def _earlier(other: OtherPayer, claim: ClaimFacts) -> bool:
    mine, theirs = claim.sequence, other.sequence
    return mine in _ORDER and theirs in _ORDER and _ORDER.index(theirs) < _ORDER.index(mine)


OTHER_PAYER_QUESTIONS: tuple[ClaimQuestion, ...] = (
    (("adjudicating_payer", "adjudicating_payer_ambiguous", "bundled_line", "adjudicated_units"), line_payers),
    (("reference_payer",), references),
    (("medicare_type", "group_name_and_number", "claim_filing"), coverage),
    (("non_covered_total",), non_covered),
    (("remaining_over_charge",), remaining),
    (("line_adjudication",), line_balance),
    (("payer_paid_missing", "payer_paid_lines", "payer_paid_claim"), payer_balance),
    (("adjudication_date",), decided_on),
)
