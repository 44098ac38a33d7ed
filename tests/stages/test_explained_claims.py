"""What waits on a claim after it left is told with its visit: denials, payments, answers that did not come."""

from __future__ import annotations

from datetime import timedelta

from integration_engine.stages.read_back import ReadBack
from integration_engine.store.queries.explain import explain
from tests.stages.office import NOW, RULES, Office, messages
from tests.stages.paying import Decision, Payer, sent_claims
from tests.stages.test_denials_read_late import paid_and_denied


def holds_of(office: Office, identity: str) -> list[tuple[str, str]]:
    with office.store.database.read() as connection:
        found = explain(connection, identity)
    assert found is not None
    return [(hold["queue"], hold["state"]) for hold in found["holds"]]


def test_explain_tells_the_denial_of_a_claim_by_claim_and_by_visit(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    payer.decides(denied)
    assert holds_of(office, denied.claim.number) == [("denials", "open")]
    with office.store.database.read() as connection:
        found = explain(connection, denied.claim.number)
    assert found is not None
    assert holds_of(office, found["treatment_day"]["visits"][0]) == [("denials", "open")]
    payer.decides(denied.taken_back(), paid, on="20261125")
    assert holds_of(office, denied.claim.number) == [("denials", "released")]


def test_explain_tells_an_overdue_answer_with_its_claim_alone(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    office.send()
    first, *others = sent_claims(office)
    for one in others:
        Payer(office).decides(Decision(one, ("",) * len(one.draft.lines)))
    stage = ReadBack(store=office.store, rules=lambda: RULES)
    assert stage.alerts(NOW + timedelta(days=90)) == 1
    assert holds_of(office, first.number) == [("remittance", "open")]
    assert {hold for one in others for hold in holds_of(office, one.number)} == set()
