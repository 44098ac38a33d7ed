"""Posting: every cent in double entry, reversals undo what they reverse, nothing is posted twice."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.findings import Severity
from integration_engine.core.money import ZERO, from_cents, to_cents
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.domain.answers import ClaimStatus, LineStatus
from integration_engine.domain.claim import Frequency
from integration_engine.domain.denial import DenialCategory
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.domain.posting import Posting
from integration_engine.domain.remit import Adjustment, ProviderAdjustment, Remit, RemitClaim, RemitLine
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.answers.remit_matching import (
    ClaimMatchedBy,
    LineMatchedBy,
    Match,
    match,
    match_status,
    remit_payer,
)
from integration_engine.rules.posting.ledger import (
    difference,
    entries_for_claim,
    open_balance,
    open_balances,
    patient_paid,
    refusal_entries,
    standing,
    total_of,
    transfer,
    write_off,
)
from integration_engine.rules.posting.remits import assign, post, posting_keys, remit_key
from integration_engine.rules.responses.files import compile_responses

RESPONSES = compile_responses(MappingFiles(shipped_folder()).read())
DAY = date(2026, 10, 5)
SENT = date(2026, 10, 8)
ON = date(2026, 11, 3)
PROJECT = Path(__file__).parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", PROJECT.parent / "shared")) / "real-x12"
REAL_FILES = sorted(REAL.glob("835__*.edi"))


# --- builders ---------------------------------------------------------------------------------------------------------


def sent(number: str = "C1", *charges: str, codes: str = "97110 97140 97530", mods: str = "GP GP GP") -> SubmittedClaim:
    amounts = charges or ("180.00", "60.00")
    lines = tuple(
        SubmittedLine(
            number=n,
            line_control=f"{number}L{n:02d}",
            code=code,
            modifiers=tuple(mod.split("+")),
            units=1,
            charge=Decimal(charge),
            date_of_service=DAY,
        )
        for n, (charge, code, mod) in enumerate(zip(amounts, codes.split(), mods.split(), strict=False), start=1)
    )
    total = sum((line.charge for line in lines), ZERO)
    return SubmittedClaim(
        id=1,
        number=number,
        payer_key="SUMMIT",
        payer_id="SUMM1",
        profile="commercial_ama",
        date_of_service=DAY,
        total=total,
        lines=lines,
    )


def adjustments(text: str) -> tuple[Adjustment, ...]:
    parts = text.split()
    return tuple(
        Adjustment(group=code.split("-")[0], reason=code.split("-")[1], amount=Decimal(amount))
        for code, amount in zip(parts[::2], parts[1::2], strict=True)
    )


def answered(claim: SubmittedClaim, *reasons: str, status: str = "1", of_claim: str = "", sign: int = 1) -> RemitClaim:
    """The answer to a claim: each line's reasons as text, what is left is paid."""
    lines = []
    for ours, text in zip(claim.lines, reasons, strict=True):
        taken = tuple(replace(a, amount=a.amount * sign) for a in adjustments(text))
        charge = ours.charge * sign
        lines.append(
            RemitLine(
                number=ours.number,
                code=ours.code,
                modifiers=ours.modifiers,  # type: ignore[arg-type]
                charge=charge,
                paid=charge - sum((a.amount for a in taken), ZERO),
                date_of_service=DAY,
                line_control=ours.line_control,
                adjustments=taken,
                position=10 + ours.number,
            )
        )
    own = tuple(replace(a, amount=a.amount * sign) for a in adjustments(of_claim))
    paid = sum((line.paid for line in lines), ZERO) - sum((a.amount for a in own), ZERO)
    return RemitClaim(
        number=claim.number,
        status=status,
        charge=claim.total * sign,
        paid=paid,
        position=8,
        payer_control_number=f"ICN{claim.number}",
        date_of_service=DAY,
        adjustments=own,
        lines=tuple(lines),
    )


def remit(*claims: RemitClaim, trace: str = "T1", plb: str = "", off: str = "0") -> Remit:
    parts = plb.split()
    taken = tuple(
        ProviderAdjustment(provider="1999902004", reason=reason, amount=Decimal(amount))
        for reason, amount in zip(parts[::2], parts[1::2], strict=True)
    )
    amount = sum((c.paid for c in claims), ZERO) - sum((p.amount for p in taken), ZERO) + Decimal(off)
    return Remit(
        transaction="0001", handling="I", amount=amount, method="ACH", trace=trace, payer_name="SUMMIT",
        payer_id="1999999999", claims=claims, provider_adjustments=taken, position=2,
    )  # fmt: skip


