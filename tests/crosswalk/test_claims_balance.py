"""Money over several payers adds up before a file exists, or the claim is refused where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration_engine.core.errors import OutboundError
from integration_engine.crosswalk.claim_balance import check
from integration_engine.domain.claim import (
    Attachment,
    Claim,
    ClaimDraft,
    Frequency,
    LineAdjudication,
    OtherPayer,
    PayerNumber,
)
from integration_engine.domain.remit import Adjustment
from tests.crosswalk.claim_drafts import CHILD, SIMPLE, line

DECIDED = date(2026, 10, 26)


def cas(group: str, reason: str, amount: str) -> Adjustment:
    return Adjustment(group=group, reason=reason, amount=Decimal(amount))


OTHER = OtherPayer(
    payer=replace(SIMPLE.payer, key="O", payer_id="OTHER1"),
    sequence="P",
    subscriber=SIMPLE.subscriber,
    paid=Decimal("150.00"),
)
DECISION = LineAdjudication(
    payer_id="OTHER1",
    paid=Decimal("150.00"),
    code=SIMPLE.lines[0].code,
    units=Decimal(4),
    adjudicated_on=DECIDED,
    adjustments=(cas("CO", "45", "50.00"), cas("PR", "2", "40.00")),
)


def by_line(decision: LineAdjudication = DECISION, base: ClaimDraft = SIMPLE, **other) -> ClaimDraft:
    """A second payer's claim, 240.00 charged, decided by line."""
    lines = (replace(base.lines[0], adjudications=(decision,)),)
    return replace(base, sequence="S", other_payers=(replace(OTHER, **other),), lines=lines)


def by_claim(base: ClaimDraft = SIMPLE, **other) -> ClaimDraft:
    """The same, decided about the whole claim."""
    said = {"adjustments": (cas("CO", "45", "50.00"), cas("PR", "2", "40.00")), "adjudicated_on": DECIDED} | other
    return replace(base, sequence="S", other_payers=(replace(OTHER, **said),))


def refused_at(draft: ClaimDraft) -> str:
    with pytest.raises(OutboundError) as caught:
        check(Claim(id=1, number="C1", draft=draft))
    assert "claim C1" in str(caught.value)
    return caught.value.position


@pytest.mark.parametrize("base", [SIMPLE, CHILD], ids=["subscriber", "dependent"])
@pytest.mark.parametrize("make", [by_line, by_claim])
def test_balanced_claim_passes(make: Callable[..., ClaimDraft], base: ClaimDraft) -> None:
    check(Claim(id=1, number="C1", draft=make(base=base)))


def test_payer_that_has_not_decided_has_nothing_to_balance() -> None:
    undecided = replace(OTHER, sequence="S", paid=None)
    check(Claim(id=1, number="C1", draft=replace(SIMPLE, other_payers=(undecided,))))


def test_payer_that_covers_nothing_passes_with_the_whole_charge() -> None:
    draft = by_claim(paid=None, adjustments=(), adjudicated_on=None, non_covered=Decimal("240.00"))
    check(Claim(id=1, number="C1", draft=draft))


def test_bundled_lines_balance_each_alone() -> None:
    """The line paid takes the other one's charge over as a negative adjustment."""
    moved = (cas("CO", "45", "90.00"), cas("CO", "94", "-100.00"))
    first = replace(line(1, 4, "140.00"), adjudications=(replace(DECISION, adjustments=moved),))
    bundled = replace(DECISION, paid=Decimal("0.00"), adjustments=(cas("CO", "97", "100.00"),), bundled_line=1)
    second = replace(line(2, 4, "100.00"), adjudications=(bundled,))
    check(Claim(id=1, number="C1", draft=replace(SIMPLE, sequence="S", other_payers=(OTHER,), lines=(first, second))))


