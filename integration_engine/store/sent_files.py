"""837P files that were made: what each is and where it stands, and claims that go to another receiver under their numbers.

A claim lies in one live file at any time. When its file is rerouted, the new file becomes the live one in the very
transaction that keeps its bytes, so that an answer to the old file can no longer be taken for an answer to the claim;
if a check refuses the new file, the old one is live again. Nothing is posted anew: the charges are owed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, Select, func, select, update

from integration_engine.core.money import from_cents
from integration_engine.domain.claim import Claim, numbered
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.store import tables as t
from integration_engine.store.batches import Batches, PendingBatch
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.documents import decode_draft
from integration_engine.store.ids import IdFactory
from integration_engine.store.submissions import NewEvent, Submissions

LARGEST_ID = 2**63 - 1
PUBLISHED = "published"
# What an acknowledgment says of a whole file, the weightiest last.
_ANSWERS = (
    (ClaimEventKind.INTERCHANGE_ACCEPTED, "TA1 accepted"),
    (ClaimEventKind.TRANSACTION_ACCEPTED, "999 accepted"),
    (ClaimEventKind.INTERCHANGE_REFUSED, "TA1 refused"),
    (ClaimEventKind.TRANSACTION_REFUSED, "999 refused"),
)


class NotRerouted(ValueError):
    """The claims of a file stay where they are: the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One 837P file.

    Shapes   state: rendered, checked (both on their way), published or refused (by a check). rerouted_to: the file its
             claims lie in now, "" where they still lie in this one. answer: the weightiest TA1 or 999, "" for none.
    """

    id: int
    file: str
    receiver: str
    payer: str
    state: str
    reason: str
    claims: int
    lines: int
    total: Decimal
    interchange: int
    digest: str
    created_at: datetime
    published_at: datetime | None
    rerouted_to: str
    answer: str


class SentFiles:
    """Asking about files, and moving the claims of one."""

    def __init__(self, ids: IdFactory, submissions: Submissions) -> None:
        self._ids = ids
        self._submissions = submissions

    # --- asking -------------------------------------------------------------------------------------------------------

    def all(self, connection: Connection) -> list[FileRow]:
        """Every file, in the order they were made."""
        return self._rows(connection, _heads())

    def named(self, connection: Connection, name: str) -> FileRow | None:
        """The file of this name."""
        found = self._rows(connection, _heads().where(t.batch.c.file_name == name))
        return found[0] if found else None

    @staticmethod
    def data(connection: Connection, file_id: int) -> bytes:
        """The very bytes that were kept before the file existed."""
        found = connection.scalar(select(t.batch.c.data).where(t.batch.c.id == file_id))
        assert found is not None  # the id comes from a row
        return bytes(found)

    def earlier(self, connection: Connection, batch: PendingBatch) -> FileRow:
        """The published file that the claims of a rerouted one lay in before."""
        old = t.batch_claim.alias()
        ids = connection.execute(
            select(func.max(old.c.batch_id))
            .join(t.batch_claim, t.batch_claim.c.claim_id == old.c.claim_id)
            .join(t.batch, t.batch.c.id == old.c.batch_id)
            .where(t.batch_claim.c.batch_id == batch.id, old.c.batch_id != batch.id, t.batch.c.state == PUBLISHED)
        )
        return self._rows(connection, _heads().where(t.batch.c.id == ids.scalar_one()))[0]

    @staticmethod
    def days_named(connection: Connection, identity: str) -> list[int]:
        """The treatment days of a visit number, or the one of this id.

        Raises   LookupError when there is none.
        """
        part = orjson.dumps([identity]).decode()[1:-1]
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        day = t.treatment_day.c
        by_visit = select(day.id).where(day.encounters.like(f"%{escaped}%", escape="\\")).order_by(day.id)
        found = list(connection.execute(by_visit).scalars())
        if not found and identity.isdigit() and int(identity) <= LARGEST_ID:
            found = list(connection.execute(select(day.id).where(day.id == int(identity))).scalars())
        if not found:
            msg = f"no treatment day is known under {identity!r}: give a visit number or the id of a day"
            raise LookupError(msg)
        return found

    @staticmethod
    def receivers(connection: Connection, claim_ids: Sequence[int]) -> dict[int, str]:
        """To whom each of these claims went last."""
        found: dict[int, str] = {}
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(select(t.claim.c.id, t.claim.c.receiver).where(t.claim.c.id.in_(part)))
            found.update({row.id: row.receiver for row in rows})
        return found

    def _rows(self, connection: Connection, query: Select[Any]) -> list[FileRow]:
        heads = connection.execute(query.order_by(t.batch.c.id)).all()
        answers = _answers(connection)
        moved = _rerouted(connection)
        lines = _lines(connection, [head.id for head in heads])
        return [
            FileRow(
                id=head.id,
                file=head.file_name,
                receiver=head.receiver,
                payer=head.payer,
                state=head.state,
                reason=head.reason,
                claims=head.claims,
                lines=lines.get(head.id, 0),
                total=from_cents(head.total_cents),
                interchange=head.interchange,
                digest=head.digest,
                created_at=head.created_at,
                published_at=head.published_at,
                rerouted_to=moved.get(head.id, ""),
                answer=answers.get(head.id, ""),
            )
            for head in heads
        ]

    # --- moving -------------------------------------------------------------------------------------------------------

    def movable(self, connection: Connection, file: FileRow) -> tuple[Claim, ...]:
        """The claims of a published file that nobody has answered, locked until the transaction ends.

        Raises   NotRerouted when anybody has spoken of one of them, or they lie in another file.
        """
        rows = connection.execute(
            select(t.claim.c.id, t.claim.c.number, t.claim.c.document, t.claim.c.state)
            .join(t.batch_claim, t.batch_claim.c.claim_id == t.claim.c.id)
            .where(t.batch_claim.c.batch_id == file.id, t.batch_claim.c.live)
            .order_by(t.claim.c.id)
            .with_for_update(of=t.claim)
        ).all()
        if not rows or file.state != PUBLISHED:
            where = f"its claims lie in {file.rerouted_to}" if file.rerouted_to else f"it is {file.state}"
            raise NotRerouted(f"{file.file} is not a file on its own any more: {where}")
        events = self._submissions.events(connection, [row.id for row in rows])
        answered = sum(
            row.state != "submitted" or any(e.kind is not ClaimEventKind.SUBMITTED for e in events.get(row.id, ()))
            for row in rows
        )
        if answered:
            raise NotRerouted(
                f"{answered} of {len(rows)} claims of {file.file} have been answered: sent again they could be paid twice"
            )
        return tuple(
            Claim(id=row.id, number=row.number, draft=numbered(decode_draft(row.document), row.number)) for row in rows
        )

    @staticmethod
    def move(
        connection: Connection, file: FileRow, batch: PendingBatch, receiver: str, claims: Sequence[Claim]
    ) -> None:
        """The claims lie in the new file now, and in the old one no more."""
        ids = [claim.id for claim in claims]
        for part in parts(ids):
            of_file = t.batch_claim.c.batch_id == file.id, t.batch_claim.c.claim_id.in_(part)
            connection.execute(update(t.batch_claim).where(*of_file).values(live=False))
            connection.execute(update(t.claim).where(t.claim.c.id.in_(part)).values(receiver=receiver))
        bulk_insert(connection, t.batch_claim, [(batch.id, identity, True) for identity in ids])

    def put_back(self, connection: Connection, batch: PendingBatch, reason: str) -> None:
        """A check refused the new file: the claims lie in the old one again."""
        earlier = self.earlier(connection, batch)
        if not Batches.settle(connection, batch, "refused", reason=reason):
            return
        ids = _claims_of(connection, batch.id)
        connection.execute(update(t.batch_claim).where(t.batch_claim.c.batch_id == batch.id).values(live=False))
        for part in parts(ids):
            of_file = t.batch_claim.c.batch_id == earlier.id, t.batch_claim.c.claim_id.in_(part)
            connection.execute(update(t.batch_claim).where(*of_file).values(live=True))
            connection.execute(update(t.claim).where(t.claim.c.id.in_(part)).values(receiver=earlier.receiver))

    def sent_again(self, connection: Connection, batch: PendingBatch, text: str, now: datetime, on: date) -> None:
        """The new file lies in outbound/: its claims were submitted once more, and wait for answers from now on."""
        if not Batches.settle(connection, batch, PUBLISHED, published_at=now):
            return
        ids = _claims_of(connection, batch.id)
        for part in parts(ids):
            sent = t.claim.c.id.in_(part), t.claim.c.state == "submitted"
            connection.execute(update(t.claim).where(*sent).values(submitted_on=on))
        event = ClaimEvent(kind=ClaimEventKind.SUBMITTED, on=on, text=text)
        self._submissions.append(
            connection, [NewEvent(claim_id=identity, batch_id=batch.id, event=event) for identity in ids], now
        )


def _heads() -> Select[Any]:
    b = t.batch.c
    return select(
        b.id,
        b.file_name,
        b.receiver,
        b.payer,
        b.state,
        b.reason,
        b.claims,
        b.total_cents,
        b.interchange,
        b.digest,
        b.created_at,
        b.published_at,
    )


def _claims_of(connection: Connection, batch_id: int) -> list[int]:
    rows = select(t.batch_claim.c.claim_id).where(t.batch_claim.c.batch_id == batch_id)
    return sorted(connection.execute(rows).scalars())


def _lines(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in parts(ids):
        rows = connection.execute(
            select(t.batch_claim.c.batch_id, func.count().label("lines"))
            .join(t.service_line, t.service_line.c.claim_id == t.batch_claim.c.claim_id)
            .where(t.batch_claim.c.batch_id.in_(part))
            .group_by(t.batch_claim.c.batch_id)
        )
        found.update({row.batch_id: row.lines for row in rows})
    return found


def _answers(connection: Connection) -> dict[int, str]:
    e = t.claim_event.c
    kinds = [kind.value for kind, _ in _ANSWERS]
    rows = connection.execute(select(e.batch_id, e.kind).where(e.batch_id.is_not(None), e.kind.in_(kinds)).distinct())
    said: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        said[row.batch_id].add(row.kind)
    return {batch: [text for kind, text in _ANSWERS if kind.value in found][-1] for batch, found in said.items()}


def _rerouted(connection: Connection) -> dict[int, str]:
    """Published file → the file that its claims lie in now; the first of several, and how many more."""
    old, new, file = t.batch_claim.alias(), t.batch_claim.alias(), t.batch.alias()
    rows = connection.execute(
        select(
            old.c.batch_id, func.min(file.c.file_name).label("name"), func.count(file.c.id.distinct()).label("files")
        )
        .join(t.batch, t.batch.c.id == old.c.batch_id)
        .join(new, new.c.claim_id == old.c.claim_id)
        .join(file, file.c.id == new.c.batch_id)
        .where(~old.c.live, new.c.live, t.batch.c.state == PUBLISHED)
        .group_by(old.c.batch_id)
    )
    return {row.batch_id: row.name + (f" and {row.files - 1} more" if row.files > 1 else "") for row in rows}
