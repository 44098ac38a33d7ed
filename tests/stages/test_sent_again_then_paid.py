"""A claim is refused and goes again, and the payer has taken the first one all the same: what each of the two is told."""

from __future__ import annotations

from integration_engine.domain.sent_claim import SentClaim
from integration_engine.stages.adjudicate import Adjudicate
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages
from tests.stages.paying import Decision, Payer, sent_claims

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")[:2]]
REFUSED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
PAID = ("CO-45 20", "CO-45 8 PR-2 10")
DUPLICATE = ("OA-18 120", "OA-18 58")


def sent_twice(office: Office) -> tuple[SentClaim, SentClaim]:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), REFUSED))
    for hold in office.holds("rejections"):
        with office.store.database.write() as connection:
            patient = office.store.holds.override(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
        assert patient is not None
        assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    office.send()
    first, second = sent_claims(office)
    assert (first.state, second.state) == ("refused", "submitted")
    return first, second


def told(office: Office) -> set[tuple[str, str]]:
    with office.store.database.read() as connection:
        return {(one.claim, one.next_action) for one in office.store.denials.list(connection)}


def test_a_duplicate_of_the_refused_claim_is_told_to_wait_for_that_one(office: Office) -> None:
    first, second = sent_twice(office)
    payer = Payer(office)
    payer.decides(Decision(second, DUPLICATE, "4"))
    ((claim, action),) = told(office)
    assert claim == second.number
    assert "under the number that was refused before: send nothing" in action
    payer.decides(Decision(first, PAID), on="20261125")
    assert {hold.finding for hold in office.holds("remittance")} == {"remittance.taken_twice"}
    assert office.ledger() == 0


def test_a_duplicate_of_a_claim_sent_once_is_told_as_before(office: Office) -> None:
    office.receive(*STORY)
    office.send()
    (claim,) = sent_claims(office)
    Payer(office).decides(Decision(claim, DUPLICATE, "4"))
    ((_, action),) = told(office)
    assert "refused before" not in action
