"""Balances given up by name, and taken back by name: ledger, denials and denial queue follow in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.money import from_cents, to_cents
from integration_engine.domain.ledger import RECEIVABLES, Account, Entry, EntryKind
from integration_engine.rules.posting.ledger import open_balance, standing, undo, write_off
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store

KEY = "claim"


class Side(StrEnum):
    """Who owes what is given up."""

    PAYER = "payer"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A claim after its balance was changed by a person.

    Shapes   denials: those that ended, or are open again. closed: nobody owes anything on it any more.
    Units    amount, payer_owes, patient_owes: dollars.
    """

    claim: str
    side: Side
    amount: Decimal
    payer_owes: Decimal
    patient_owes: Decimal
    denials: tuple[int, ...]

    @property
    def closed(self) -> bool:
        """True when nothing is owed."""
        return not self.payer_owes and not self.patient_owes


def write_off_balance(
    store: Store,
    rules: RulesInForce,
    number: str,
    amount: Decimal,
    side: Side | None,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> Balance:
    """Give up part or all of what is owed on a claim; denials that nothing is owed on any more end with it.

    Shapes   side: None for the only one that owes anything.
    Raises   ValueError without name and reason, or for an amount that is not positive or more than is owed; LookupError
             when no such claim has left.
    """
    _named(by, reason)
    with store.database.write() as connection:
        claim_id, books = _books(store, connection, number)
        owed = open_balance(books, number)
        owes = {Side.PAYER: owed.payer, Side.PATIENT: owed.patient}
        from_whom = side or _only_side(number, owes)
        cents = to_cents(amount)
        if cents <= 0:
            raise ValueError("--amount must be more than nothing; `ledger restore` takes a write-off back")
        if cents > owes[from_whom]:
            raise ValueError(
                f"the {from_whom} owes {from_cents(owes[from_whom])} on claim {number}; no more can be given up"
            )
        posting = f"{KEY} {number}|{_next(books)}"
        patient = from_whom is Side.PATIENT
        entries = write_off(number, cents, rules.today(now), posting, patient=patient, code=f"by {from_whom}")
        store.ledger.append(connection, entries, {number: claim_id}, now)
        ended: tuple[int, ...] = ()
        if not patient and cents == owes[Side.PAYER]:
            ended = store.denials.given_up(connection, claim_id)
            for hold in store.denials.open_holds(connection, claim_id):
                store.holds.resolve(connection, hold, by=by, reason=f"written off: {reason}", now=now)
        what = f"write off {from_cents(cents)} owed by the {from_whom}"
        store.audit.append(connection, who=by, what=what, subject=f"claim {claim_id}", reason=reason, now=now)
        return _after(number, from_whom, cents, [*books, *entries], ended)


def restore_balance(store: Store, rules: RulesInForce, number: str, *, by: str, reason: str, now: datetime) -> Balance:
    """Take the newest write-off of a claim back: it is owed again, and denials that ended with it are open again.

    Raises   ValueError without name and reason; LookupError when no such claim has left, or nothing of it is written off.
    """
    _named(by, reason)
    with store.database.write() as connection:
        claim_id, books = _books(store, connection, number)
        standing_ones = [entry for entry in standing(books) if entry.kind is EntryKind.WRITE_OFF]
        if not standing_ones:
            raise LookupError(f"nothing of claim {number} is written off")
        last = standing_ones[-1].posting
        legs = [entry for entry in standing_ones if entry.posting == last]
        back = undo(legs, rules.today(now), f"{last}|restored")
        store.ledger.append(connection, back, {number: claim_id}, now)
        owed = next(leg for leg in legs if leg.account in RECEIVABLES)
        side = Side.PATIENT if owed.account is Account.RECEIVABLE_PATIENT else Side.PAYER
        again = store.denials.owed_again(connection, claim_id, now) if side is Side.PAYER else ()
        store.denials.follow_corrections(connection, [claim_id] if again else [], now)
        what = f"restore {from_cents(owed.credit)} owed by the {side}"
        store.audit.append(connection, who=by, what=what, subject=f"claim {claim_id}", reason=reason, now=now)
        return _after(number, side, owed.credit, [*books, *back], again)


# --- parts ------------------------------------------------------------------------------------------------------------


def _named(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise ValueError("--by and --reason must not be empty: they are kept in the audit")


def _books(store: Store, connection: Connection, number: str) -> tuple[int, list[Entry]]:
    """The claim, kept from others until the transaction ends, and everything on it."""
    claim = store.submissions.by_number(connection, [number]).get(number)
    if claim is None:
        raise LookupError(f"no claim with the number {number} has left: `claims list` shows their numbers")
    store.submissions.lock(connection, [claim.id])
    return claim.id, store.ledger.entries(connection, [claim.id]).get(number, [])


def _only_side(number: str, owes: dict[Side, int]) -> Side:
    owing = [side for side, cents in owes.items() if cents > 0]
    if len(owing) > 1:
        told = " and ".join(f"the {side} {from_cents(owes[side])}" for side in owing)
        raise ValueError(f"{told} are owed on claim {number}: say with --side whose part is given up")
    if not owing:
        raise ValueError(f"nothing is owed on claim {number}")
    return owing[0]


def _next(books: list[Entry]) -> int:
    """How many write-offs of a balance the claim has had, those taken back included."""
    known = {entry.posting for entry in books if entry.posting.startswith(f"write_off|{KEY} ") and not entry.undoes}
    return len(known) + 1


def _after(number: str, side: Side, cents: int, books: list[Entry], denials: tuple[int, ...]) -> Balance:
    owed = open_balance(books, number)
    return Balance(
        claim=number,
        side=side,
        amount=from_cents(cents),
        payer_owes=from_cents(owed.payer),
        patient_owes=from_cents(owed.patient),
        denials=denials,
    )
