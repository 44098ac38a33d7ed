"""What an answer posted on a claim, as another answer to it is compared with it: its money, its shares, line by line.

Amounts are debits less credits, in cents. What a person gave from *unapplied* counts as money of the bank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from integration_engine.domain.ledger import Account, Entry, EntryKind

PAID_AGAIN = "paid again"  # what the ledger says beside money of a decision that stood already
Place = TypeVar("Place", bound=Hashable)  # what amounts are told apart by: an account, or more


def cash_of(legs: Iterable[Entry]) -> int:
    """The money that legs moved."""
    return sum(entry.cents for entry in legs if bank_side(entry.account) is Account.CASH)


def by_account(legs: Iterable[Entry]) -> Counter[Account]:
    """What legs moved on each account."""
    found: Counter[Account] = Counter()
    for entry in legs:
        found[bank_side(entry.account)] += entry.cents
    return found


def in_detail(legs: Iterable[Entry]) -> Counter[tuple[Account, int | None, str]]:
    """What an answer posted on each line, reason by reason."""
    found: Counter[tuple[Account, int | None, str]] = Counter()
    for entry in legs:
        found[bank_side(entry.account), entry.line, entry.code] += entry.cents
    return Counter({place: cents for place, cents in found.items() if cents})


def is_paid_again(legs: Iterable[Entry]) -> bool:
    """Whether an answer counts by its money alone, because the same decision stood when it came."""
    return all(leg.code == PAID_AGAIN for leg in legs)


def is_of_share(leg: Entry) -> bool:
    """Whether a leg belongs to what a payer paid or left to the patient."""
    return leg.kind in {EntryKind.PAYMENT, EntryKind.PATIENT_SHARE}


def shares_of(legs: Iterable[Entry]) -> Counter[Account]:
    """What an answer paid and left to the patient, by account: what a later payer's answer is known by."""
    found = by_account(leg for leg in legs if is_of_share(leg))
    return Counter({account: cents for account, cents in found.items() if cents})


def may_be_capped(legs: Sequence[Entry], *, later: bool) -> bool:
    """Whether reductions of an answer were posted only as far as there was room: a later payer's."""
    return later or any(leg.kind is EntryKind.TRANSFER for leg in legs)


def bank_side(account: Account) -> Account:
    """The account of a claim's money: what came by way of *unapplied* came from the bank all the same."""
    return Account.CASH if account is Account.UNAPPLIED else account


def are_opposite(one: Counter[Place], other: Counter[Place]) -> bool:
    """Whether one takes back exactly what the other posted."""
    return all(one[account] == -other[account] for account in {*one, *other})
