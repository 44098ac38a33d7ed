"""Corrections that the payer never took, parts that were voided, and days that come back: what goes, and what is owed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_engine.rules.claims import lines
from integration_engine.stages.adjudicate import Adjudicate
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages

PAID = chosen(*ALL_PAID)
REJECTED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
UNREADABLE = chosen("  - {payer: GRAN1, outcome: interchange_refused}", *ALL_PAID)


def story(name: str) -> list[bytes]:
    return [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages(name)]


REPLACED = story("23_replacement_of_a_line.hl7")
CREDIT = REPLACED[1].replace(b"S23-002", b"S23-901").replace(b"|CG|", b"|CR|")
ANEW = REPLACED[1].replace(b"S23-002", b"S23-902").replace(b"VS23A1-1", b"VS23A1-9")


def sent(files: list[Path]) -> list[tuple[str, str]]:
    """Frequency and total charge of every claim in these files."""
    found = []
    for file in files:
        found += [(f, total) for total, f in re.findall(r"CLM\*[^*]*\*([^*]*)\*\*\*11:B:(.)", file.read_text())]
    return found


def resolve(office: Office, *, override: bool = False) -> None:
    """A person deals with every hold of the rejections queue."""
    for hold in office.holds("rejections"):
        holds = office.store.holds
        with office.store.database.write() as connection:
            if override:
                patient = holds.override(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
            else:
                holds.resolve(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
                patient = None
        if patient is not None:
            assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)


def owed(office: Office) -> dict[str, int]:
    """What payers owe, claim by claim, in cents."""
    with office.store.database.read() as connection:
        claims = office.store.submissions.by_number(connection, [t.number for t in office.truth])
        balances = office.store.ledger.balances(connection, [claim.id for claim in claims.values()])
    return {n: balances.get(claim.id, {}).get("receivable_payer", 0) for n, claim in claims.items()}


def revenue(office: Office) -> int:
    with office.store.database.read() as connection:
        totals = {one.account: one for one in office.store.ledger.totals(connection)}
    return totals["revenue"].credit - totals["revenue"].debit


def paid_day(office: Office) -> None:
    office.receive(*REPLACED[:2])
    office.take(*office.answers(office.send(), PAID))


@pytest.mark.parametrize("plan", [REJECTED, UNREADABLE], ids=["rejected", "interchange"])
def test_a_refused_replacement_goes_again_as_a_replacement(office: Office, plan: object) -> None:
    paid_day(office)
    before = revenue(office)
    office.receive(REPLACED[2])
    office.take(*office.answers(office.send(), plan))
    first, second = (told.number for told in office.truth)
    assert office.claims() == {first: "paid", second: "refused"}
    assert revenue(office) == before
    assert set(office.days().values()) == {"billed"}
    assert office.send() == []
    resolve(office, override=plan is REJECTED)
    again = office.send()
    assert [f for f, _ in sent(again)] == ["7"]
    assert "REF*F8*" in again[0].read_text()
    office.take(*office.answers(again, PAID))
    third = office.truth[-1].number
    assert office.claims() == {first: "replaced", second: "refused", third: "paid"}
    assert (office.ledger(), office.difference()) == (0, 0)
    assert office.send() == []


def test_a_refused_replacement_told_twice_is_posted_once(office: Office) -> None:
    paid_day(office)
    before = revenue(office)
    office.receive(REPLACED[2])
    answers = office.answers(office.send(), REJECTED)
    office.take(*answers)
    office.take(*[(f"again {name}", data.replace(b"~", b"~\n")) for name, data in answers])
    assert (revenue(office), office.ledger()) == (before, 0)


def test_a_refused_void_goes_again_as_a_void(office: Office) -> None:
    paid_day(office)
    before = revenue(office)
    office.receive(CREDIT)
    office.take(*office.answers(office.send(), UNREADABLE))
    assert (revenue(office), set(office.days().values())) == (before, {"billed"})
    resolve(office)
    again = office.send()
    assert [f for f, _ in sent(again)] == ["8"]
    assert (revenue(office), set(office.days().values())) == (0, {"void"})
    assert (office.ledger(), office.difference()) == (0, 0)


def test_the_same_lines_after_a_void_go_as_a_new_claim(office: Office) -> None:
    paid_day(office)
    office.receive(CREDIT)
    assert [f for f, _ in sent(office.send())] == ["8"]
    office.receive(ANEW)
    new = office.send()
    assert [f for f, _ in sent(new)] == ["1"]
    assert set(office.days().values()) == {"billed"}
    assert (office.ledger(), office.difference()) == (0, 0)
    office.receive(ANEW.replace(b"S23-902", b"S23-903"))  # said again: nothing changes
    assert office.send() == []


def test_a_day_of_two_parts_stays_billed_when_one_is_voided(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 1)
    told = story("24_credit_of_a_line.hl7")
    office.receive(*told[:2])
    office.take(*office.answers(office.send(), PAID))
    assert len(office.claims()) == 2
    office.receive(told[2])
    assert [f for f, _ in sent(office.send())] == ["8"]
    assert sorted(office.claims().values()) == ["paid", "voided"]
    assert set(office.days().values()) == {"billed"}
    other = told[2].replace(b"VS24A1-2", b"VS24A1-1").replace(b"97140", b"97110").replace(b"58.00", b"60.00")
    office.receive(other.replace(b"S24-003", b"S24-904"))
    assert [f for f, _ in sent(office.send())] == ["8"]
    assert set(office.days().values()) == {"void"}
    assert (revenue(office), office.ledger(), office.difference()) == (0, 0, 0)


def test_a_refused_replacement_that_the_payer_takes_after_all_is_owed_once(office: Office) -> None:
    paid_day(office)
    office.receive(REPLACED[2])
    files = office.send()
    before = revenue(office)
    late = office.answers(files, PAID)
    office.take(*office.answers(files, REJECTED))
    office.take(*late)
    assert [claim for claim in office.claims().values() if claim == "refused"] == []
    assert (revenue(office), office.ledger(), office.difference()) == (before, 0, 0)
    assert office.send() == []


def test_a_member_id_changed_after_submission_waits_for_a_person(office: Office) -> None:
    paid_day(office)
    restated = REPLACED[0].replace(b"S23-001", b"S23-905")
    office.receive(restated)  # the same again: nothing to tell
    assert office.holds("edits") == []
    office.receive(restated.replace(b"S23-905", b"S23-906").replace(b"3T54T07TT11", b"3T54T07TT99"))
    assert [hold.finding for hold in office.holds("edits")] == ["corrections.parties_changed"]
    assert set(office.days().values()) == {"billed"}
    assert (office.send(), office.difference()) == ([], 0)
    assert office.claims() == {office.truth[0].number: "paid"}


def test_a_visit_credited_before_it_was_sent_leaves_no_hold(office: Office) -> None:
    office.receive(*REPLACED[:2])
    office.receive(CREDIT)
    assert set(office.days().values()) == {"void"}
    assert [hold.finding for queue in ("edits", "documentation", "coding") for hold in office.holds(queue)] == []


def test_a_credit_of_an_unknown_line_is_told_when_nothing_else_is_there(office: Office) -> None:
    office.receive(REPLACED[0], CREDIT)
    assert [hold.finding for hold in office.holds("interface")] == ["interface.credit_unmatched"]
