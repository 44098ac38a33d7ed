"""Entries and what they add up to: charges at submission, payments of patients, transfers, write-offs, open balances.

What a remit posts is remits.py. Every function returns legs that sum to zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from integration_engine.core.money import to_cents
from integration_engine.domain.claim import Frequency
from integration_engine.domain.ledger import RECEIVABLES, Account, Entry, EntryKind, OpenBalance
from integration_engine.domain.submission import SubmittedClaim

_PRIMARY = "P"


def entries_for_claim(claim: SubmittedClaim, on: date, *, earlier: Iterable[Entry] = ()) -> tuple[Entry, ...]:
    """What the submission of a claim posts: each line's charge owed by the payer, and what it replaces taken back.

    Shapes   earlier: the entries of the claims that a replacement (7) or void (8) takes the place of; their charges are
             undone, their payments stay until the payer reverses them. A claim to a later payer (S, T) posts nothing:
             what is left for that payer comes by ``transfer``.
    """
    found = list(_charges_undone(claim, on, earlier)) if claim.frequency is not Frequency.ORIGINAL else []
    if claim.sequence == _PRIMARY and claim.frequency is not Frequency.VOID:
        key = f"submission|{claim.number}"
        for line in claim.lines:
            found += pair(
                key,
                Account.RECEIVABLE_PAYER,
                Account.REVENUE,
                to_cents(line.charge),
                EntryKind.CHARGE,
                on,
                claim=claim.number,
                line=line.number,
            )
    return tuple(found)


def opening_entries(
    claim: SubmittedClaim, on: date, *, followed: str = "", earlier: Iterable[Entry] = ()
) -> tuple[Entry, ...]:
    """Everything that the publication of a claim posts.

    Shapes   followed, earlier: the claim that this one corrects, or that it comes after at a later payer, and its
             entries. A later payer takes over what that claim left to the patient.
    """
    listed = tuple(earlier)
    found = list(entries_for_claim(claim, on, earlier=listed))
    if claim.sequence == _PRIMARY and claim.frequency is Frequency.ORIGINAL and claim.patient_paid:
        found += patient_paid(claim.number, to_cents(claim.patient_paid), on, claim.number)
    if claim.sequence != _PRIMARY and claim.frequency is Frequency.ORIGINAL and followed:
        left = open_balance(listed, followed).patient
        found += transfer(left, on, f"{followed}|{claim.number}", source=followed, target=claim.number)
    return tuple(found)


def refusal_entries(numbers: Collection[str], on: date, earlier: Iterable[Entry]) -> tuple[Entry, ...]:
    """What a refusal before adjudication posts: the claims were never there, so all that stands on them is taken back.

    Shapes   earlier: every leg of the postings that touch the refused claims, also legs on other claims: what a later
             payer took over goes back to the claim it came from.
    """
    stands = standing(earlier)
    touched = {entry.posting: entry.claim for entry in stands if entry.claim in numbers}
    of_claim: dict[str, list[Entry]] = {}
    for entry in stands:
        number = touched.get(entry.posting)
        if number is not None:
            of_claim.setdefault(number, []).append(entry)
    return tuple(leg for number, legs in of_claim.items() for leg in undo(legs, on, f"refusal|{number}"))


def refusals_undone(numbers: Collection[str], on: date, earlier: Iterable[Entry]) -> tuple[Entry, ...]:
    """What a refusal that turned out wrong posts: all that it took back stands again.

    Shapes   numbers: of claims the payer took after they were refused. earlier: every leg of the postings that touch
             them. Safe to repeat: what was posted again is not posted a second time.
    """
    listed = tuple(earlier)
    postings = {entry.posting for entry in listed}
    undone = {(e.undoes, e.claim) for e in listed if e.posting in {f"refusal|{number}" for number in numbers}}
    return tuple(
        replace(entry, posting=f"{entry.posting}|again", on=on)
        for entry in listed
        if (entry.posting, entry.claim) in undone and f"{entry.posting}|again" not in postings
    )


def refused_charge(entries: Iterable[Entry], number: str) -> int:
    """The charge of a claim that a refusal before adjudication took off the books, in cents; nothing where one stands."""
    own = [entry for entry in entries if entry.claim == number]
    if any(entry.kind is EntryKind.CHARGE for entry in standing(own)):
        return 0
    undone = {entry.undoes for entry in own if entry.posting == f"refusal|{number}"}
    charges = {entry.posting: 0 for entry in own if entry.kind is EntryKind.CHARGE and entry.posting in undone}
    for entry in own:
        if entry.posting in charges and entry.account is Account.RECEIVABLE_PAYER:
            charges[entry.posting] += entry.cents
    return max(charges.values(), default=0)


def patient_paid(claim: str, cents: int, on: date, key: str) -> tuple[Entry, ...]:
    """Money a patient paid on a claim. key: what makes this payment recognisable when it is told again."""
    return pair(
        f"patient|{key}",
        Account.PATIENT_PAYMENT,
        Account.RECEIVABLE_PATIENT,
        cents,
        EntryKind.PAYMENT,
        on,
        claim=claim,
    )


def write_off(
    claim: str, cents: int, on: date, key: str, *, patient: bool = False, code: str = ""
) -> tuple[Entry, ...]:
    """Money we give up on a claim by a decision of ours. code: why, such as the denial's ``CO-29``."""
    owed = Account.RECEIVABLE_PATIENT if patient else Account.RECEIVABLE_PAYER
    return pair(f"write_off|{key}", Account.WRITE_OFF, owed, cents, EntryKind.WRITE_OFF, on, claim=claim, code=code)


