"""A remit balances at line, claim and payment, or each difference is named with its amount and place."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.findings import Queue, Severity
from integration_engine.core.money import ZERO, from_cents
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.domain.remit import Adjustment, ProviderAdjustment, Remit, RemitClaim, RemitLine
from integration_engine.rules.posting.balance import balance, payment_difference

PROJECT = Path(__file__).parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", PROJECT.parent / "shared")) / "real-x12"
REAL_FILES = sorted(REAL.glob("835__*.edi"))

# file → what does not add up in it
EXPECTED: dict[str, tuple[tuple[str, str], ...]] = {
    "835__00__1.edi": (),
    "835__01__2.edi": (),
    # Two PLB of -1.27 each are not in the payment of this published example.
    "835__02__3a.edi": (("remittance.payment_out_of_balance", "1224.54; difference -2.54"),),
    "835__03__dollars-and-data-sent-separate.edi": (),
    "835__04__dollars-and-data-sent-together.edi": (),
    "835__05__era-sample.edi": (),
    "835__06__multiple-claims-single-check.edi": (),
    "835__07__secondary-payment-with-higher-fee-schedule.edi": (),
}


@pytest.mark.skipif(not REAL_FILES, reason="the folder of other people's answer files is not here")
def test_real_remit_balances_or_its_difference_is_named() -> None:
    found = {}
    for path in REAL_FILES:
        (remit,) = read_answers(path.read_bytes()).remits
        found[path.name] = tuple((finding.id, finding.expected) for finding in balance(remit))
    assert found == EXPECTED


def adjustment(group: str, reason: str, cents: int) -> Adjustment:
    return Adjustment(group=group, reason=reason, amount=from_cents(cents))


CENTS = st.integers(-50_000, 50_000)


@st.composite
def balanced_claims(draw: st.DrawFn) -> RemitClaim:
    """A claim that adds up: lines of random adjustments, and a claim-level one."""
    lines = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        reasons = tuple(
            adjustment(
                draw(st.sampled_from(["CO", "PR", "OA", "PI"])), draw(st.sampled_from(["45", "1", "197"])), cents
            )
            for cents in draw(st.lists(CENTS, max_size=4))
        )
        charge = from_cents(draw(CENTS))
        paid = charge - sum((a.amount for a in reasons), ZERO)
        lines.append(
            RemitLine(number=number, code="97110", charge=charge, paid=paid, adjustments=reasons, position=number + 10)
        )
    own = tuple(adjustment("CO", "45", cents) for cents in draw(st.lists(CENTS, max_size=2)))
    charge = sum((line.charge for line in lines), ZERO) if lines else from_cents(draw(CENTS))
    taken = sum((a.amount for a in own), ZERO) + sum((a.amount for line in lines for a in line.adjustments), ZERO)
    status = draw(st.sampled_from(["1", "2", "4", "22"]))
    return RemitClaim(
        number="C1", status=status, charge=charge, paid=charge - taken, position=5, adjustments=own, lines=tuple(lines)
    )


@st.composite
def balanced_remits(draw: st.DrawFn) -> Remit:
    """A remit that adds up, provider adjustments included."""
    claims = tuple(draw(st.lists(balanced_claims(), max_size=3)))
    plb = tuple(
        ProviderAdjustment(provider="1999902004", reason="WO", amount=from_cents(cents))
        for cents in draw(st.lists(CENTS, max_size=2))
    )
    amount = sum((c.paid for c in claims), ZERO) - sum((p.amount for p in plb), ZERO)
    return Remit(
        transaction="0001", handling="I", amount=amount, method="ACH", trace="T", payer_name="P", payer_id="1",
        claims=claims, provider_adjustments=plb, position=2,
    )  # fmt: skip


@given(balanced_remits())
def test_remit_that_adds_up_has_no_findings(remit: Remit) -> None:
    assert balance(remit) == ()


@given(balanced_remits(), CENTS.filter(bool), st.data())
def test_any_difference_is_named_where_it_is(remit: Remit, cents: int, data: st.DataObject) -> None:
    off = from_cents(cents)
    lines = [(c, n) for c, claim in enumerate(remit.claims) for n, _ in enumerate(claim.lines)]
    kind = data.draw(st.sampled_from(["payment", *(["claim"] if remit.claims else []), *(["line"] if lines else [])]))
    claims = list(remit.claims)
    if kind == "payment":
        changed = replace(remit, amount=remit.amount + off)
        wanted = {"remittance.payment_out_of_balance"}
    elif kind == "claim":
        c = data.draw(st.integers(0, len(claims) - 1))
        claims[c] = replace(claims[c], paid=claims[c].paid + off)
        changed = replace(remit, claims=tuple(claims))
        wanted = {"remittance.claim_out_of_balance", "remittance.payment_out_of_balance"}
    else:
        c, n = data.draw(st.sampled_from(lines))
        of_claim = list(claims[c].lines)
        of_claim[n] = replace(of_claim[n], charge=of_claim[n].charge + off)
        claims[c] = replace(claims[c], lines=tuple(of_claim))
        changed = replace(remit, claims=tuple(claims))
        wanted = {"remittance.line_out_of_balance", "remittance.claim_lines_differ"}
    found = balance(changed)
    assert {finding.id for finding in found} == wanted
    assert all(finding.severity is Severity.ERROR and finding.queue is Queue.REMITTANCE for finding in found)
    assert all(str(abs(off)) in finding.expected and finding.position for finding in found)
    assert all(str(abs(off)) in finding.text for finding in found)


def test_stated_share_of_the_patient_that_differs_is_a_warning() -> None:
    claim = RemitClaim(
        number="C1", status="1", charge=Decimal(100), paid=Decimal(80), position=5,
        patient_responsibility=Decimal(30), adjustments=(adjustment("PR", "1", 2000),),
    )  # fmt: skip
    remit = Remit(
        transaction="0001", handling="I", amount=Decimal(80), method="ACH", trace="T", payer_name="P", payer_id="1",
        claims=(claim,), position=2,
    )  # fmt: skip
    (finding,) = balance(remit)
    assert (finding.id, finding.severity) == ("remittance.patient_share_differs", Severity.WARNING)
    assert payment_difference(remit) == ZERO
