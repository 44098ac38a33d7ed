"""Money that fitted no claim, given by a person to the claim it belongs to: as if it had fitted at first, and only once."""

from __future__ import annotations

import re

import pytest

from integration_engine.stages.assigning_money import AnotherPayer, AssignMoney
from tests.stages.office import NOW, RULES, Office, chosen, messages

PAID = "  - {payer: GRAN1, outcome: paid}"


def visit() -> list[bytes]:
    """A visit of a commercial patient, as the practice charges it."""
    return [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")][:2]


def of_kind(answers: list[tuple[str, bytes]], kind: bytes) -> bytes:
    return next(data for _, data in answers if kind in data)


def foreign(remit: bytes) -> bytes:
    """The remit with numbers of its claims that are none of ours."""
    other = re.sub(rb"CLP\*[^*]+\*", b"CLP*FOREIGN1*", remit)
    other = re.sub(rb"(CLP(?:\*[^*~]*){6})\*[^*~]+", rb"\1*ELSEWHERE1", other)
    return re.sub(rb"REF\*6R\*[^~]+", b"REF*6R*X1", other)


def taken(office: Office, outcome: str = "paid") -> tuple[bytes, int, str]:
    """A claim of ours whose remit names it by foreign numbers: that remit, its answer file, and our number."""
    office.receive(*visit())
    answers = office.answers(office.send(), chosen(f"  - {{payer: GRAN1, outcome: {outcome}}}"))
    data = foreign(of_kind(answers, b"ST*835"))
    assert office.take(("strange.835", data))[0].state == "held"
    return data, answer_id(office), office.truth[0].number


def answer_id(office: Office) -> int:
    with office.store.database.read() as connection:
        return office.store.answers.files(connection)[0].id


def stage(office: Office) -> AssignMoney:
    return AssignMoney(store=office.store, rules=lambda: RULES)


def give(office: Office, answer: int, to: str, place: int = 1, *, anyway: bool = False):
    return stage(office).assign(answer, place, to, by="J. Doe", reason="same patient and day", now=NOW, anyway=anyway)


def accounts(office: Office) -> dict[str, int]:
    with office.store.database.read() as connection:
        return {total.account: total.debit - total.credit for total in office.store.ledger.totals(connection)}


def owed(office: Office, number: str) -> dict[str, int]:
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        return office.store.ledger.balances(connection, [claim.id])[claim.id]


def test_unmatched_money_goes_to_the_named_claim_as_if_it_had_fitted_at_first(office: Office) -> None:
    _, answer, number = taken(office)
    before = accounts(office)
    assert before["unapplied"] == -before["cash"] < 0
    assert [hold.finding for hold in office.holds("remittance")] == ["remittance.claim_unknown"]
    done = give(office, answer, number)
    after = accounts(office)
    assert (done.standing, after["unapplied"], after["cash"]) == ("paid", 0, before["cash"])
    assert owed(office, number)["receivable_payer"] == 0
    assert (office.holds("remittance"), office.ledger(), office.difference()) == ([], 0, 0)
    assert office.claims()[number] == "paid"
    with office.store.database.read() as connection:
        file = office.store.answers.file(connection, answer)
        claim = office.store.submissions.by_number(connection, [number])[number]
        assert (file.state, file.unmatched, claim.payer_control_number) == ("done", 0, "ELSEWHERE1")
        assert office.store.audit.verify(connection) == 0


def test_the_unmatched_claims_of_a_file_are_listed_without_names(office: Office) -> None:
    _, answer, _ = taken(office)
    with office.store.database.read() as connection:
        (waiting,) = stage(office).unmatched(connection, answer)
        file = office.store.answers.file(connection, answer)
    assert (waiting.claim_of_file, waiting.number, waiting.payer_control_number) == (1, "FOREIGN1", "ELSEWHERE1")
    assert (file.unmatched, str(file.unmatched_amount)) == (1, waiting.paid)
    assert waiting.codes
    assert set(type(waiting).__dataclass_fields__) & {"patient_name", "member_id"} == set()


def test_a_denial_is_opened_when_its_claim_is_named(office: Office) -> None:
    _, answer, number = taken(office, "denied_authorization")
    assert office.holds("denials") == []
    assert give(office, answer, number).standing == "denied"
    assert [hold.finding for hold in office.holds("denials")] == ["denials.authorization"]


def test_giving_it_again_changes_nothing_and_another_claim_is_refused(office: Office) -> None:
    data, answer, number = taken(office)
    give(office, answer, number)
    before = accounts(office)
    assert give(office, answer, number).repeated
    assert office.take(("strange again.835", data))[0].state == "repeated"
    reworded = office.take(("reworded.835", data.replace(b"ISA*00*", b"\nISA*00*")))[0]
    assert (reworded.state, accounts(office)) == ("done", before)
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    office.answers(office.send(), chosen(PAID))
    other = next(told.number for told in office.truth if told.number != number)
    with pytest.raises(ValueError, match="already"):
        give(office, answer, other)
    assert accounts(office)["unapplied"] == 0


@pytest.mark.parametrize(("place", "to"), [(0, ""), (2, ""), (-1, ""), (1, "NOSUCH")])
def test_an_unknown_claim_of_the_file_or_of_ours_is_refused(office: Office, place: int, to: str) -> None:
    _, answer, number = taken(office)
    with pytest.raises(LookupError):
        give(office, answer, to or number, place)
    with pytest.raises(LookupError):
        give(office, answer + 1, number)
    assert accounts(office)["unapplied"] < 0


def test_a_later_reversal_takes_the_money_back_from_the_bank_and_undoes_the_posting(office: Office) -> None:
    data, answer, number = taken(office)
    give(office, answer, number)
    reversal = re.sub(rb"(CLP\*[^*]+)\*1\*([^*]+)\*([^*]+)", rb"\1*22*-\2*-\3", data)
    reversal = re.sub(rb"TRN\*1\*[^*]+", b"TRN*1*BACK1", reversal)
    reversal = re.sub(rb"(BPR\*[A-Z])\*", rb"\1*-", reversal)
    reversal = re.sub(rb"(CAS\*[A-Z]+\*[0-9]+)\*", rb"\1*-", reversal)
    reversal = re.sub(rb"(SVC\*[^*]+)\*([^*]+)\*([^*~]+)", rb"\1*-\2*-\3", reversal)
    reversal = re.sub(rb"(CLP\*[^*]+\*22\*[^*]+\*[^*]+)\*[^*]*", rb"\1*", reversal)
    assert office.take(("back.835", reversal))[0].state == "done"
    assert office.holds("remittance") == []
    assert office.claims()[number] == "reversed"
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        assert owed(office, number)["receivable_payer"] == int(claim.draft.total_charge.scaleb(2))
    assert owed(office, number).get("unapplied", 0) + owed(office, number).get("cash", 0) == 0
    assert office.ledger() == 0


def test_money_of_another_payer_is_given_only_anyway(office: Office) -> None:
    office.receive(*visit())
    answers = office.answers(office.send(), chosen(PAID))
    data = foreign(of_kind(answers, b"ST*835")).replace(b"GRAN1", b"SUMM1")
    office.take(("strange.835", data))
    number = office.truth[0].number
    with pytest.raises(AnotherPayer, match="--anyway"):
        give(office, answer_id(office), number)
    assert accounts(office)["unapplied"] < 0
    assert not give(office, answer_id(office), number, anyway=True).payer_checked
    assert accounts(office)["unapplied"] == 0
