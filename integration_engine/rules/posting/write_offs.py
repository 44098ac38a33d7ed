"""Write-offs that do not last: what we gave up is owed again as far as later money or a later decision needs the room.

A write-off closes what nobody was expected to pay. When a payment comes after all, it pays what was given up; when the
payer takes its decision back, or our correction takes the charge away, there is nothing left that was given up.
Source  house rule, ledger: owed = charge - paid - contractual - patient's share - written off, and below zero only where
the payer paid more than the charge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.rules.posting.ledger import standing, undo

_PREFIX = "write_off|"
_REST = "|rest "


def written_off(entries: Iterable[Entry], number: str, owed_by: Account = Account.RECEIVABLE_PAYER) -> int:
    """What of a claim stands written off by a decision of ours, in cents."""
    return sum(_amount(legs) for legs in _standing(entries, number, owed_by))


def given_back(number: str, entries: Iterable[Entry], on: date, *, whole: bool = False) -> tuple[Entry, ...]:
    """The legs by which write-offs of a claim are taken back, the newest first, as far as less than nothing is owed.

    Shapes   entries: all of the claim, what has just been posted among them. whole: the payer took a decision back, so
             all that it was to pay and we gave up is open again; the patient's part only as far as needed. What is not
             needed of a write-off is posted again as its rest.
    """
    listed = [entry for entry in entries if entry.claim == number]
    found: list[Entry] = []
    for account in (Account.RECEIVABLE_PAYER, Account.RECEIVABLE_PATIENT):
        stands = _standing(listed, number, account)
        due = -sum(entry.cents for entry in listed if entry.account is account)
        if whole and account is Account.RECEIVABLE_PAYER:
            due = sum(_amount(legs) for legs in stands)
        for legs in reversed(stands):
            if due <= 0:
                break
            found += undo(legs, on, f"given_back|{legs[0].posting}")
            found += _rest(legs, _amount(legs) - due, listed, on)
            due -= _amount(legs)
    return tuple(found)


def owed_after_all(entries: Iterable[Entry]) -> frozenset[str]:
    """The claims of which something that the payer was to pay, and that was given up, is owed again by these entries."""
    return frozenset(
        entry.claim
        for entry in entries
        if entry.claim is not None
        and entry.undoes is not None
        and entry.undoes.startswith(_PREFIX)
        and entry.account is Account.RECEIVABLE_PAYER
    )


def fresh_key(key: str, entries: Iterable[Entry]) -> str:
    """The key of a write-off that may have been posted and given back before: never one that was undone."""
    known = {entry.posting for entry in entries}
    times = 1
    fresh = key
    while f"{_PREFIX}{fresh}" in known:
        times += 1
        fresh = f"{key}|{times}"
    return fresh


def _standing(entries: Iterable[Entry], number: str, owed_by: Account) -> list[tuple[Entry, ...]]:
    """The write-offs of one side that nothing has taken back, in the order they were made, each with both of its legs."""
    of_posting: dict[str, list[Entry]] = {}
    for entry in standing(entries):
        if entry.kind is EntryKind.WRITE_OFF and entry.claim == number:
            of_posting.setdefault(entry.posting, []).append(entry)
    return [tuple(legs) for legs in of_posting.values() if any(leg.account is owed_by for leg in legs)]


def _amount(legs: Iterable[Entry]) -> int:
    return sum(leg.cents for leg in legs if leg.account is Account.WRITE_OFF)


def _rest(legs: Iterable[Entry], cents: int, known: Iterable[Entry], on: date) -> list[Entry]:
    """What of a write-off stays given up, as the same legs over the smaller amount."""
    if cents <= 0:
        return []
    postings = {entry.posting for entry in known}
    first = next(iter(legs)).posting.partition(_REST)[0]
    times = 1
    while f"{first}{_REST}{times}" in postings:
        times += 1
    key = f"{first}{_REST}{times}"
    return [
        replace(leg, posting=key, on=on, debit=cents if leg.debit else 0, credit=cents if leg.credit else 0)
        for leg in legs
    ]
