"""`claims correct`: a person says that what the payer has must say what the visit says now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_engine.settings import Settings
from integration_engine.store import Store
from tests.cli.running import run
from tests.stages.office import ALL_PAID, Office, chosen, messages

PENDING = chosen("  - {payer: GRAN1, outcome: pending}", *ALL_PAID)
REFUSED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")[:2]]
WHO = ("--by", "J. Doe", "--reason", "the card says so")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = Store.open(Settings(home=str(tmp_path)).database, migrate=True)
    (tmp_path / "outbound").mkdir()
    yield Office(store, tmp_path / "outbound")
    store.close()


def sent(office: Office, plan: object = PENDING) -> str:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), plan))
    return office.truth[0].number


def restated(old: bytes, new: bytes) -> bytes:
    return STORY[0].replace(b"S23-001", b"S23-901").replace(old, new)


def test_a_changed_member_id_goes_as_a_void_and_a_new_claim_when_a_person_says_so(
    office: Office, tmp_path: Path
) -> None:
    number = sent(office)
    office.receive(restated(b"3T54T07TT11", b"3T54T07TT99"))
    done = run("claims", "correct", number, *WHO, home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "its void and a new claim will go" in done.stdout
    text = "".join(file.read_text(encoding="ascii") for file in office.send())
    assert (":B:8*" in text, ":B:1*" in text, "3T54T07TT99" in text) == (True, True, True)
    assert office.holds("edits") == []
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_changed_name_goes_as_a_replacement_when_a_person_says_so(office: Office, tmp_path: Path) -> None:
    number = sent(office)
    office.receive(restated(b"TESTPATIENT^JOST", b"TESTPATIENT^JOSTA"))
    assert "its replacement will go" in run("claims", "correct", number, *WHO, home=tmp_path).stdout
    text = "".join(file.read_text(encoding="ascii") for file in office.send())
    assert (":B:7*" in text, "JOSTA" in text) == (True, True)


def test_nothing_goes_when_the_visit_says_what_was_sent(office: Office, tmp_path: Path) -> None:
    number = sent(office)
    assert "nothing goes" in run("claims", "correct", number, *WHO, home=tmp_path).stdout
    assert (office.send(), set(office.days().values()), office.difference()) == ([], {"billed"}, 0)


def test_a_claim_that_cannot_be_corrected_so_is_refused_with_the_reason(office: Office, tmp_path: Path) -> None:
    number = sent(office, REFUSED)
    refused = run("claims", "correct", number, *WHO, home=tmp_path)
    unknown = run("claims", "correct", "C0000000X", *WHO, home=tmp_path)
    nobody = run("claims", "correct", number, "--by", " ", "--reason", "x", home=tmp_path)
    assert [one.returncode for one in (refused, unknown, nobody)] == [2, 2, 2]
    assert "rejections queue" in refused.stderr
    assert "no claim with the number" in unknown.stderr
    assert "audit" in nobody.stderr