def posted(answer: Remit, *ours: SubmittedClaim, earlier: tuple[Entry, ...] = (), **more: object) -> Posting:
    matches = [match(claim, ours) for claim in answer.claims]
    return post(answer, matches, RESPONSES, ON, earlier=earlier, **more)  # type: ignore[arg-type]


def ids(posting: Posting) -> set[str]:
    return {finding.id for finding in posting.findings}


def accounts(entries: tuple[Entry, ...]) -> dict[Account, int]:
    found: Counter[Account] = Counter()
    for entry in entries:
        found[entry.account] += entry.cents
    return {account: cents for account, cents in found.items() if cents}


# --- one answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "payer", "patient", "cash", "contractual", "adjusted"),
    [
        ("CO-45 30 PR-1 40", "CO-45 18", 0, 4000, 15200, 4800, 0),
        ("", "", 0, 0, 24000, 0, 0),
        ("PR-1 180", "PR-1 60", 0, 24000, 0, 0, 0),
        ("CO-197 180", "CO-197 60", 24000, 0, 0, 0, 0),
        ("CO-45 30 CO-197 150", "CO-45 18 CO-253 0.84", 15000, 0, 4116, 4800, 84),
        ("CO-45 180", "CO-45 60", 0, 0, 0, 24000, 0),
        ("CO-999 180", "PI-45 10", 18000, 0, 5000, 0, 1000),
    ],
)
def test_claim_is_posted_as_it_was_answered(
    first: str, second: str, payer: int, patient: int, cash: int, contractual: int, adjusted: int
) -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    result = posted(remit(answered(claim, first, second)), claim, earlier=charged)
    assert result.posted
    entries = (*charged, *result.entries)
    assert difference(entries) == 0
    assert open_balance(entries, "C1") == open_balances(entries)[0]
    assert (open_balance(entries, "C1").payer, open_balance(entries, "C1").patient) == (payer, patient)
    sums = (Account.CASH, Account.CONTRACTUAL, Account.PAYER_ADJUSTMENT)
    assert tuple(total_of(entries, account) for account in sums) == (cash, contractual, adjusted)
    assert result.patient_responsibility == from_cents(patient)
    for line in result.lines:
        assert line.charge == line.paid + line.contractual + line.payer_adjusted + line.patient + line.open
    assert ids(result) == set()


def test_denied_line_is_told_with_its_category_and_stays_owed() -> None:
    claim = sent()
    result = posted(remit(answered(claim, "CO-197 180", "CO-45 18")), claim)
    denied, paid = result.lines
    assert (denied.denial.category, denied.open, denied.line) == (
        DenialCategory.AUTHORIZATION, Decimal(180), claim.lines[0],
    )  # fmt: skip
    assert (paid.denial.denied, paid.paid, paid.contractual) == (False, Decimal(42), Decimal(18))
    assert {entry.line for entry in result.entries} == {2}


def test_claim_level_adjustment_beside_lines_is_posted_on_the_claim() -> None:
    claim = sent("C1", "800.00", codes="97110", mods="GP")
    answer = answered(claim, "PR-1 300", of_claim="CO-45 50")
    assert answer.paid == Decimal(450)
    result = posted(remit(answer), claim)
    entries = (*entries_for_claim(claim, SENT), *result.entries)
    assert (open_balance(entries, "C1").payer, open_balance(entries, "C1").patient) == (0, 30000)
    assert total_of(entries, Account.CASH) == 45000
    of_claim = next(line for line in result.lines if line.number == 0)
    assert (of_claim.charge, of_claim.paid, of_claim.contractual) == (ZERO, Decimal(-50), Decimal(50))


def test_answer_without_lines_is_posted_on_the_claim() -> None:
    claim = sent()
    whole = RemitClaim(
        number="C1", status="1", charge=Decimal(240), paid=Decimal(200), position=8, adjustments=adjustments("CO-45 40")
    )
    result = posted(remit(whole), claim)
    assert total_of(result.entries, Account.CASH) == 20000
    assert {entry.line for entry in result.entries} == {None}


@pytest.mark.parametrize(("status", "finding"), [("25", "remittance.undecided"), ("23", "remittance.undecided")])
def test_answer_that_decides_nothing_posts_nothing(status: str, finding: str) -> None:
    claim = sent()
    answer = answered(claim, "OA-101 180", "OA-101 60", status=status)
    result = posted(remit(answer), claim)
    assert (result.entries, result.claims[0].posted) == ((), False)
    assert finding in ids(result)


