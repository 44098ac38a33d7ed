"""Answers in great number or of no sense: one hold for what is alike, remarks kept, little time and memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.stages.read_back import ReadBack
from tests.stages.office import NOW, RULES, Office

ISA = "ISA*00*          *00*          *ZZ*CLEARPATH      *ZZ*SUBMITTER01    *261124*1300*^*00501*000000001*0*P*:~"
HEAD = "BPR*I*{paid}*C*ACH************20261120~TRN*1*TRACE1*1999999999~N1*PR*GRANITE*XV*GRAN1~"


def wrapped(body: str, code: str = "HP", guide: str = "005010X221A1", st: str = "835") -> bytes:
    count = body.count("~") + 2
    opened = f"{ISA}GS*{code}*CLEAR*SUB*20261124*1300*1*X*{guide}~ST*{st}*0001~"
    return f"{opened}{body}SE*{count}*0001~GE*1*1~IEA*1*000000001~".encode()


def strangers(count: int, plb: str = "") -> bytes:
    """A payment of so many claims that are none of ours, 60.00 each."""
    claims = "".join(f"CLP*U{n}*1*100*60*0*12*ICN{n}~CAS*CO*45*40~" for n in range(count))
    return wrapped(HEAD.format(paid=count * 60) + claims + plb)


def stage(office: Office) -> ReadBack:
    return ReadBack(store=office.store, rules=lambda: RULES)


def test_all_strangers_of_a_payment_wait_in_one_hold_with_count_money_and_first_numbers(office: Office) -> None:
    taken = stage(office).take("strangers.835", strangers(700), NOW)
    (hold,) = office.holds("remittance")
    assert (taken.state, hold.finding) == ("held", "remittance.claim_unknown")
    assert "700 claims" in hold.text
    assert "42000.00" in hold.text
    with office.store.database.read() as connection:
        shown = office.store.holds.show(connection, hold.id)
        (file,) = office.store.answers.files(connection)
        assert len(office.store.answers.unmatched(connection, file.id)) == file.unmatched == 700
    assert shown is not None
    assert shown["observed"] == "U0, U1, U2, U3, U4 and 695 more"
    assert office.ledger() == 0


def test_a_file_stands_as_done_when_people_have_resolved_all_that_waited_in_it(office: Office) -> None:
    stage(office).take("strangers.835", strangers(2), NOW)
    (hold,) = office.holds("remittance")
    with office.store.database.write() as connection:
        (file,) = office.store.answers.files(connection, "held")
        office.store.holds.resolve(connection, hold.id, by="J. Doe", reason="paid back to the payer", now=NOW)
        assert office.store.answers.files(connection, "held") == []
        (now,) = office.store.answers.files(connection, "done")
    assert (now.id, now.state, now.unmatched) == (file.id, "done", 2)


def test_a_payment_that_nobody_posted_keeps_its_file_held_whatever_was_resolved(office: Office) -> None:
    stage(office).take("strangers.835", strangers(2).replace(b"BPR*I*120*", b"BPR*I*121*"), NOW)
    with office.store.database.write() as connection:
        for hold in office.store.holds.list(connection):
            office.store.holds.resolve(connection, hold.id, by="J. Doe", reason="seen", now=NOW)
        assert [file.state for file in office.store.answers.files(connection)] == ["held"]


def test_all_strangers_of_a_claim_status_wait_in_one_hold(office: Office) -> None:
    claims = "".join(f"HL*{n + 4}*3*PT~TRN*2*U{n}~STC*A7:21*20261124*U*10~" for n in range(300))
    levels = "HL*1**20*1~NM1*PR*2*PAYER~HL*2*1*21*1~HL*3*2*19*1~"
    stage(office).take("strangers.277", wrapped(levels + claims, "HN", "005010X214", "277"), NOW)
    (hold,) = office.holds("rejections")
    assert "300 claims" in hold.text


def test_remarks_of_a_file_are_kept_beside_what_waits_in_it(office: Office) -> None:
    plb = "PLB*1999902004*20261231*WO:1*10*L6*-10*CS*3*CS*-3~"
    assert stage(office).take("plb.835", strangers(2, plb), NOW).state == "held"
    with office.store.database.read() as connection:
        (file,) = office.store.answers.files(connection)
    told = {one.text: one for one in file.remarks}
    assert sorted(one.count for one in file.remarks) == [
        1,
        2,
    ]  # interest needs nobody; two of one reason are one remark
    assert all("remark" not in one.finding and one.fix and one.places for one in told.values())
    assert any("10" in place for one in file.remarks for place in one.places)


@pytest.mark.parametrize(
    ("one", "code", "guide", "st", "head"),
    [
        ("CLP*A*1~", "HP", "005010X221A1", "835", HEAD.format(paid=1)),
        ("SVC*A~", "HP", "005010X221A1", "835", HEAD.format(paid=1) + "CLP*A*1*1*1~"),
        ("TRN*2*A~STC*A3*0~", "HN", "005010X214", "277", "HL*1**20*1~NM1*PR*2*X~HL*2*1*PT~"),
        ("ST*835*0001~", "HP", "005010X221A1", "835", ""),
        ("XX*1~", "HP", "005010X221A1", "835", "SE*1*0001~"),
    ],
)
def test_garbage_is_read_in_seconds_and_little_memory(one: str, code: str, guide: str, st: str, head: str) -> None:
    data = wrapped(head + one * (1_600_000 // len(one)), code, guide, st)
    began = time.monotonic()
    answers = read_answers(data)
    assert time.monotonic() - began < 20  # 0.2 to 3 s on a quiet machine
    assert 0 < len(answers.problems) < 400
    tracemalloc.start()
    read_answers(data[:200_000])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * 200_000


def test_the_first_of_many_problems_says_how_many_they_are() -> None:
    problems = read_answers(wrapped(HEAD.format(paid=1) + "CLP*A*1~" * 500)).problems
    missing = [one for one in problems if one.id == "answers.missing"]
    assert "500 places" in missing[0].text
    assert len(missing) == 40  # twenty of each amount


def test_a_file_too_large_to_read_is_noted_once_and_taken_when_the_limit_is_raised(office: Office) -> None:
    data = strangers(2)
    for _ in range(2):
        taken = stage(office).refuse("large.835", len(data), 100, NOW)
        assert (taken.state, str(len(data)) in taken.reason) == ("rejected", True)
    stage(office).take("empty.835", b"", NOW)  # no file of no bytes stands in its way
    assert [hold.finding for hold in office.holds("interface") if "too_large" in hold.finding] == ["answers.too_large"]
    assert stage(office).take("large.835", data, NOW).state == "held"
    assert len(office.holds("remittance")) == 1
