"""The later payer's claim after an answer or a correction: drawn anew, corrected, withdrawn, or told to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from integration_engine.domain.parties import Discipline
from integration_engine.stages.read_back import ReadBack, TakenBack
from integration_engine.store import tables as t
from tests.stages.office import NOW, RULES, Office, chosen, messages, with_second_payer

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]


VISIT = [with_second_payer(raw) for raw in STORY[:2]]
CHANGED = with_second_payer(STORY[2])
CREDITED = VISIT[1].replace(b"S23-002", b"S23-901").replace(b"|CG|", b"|CR|")


def answered(office: Office, files: list[Path], first: str = "paid", second: str = "paid") -> list[tuple[str, bytes]]:
    """The answers of payers that know what they were sent before."""
    plan = chosen(f"  - {{payer: GRAN1, outcome: {first}}}", f"  - {{payer: SUMM1, outcome: {second}}}")
    return office.answers(files, plan)


def take(office: Office, files: list[Path], first: str = "paid", second: str = "paid") -> list[TakenBack]:
    return office.take(*answered(office, files, first, second))


def claims(office: Office, sequence: str) -> list[tuple[str, str, str]]:
    """(frequency, state, standing) of the claims of one rank, oldest first."""
    with office.store.database.read() as connection:
        rows = connection.execute(
            select(t.claim.c.frequency, t.claim.c.state, t.claim.c.standing)
            .where(t.claim.c.sequence == sequence)
            .order_by(t.claim.c.id)
        )
        return [tuple(row) for row in rows]


def owed(office: Office) -> list[tuple[int, int]]:
    """(by the payer, by the patient) on each claim that has left, oldest first, in cents."""
    with office.store.database.read() as connection:
        ids = connection.execute(
            select(t.claim.c.id).where(t.claim.c.number.is_not(None)).order_by(t.claim.c.id)
        ).scalars()
        listed = list(ids)
        found = office.store.ledger.balances(connection, listed)
    return [
        (found.get(c, {}).get("receivable_payer", 0), found.get(c, {}).get("receivable_patient", 0)) for c in listed
    ]


def texts(files: list[Path]) -> str:
    return "".join(file.read_text(encoding="ascii") for file in files)


def in_balance(office: Office) -> bool:
    return (office.ledger(), office.difference()) == (0, 0)


def end_holds(office: Office, queue: str, how: str = "override") -> None:
    for hold in office.holds(queue):
        with office.store.database.write() as connection:
            getattr(office.store.holds, how)(connection, hold.id, by="J. Doe", reason="corrected there", now=NOW)


def sent_to_both(office: Office) -> list[Path]:
    """The first payer has paid, and the second payer's claim has just left."""
    office.receive(*VISIT)
    take(office, office.send())
    return office.send()


def test_a_refused_second_claim_waits_drawn_anew_and_goes_when_a_person_lets_it(office: Office) -> None:
    take(office, sent_to_both(office), second="rejected_subscriber")
    assert claims(office, "S") == [("1", "refused", "refused"), ("1", "drafted", "")]
    assert len(office.holds("rejections")) == 1
    assert office.send() == []
    end_holds(office, "rejections")
    again = office.send()
    assert "SBR*S*18" in texts(again)
    assert ":B:1*" in texts(again)
    take(office, again)
    assert [standing for _, _, standing in claims(office, "S")] == ["refused", "paid"]
    assert office.holds("rejections") == []
    assert in_balance(office)


def test_a_refused_second_claim_goes_by_itself_when_its_insurance_was_corrected(office: Office) -> None:
    take(office, sent_to_both(office), second="rejected_subscriber")
    corrected = b"\r".join(
        line.replace(b"3T54T07TT11", b"3T54T07TT12") if line.startswith(b"IN1|2|") else line
        for line in VISIT[0].replace(b"S23-001", b"S23-902").split(b"\r")
    )
    assert b"3T54T07TT12" in corrected
    office.receive(corrected)
    assert office.holds("rejections") == []
    assert "NM1*IL*1*TESTPATIENT*JOST****MI*3T54T07TT12~" in texts(office.send())
    assert office.send() == []
    assert in_balance(office)