# --- reversals and corrections ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_remit", [True, False])
def test_reversal_undoes_the_answer_and_the_correction_takes_its_place(*, same_remit: bool) -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answered(claim, "CO-45 30 PR-1 40", "CO-45 18")), claim, earlier=charged)
    back = answered(claim, "CO-45 30 PR-1 40", "CO-45 18", status="22", sign=-1)
    again = answered(claim, "CO-45 30", "CO-45 18")
    entries = (*charged, *first.entries)
    answers = [remit(back, again, trace="T2")] if same_remit else [remit(back, trace="T2"), remit(again, trace="T3")]
    for answer in answers:
        result = posted(answer, claim, earlier=entries)
        assert ids(result) == set()
        entries += result.entries
    undoing = [entry for entry in entries if entry.undoes]
    assert {entry.undoes for entry in undoing} == {first.keys[0]}
    assert {entry.kind for entry in undoing} == {EntryKind.REVERSAL}
    assert open_balance(entries, "C1").total == 0
    assert (total_of(entries, Account.CASH), total_of(entries, Account.CONTRACTUAL)) == (19200, 4800)
    assert len(standing(entries)) == len(charged) + len(result.entries) - (len(undoing) if same_remit else 0)


def test_reversal_with_other_adjustments_undoes_the_posting_as_it_was() -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answered(claim, "CO-45 30 PR-1 40", "CO-45 18")), claim, earlier=charged)
    back = answered(claim, "CO-45 70", "CO-45 18", status="22", sign=-1)
    result = posted(remit(back, trace="T2"), claim, earlier=(*charged, *first.entries))
    assert ids(result) == {"remittance.reversal_differs"}
    assert accounts((*charged, *first.entries, *result.entries)) == accounts(charged)


def test_reversal_of_what_was_never_posted_is_posted_as_stated_and_told() -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    back = answered(claim, "CO-45 30", "CO-45 18", status="22", sign=-1)
    result = posted(remit(back, trace="T2"), claim, earlier=charged)
    assert ids(result) == {"remittance.reversal_unknown"}
    late = posted(remit(answered(claim, "CO-45 30", "CO-45 18")), claim, earlier=(*charged, *result.entries))
    assert accounts((*charged, *result.entries, *late.entries)) == accounts(charged)


def test_reversal_of_a_denial_has_nothing_to_undo() -> None:
    claim = sent()
    back = answered(claim, "CO-197 180", "CO-197 60", status="22", sign=-1)
    result = posted(remit(back), claim)
    assert (result.entries, ids(result)) == ((), set())


def test_second_reversal_does_not_undo_again_what_is_undone() -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answered(claim, "CO-45 30", "CO-45 18")), claim, earlier=charged)
    back = answered(claim, "CO-45 30", "CO-45 18", status="22", sign=-1)
    entries = (*charged, *first.entries)
    entries += posted(remit(back, trace="T2"), claim, earlier=entries).entries
    result = posted(remit(back, trace="T3"), claim, earlier=entries)
    assert ids(result) == {"remittance.reversal_unknown"}


# --- money outside of claims, repeats, imbalance ----------------------------------------------------------------------


def test_provider_adjustments_bring_cash_to_the_payment() -> None:
    claim = sent()
    answer = remit(answered(claim, "CO-45 30", "CO-45 18"), plb="WO 100.00 L6 -1.25")
    result = posted(answer, claim)
    assert total_of(result.entries, Account.CASH) == to_cents(answer.amount) == 9325
    assert total_of(result.entries, Account.PROVIDER_ADJUSTMENT) == 9875
    (finding,) = result.findings  # interest needs nobody
    assert (finding.id, finding.observed, finding.severity) == (
        "remittance.provider_adjustment", "100.00", Severity.WARNING,
    )  # fmt: skip


def test_a_provider_adjustment_of_an_unknown_reason_is_posted_and_held_by_its_name() -> None:
    claim = sent()
    unknown = posted(remit(answered(claim, "CO-45 30", "CO-45 18"), plb="ZZ 1.00 ZY 2.00"), claim)
    assert total_of(unknown.entries, Account.PROVIDER_ADJUSTMENT) == 300
    assert [(f.id, f.holds, f.subject.rpartition(" ")[2]) for f in unknown.findings] == [
        ("remittance.provider_adjustment", True, "ZZ"),
        ("remittance.provider_adjustment", True, "ZY"),
    ]