def transfer(cents: int, on: date, key: str, *, source: str, target: str, patient: bool = True) -> tuple[Entry, ...]:
    """What is left of one claim, owed from now on by the payer of another claim.

    Shapes   source: claim of the payer that answered; target: claim to the later payer. patient: True moves the patient's
             share (the usual case), False what the first payer left open.
    """
    owed = Account.RECEIVABLE_PATIENT if patient else Account.RECEIVABLE_PAYER
    legs = pair(f"transfer|{key}", Account.RECEIVABLE_PAYER, owed, cents, EntryKind.TRANSFER, on, claim=source)
    return tuple(replace(leg, claim=target) if index == 0 else leg for index, leg in enumerate(legs))


def undo(entries: Iterable[Entry], on: date, key: str, *, remit: str | None = None) -> tuple[Entry, ...]:
    """The exact opposite of some entries, leg by leg, naming the posting that each takes back."""
    return tuple(
        replace(
            entry,
            posting=key,
            kind=EntryKind.REVERSAL,
            on=on,
            debit=entry.credit,
            credit=entry.debit,
            remit=remit or entry.remit,
            undoes=entry.posting,
        )
        for entry in entries
    )


def pair(
    key: str,
    debit: Account,
    credit: Account,
    cents: int,
    kind: EntryKind,
    on: date,
    *,
    claim: str | None = None,
    line: int | None = None,
    code: str = "",
    remit: str | None = None,
) -> tuple[Entry, ...]:
    """A debit and its credit; turned round for a negative amount, none for zero."""
    if cents == 0:
        return ()
    if cents < 0:
        debit, credit, cents = credit, debit, -cents
    first = Entry(
        posting=key, account=debit, kind=kind, on=on, debit=cents, claim=claim, line=line, code=code, remit=remit
    )
    return first, replace(first, account=credit, debit=0, credit=cents)


def difference(entries: Iterable[Entry]) -> int:
    """Debits less credits, in cents; zero for every whole posting."""
    return sum(entry.cents for entry in entries)


def total_of(entries: Iterable[Entry], account: Account) -> int:
    """What one account holds, debits positive, in cents."""
    return sum(entry.cents for entry in entries if entry.account is account)


def open_balances(entries: Iterable[Entry]) -> tuple[OpenBalance, ...]:
    """What is still owed on each claim that the entries name, in order of claim number."""
    owed: dict[str, dict[Account, int]] = {}
    for entry in entries:
        if entry.claim is not None:
            accounts = owed.setdefault(entry.claim, dict.fromkeys(RECEIVABLES, 0))
            if entry.account in RECEIVABLES:
                accounts[entry.account] += entry.cents
    return tuple(
        OpenBalance(claim=claim, payer=accounts[Account.RECEIVABLE_PAYER], patient=accounts[Account.RECEIVABLE_PATIENT])
        for claim, accounts in sorted(owed.items())
    )


def open_balance(entries: Iterable[Entry], claim: str) -> OpenBalance:
    """What is still owed on one claim."""
    of_claim = [entry for entry in entries if entry.claim == claim]
    return next(iter(open_balances(of_claim)), OpenBalance(claim=claim, payer=0, patient=0))


def standing(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries of postings that nothing has taken back yet."""
    listed = tuple(entries)
    undone = {(entry.undoes, entry.claim) for entry in listed if entry.undoes is not None}
    return tuple(e for e in listed if e.undoes is None and (e.posting, e.claim) not in undone)


def _charges_undone(claim: SubmittedClaim, on: date, earlier: Iterable[Entry]) -> tuple[Entry, ...]:
    charges = [entry for entry in standing(earlier) if entry.kind is EntryKind.CHARGE]
    return undo(charges, on, _undo_key(claim.number))


def _undo_key(number: str) -> str:
    """The posting that takes back the charges of the claim which the correction of this number takes the place of."""
    return f"submission|{number}|undo"