@pytest.mark.parametrize("produced", [b"DTM*405*20261124~", b""], ids=["stated", "by the file's own date"])
def test_the_second_payer_is_told_the_day_of_the_decision_when_the_payment_is_dated_ahead(
    office: Office, produced: bytes
) -> None:
    office.receive(*VISIT)
    told = answered(office, office.send())
    ahead = [
        (name, data.replace(b"*20261124~TRN*", b"*20261127~TRN*").replace(b"DTM*405*20261124~", produced))
        for name, data in told
    ]
    assert any(b"*20261127~TRN*" in data for _, data in ahead)
    office.take(*ahead)
    assert "DTP*573*D8*20261124~" in texts(office.send())
    assert office.holds("edits") == []


def authorized(raw: bytes) -> bytes:
    """The message with a number of the second payer's own authorization (IN1-14)."""
    lines = [line.split(b"|") for line in raw.split(b"\r")]
    for fields in lines:
        if fields[:2] == [b"IN1", b"2"]:
            fields[14] = b"AUTHSECOND"
    return b"\r".join(b"|".join(fields) for fields in lines)


def test_the_second_claim_carries_its_own_payers_authorization(office: Office) -> None:
    office.receive(*(authorized(raw) for raw in VISIT))
    take(office, office.send())
    (second,) = office.send()
    assert "REF*G1*AUTHSECOND~" in second.read_text(encoding="ascii")


def test_the_second_claim_waits_for_an_authorization_its_payer_asks_for_and_goes_when_it_comes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice = RULES.parameters.practice
    second = next(key for key, entry in practice.payers.items() if entry.payer.payer_id == "SUMM1")
    asks = replace(practice.payers[second], authorization_as_later_payer=True, authorization_required=tuple(Discipline))
    changed = replace(practice, payers={**practice.payers, second: asks})
    monkeypatch.setattr(
        "tests.stages.office.RULES", replace(RULES, parameters=replace(RULES.parameters, practice=changed))
    )
    office.receive(*VISIT)
    take(office, office.send())
    assert office.send() == []
    assert [(hold.finding, hold.owner) for hold in office.holds("edits")] == [
        ("coordination.authorization", "authorization coordinator")
    ]
    office.receive(authorized(VISIT[0].replace(b"S23-001", b"S23-903")))
    assert office.holds("edits") == []
    assert "REF*G1*AUTHSECOND~" in texts(office.send())
    assert in_balance(office)


def test_a_wait_for_the_payers_number_stays_when_the_answer_is_overdue_too(office: Office) -> None:
    sent_to_both(office)
    office.receive(CREDITED)
    office.send()
    ReadBack(store=office.store, rules=lambda: RULES).alerts(NOW + timedelta(days=60))
    assert [hold.finding for hold in office.holds("edits")] == ["corrections.payer_number"]
    assert "remittance.answer_missing" in {hold.finding for hold in office.holds("remittance")}


def test_a_second_claim_in_a_refused_file_goes_again_when_the_receiver_is_looked_after(office: Office) -> None:
    take(office, sent_to_both(office), second="interchange_refused")
    assert claims(office, "S")[-1] == ("1", "drafted", "")
    assert office.send() == []
    end_holds(office, "rejections", "resolve")
    assert "SBR*S*18" in texts(office.send())
    assert in_balance(office)


def test_the_second_claim_is_replaced_when_the_first_was_replaced_and_paid_anew(office: Office) -> None:
    take(office, sent_to_both(office))
    office.receive(CHANGED)
    take(office, office.send())
    second = office.send()
    assert ":B:7*" in texts(second)
    assert "REF*F8*" in texts(second)
    take(office, second)
    assert claims(office, "S") == [("1", "submitted", "replaced"), ("7", "submitted", "paid")]
    assert owed(office) == [(0, 0)] * 4
    assert in_balance(office)


def test_a_refused_replacement_to_the_second_payer_waits_as_a_replacement(office: Office) -> None:
    take(office, sent_to_both(office))
    office.receive(CHANGED)
    take(office, office.send())
    take(office, office.send(), second="rejected_subscriber")
    assert claims(office, "S")[1:] == [("7", "refused", "refused"), ("7", "drafted", "")]
    assert office.send() == []
    end_holds(office, "rejections")
    again = office.send()
    assert ":B:7*" in texts(again)
    take(office, again)
    assert owed(office) == [(0, 0)] * 5
    assert in_balance(office)