@pytest.mark.parametrize("code", sorted(RESPONSES.provider_adjustments.codes))
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_mapped_provider_adjustment_has_its_account_and_the_cash_is_the_payment(code: str, sign: str) -> None:
    claim = sent()
    answer = remit(answered(claim, "CO-45 30", "CO-45 18"), plb=f"{code} {sign}12.34")
    result = posted(answer, claim)
    assert total_of(result.entries, Account.CASH) == to_cents(answer.amount)
    assert total_of(result.entries, Account.PROVIDER_ADJUSTMENT) == int(f"{sign}1234")
    assert {entry.code for entry in result.entries if entry.account is Account.PROVIDER_ADJUSTMENT} == {f"PLB {code}"}
    assert not any(finding.holds for finding in result.findings)


@pytest.mark.parametrize(
    "code", ["WO", "FB", "L6", "CS", "IR", "72", "J1", "50", "51", "90", "AP", "LE", "OB", "WU", "CV"]
)
def test_the_reasons_payers_use_are_mapped(code: str) -> None:
    assert code in RESPONSES.provider_adjustments.codes


def test_a_negative_payment_that_is_no_reversal_is_posted_as_stated_and_held() -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answered(claim, "CO-45 30", "CO-45 18")), claim, earlier=charged)
    back = answered(claim, "CO-45 30", "CO-45 18", sign=-1)
    result = posted(remit(back, trace="T2"), claim, earlier=(*charged, *first.entries))
    assert total_of((*first.entries, *result.entries), Account.CASH) == 0
    assert open_balance((*charged, *first.entries, *result.entries), "C1").payer == to_cents(claim.total)
    (finding,) = result.findings
    assert (finding.id, finding.holds, finding.subject) == ("remittance.negative_payment", True, "claim C1")


def test_unknown_claim_waits_on_unapplied_until_it_is_assigned() -> None:
    claim = sent()
    answer = remit(replace(answered(claim, "CO-45 30 PR-1 40", "CO-45 18"), number="X9", payer_control_number=None))
    stranger = replace(answer, claims=(replace(answer.claims[0], lines=tuple(
        replace(line, line_control=None) for line in answer.claims[0].lines
    )),))  # fmt: skip
    result = posted(stranger, claim)
    assert ids(result) == {"remittance.claim_unknown"}
    assert accounts(result.entries) == {Account.CASH: 15200, Account.UNAPPLIED: -15200}
    named = match(replace(stranger.claims[0], number="C1"), [claim])
    given = assign(stranger, 0, named, RESPONSES, ON, earlier=entries_for_claim(claim, SENT))
    entries = (*entries_for_claim(claim, SENT), *result.entries, *given.entries)
    assert total_of(entries, Account.UNAPPLIED) == 0
    assert total_of(entries, Account.CASH) == 15200
    assert (open_balance(entries, "C1").payer, open_balance(entries, "C1").patient) == (0, 4000)


def test_same_remit_is_posted_once() -> None:
    claim = sent()
    answer = remit(answered(claim, "CO-45 30", "CO-45 18"), plb="WO 5.00")
    first = posted(answer, claim)
    assert first.keys == (*posting_keys(answer), remit_key(answer))
    again = posted(answer, claim, earlier=first.entries, already=first.keys)
    assert (again.entries, again.keys) == ((), ())
    assert ids(again) == {"remittance.repeated"}


def test_claims_that_share_number_and_amount_have_keys_of_their_own() -> None:
    claim = answered(sent(), "CO-45 30", "CO-45 18")
    keys = posting_keys(remit(claim, claim, replace(claim, paid=Decimal(1))))
    assert len(set(keys)) == 3
    assert [key.rpartition("|")[2] for key in keys] == ["1", "2", "1"]


def test_remit_out_of_balance_waits_until_a_person_accepts_the_difference() -> None:
    claim = sent()
    answer = remit(answered(claim, "CO-45 30", "CO-45 18"), off="-2.54")
    result = posted(answer, claim)
    assert (result.posted, result.entries, result.keys) == (False, (), ())
    assert ids(result) == {"remittance.payment_out_of_balance"}
    assert not result.claims[0].posted
    accepted = posted(answer, claim, accept_difference=True)
    assert accepted.posted
    assert total_of(accepted.entries, Account.CASH) == to_cents(answer.amount)
    assert total_of(accepted.entries, Account.UNAPPLIED) == 254
    assert difference(accepted.entries) == 0


def test_remit_that_was_not_read_whole_is_not_posted() -> None:
    claim = sent()
    result = posted(replace(remit(answered(claim, "CO-45 30", "CO-45 18")), complete=False), claim)
    assert (result.posted, ids(result)) == (False, {"remittance.incomplete"})


