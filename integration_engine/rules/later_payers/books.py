"""What a corrected claim to a later payer posts: what was taken over goes back, and what is left now is taken over anew.

All of it is one posting that names the new claim, so that a refusal of that claim takes the whole of it back.
Source  house rule, ledger: what a payer leaves to the patient is owed by the next payer from the day its claim leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from integration_engine.domain.claim import Frequency
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.rules.corrections.chain import Chain, standing_link
from integration_engine.rules.posting.ledger import open_balance, standing


def taken_over_anew(
    number: str,
    on: date,
    rank: Collection[str],
    postings: Iterable[Entry],
    source: str = "",
    books: Iterable[Entry] = (),
) -> tuple[Entry, ...]:
    """The legs by which a replacement or void at a later payer takes the place of what that payer had before.

    Shapes   number: the new claim. rank: the numbers of all claims of the part to this payer. postings: every leg of the
             postings that touch them. source, books: the claim of the payer before as it stands now and its entries; no
             source for a void, which takes nothing over.
    """
    moved = _moved(rank, postings)
    key = f"transfer|{number}"
    amounts = {place: -cents for place, cents in moved.items()}
    if source:
        patient = (source, Account.RECEIVABLE_PATIENT)
        left = open_balance(books, source).patient - moved.get(patient, 0)
        amounts[patient] = amounts.get(patient, 0) - left
        amounts[number, Account.RECEIVABLE_PAYER] = left
    return tuple(
        Entry(
            posting=key,
            account=account,
            kind=EntryKind.TRANSFER,
            on=on,
            debit=max(cents, 0),
            credit=max(-cents, 0),
            claim=claim,
        )
        for (claim, account), cents in amounts.items()
        if cents
    )


def transfers_due(chain: Chain, postings: Iterable[Entry], on: date) -> tuple[Entry, ...]:
    """The legs that leave what a later payer took over on the claim of its chain that stands; none when it is so already.

    Shapes   postings: every leg of the postings that touch the chain's claims. Only what corrections refused out of
             their turn left elsewhere is moved; the sum stays.
    """
    listed = tuple(postings)
    rank = {link.number for link in chain}
    moved = _moved(rank, listed)
    owed = {link.number: moved.get((link.number, Account.RECEIVABLE_PAYER), 0) for link in chain}
    stands = standing_link(chain)
    due = dict.fromkeys(owed, 0)
    if stands is not None and stands.frequency is not Frequency.VOID:
        due[stands.number] = sum(owed.values())
    if sum(owed.values()) != sum(due.values()):
        return ()  # what is owed to nobody here has to go back to the patient: that is the refusal's own posting
    times = len({entry.posting for entry in listed if entry.posting.startswith(f"transfer|chain|{chain[0].number}|")})
    return tuple(
        Entry(
            posting=f"transfer|chain|{chain[0].number}|{times + 1}",
            account=Account.RECEIVABLE_PAYER,
            kind=EntryKind.TRANSFER,
            on=on,
            debit=max(due[number] - cents, 0),
            credit=max(cents - due[number], 0),
            claim=number,
        )
        for number, cents in owed.items()
        if due[number] != cents
    )


def _moved(rank: Collection[str], postings: Iterable[Entry]) -> dict[tuple[str, Account], int]:
    """What transfers to these claims have moved and nothing has taken back: by claim and account, debits positive."""
    stands = [entry for entry in standing(postings) if entry.kind is EntryKind.TRANSFER]
    to_them = {e.posting for e in stands if e.claim in rank and e.account is Account.RECEIVABLE_PAYER}
    moved: dict[tuple[str, Account], int] = defaultdict(int)
    for entry in stands:
        if entry.posting in to_them and entry.claim is not None:
            moved[entry.claim, entry.account] += entry.cents
    return dict(moved)
