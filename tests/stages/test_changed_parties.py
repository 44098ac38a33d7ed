"""Who pays, who referred or who is treated changes after a claim was sent: what is asked of a person, and when that ends."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from integration_engine.store import tables as t
from tests.stages.office import ALL_PAID, Office, chosen, messages

PAID = chosen(*ALL_PAID)
PENDING = chosen("  - {payer: GRAN1, outcome: pending}", *ALL_PAID)
DENIED = chosen("  - {payer: GRAN1, outcome: denied_eligibility}", *ALL_PAID)
STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")[:2]]
PARTIES, IDENTITY = "corrections.parties_changed", "corrections.identity_changed"


def restated(number: int, *changes: tuple[bytes, bytes]) -> bytes:
    """The registration again, as a new message, with what changed."""
    raw = STORY[0].replace(b"S23-001", b"S23-9%02d" % number)
    for old, new in changes:
        assert old in raw
        raw = raw.replace(old, new)
    return raw


def holds(office: Office) -> list[str]:
    return [hold.finding for hold in office.holds("edits")]


def adjudications(office: Office) -> int:
    with office.store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(t.adjudication)) or 0


NAME = (b"TESTPATIENT^JOST", b"TESTPATIENT^JOSTA")
BORN = (b"19580619", b"19580916")
SEX = (b"19580619|M", b"19580619|F")
MOVED = (b"12 SAMPLE STREET", b"14 SAMPLE STREET")
MEMBER = (b"3T54T07TT11", b"3T54T07TT99")
PAYER = (b"|GRANITE|", b"|SUMMITCOM|")


@pytest.mark.parametrize(
    ("change", "plan", "told"),
    [
        (NAME, PENDING, [IDENTITY]),
        (BORN, PENDING, [IDENTITY]),
        (SEX, PENDING, [IDENTITY]),
        (NAME, DENIED, [IDENTITY]),
        (NAME, PAID, []),
        (MOVED, PENDING, []),
        (MEMBER, PAID, [PARTIES]),
        (PAYER, PAID, [PARTIES]),
    ],
    ids=["name", "birth date", "sex", "name, denied", "name, paid", "address", "member id", "payer"],
)
def test_a_change_after_submission_is_told_where_the_payer_needs_it_and_ends_when_stated_back(
    office: Office, change: tuple[bytes, bytes], plan: object, told: list[str]
) -> None:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), plan))
    office.receive(restated(1, change))
    assert holds(office) == told
    assert (office.send(), set(office.days().values()), office.difference()) == ([], {"billed"}, 0)
    decided = adjudications(office)
    office.receive(restated(2))
    assert holds(office) == []
    assert adjudications(office) == decided


def test_a_changed_name_is_no_question_any_more_when_the_claim_is_paid(office: Office) -> None:
    office.receive(*STORY)
    files = office.send()
    office.receive(restated(1, NAME))
    assert holds(office) == [IDENTITY]
    office.take(*office.answers(files, PAID))
    assert holds(office) == []


def test_another_hold_of_the_day_stays_when_the_parties_agree_again(office: Office) -> None:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), PENDING))
    office.receive(restated(1, NAME, MEMBER))
    assert holds(office) == [PARTIES, IDENTITY]
    office.receive(restated(2, NAME))
    assert holds(office) == [IDENTITY]


def test_a_patient_whose_claims_have_not_left_is_asked_nothing(office: Office) -> None:
    office.receive(*STORY)
    office.receive(restated(1, NAME, MEMBER))
    assert holds(office) == []
    assert b"JOSTA" in office.send()[0].read_bytes()