def test_credit_balance_is_told_when_more_comes_in_than_was_charged() -> None:
    claim = sent()
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answered(claim, "", "")), claim, earlier=charged)
    again = posted(remit(answered(claim, "CO-45 30", ""), trace="T2"), claim, earlier=(*charged, *first.entries))
    assert ids(again) == {"remittance.credit_balance"}
    assert open_balance((*charged, *first.entries, *again.entries), "C1").payer == -24000


def test_post_wants_a_match_for_every_claim() -> None:
    with pytest.raises(ValueError, match="one match for each claim"):
        post(remit(answered(sent(), "", "")), [], RESPONSES, ON)


# --- submissions, later payers, write-offs ----------------------------------------------------------------------------


def test_replacement_takes_the_place_of_the_first_charges() -> None:
    first = sent("C1", "180.00", "60.00")
    second = replace(sent("C2", "120.00", "60.00"), frequency=Frequency.REPLACEMENT, replaces="ICN1")
    charged = entries_for_claim(first, SENT)
    entries = (*charged, *entries_for_claim(second, ON, earlier=charged))
    assert {b.claim: b.total for b in open_balances(entries)} == {"C1": 0, "C2": 18000}
    assert total_of(entries, Account.REVENUE) == -18000
    void = replace(sent("C3"), frequency=Frequency.VOID, replaces="ICN2")
    entries += entries_for_claim(void, ON, earlier=[e for e in entries if e.claim == "C2"])
    assert total_of(entries, Account.REVENUE) == 0
    assert difference(entries) == 0


def test_later_payer_gets_what_is_left_and_its_repeated_reduction_is_not_written_off_twice() -> None:
    first, later = sent("C1", "100.00", codes="97110", mods="GP"), sent("C2", "100.00", codes="97110", mods="GP")
    later = replace(later, sequence="S")
    entries = (*entries_for_claim(first, SENT), *entries_for_claim(later, ON))
    entries += posted(remit(answered(first, "CO-45 20 PR-2 20")), first, earlier=entries).entries
    entries += transfer(2000, ON, "C1-C2", source="C1", target="C2")
    assert {b.claim: (b.payer, b.patient) for b in open_balances(entries)} == {"C1": (0, 0), "C2": (2000, 0)}
    answer = answered(later, "OA-23 60 CO-45 20 PR-2 5", status="2")
    result = posted(remit(answer, trace="T2"), later, earlier=entries)
    entries += result.entries
    assert {b.claim: (b.payer, b.patient) for b in open_balances(entries)} == {"C1": (0, 0), "C2": (0, 500)}
    assert total_of(entries, Account.CONTRACTUAL) == 2000
    assert total_of(entries, Account.CASH) == 6000 + 1500
    assert total_of(entries, Account.REVENUE) == -10000


def test_patients_share_goes_back_to_the_first_claim_when_the_later_payers_claim_is_refused() -> None:
    first = sent("C1", "100.00", codes="97110", mods="GP")
    entries = entries_for_claim(first, SENT)
    entries += posted(remit(answered(first, "CO-45 20 PR-2 20")), first, earlier=entries).entries
    before = open_balances(entries)
    moved = transfer(2000, ON, "C1-C2", source="C1", target="C2")
    refused = refusal_entries({"C2"}, ON, moved)
    assert difference(refused) == 0
    assert {leg.posting for leg in refused} == {"refusal|C2"}
    assert open_balances((*entries, *moved, *refused))[:1] == before
    assert open_balance((*entries, *moved, *refused), "C2").total == 0
    assert refusal_entries({"C2"}, ON, (*moved, *refused)) == ()


def test_supplement_that_answers_the_first_payers_claim_pays_the_patients_share() -> None:
    claim = sent("C1", "100.00", codes="97110", mods="GP")
    entries = entries_for_claim(claim, SENT)
    entries += posted(remit(answered(claim, "CO-45 20 PR-2 20", status="19")), claim, earlier=entries).entries
    assert (open_balance(entries, "C1").payer, open_balance(entries, "C1").patient) == (0, 2000)
    later = answered(claim, "OA-23 60 CO-45 20 PR-3 5", status="2")
    assert later.paid == Decimal(15)
    result = posted(remit(later, trace="T2"), claim, earlier=entries)
    assert ids(result) == set()
    both = (*entries, *result.entries)
    assert (open_balance(both, "C1").payer, open_balance(both, "C1").patient) == (0, 500)
    assert (total_of(both, Account.CASH), total_of(both, Account.CONTRACTUAL)) == (7500, 2000)
    back = answered(claim, "OA-23 60 CO-45 20 PR-3 5", status="22", sign=-1)
    undone = posted(remit(back, trace="T3"), claim, earlier=both)
    assert ids(undone) == set()
    assert accounts((*both, *undone.entries)) == accounts(entries)


