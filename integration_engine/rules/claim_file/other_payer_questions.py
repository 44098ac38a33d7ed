"""Questions about payers that paid before: does what they paid and adjusted add up, line by line and in all?

Source  X12.md §2.7, §2.9 B2-B5; X12 requests for interpretation 1294 and 1555.
"""

# ruff: noqa: ARG001 - every question is asked in the same way, whatever it looks at
from __future__ import annotations

from collections.abc import Iterator

from integration_engine.core.money import ZERO
from integration_engine.rules.claim_file.claim_questions import ClaimQuestion
from integration_engine.rules.claim_file.facts import ClaimFacts, LineAdjudication, OtherPayer
from integration_engine.rules.claim_file.records import Circumstances, Hit

_ORDER = "PSTABCDEFGH"


def line_payers(claim: ClaimFacts, circumstances: Circumstances) -> Iterator[Hit]:
    """Every line adjudication names an other payer of the claim."""
    known = {other.payer_id for other in claim.others}
    for line in claim.lines:
        for adjudication in line.adjudications:
            if adjudication.payer_id not in known:
                yield Hit("adjudicating_payer", adjudication.at, 1)


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
    (("adjudicating_payer",), line_payers),
    (("line_adjudication",), line_balance),
    (("payer_paid_missing", "payer_paid_lines", "payer_paid_claim"), payer_balance),
    (("adjudication_date",), decided_on),
)
