"""What people do about denials: send again, appeal or write off; the ledger and the denial queue follow in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integration_engine.core.money import from_cents, parse_money, to_cents
from integration_engine.rules.posting.ledger import open_balance, write_off
from integration_engine.rules.posting.write_offs import fresh_key
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Store

WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a decision on a denial came to.

    Shapes   holds: those of the denial queue that it ended. left: further denials of the claim that nobody has touched.
    Units    written_off, not_open: dollars; not_open is the part of the denied amount that nobody owed any more.
    """

    claim: str
    state: str
    written_off: Decimal
    not_open: Decimal
    holds: tuple[int, ...]
    left: int


def move_denial(
    store: Store, rules: RulesInForce, denial_id: int, state: str, *, by: str, reason: str, now: datetime
) -> Moved:
    """Say what was done about a denial.

    Shapes   written_off gives up the denied amount as far as the payer still owes it on the claim, never more. When no
             denial of the claim is left untouched, its hold in the denial queue ends.
    Raises   ValueError without name and reason, or for an unknown state; LookupError when it is not open.
    """
    with store.database.write() as connection:
        claim_id = store.denials.claim_of(connection, denial_id)
        before = store.denials.move(connection, denial_id, state, by=by, reason=reason, now=now)
        given_up = denied = 0
        if state == WRITTEN_OFF:
            denied = to_cents(parse_money(before.amount))
            books = store.ledger.entries(connection, [claim_id]).get(before.claim, [])
            given_up = max(0, min(denied, open_balance(books, before.claim).payer))
            key = fresh_key(f"denial {denial_id}", books)
            entries = write_off(before.claim, given_up, rules.today(now), key, code=before.reason)
            store.ledger.append(connection, entries, {before.claim: claim_id}, now)
        left = store.denials.untouched(connection, claim_id)
        holds = () if left else tuple(store.denials.open_holds(connection, claim_id))
        for hold in holds:
            store.holds.resolve(connection, hold, by=by, reason=f"{state}: {reason}", now=now)
    return Moved(
        claim=before.claim,
        state=state,
        written_off=from_cents(given_up),
        not_open=from_cents(denied - given_up),
        holds=holds,
        left=left,
    )
