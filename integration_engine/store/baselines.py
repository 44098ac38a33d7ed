"""Baselines in the store: written once, never changed, superseded by a further one; and our own answers since.

What a baseline says is kept as one document with its hash; the hash stands in the audit as well, so that a change by
whatever hand shows when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from integration_engine.core.errors import EngineError
from integration_engine.domain.baseline import AnsweredClaim, Baseline
from integration_engine.store import tables as t
from integration_engine.store.audit import Audit
from integration_engine.store.documents import decode_remit, decode_remit_claim, encode
from integration_engine.store.ids import IdFactory

_BASELINE: TypeAdapter[Baseline] = TypeAdapter(Baseline)
UNNAMED = "not stated"


class BaselineFrozen(EngineError):
    """A baseline is neither edited nor overwritten: freeze a new one under another name, superseding it if it replaces it."""


class BaselineAltered(EngineError):
    """A baseline was changed in the database after it was frozen; its figures are worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBaseline:
    """A baseline with when and by whom it was frozen. superseded_by: name of the one that took its place."""

    baseline: Baseline
    frozen_at: datetime
    who: str
    supersedes: str | None
    superseded_by: str | None


class Baselines:
    """Freeze and read."""

    def __init__(self, ids: IdFactory, audit: Audit) -> None:
        self._ids = ids
        self._audit = audit

    def freeze(
        self, connection: Connection, baseline: Baseline, *, by: str, supersedes: str | None, now: datetime
    ) -> None:
        """Keep a baseline for good.

        Raises   BaselineFrozen when its name is taken, or what it supersedes was superseded before; LookupError when what
                 it supersedes is not there; ValueError when it counts nothing.
        """
        measured = baseline.measured
        if measured.first_on is None or measured.last_on is None:
            raise ValueError("nothing of these files counts, so there is nothing to freeze")
        if connection.scalar(select(t.baseline.c.id).where(t.baseline.c.name == baseline.name)) is not None:
            raise BaselineFrozen(
                f"baseline {baseline.name} is frozen: give another --name, and --supersedes to replace it"
            )
        earlier = self._to_supersede(connection, supersedes) if supersedes is not None else None
        document = encode(baseline)
        connection.execute(
            insert(t.baseline).values(
                id=self._ids.next(),
                name=baseline.name,
                supersedes_id=earlier,
                data_digest=baseline.data_digest,
                definitions=baseline.definitions,
                first_on=measured.first_on,
                last_on=measured.last_on,
                who=by or UNNAMED,
                document=document,
                digest=_digest(document),
                created_at=now,
            )
        )
        self._audit.append(
            connection,
            who=by or UNNAMED,
            what="baseline frozen",
            subject=f"baseline {baseline.name}",
            reason=f"document {_digest(document)}" + (f", supersedes {supersedes}" if supersedes else ""),
            now=now,
        )

    @staticmethod
    def _to_supersede(connection: Connection, name: str) -> int:
        b = t.baseline.c
        found: int | None = connection.scalar(select(b.id).where(b.name == name))
        if found is None:
            raise LookupError(f"there is no baseline {name}")
        later = connection.scalar(select(b.name).where(b.supersedes_id == found))
        if later is not None:
            raise BaselineFrozen(f"baseline {name} was superseded by {later}: supersede that one")
        return found

    @staticmethod
    def load(connection: Connection, name: str | None = None) -> FrozenBaseline:
        """A baseline by its name, or the newest that nothing supersedes.

        Raises   LookupError when there is none; BaselineAltered when it is not as it was frozen.
        """
        b, later, earlier = t.baseline.c, t.baseline.alias("later"), t.baseline.alias("earlier")
        query = (
            select(t.baseline, later.c.name.label("superseded_by"), earlier.c.name.label("superseded"))
            .join(later, later.c.supersedes_id == b.id, isouter=True)
            .join(earlier, earlier.c.id == b.supersedes_id, isouter=True)
        )
        query = query.where(later.c.id.is_(None)).order_by(b.id.desc()) if name is None else query.where(b.name == name)
        row = connection.execute(query.limit(1)).first()
        if row is None:
            known = ", ".join(connection.execute(select(b.name).order_by(b.id)).scalars()) or "none yet"
            raise LookupError(f"there is no baseline {name or ''}".rstrip() + f"; frozen: {known}")
        if _digest(row.document) != row.digest:
            raise BaselineAltered(f"baseline {row.name} was changed after it was frozen")
        return FrozenBaseline(
            baseline=_BASELINE.validate_json(row.document),
            frozen_at=row.created_at,
            who=row.who,
            supersedes=row.superseded,
            superseded_by=row.superseded_by,
        )

    @staticmethod
    def holding(connection: Connection, data_digest: str, definitions: str) -> str | None:
        """The name of the baseline that was made of the very same files under the same definitions."""
        b = t.baseline.c
        return connection.scalar(
            select(b.name).where(b.data_digest == data_digest, b.definitions == definitions).order_by(b.id).limit(1)
        )

    @staticmethod
    def our_answers(connection: Connection, until: date) -> Iterator[AnsweredClaim]:
        """Every posted answer on an original claim of ours to a first payer, by the order taken in, up to a date.

        Why      From the beginning, not from the start of a period: only so is it known which answer was the first.
        """
        rc, r, c = t.remit_claim.c, t.remit.c, t.claim.c
        rows = connection.execute(
            select(rc.document, rc.key, r.payer_id, r.paid_on, r.document.label("head"))
            .join(t.remit, r.id == rc.remit_id)
            .join(t.claim, c.id == rc.claim_id)
            .where(
                rc.state == "posted", c.frequency == "1", c.sequence == "P", (r.paid_on <= until) | r.paid_on.is_(None)
            )
            .order_by(rc.id)
        )
        for row in rows:
            paid_on = row.paid_on or decode_remit(row.head).produced_on
            if paid_on is None or paid_on <= until:
                yield AnsweredClaim(
                    payer_id=row.payer_id, paid_on=paid_on, claim=decode_remit_claim(row.document), key=row.key
                )


def _digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()
