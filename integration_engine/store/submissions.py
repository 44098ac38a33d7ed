"""Claims that have left: what they said, every event since, and where they stand; what was refused is in refusals.py.

Events are appended and never rewritten; the standing beside them is what rules/answers/life_cycle.py made of all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Exists, FromClause, Select, exists, func, select, true, update

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import Frequency, numbered
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.record import DayState
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.store import tables as t
from integration_engine.store.database import bulk_delete, bulk_insert, insert_if_absent, parts, update_many
from integration_engine.store.documents import decode_draft
from integration_engine.store.ids import IdFactory

LEFT = tuple(state.value for state in SentState)
UNDECIDED = ("sent", "acknowledged", "at_clearinghouse", "at_payer")
_FINDINGS: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentClaim:
    """A submitted claim that waits for an answer, with what has been heard of it."""

    id: int
    number: str
    receiver: str
    payer: str
    submitted_on: date
    file_by: date | None
    total_cents: int
    kinds: frozenset[ClaimEventKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One event to append, with the answer or the file it came from."""

    claim_id: int
    event: ClaimEvent
    answer_id: int | None = None
    batch_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A published 837P file, as answers refer to it.

    Shapes   claims: number → claim id; none of those that went to another receiver since, and then ``rerouted``.
    """

    batch_id: int
    receiver: str
    file_name: str
    text: str
    claims: Mapping[str, int]
    rerouted: bool = False


class Submissions:
    """Everything there is to ask and to say about claims that have left."""

    def __init__(self, ids: IdFactory) -> None:
        self._ids = ids

    # --- asking -------------------------------------------------------------------------------------------------------

    def of_days(self, connection: Connection, day_ids: Collection[int]) -> list[SentClaim]:
        """The claims that have left for several days, oldest first."""
        found: list[SentClaim] = []
        for part in parts(sorted(day_ids)):
            where = t.claim.c.treatment_day_id.in_(part), t.claim.c.state.in_(("submitted", "refused"))
            found.extend(_claim(row) for row in connection.execute(sent_claims().where(*where).order_by(t.claim.c.id)))
        return found

    def by_number(self, connection: Connection, numbers: Collection[str]) -> dict[str, SentClaim]:
        """Claims by our own number (CLM01)."""
        found = {}
        for part in parts(sorted(numbers)):
            left = t.claim.c.number.in_(part), t.claim.c.state.in_(LEFT)
            for row in connection.execute(sent_claims().where(*left)):
                found[row.number] = _claim(row)
        return found

    @staticmethod
    def on_their_way(
        connection: Connection, interchanges: Collection[int], receivers: Collection[str], numbers: Collection[str]
    ) -> bool:
        """True when one of these files or claims lies in a file that was handed over but is not noted as sent yet.

        Shapes   receivers: whose answer it is; empty where nobody knows, and then no file that was sent may fit.
        Why      A file whose claims are being rerouted waits too: which of both files they lie in is decided by a check.
        """
        b, old = t.batch.c, t.batch_claim.alias("old")
        for part in parts(sorted(interchanges)):
            rows = connection.execute(
                select(b.interchange, b.receiver, b.state).where(
                    b.interchange.in_(part), b.state.in_(("checked", "published"))
                )
            ).all()
            sent = {row.interchange for row in rows if row.state == "published"}
            if any(
                row.state == "checked" and (row.receiver in receivers if receivers else row.interchange not in sent)
                for row in rows
            ):
                return True
            moving = (
                select(old.c.claim_id)
                .join(t.batch, b.id == old.c.batch_id)
                .where(
                    b.interchange.in_(part),
                    ~old.c.live,
                    b.receiver.in_(receivers) if receivers else true(),
                    _moves(old),
                )
            )
            if connection.scalar(moving.limit(1)) is not None:
                return True
        for part in parts(sorted(numbers)):
            lies = t.batch_claim.join(t.claim, t.claim.c.id == t.batch_claim.c.claim_id)
            waits = select(t.claim.c.id).select_from(lies).where(t.claim.c.number.in_(part), _moves(t.batch_claim))
            if connection.scalar(waits.limit(1)) is not None:
                return True
        return False

    def by_payer_number(self, connection: Connection, numbers: Collection[str]) -> dict[str, tuple[SentClaim, ...]]:
        """Claims by the payer's control number; several where the payer gave one number to several submissions."""
        found: dict[str, list[SentClaim]] = defaultdict(list)
        for part in parts(sorted(numbers)):
            left = t.claim.c.payer_control_number.in_(part), t.claim.c.state.in_(LEFT)
            query = sent_claims().where(*left).order_by(t.claim.c.id)
            for row in connection.execute(query):
                found[row.payer_control_number].append(_claim(row))
        return {number: tuple(claims) for number, claims in found.items()}

    def numbers(self, connection: Connection, claim_ids: Collection[int]) -> dict[int, str]:
        """Our claim numbers of stored claims."""
        found: dict[int, str] = {}
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(select(t.claim.c.id, t.claim.c.number).where(t.claim.c.id.in_(part)))
            found.update({row.id: row.number for row in rows})
        return found

    def by_interchange(self, connection: Connection, interchange: int) -> list[SentFile]:
        """Published files with this interchange control number: one a receiver at most."""
        rows = connection.execute(
            select(t.batch).where(t.batch.c.interchange == interchange, t.batch.c.state == "published")
        ).all()
        return [self._file(connection, row) for row in rows]

    @staticmethod
    def _file(connection: Connection, row: Any) -> SentFile:
        claims = connection.execute(
            select(t.claim.c.number, t.claim.c.id)
            .join(t.batch_claim, t.batch_claim.c.claim_id == t.claim.c.id)
            .where(t.batch_claim.c.batch_id == row.id, t.batch_claim.c.live)
        )
        live = {claim.number: claim.id for claim in claims}
        return SentFile(
            batch_id=row.id,
            receiver=row.receiver,
            file_name=row.file_name,
            text=bytes(row.data).decode("ascii"),
            claims=live,
            rerouted=not live,
        )

    def events(self, connection: Connection, claim_ids: Collection[int]) -> dict[int, list[ClaimEvent]]:
        """Every event of these claims."""
        found: dict[int, list[ClaimEvent]] = defaultdict(list)
        for part in parts(sorted(claim_ids)):
            for row in connection.execute(select(t.claim_event).where(t.claim_event.c.claim_id.in_(part))):
                found[row.claim_id].append(
                    ClaimEvent(kind=ClaimEventKind(row.kind), on=row.happened_on, code=row.code, text=row.text)
                )
        return found

    def waiting_for_number(self, connection: Connection, claim_ids: Collection[int]) -> list[int]:
        """Patients whose billed day waits, with an open hold, for the payer's number that one of these claims now has."""
        found: set[int] = set()
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(t.hold.c.patient_id)
                .join(t.claim, t.claim.c.treatment_day_id == t.hold.c.treatment_day_id)
                .where(t.claim.c.id.in_(part), t.hold.c.state == "open", t.hold.c.patient_id.is_not(None))
            )
            found.update(rows.scalars())
        return sorted(found)

    def silent(self, connection: Connection) -> list[SilentClaim]:
        """Submitted claims that nobody has adjudicated or refused yet, oldest first."""
        c = t.claim.c
        rows = connection.execute(
            select(c.id, c.number, c.receiver, c.payer, c.submitted_on, c.file_by, c.total_cents)
            .where(c.state == "submitted", c.standing.in_(UNDECIDED), c.submitted_on.is_not(None))
            .order_by(c.id)
        ).all()
        kinds: dict[int, set[str]] = defaultdict(set)
        for part in parts([row.id for row in rows]):
            e = t.claim_event.c
            for claim_id, kind in connection.execute(select(e.claim_id, e.kind).where(e.claim_id.in_(part))):
                kinds[claim_id].add(kind)
        return [
            SilentClaim(**row._mapping, kinds=frozenset(ClaimEventKind(k) for k in kinds[row.id]))  # noqa: SLF001 - SQLAlchemy's name
            for row in rows
        ]

    @staticmethod
    def to_decide_again(connection: Connection) -> list[int]:
        """Patients whose days have to be decided again because of an answer."""
        return list(
            connection.execute(select(t.decide_again.c.patient_id).order_by(t.decide_again.c.patient_id)).scalars()
        )

    @staticmethod
    def decide_again(connection: Connection, patient_ids: Collection[int], now: datetime) -> None:
        """Remember that the days of these patients have to be decided again."""
        for patient_id in sorted(patient_ids):
            insert_if_absent(connection, t.decide_again, patient_id=patient_id, created_at=now)

    @staticmethod
    def draw_again(connection: Connection, claim: SentClaim, now: datetime) -> None:
        """Open the billed day of a claim, so that it is decided again and compared with what was sent of it."""
        day = t.treatment_day.c
        billed = day.id == claim.day_id, day.state == DayState.BILLED.value
        connection.execute(update(t.treatment_day).where(*billed).values(state=DayState.HELD.value))
        insert_if_absent(connection, t.decide_again, patient_id=claim.patient_id, created_at=now)

    @staticmethod
    def drawn_up(connection: Connection, day_id: int) -> list[str]:
        """The frequency codes of the claims to the first payer that wait for their batch, of a day."""
        c = t.claim.c
        of_day = c.treatment_day_id == day_id, c.state == "drafted", c.sequence == "P"
        return list(connection.execute(select(c.frequency).where(*of_day).order_by(c.id)).scalars())

    @staticmethod
    def decided(connection: Connection, patient_ids: Collection[int]) -> None:
        """Their days were decided again, in this transaction."""
        bulk_delete(connection, t.decide_again, "patient_id", sorted(patient_ids))

    @staticmethod
    def with_later_payers(connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """Those of these claims whose patient has more than one coverage."""
        found: set[int] = set()
        for part in parts(sorted(claim_ids)):
            day, coverage = t.treatment_day.c, t.coverage.c
            rows = connection.execute(
                select(t.claim.c.id)
                .join(t.treatment_day, day.id == t.claim.c.treatment_day_id)
                .join(t.coverage, coverage.patient_id == day.patient_id)
                .where(t.claim.c.id.in_(part))
                .group_by(t.claim.c.id)
                .having(func.count() > 1)
            )
            found.update(rows.scalars())
        return found

    @staticmethod
    def corrected_days(connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """The days of those of these claims that correct another or were corrected."""
        found: set[int] = set()
        c, after = t.claim.c, t.claim.alias("after")
        for part in parts(sorted(claim_ids)):
            correcting = c.id.in_(part), c.frequency != Frequency.ORIGINAL.value
            found.update(connection.execute(select(c.treatment_day_id).where(*correcting)).scalars())
            corrected = after.c.follows_id.in_(part), after.c.frequency != Frequency.ORIGINAL.value
            found.update(connection.execute(select(after.c.treatment_day_id).where(*corrected)).scalars())
        return found

    @staticmethod
    def days(connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """The days these claims bill."""
        found: set[int] = set()
        for part in parts(sorted(claim_ids)):
            found.update(connection.execute(select(t.claim.c.treatment_day_id).where(t.claim.c.id.in_(part))).scalars())
        return found

    @staticmethod
    def voids_of(connection: Connection, claim_ids: Collection[int]) -> dict[int, int]:
        """The void that went out for each of these claims, where one did and was not refused: claim id → its id."""
        found: dict[int, int] = {}
        c = t.claim.c
        for part in parts(sorted(claim_ids)):
            voids = c.follows_id.in_(part), c.frequency == "8", c.state == SentState.SUBMITTED.value
            found.update(
                {row.follows_id: row.id for row in connection.execute(select(c.follows_id, c.id).where(*voids))}
            )
        return found

    @staticmethod
    def lock(connection: Connection, claim_ids: Collection[int]) -> None:
        """Keep others from deciding where these claims stand until the transaction ends."""
        for part in parts(sorted(claim_ids)):
            rows = select(t.claim.c.id).where(t.claim.c.id.in_(part)).order_by(t.claim.c.id).with_for_update()
            connection.execute(rows).all()

    # --- saying -------------------------------------------------------------------------------------------------------

    def append(self, connection: Connection, events: Sequence[NewEvent], now: datetime) -> None:
        """Append events; the caller saves the standings that follow from them."""
        bulk_insert(
            connection,
            t.claim_event,
            [
                (
                    self._ids.next(),
                    new.claim_id,
                    new.answer_id,
                    new.batch_id,
                    new.event.kind.value,
                    new.event.code,
                    new.event.text,
                    new.event.on,
                    now,
                )
                for new in events
            ],
        )

    def stand(self, connection: Connection, standings: Mapping[int, str]) -> None:
        """Save where claims stand."""
        update_many(connection, t.claim, [{"id": c, "standing": standing} for c, standing in sorted(standings.items())])

    def payer_numbers(self, connection: Connection, numbers: Mapping[int, str]) -> None:
        """Save the payer's control numbers of claims; a later one takes the place of an earlier."""
        rows = [{"id": claim_id, "payer_control_number": number} for claim_id, number in sorted(numbers.items())]
        update_many(connection, t.claim, rows)

    def filing_clock(self, connection: Connection, last_days: Mapping[int, date]) -> None:
        """Save until when claims may be filed."""
        update_many(connection, t.claim, [{"id": c, "file_by": last} for c, last in sorted(last_days.items())])


def charge_ids(document: str) -> list[int]:
    """The charge lines (FT1) that a stored service line bills."""
    return [int(value) for value in document.strip("[]").split(",") if value]


def sent_claims() -> Select[Any]:
    """Claims with the patient of their day, to be narrowed by whoever asks."""
    return select(t.claim, t.treatment_day.c.patient_id).join(
        t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id
    )


def _claim(row: Any) -> SentClaim:
    return SentClaim(
        id=row.id,
        day_id=row.treatment_day_id,
        patient_id=row.patient_id,
        number=row.number,
        state=SentState(row.state),
        standing=row.standing,
        draft=numbered(decode_draft(row.document), row.number),
        payer_control_number=row.payer_control_number,
        refusal=_FINDINGS.validate_json(row.refusal) if row.refusal else (),
        follows_id=row.follows_id,
        submitted_on=row.submitted_on,
        file_by=row.file_by,
    )


def _moves(row: FromClause) -> Exists:
    """The claim of a row of batch_claim lies in a file that was rendered, and is neither published nor refused yet."""
    new, file = t.batch_claim.alias("new"), t.batch.alias("file")
    on_its_way = new.c.claim_id == row.c.claim_id, new.c.live, file.c.state.in_(("rendered", "checked"))
    return exists().where(*on_its_way, file.c.id == new.c.batch_id)