def test_the_second_claim_waits_when_the_first_is_corrected_meanwhile(office: Office) -> None:
    office.receive(*VISIT)
    take(office, office.send())
    before = claims(office, "S")
    office.receive(CHANGED)
    first = office.send()
    assert before == [("1", "drafted", "")]
    assert claims(office, "S") == before
    assert office.send() == []
    take(office, first)
    second = office.send()
    assert ":B:1*" in texts(second)
    assert len(claims(office, "S")) == 1
    assert in_balance(office)


def reversal_only(answers: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """The remit that takes the payment back, without the new decision."""
    name, data = answers[-1]
    start = data.index(b"CLP*", data.index(b"*22*"))
    end = data.index(b"PLB*")
    count = int(data[data.index(b"SE*") + 3 :].split(b"*", 1)[0])
    gone = data[start:end].count(b"~")
    data = data[:start] + data[end:]
    return name, data.replace(b"SE*%d*" % count, b"SE*%d*" % (count - gone))


def test_the_second_claim_is_dropped_and_told_when_the_first_payer_takes_its_payment_back(office: Office) -> None:
    office.receive(*VISIT)
    told = answered(office, office.send(), "paid_then_taken_back")
    office.take(*told[:-1])
    assert claims(office, "S") == [("1", "drafted", "")]
    office.take(reversal_only(told))
    assert claims(office, "S") == []
    assert [hold.finding for hold in office.holds("edits")] == ["coordination.taken_back"]
    assert office.send() == []
    assert in_balance(office)


def test_the_second_claim_is_replaced_when_the_first_payer_decides_anew(office: Office) -> None:
    office.receive(*VISIT)
    told = answered(office, office.send(), "paid_then_taken_back")
    office.take(*told[:-1])
    second = office.send()
    office.take(told[-1])
    assert [hold.finding for hold in office.holds("edits")] == ["corrections.payer_number"]
    take(office, second)
    assert office.holds("edits") == []
    replacement = office.send()
    assert ":B:7*" in texts(replacement)
    assert "CAS*PR*27*120~" in texts(replacement)
    assert owed(office)[-1] == (12000, 0)
    assert in_balance(office)


def test_a_new_decision_that_leaves_nothing_is_told_when_the_second_payer_has_the_old_one(office: Office) -> None:
    office.receive(*VISIT)
    told = answered(office, office.send(), "paid_then_taken_back")
    office.take(*told[:-1])
    second = office.send()
    name, data = told[-1]
    nothing = data.replace(b"*0*120*ZZ*", b"*0**ZZ*").replace(b"CAS*PR*27*120~", b"CAS*CO*27*120~")
    assert nothing != data
    office.take((name, nothing))
    assert [hold.finding for hold in office.holds("edits")] == ["coordination.nothing_left"]
    take(office, second)
    assert [hold.finding for hold in office.holds("edits")] == ["coordination.nothing_left"]
    assert office.send() == []
    assert in_balance(office)


def test_the_second_claim_is_voided_with_its_payers_number_when_the_visit_is_credited(office: Office) -> None:
    second = sent_to_both(office)
    office.receive(CREDITED)
    assert ":B:8*" in texts(office.send())
    assert [hold.finding for hold in office.holds("edits")] == ["corrections.payer_number"]
    take(office, second)
    assert office.holds("edits") == []
    void = office.send()
    assert claims(office, "S")[-1] == ("8", "submitted", "sent")
    assert "REF*F8*" in texts(void)
    assert office.send() == []
    assert in_balance(office)


def test_a_denial_is_resubmitted_when_its_claim_was_replaced(office: Office) -> None:
    office.receive(*STORY[:2])
    take(office, office.send(), "denied_units")
    assert office.holds("denials")
    office.receive(STORY[2])
    assert ":B:7*" in texts(office.send())
    with office.store.database.read() as connection:
        states = {denial.state for denial in office.store.denials.list(connection)}
    assert states == {"resubmitted"}
    assert office.holds("denials") == []