def test_patient_who_paid_ahead_has_no_credit_while_the_payer_owes() -> None:
    claim = sent()
    entries = (*entries_for_claim(claim, SENT), *patient_paid("C1", 2500, SENT, "P1"))
    denied = posted(remit(answered(claim, "CO-197 180", "CO-197 60")), claim, earlier=entries)
    assert ids(denied) == set()
    paid = posted(remit(answered(claim, "PR-3 20", "")), claim, earlier=entries)
    assert ids(paid) == {"remittance.credit_balance"}
    assert open_balance((*entries, *paid.entries), "C1").patient == -500


def test_patient_payment_and_write_off_close_the_claim() -> None:
    claim = sent()
    entries = entries_for_claim(claim, SENT)
    entries += posted(remit(answered(claim, "PR-1 180", "CO-29 60")), claim, earlier=entries).entries
    entries += patient_paid("C1", 15000, ON, "P1")
    entries += write_off("C1", 3000, ON, "W1", patient=True)
    entries += write_off("C1", 6000, ON, "W2", code="CO-29")
    assert open_balance(entries, "C1").total == 0
    assert total_of(entries, Account.WRITE_OFF) == 9000
    assert difference(entries) == 0


@pytest.mark.parametrize("legs", [{"debit": 1, "credit": 1}, {}, {"debit": -1}])
def test_entry_is_one_side_of_at_least_a_cent(legs: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a debit or a credit"):
        Entry(posting="k", account=Account.CASH, kind=EntryKind.PAYMENT, on=ON, **legs)


# --- matching ---------------------------------------------------------------------------------------------------------


def bare(claim: RemitClaim, **changes: object) -> RemitClaim:
    """The answer without our line controls."""
    return replace(claim, lines=tuple(replace(line, line_control=None, **changes) for line in claim.lines))  # type: ignore[arg-type]


def how(found: Match) -> list[str]:
    return [line.by.value for line in found.lines]


def test_lines_are_found_by_control_then_by_what_they_say() -> None:
    claim = sent()
    answer = answered(claim, "", "")
    assert how(match(answer, [claim])) == ["line_control"] * 2
    assert how(match(bare(answer), [claim])) == ["code_modifiers_date_charge"] * 2
    dropped = match(bare(answer, modifiers=()), [claim])
    assert how(dropped) == ["code_date_charge"] * 2
    assert [f.id for f in dropped.findings] == ["remittance.modifiers_differ"] * 2
    assert all(f.severity is Severity.INFORMATION for f in dropped.findings)
    assert [m.line for m in dropped.lines] == list(claim.lines)


def test_line_is_found_without_its_date_and_by_the_code_that_was_sent() -> None:
    claim = sent()
    answer = bare(answered(claim, "", ""), date_of_service=None)
    assert how(match(replace(answer, date_of_service=None), [claim])) == ["code_modifiers_date_charge"] * 2
    changed = replace(answer.lines[0], code="97112", submitted_code="97110", submitted_modifiers=("GP",))  # type: ignore[arg-type]
    found = match(replace(answer, lines=(changed, answer.lines[1])), [claim])
    assert found.line_of(1) == claim.lines[0]


def test_assistant_split_whose_modifiers_are_gone_goes_to_a_person() -> None:
    claim = sent("C1", "60.00", "60.00", codes="97110 97110", mods="GP GP+CQ")
    answer = answered(claim, "", "CO-45 9")
    assert how(match(bare(answer), [claim])) == ["code_modifiers_date_charge"] * 2
    found = match(bare(answer, modifiers=()), [claim])
    assert found.claim == claim
    assert [(m.line, m.ambiguous) for m in found.lines] == [(None, True)] * 2
    assert {f.id for f in found.findings} == {"remittance.line_ambiguous"}
    result = post(remit(bare(answer, modifiers=())), [found], RESPONSES, ON)
    assert total_of(result.entries, Account.CASH) == 11100
    assert {entry.line for entry in result.entries} == {None}


def test_lines_that_are_alike_in_everything_are_paired_in_order() -> None:
    claim = sent("C1", "60.00", "60.00", codes="97110 97110", mods="GP GP")
    found = match(bare(answered(claim, "", "CO-18 60")), [claim])
    assert [m.line for m in found.lines] == list(claim.lines)
    one_more = bare(answered(claim, "", ""))
    third = replace(one_more.lines[0], number=3)
    found = match(replace(one_more, lines=(*one_more.lines, third), charge=Decimal(180)), [claim])
    assert found.claim is None  # neither the total nor any line is sure


def test_line_that_fits_nothing_is_told() -> None:
    claim = sent()
    answer = bare(answered(claim, "", ""))
    other = replace(answer.lines[0], code="99999", modifiers=())
    found = match(replace(answer, lines=(other, answer.lines[1])), [claim])
    assert [f.id for f in found.findings] == ["remittance.line_unknown"]
    assert found.lines[0].by is LineMatchedBy.NOTHING


@pytest.mark.parametrize(
    ("number", "payer_number", "by", "finding"),
    [
        ("C1", None, ClaimMatchedBy.CLAIM_NUMBER, None),
        (" c1 ", "OTHER", ClaimMatchedBy.CLAIM_NUMBER, None),
        ("", "ICN1", ClaimMatchedBy.PAYER_CONTROL_NUMBER, "remittance.found_otherwise"),
        ("C7", "ICN1", ClaimMatchedBy.PAYER_CONTROL_NUMBER, "remittance.found_otherwise"),
        ("", None, ClaimMatchedBy.LINE_CONTROL, "remittance.found_otherwise"),
    ],
)
def test_claim_is_found_by_its_number_then_by_the_payers_then_by_its_lines(
    number: str, payer_number: str | None, by: ClaimMatchedBy, finding: str | None
) -> None:
    ours = replace(sent(), payer_control_number="ICN1")
    other = replace(sent("C2"), payer_control_number="ICN2")
    answer = replace(answered(ours, "", ""), number=number, payer_control_number=payer_number)
    found = match(answer, [other, ours])
    assert (found.claim, found.by) == (ours, by)
    assert [f.id for f in found.findings] == ([finding] if finding else [])


def test_claim_is_never_found_by_what_is_not_a_number_of_ours() -> None:
    ours = sent()
    answer = bare(replace(answered(ours, "", ""), number="", payer_control_number=None, member_id="M123"))
    assert match(answer, [ours]).claim is None
    twins = [ours, replace(ours, id=2)]
    found = match(answered(ours, "", ""), twins)
    assert (found.claim, [f.id for f in found.findings]) == (None, ["remittance.claim_ambiguous"])
    told = replace(ours, id=2, payer_control_number="ICNC1")
    assert match(answered(ours, "", ""), [ours, told]).claim == told


PAYERS = frozenset({"PAYER", "SECOND"})


@pytest.mark.parametrize(
    ("ids", "found"), [(("1999", "PAYER"), True), (("1999",), True), (("SECOND",), False), (("1999", "SECOND"), False)]
)
def test_a_number_of_the_payers_counts_only_with_that_payer(ids: tuple[str, ...], found: bool) -> None:
    ours = replace(sent(), payer_control_number="ICN1", payer_id="PAYER")
    answer = bare(replace(answered(ours, "", ""), number="", payer_control_number="ICN1"))
    payer = remit_payer(replace(remit(answer), payer_ids=ids), PAYERS)
    assert (match(answer, [ours], payer).claim == ours) is found
    by_our_number = replace(answer, number="C1")  # a later payer answers under the number that it was passed
    assert match(by_our_number, [ours], payer).claim == ours


def test_of_several_claims_with_one_number_that_of_the_payer_is_meant() -> None:
    first = replace(sent(), payer_control_number="ICN1", payer_id="PAYER")
    second = replace(sent("C2"), id=2, payer_control_number="ICN1", payer_id="SECOND")
    answer = bare(replace(answered(first, "", ""), number="", payer_control_number="ICN1"))
    payer = remit_payer(replace(remit(answer), payer_ids=("SECOND",)), PAYERS)
    assert match(answer, [first, second], payer).claim == second
    assert match(answer, [first, second]).claim is None


def test_number_alone_is_no_match_when_nothing_else_agrees() -> None:
    ours = sent("C1", "180.00", "60.00")
    stranger = bare(answered(sent("C1", "46.00", codes="99213", mods="25"), ""))
    found = match(stranger, [ours])
    assert (found.claim, found.findings[-1].id) == (None, "remittance.claim_ambiguous")
    partly = replace(answered(ours, "", ""), charge=Decimal(180), lines=answered(ours, "", "").lines[:1])
    found = match(partly, [ours])
    assert (found.claim, [f.id for f in found.findings]) == (ours, ["remittance.charge_differs"])


def test_claim_status_is_found_by_any_of_its_numbers() -> None:
    ours = replace(sent(), payer_control_number="ICN1", clearinghouse_number="CH1")
    lines = (LineStatus(line_control="C1L02", code="97140"), LineStatus(line_control="X", code=None))
    status = ClaimStatus(number="C1", statuses=(), position=9, lines=lines)
    found = match_status(status, [ours, sent("C2")])
    assert (found.claim, found.lines) == (ours, (ours.lines[1], None))
    by_clearinghouse = replace(status, number="", clearinghouse_number="CH1", lines=())
    assert match_status(by_clearinghouse, [ours]).by is ClaimMatchedBy.CLEARINGHOUSE_NUMBER
    nothing = match_status(replace(status, number="C9", lines=()), [ours])
    assert (nothing.claim, [f.id for f in nothing.findings]) == (None, ["rejections.claim_unknown"])


# --- properties -------------------------------------------------------------------------------------------------------

REASONS = st.sampled_from(["CO-45", "CO-253", "CO-197", "PR-1", "PR-2", "OA-23", "PI-45", "CO-999", "CO-50"])


@st.composite
def answered_claims(draw: st.DrawFn) -> tuple[SubmittedClaim, RemitClaim]:
    """A claim and an answer that balances, with any reasons on lines and on the claim."""
    charges = draw(st.lists(st.integers(1, 30_000), min_size=1, max_size=3))
    claim = sent(draw(st.sampled_from(["C1", "C2", "C3"])), *(str(from_cents(c)) for c in charges))

    def reasons() -> str:
        pairs = draw(st.lists(st.tuples(REASONS, st.integers(1, 9_000)), max_size=3))
        return " ".join(f"{reason} {from_cents(cents)}" for reason, cents in pairs)

    return claim, answered(claim, *(reasons() for _ in charges), of_claim=reasons() if draw(st.booleans()) else "")


@settings(max_examples=150, deadline=None)
@given(st.lists(answered_claims(), min_size=1, max_size=3, unique_by=lambda pair: pair[0].number), st.booleans())
def test_posting_sums_to_zero_and_its_cash_is_the_payment(
    pairs: list[tuple[SubmittedClaim, RemitClaim]], known: bool
) -> None:
    ours = [claim for claim, _ in pairs]
    charged = tuple(entry for claim in ours for entry in entries_for_claim(claim, SENT))
    answer = remit(*(claim for _, claim in pairs), plb="WO 12.34")
    result = posted(answer, *(ours if known else ()), earlier=charged)
    assert result.posted
    assert difference(result.entries) == 0
    assert total_of(result.entries, Account.CASH) == to_cents(answer.amount)
    for index, claim in enumerate(ours):
        lines = [line for line in result.lines if line.claim == index]
        left = sum(
            (line.charge - line.paid - line.contractual - line.payer_adjusted - line.patient for line in lines), ZERO
        )
        assert left >= sum((line.open for line in lines), ZERO)
        if known:
            assert open_balance((*charged, *result.entries), claim.number).payer == to_cents(left)


@settings(max_examples=100, deadline=None)
@given(answered_claims())
def test_reversal_of_any_answer_leaves_the_ledger_as_it_was(pair: tuple[SubmittedClaim, RemitClaim]) -> None:
    claim, answer = pair
    charged = entries_for_claim(claim, SENT)
    first = posted(remit(answer), claim, earlier=charged)
    back = replace(
        answer,
        status="22",
        charge=-answer.charge,
        paid=-answer.paid,
        adjustments=tuple(replace(a, amount=-a.amount) for a in answer.adjustments),
        lines=tuple(
            replace(
                line,
                charge=-line.charge,
                paid=-line.paid,
                adjustments=tuple(replace(a, amount=-a.amount) for a in line.adjustments),
            )
            for line in answer.lines
        ),
    )
    result = posted(remit(back, trace="T2"), claim, earlier=(*charged, *first.entries))
    assert "remittance.reversal_unknown" not in ids(result)
    assert "remittance.reversal_differs" not in ids(result)
    assert accounts((*charged, *first.entries, *result.entries)) == accounts(charged)


@pytest.mark.skipif(not REAL_FILES, reason="the folder of other people's answer files is not here")
def test_real_remits_of_strangers_wait_on_unapplied_to_the_cent() -> None:
    for path in REAL_FILES:
        (answer,) = read_answers(path.read_bytes()).remits
        result = posted(answer)
        assert len(set(posting_keys(answer))) == len(answer.claims)
        if path.name == "835__02__3a.edi":
            assert not result.posted
            result = posted(answer, accept_difference=True)
        assert result.posted
        assert total_of(result.entries, Account.CASH) == to_cents(answer.amount), path.name
        assert difference(result.entries) == 0
