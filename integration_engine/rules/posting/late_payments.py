"""A payment read after the takeback that takes it back: whether the books know now what that takeback meant.

Source  house rule, 2026-11-25; X12.md §3.3 (answers in any order).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from integration_engine.domain.ledger import Account, Entry


def takebacks_known(entries: Iterable[Entry]) -> bool:
    """Has every takeback that stood alone, because its payment had not come, a payment to the cent on every account?

    Shapes   entries: all of one claim, or of several.
    """
    sums: dict[str, Counter[Account]] = defaultdict(Counter)
    for entry in entries:
        if entry.remit is not None and entry.undoes is None:
            sums[entry.posting][entry.account] += entry.cents
    booked = Counter(frozenset((a, cents) for a, cents in found.items() if cents) for found in sums.values())
    return all(
        booked[frozenset((account, -cents) for account, cents in one)] >= times
        for one, times in booked.items()
        if dict(one).get(Account.RECEIVABLE_PAYER, 0) > 0  # only a takeback makes the payer owe more
    )
