"""The ledger in the store: entries are appended, never changed, and every posting sums to zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from integration_engine.core.errors import EngineError
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.store import tables as t
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.ids import IdFactory


class LedgerUnbalanced(EngineError):
    """A posting whose debits and credits differ was about to be written; nothing was saved. This is a fault of the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTotal:
    """One account over all claims, in cents."""

    account: str
    debit: int
    credit: int


class Ledger:
    """Append and sum."""

    def __init__(self, ids: IdFactory) -> None:
        self._ids = ids

    def append(
        self,
        connection: Connection,
        entries: Sequence[Entry],
        claims: Mapping[str, int],
        now: datetime,
        remit_id: int | None = None,
    ) -> None:
        """Append entries; claims: our claim numbers with their stored ids, for every claim the entries name.

        Raises   LedgerUnbalanced when the entries of a posting do not sum to zero.
        """
        sums: dict[str, int] = defaultdict(int)
        for entry in entries:
            sums[entry.posting] += entry.cents
        if any(sums.values()):
            raise LedgerUnbalanced(", ".join(posting for posting, total in sums.items() if total))
        bulk_insert(
            connection,
            t.ledger_entry,
            [
                (
                    self._ids.next(),
                    entry.posting,
                    claims[entry.claim] if entry.claim is not None else None,
                    remit_id,
                    entry.line,
                    entry.account.value,
                    entry.kind.value,
                    entry.code,
                    entry.remit,
                    entry.undoes,
                    entry.debit,
                    entry.credit,
                    entry.on,
                    now,
                )
                for entry in entries
            ],
        )

    @staticmethod
    def entries(connection: Connection, claim_ids: Collection[int]) -> dict[str, list[Entry]]:
        """Every entry of these claims, by claim number, in the order they were made."""
        e, found = t.ledger_entry.c, defaultdict(list)
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(t.ledger_entry, t.claim.c.number)
                .join(t.claim, t.claim.c.id == e.claim_id)
                .where(e.claim_id.in_(part))
                .order_by(e.id)
            )
            for row in rows:
                found[row.number].append(_entry(row))
        return dict(found)

    @staticmethod
    def postings_of(connection: Connection, claim_ids: Collection[int]) -> tuple[list[Entry], dict[str, int]]:
        """Every leg, also on other claims, of the postings that touch these claims; and the ids of all claims named."""
        e, rows = t.ledger_entry.c, {}
        for part in parts(sorted(claim_ids)):
            touching = select(e.posting).where(e.claim_id.in_(part))
            query = select(t.ledger_entry, t.claim.c.number).outerjoin(t.claim, t.claim.c.id == e.claim_id)
            rows.update({row.id: row for row in connection.execute(query.where(e.posting.in_(touching)))})
        ids = {row.number: row.claim_id for row in rows.values() if row.claim_id is not None}
        return [_entry(rows[key]) for key in sorted(rows)], ids

    @staticmethod
    def posted(connection: Connection, postings: Collection[str]) -> set[str]:
        """Those of these postings that stand in the ledger."""
        found: set[str] = set()
        for part in parts(sorted(postings)):
            rows = select(t.ledger_entry.c.posting).where(t.ledger_entry.c.posting.in_(part)).distinct()
            found.update(connection.execute(rows).scalars())
        return found

    @staticmethod
    def totals(connection: Connection) -> list[AccountTotal]:
        """Every account that was ever used, in the order of the chart."""
        e = t.ledger_entry.c
        rows = connection.execute(
            select(
                e.account, func.sum(e.debit_cents).label("debit"), func.sum(e.credit_cents).label("credit")
            ).group_by(e.account)
        )
        found = {row.account: row for row in rows}
        return [
            AccountTotal(account=account.value, debit=int(row.debit), credit=int(row.credit))
            for account in Account
            if (row := found.get(account.value)) is not None
        ]

    @staticmethod
    def balances(connection: Connection, claim_ids: Collection[int]) -> dict[int, dict[str, int]]:
        """What stands on each account of each claim: debits less credits, in cents."""
        e = t.ledger_entry.c
        found: dict[int, dict[str, int]] = {}
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(e.claim_id, e.account, func.sum(e.debit_cents - e.credit_cents).label("balance"))
                .where(e.claim_id.in_(part))
                .group_by(e.claim_id, e.account)
            )
            for row in rows:
                found.setdefault(row.claim_id, {})[row.account] = int(row.balance)
        return found


def _entry(row: Any) -> Entry:
    return Entry(
        posting=row.posting,
        account=Account(row.account),
        kind=EntryKind(row.kind),
        on=row.effective_on,
        debit=row.debit_cents,
        credit=row.credit_cents,
        claim=row.number,
        line=row.line_number,
        code=row.code,
        remit=row.trace,
        undoes=row.undoes,
    )