@pytest.mark.parametrize("base", [SIMPLE, CHILD], ids=["subscriber", "dependent"])
@pytest.mark.parametrize(
    ("make", "position"),
    [
        # B1
        (lambda base: replace(by_line(base=base), total_charge=Decimal("240.01")), "2300/CLM-02"),
        # B2
        (lambda base: by_line(replace(DECISION, paid=Decimal("149.99")), base), "2430/SVD-02"),
        (lambda base: by_line(replace(DECISION, adjustments=DECISION.adjustments[:1]), base), "2430/SVD-02"),
        # B3
        (lambda base: by_line(base=base, paid=Decimal("149.99")), "2320/AMT*D-02"),
        (lambda base: by_line(base=base, paid=None), "2320/AMT*D-02"),
        (lambda base: by_line(base=base, adjustments=(cas("CO", "253", "3.00"),)), "2320/AMT*D-02"),
        (lambda base: by_claim(base, paid=None), "2320/AMT*D-02"),
        # B4
        (lambda base: by_claim(base, paid=Decimal("150.01")), "2300/CLM-02"),
        (lambda base: by_claim(base, adjustments=()), "2300/CLM-02"),
        # B5
        (
            lambda base: by_line(replace(DECISION, adjustments=(*DECISION.adjustments, cas("PR", "3", "0.00"))), base),
            "2430/CAS-03",
        ),
        (
            lambda base: by_line(
                replace(DECISION, adjustments=(*DECISION.adjustments, cas("CO", "253", "1.00"))), base
            ),
            "2430/CAS-01",
        ),
        (
            lambda base: by_claim(base, adjustments=(cas("XX", "45", "50.00"), cas("PR", "2", "40.00"))),
            "2320/CAS-01",
        ),
        (lambda base: by_claim(base, adjustments=tuple(cas("PR", str(n), "3.00") for n in range(30))), ""),
        (lambda base: by_claim(base, adjustments=tuple(cas("PR", str(n), "2.90") for n in range(31))), "2320/CAS-01"),
        # dates: with the claim or with its lines, and not missing
        (lambda base: by_line(base=base, adjudicated_on=DECIDED), "2330B/DTP*573-03"),
        (lambda base: by_claim(base, adjudicated_on=None), "2330B/DTP*573-03"),
        # charges not covered are all of them, and nothing beside
        (lambda base: by_claim(base, paid=None, non_covered=Decimal("240.00")), "2320/AMT*A8-02"),
        (lambda base: by_claim(base, adjustments=(), paid=None, non_covered=Decimal("1.00")), "2320/AMT*A8-02"),
        # the order of payers, and what lines know them by
        (lambda base: replace(by_line(base=base), sequence="P"), "2320/SBR-01"),
        (lambda base: by_line(base=base, sequence="T"), "2320/SBR-01"),
        (lambda base: by_line(replace(DECISION, payer_id="NOBODY"), base), "2430/SVD-01"),
        (
            lambda base: replace(by_line(base=base), other_payers=(OTHER, replace(OTHER, sequence="T"))),
            "2330B/NM1*PR-09",
        ),
        # how much may stand where
        (
            lambda base: replace(
                by_claim(base),
                other_payers=tuple(
                    replace(OTHER, sequence="P" if n == 0 else "T", payer=replace(OTHER.payer, payer_id=f"O{n}"))
                    for n in range(11)
                ),
            ),
            "2320/SBR-01",
        ),
        (
            lambda base: replace(
                base,
                lines=(replace(base.lines[0], adjudications=tuple(DECISION for _ in range(16))),),
                other_payers=(OTHER,),
                sequence="S",
            ),
            "2430/SVD-01",
        ),
        (
            lambda base: replace(
                by_line(base=base),
                lines=(
                    replace(
                        by_line(base=base).lines[0],
                        other_numbers=tuple(
                            PayerNumber(kind="G1", number=f"A{n}", payer_id="OTHER1") for n in range(5)
                        ),
                    ),
                ),
            ),
            "2400/REF*G1*2U-02",
        ),
        (
            lambda base: replace(
                base, attachments=tuple(Attachment(report="08", transmission="AA") for _ in range(11))
            ),
            "2300/PWK-01",
        ),
        (lambda base: replace(base, frequency=Frequency.REPLACEMENT), "2300/REF*F8-02"),
        (lambda base: replace(base, frequency=Frequency.VOID), "2300/REF*F8-02"),
    ],
)
def test_claim_that_does_not_add_up_is_refused_where_it_does_not(
    make: Callable[[ClaimDraft], ClaimDraft], position: str, base: ClaimDraft
) -> None:
    draft = make(base)
    if position:
        assert refused_at(draft) == position
    else:
        check(Claim(id=1, number="C1", draft=draft))
