"""A payment whose remit is issued again in other words: the bank has it once, and so have the books."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from integration_engine.domain.sent_claim import SentClaim
from integration_engine.stages.assigning_money import AssignMoney
from integration_engine.stages.read_back import ReadBack
from tests.stages.office import NOW, RULES, Office, messages
from tests.stages.paying import Decision, Payer, accounts, owes, sent_claims

VISIT = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")][:2]
STRANGE = (b"REF*6R*", b"REF*6R*X")


@dataclass
class Story:
    """One visit that has left, and its payer."""

    office: Office
    payer: Payer
    claim: SentClaim

    def remit(self, trace: str, *changes: tuple[bytes, bytes], paid_less: int = 10) -> bytes:
        reasons = tuple(f"CO-45 {paid_less}" for _ in self.claim.draft.lines)
        _, data = self.payer.writes(Decision(self.claim, reasons), trace=trace)
        for old, new in changes:
            assert old in data
            data = data.replace(old, new)
        return data

    def take(self, data: bytes) -> str:
        self.payer.wrote[name := f"again {len(self.payer.wrote)}.835"] = data
        return self.office.take((name, data))[0].state

    def totals(self) -> dict[str, int]:
        with self.office.store.database.read() as connection:
            totals = self.office.store.ledger.totals(connection)
        return {total.account: total.debit - total.credit for total in totals if total.debit != total.credit}

    def findings(self) -> list[str]:
        return sorted(hold.finding for hold in self.office.holds("remittance"))

    def answer_id(self) -> int:
        with self.office.store.database.read() as connection:
            return self.office.store.answers.files(connection)[0].id

    def accept(self, answer: int) -> str:
        stage = ReadBack(store=self.office.store, rules=lambda: RULES)
        return stage.accept(answer, by="J. Doe", reason="looked at the bank", now=NOW).state


@pytest.fixture
def story(office: Office) -> Story:
    office.receive(*VISIT)
    office.send()
    (claim,) = sent_claims(office)
    return Story(office, Payer(office), claim)


def wrong_number(story: Story) -> tuple[tuple[bytes, bytes], ...]:
    number = story.claim.number.encode()
    return (b"CLP*" + number, b"CLP*WRONG1"), (b"ICN" + number, b"ICNWRONG1"), STRANGE


def test_a_remit_with_a_mended_claim_number_waits_when_its_payment_is_booked_already(story: Story) -> None:
    assert story.take(story.remit("TA", *wrong_number(story))) == "held"
    before, first = story.totals(), story.answer_id()
    assert story.take(story.remit("TA")) == "held"
    assert story.totals() == before
    assert story.findings() == ["remittance.booked_before", "remittance.claim_unknown"]
    hold = next(one for one in story.office.holds("remittance") if one.finding == "remittance.booked_before")
    assert story.claim.number in hold.text
    assert "again 2.835" not in hold.text
    assert f"answers assign {first}" in hold.fix
    assert owes(story.office, story.claim) == story.claim.draft.total_charge


def test_a_payment_said_again_is_booked_once_when_its_money_is_given_and_it_is_accepted(story: Story) -> None:
    story.take(story.remit("TA", *wrong_number(story)))
    first = story.answer_id()
    story.take(story.remit("TA"))
    stage = AssignMoney(store=story.office.store, rules=lambda: RULES)
    stage.assign(first, 1, story.claim.number, by="J. Doe", reason="same day", now=NOW)
    before = story.totals()
    assert story.accept(story.answer_id()) == "done"
    assert (story.totals(), story.findings()) == (before, [])
    assert owes(story.office, story.claim) == 0


def test_a_payment_said_again_is_repeated_when_its_money_was_given_to_the_claim_before(story: Story) -> None:
    story.take(story.remit("TA", *wrong_number(story)))
    stage = AssignMoney(store=story.office.store, rules=lambda: RULES)
    stage.assign(story.answer_id(), 1, story.claim.number, by="J. Doe", reason="same day", now=NOW)
    before = story.totals()
    assert story.take(story.remit("TA")) == "done"
    assert (story.totals(), story.findings()) == (before, [])


def test_a_payment_said_again_posts_when_a_person_knows_that_it_came_twice(story: Story) -> None:
    story.take(story.remit("TA", *wrong_number(story)))
    cash = story.totals()["cash"]
    story.take(story.remit("TA"))
    story.accept(story.answer_id())
    assert story.totals()["cash"] == 2 * cash
    assert owes(story.office, story.claim) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"*1574961554~", b"*1999999999~"),
        (b"*1574961554~", b"~"),
        (b"TRN*1*TA*", b"TRN*1*ta*"),
        (b"TRN*1*TA*", b"TRN*1* TA *"),
        (b"CLP*C", b"CLP*c"),
        (b"CLP*C", b"CLP* C"),
    ],
    ids=["other TRN03", "no TRN03", "trace in small letters", "trace padded", "number in small letters", "padded"],
)
def test_a_payment_in_other_words_is_repeated_when_its_claim_is_booked(story: Story, old: bytes, new: bytes) -> None:
    assert story.take(story.remit("TA")) == "done"
    before = story.totals()
    assert story.take(story.remit("TA", (old, new))) == "done"
    assert (story.totals(), story.findings()) == (before, [])
    assert "payer" not in accounts(story.office, story.claim)


def test_another_payment_under_one_trace_posts_when_its_amount_is_another(story: Story) -> None:
    assert story.take(story.remit("TA", *wrong_number(story), paid_less=11)) == "held"
    assert story.take(story.remit("TA")) == "done"
    assert owes(story.office, story.claim) == 0


def test_the_payment_of_another_payer_posts_when_trace_and_amount_are_the_same(story: Story) -> None:
    other = story.remit("TA", *wrong_number(story), (b"GRAN1", b"SUMM1"), (b"*1574961554~", b"*1222222222~"))
    assert story.take(other) == "held"
    assert story.take(story.remit("TA")) == "done"
    assert owes(story.office, story.claim) == 0


def test_the_same_decision_under_another_trace_adds_its_money_only(story: Story) -> None:
    reasons = tuple("CO-45 10 PR-2 5" for _ in story.claim.draft.lines)
    decision = Decision(story.claim, reasons)
    assert story.payer.decides(decision, trace="TA") == "done"
    once = accounts(story.office, story.claim)
    assert story.payer.decides(decision, trace="TB") == "held"
    twice = accounts(story.office, story.claim)
    assert (twice["cash"], twice["receivable_payer"]) == (2 * once["cash"], -once["cash"])
    assert all(twice[one] == once[one] for one in ("contractual", "receivable_patient", "revenue"))
    assert story.findings() == ["remittance.paid_twice"]
    assert story.payer.decides(decision.taken_back(), trace="TC") == "done"
    assert accounts(story.office, story.claim) == once
    assert sent_claims(story.office)[0].standing == "paid"
    assert (story.office.ledger(), story.office.difference()) == (0, 0)
