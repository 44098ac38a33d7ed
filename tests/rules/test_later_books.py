"""What a later payer took over stands on the claim that payer has, whatever was corrected, refused or voided before."""

from __future__ import annotations

from datetime import date

import pytest

from integration_engine.domain.claim import Frequency
from integration_engine.domain.claim_link import Link
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.rules.later_payers.books import taken_over_anew, transfers_due
from integration_engine.rules.posting.ledger import difference, open_balance, pair, refusal_entries, transfer

ON = date(2026, 11, 24)
PATIENT = Account.RECEIVABLE_PATIENT


def share(claim: str, cents: int, key: str = "remit|1") -> tuple[Entry, ...]:
    """What a payer left to the patient."""
    owed = (PATIENT, Account.RECEIVABLE_PAYER)
    return pair(key, *owed, cents, EntryKind.PATIENT_SHARE, ON, claim=claim)


def owed(entries: tuple[Entry, ...]) -> dict[str, int]:
    """By the later payer on each of its claims, and by the patient on the first payer's."""
    later = {claim: open_balance(entries, claim).payer for claim in ("S1", "S2", "S3")}
    return {**{claim: cents for claim, cents in later.items() if cents}, "patient": open_balance(entries, "P1").patient}


FIRST = (*share("P1", 4000), *transfer(4000, ON, "P1|S1", source="P1", target="S1"))


def replaced(number: str, before: tuple[str, ...], entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return (*entries, *taken_over_anew(number, ON, {*before, number}, entries, "P1", entries))


def test_what_is_left_now_is_taken_over_when_the_first_payer_decided_anew() -> None:
    entries = replaced("S2", ("S1",), (*FIRST, *share("P1", 1000, "remit|2")))
    assert owed(entries) == {"S2": 5000, "patient": 0}
    assert difference(entries) == 0


def test_a_void_gives_back_to_the_patient_what_was_taken_over() -> None:
    entries = (*FIRST, *taken_over_anew("S2", ON, {"S1", "S2"}, FIRST))
    assert owed(entries) == {"patient": 4000}


def test_a_refused_replacement_leaves_what_was_there_before_it() -> None:
    entries = replaced("S2", ("S1",), (*FIRST, *share("P1", 1000, "remit|2")))
    entries = (*entries, *refusal_entries({"S2"}, ON, entries))
    assert owed(entries) == {"S1": 4000, "patient": 1000}


def test_a_second_replacement_takes_over_from_the_first_once() -> None:
    entries = replaced("S3", ("S1", "S2"), replaced("S2", ("S1",), FIRST))
    assert owed(entries) == {"S3": 4000, "patient": 0}


def link(number: str, follows: str | None = None, *, refused: bool = False, void: bool = False) -> Link:
    corrects = Frequency.VOID if void else Frequency.REPLACEMENT
    return Link(number=number, frequency=corrects if follows else Frequency.ORIGINAL, follows=follows, refused=refused)


TWICE = replaced("S3", ("S1", "S2"), replaced("S2", ("S1",), FIRST))


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (("S2",), {"S3": 4000, "patient": 0}),
        (("S3",), {"S2": 4000, "patient": 0}),
        (("S2", "S3"), {"S1": 4000, "patient": 0}),
        (("S3", "S2"), {"S1": 4000, "patient": 0}),
    ],
    ids=["the first", "the second", "the first, then the second", "the second, then the first"],
)
def test_what_was_taken_over_stands_on_the_claim_that_the_payer_has_when_corrections_are_refused(
    refused: tuple[str, ...], left: dict[str, int]
) -> None:
    entries = TWICE
    for place, number in enumerate(refused, start=1):
        entries = (*entries, *refusal_entries({number}, ON, entries))
        gone = refused[:place]
        chain = (
            link("S1", refused="S1" in gone),
            link("S2", "S1", refused="S2" in gone),
            link("S3", "S2", refused="S3" in gone),
        )
        entries = (*entries, *transfers_due(chain, entries, ON))
        assert transfers_due(chain, entries, ON) == ()
    assert owed(entries) == left
    assert difference(entries) == 0


def test_nothing_is_moved_when_the_last_that_stands_is_a_void() -> None:
    entries = (*FIRST, *taken_over_anew("S2", ON, {"S1", "S2"}, FIRST))
    assert transfers_due((link("S1"), link("S2", "S1", void=True)), entries, ON) == ()
