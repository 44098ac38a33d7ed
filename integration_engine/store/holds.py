"""Holds: stored findings that stop an encounter, in their work queues, with owner, age and history.

A hold stays the same hold, with its age, as long as its finding comes back; it is released by the system when the
finding is gone; a named person may resolve or override it, with a reason. What was overridden stays overridden while
the finding says the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from integration_engine.core.findings import Finding
from integration_engine.domain.hold import HoldStage, may_be_overridden
from integration_engine.store.audit import Audit
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.ids import IdFactory
from integration_engine.store.tables import answer, audit_event, batch, claim, hold, treatment_day


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One line of a work queue. encounter, file: the visit or file it is about. stage: of an authorization hold."""

    id: int
    queue: str
    finding: str
    text: str
    fix: str
    owner: str
    assigned_to: str
    due_on: date
    opened_at: datetime
    state: str
    encounter: str
    day_id: int | None
    journal_id: int | None
    stage: str = HoldStage.NONE.value
    evidence: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold hangs on. A patient may stand beside any of the others; alone it means the patient as a whole."""

    patient_id: int | None = None
    treatment_day_id: int | None = None
    journal_id: int | None = None
    claim_id: int | None = None
    answer_id: int | None = None
    batch_id: int | None = None

    @property
    def ids(self) -> tuple[int | None, ...]:
        """The ids in the order of the table's columns."""
        return (
            self.patient_id,
            self.treatment_day_id,
            self.journal_id,
            self.claim_id,
            self.answer_id,
            self.batch_id,
        )

    @property
    def condition(self) -> ColumnElement[bool]:
        """Which stored holds belong to it."""
        others = (
            (hold.c.treatment_day_id, self.treatment_day_id),
            (hold.c.journal_id, self.journal_id),
            (hold.c.claim_id, self.claim_id),
            (hold.c.answer_id, self.answer_id),
            (hold.c.batch_id, self.batch_id),
        )
        named = [column == identity for column, identity in others if identity is not None]
        if named:
            return and_(*named)
        return and_(hold.c.patient_id == self.patient_id, *(column.is_(None) for column, _ in others))


class Holds:
    """The work queues."""

    def __init__(self, ids: IdFactory, audit: Audit) -> None:
        self._ids = ids
        self._audit = audit

    def sync(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        now: datetime,
        *,
        day_id: int | None = None,
        journal_id: int | None = None,
        patient_id: int | None = None,
        claim_id: int | None = None,
        answer_id: int | None = None,
        batch_id: int | None = None,
        families: tuple[str, ...] = (),
    ) -> None:
        """Make the open holds of one scope those of ``findings``.

        Shapes   the scope is a day, a message, a claim, an answer file, an 837P file, or else a patient as a whole.
                 families: how the ids of the findings begin that are spoken of; others of the scope are left alone.
        """
        scope = Scope(
            patient_id=patient_id,
            treatment_day_id=day_id,
            journal_id=journal_id,
            claim_id=claim_id,
            answer_id=answer_id,
            batch_id=batch_id,
        )
        rows = list(connection.execute(select(hold).where(scope.condition, hold.c.state.in_(("open", "overridden")))))
        alone = {(row.finding, row.subject) for row in rows if families and not row.finding.startswith(families)}
        rows = [row for row in rows if (row.finding, row.subject) not in alone]
        findings = [finding for finding in findings if (finding.id, finding.subject) not in alone]
        if rows or findings:
            new, gone = self._differ(rows, findings)
            worked = _worked_on(rows, gone)
            bulk_insert(connection, hold, [self._row(f, now, scope, worked) for f in new])
            self._release(connection, gone, now)

    def sync_days(
        self,
        connection: Connection,
        days: Sequence[tuple[int, int, Sequence[Finding]]],
        now: datetime,
        *,
        families: tuple[str, ...] = (),
    ) -> None:
        """The same for many days at once: (day id, patient id, findings)."""
        known: dict[int, list[Any]] = {day_id: [] for day_id, _, _ in days}
        for part in parts(sorted(known)):
            rows = connection.execute(
                select(hold).where(hold.c.treatment_day_id.in_(part), hold.c.state.in_(("open", "overridden")))
            )
            for row in rows:
                if not families or row.finding.startswith(families):
                    known[row.treatment_day_id].append(row)
        opened: list[tuple[Any, ...]] = []
        gone: list[int] = []
        for day_id, patient_id, findings in days:
            new, over = self._differ(known[day_id], findings)
            scope = Scope(patient_id=patient_id, treatment_day_id=day_id)
            worked = _worked_on(known[day_id], over)
            opened.extend(self._row(finding, now, scope, worked) for finding in new)
            gone.extend(over)
        bulk_insert(connection, hold, opened)
        self._release(connection, gone, now)

    def sync_finding(self, connection: Connection, finding: str, wanted: Mapping[int, Finding], now: datetime) -> None:
        """Make the open holds of one kind those of these 837P files, and leave their other holds alone.

        Shapes   wanted: file id → finding.
        """
        rows = connection.execute(
            select(hold).where(hold.c.finding == finding, hold.c.batch_id.is_not(None), hold.c.state == "open")
        ).all()
        known = {row.batch_id: row.id for row in rows}
        opened = [
            self._row(one, now, Scope(batch_id=batch_id), {})
            for batch_id, one in wanted.items()
            if batch_id not in known
        ]
        bulk_insert(connection, hold, opened)
        self._release(connection, [known[batch_id] for batch_id in known if batch_id not in wanted], now)

    def end(self, connection: Connection, finding: str, subjects: Collection[str], now: datetime) -> None:
        """Release the open holds of one kind that speak of these, wherever they hang."""
        query = select(hold.c.id, hold.c.subject).where(hold.c.finding == finding, hold.c.state == "open")
        self._release(connection, [row.id for row in connection.execute(query) if row.subject in subjects], now)

    @staticmethod
    def _differ(rows: Sequence[Any], findings: Sequence[Finding]) -> tuple[list[Finding], list[int]]:
        open_rows = {(row.finding, row.subject): row for row in rows if row.state == "open"}
        accepted = [row for row in rows if row.state == "overridden" and may_be_overridden(row.finding)]
        over = {(row.finding, row.subject, row.observed) for row in accepted}
        wanted: dict[tuple[str, str], Finding] = {}
        for finding in findings:
            if finding.holds and (finding.id, finding.subject, finding.observed) not in over:
                wanted.setdefault((finding.id, finding.subject), finding)
        new = [finding for key, finding in wanted.items() if key not in open_rows]
        gone = [row.id for key, row in open_rows.items() if key not in wanted]
        return new, gone

    def _row(
        self, finding: Finding, now: datetime, scope: Scope, worked: Mapping[tuple[str, str], Any]
    ) -> tuple[Any, ...]:
        assert finding.queue is not None
        before = worked.get((finding.queue.value, finding.subject))
        return (
            self._ids.next(),
            *scope.ids,
            finding.queue.value,
            finding.id,
            finding.subject,
            finding.observed,
            finding.text,
            finding.fix,
            finding.owner,
            "",
            str(finding.citation or ""),
            "open",
            now.date() + timedelta(days=finding.due_in_days),
            now,
            None,
            "",
            "",
            finding.why,
            finding.screen,
            before.stage if before is not None else HoldStage.NONE.value,
            before.evidence if before is not None else "",
            before.reference if before is not None else "",
        )

    @staticmethod
    def _release(connection: Connection, ids: Sequence[int], now: datetime) -> None:
        if ids:
            connection.execute(
                update(hold)
                .where(hold.c.id.in_(ids))
                .values(state="released", closed_at=now, closed_by="engine", reason="the cause is gone")
            )

    def overrides(self, connection: Connection, day_ids: Collection[int]) -> dict[int, frozenset[tuple[str, str, str]]]:
        """What named people accepted: (finding, subject, observed) by day."""
        if not day_ids:
            return {}
        found: dict[int, set[tuple[str, str, str]]] = {}
        rows = connection.execute(
            select(hold.c.treatment_day_id, hold.c.finding, hold.c.subject, hold.c.observed).where(
                hold.c.treatment_day_id.in_(list(day_ids)), hold.c.state == "overridden"
            )
        )
        for day_id, finding, subject, observed in rows:
            found.setdefault(day_id, set()).add((finding, subject, observed))
        return {day_id: frozenset(values) for day_id, values in found.items()}

    def claims_held(self, connection: Connection, claim_ids: Collection[int]) -> set[int]:
        """Those of these claims that have an open or overridden hold of their own."""
        found: set[int] = set()
        for part in parts(sorted(claim_ids)):
            rows = select(hold.c.claim_id).where(hold.c.claim_id.in_(part), hold.c.state.in_(("open", "overridden")))
            found.update(connection.execute(rows).scalars())
        return found

    def claims_with(self, connection: Connection, finding: str) -> set[int]:
        """The claims with an open hold of this kind."""
        rows = connection.execute(
            select(hold.c.claim_id).where(
                hold.c.finding == finding, hold.c.state == "open", hold.c.claim_id.is_not(None)
            )
        )
        return set(rows.scalars())

    @staticmethod
    def stops_answer(connection: Connection, answer_id: int, finding: str | None = None) -> bool:
        """True when an open hold, of this kind if one is given, hangs on an answer file."""
        query = select(hold.c.id).where(hold.c.answer_id == answer_id, hold.c.state == "open").limit(1)
        if finding is not None:
            query = query.where(hold.c.finding == finding)
        return connection.scalar(query) is not None

    # --- what people do -----------------------------------------------------------------------------------------------

    def list(
        self,
        connection: Connection,
        *,
        queue: str | None = None,
        state: str = "open",
        owner: str | None = None,
        assigned_to: str | None = None,
    ) -> list[HoldRow]:
        """Holds by due date. owner: a role; assigned_to: a named person, ``""`` for those nobody has."""
        query = _listing().where(hold.c.state == state).order_by(hold.c.due_on, hold.c.id)
        if queue:
            query = query.where(hold.c.queue == queue)
        if owner is not None:
            query = query.where(hold.c.owner == owner)
        if assigned_to is not None:
            query = query.where(hold.c.assigned_to == assigned_to)
        return [_hold_row(row) for row in connection.execute(query)]

    def show(self, connection: Connection, hold_id: int) -> dict[str, Any] | None:
        """One hold with everything recorded about it."""
        row = connection.execute(_with_file(select(hold, _FILE)).where(hold.c.id == hold_id)).mappings().first()
        if row is None:
            return None
        history = connection.execute(
            select(audit_event.c.created_at, audit_event.c.who, audit_event.c.what, audit_event.c.reason)
            .where(audit_event.c.subject == f"hold {hold_id}")
            .order_by(audit_event.c.id)
        )
        return {**plain_row(row), "history": [plain_row(event) for event in history.mappings()]}

    def assign(self, connection: Connection, hold_id: int, *, to: str, by: str, now: datetime) -> None:
        """Give an open hold to a named person.

        Raises   ValueError without names; LookupError when there is no such open hold.
        """
        self._named(to=to, by=by)
        self._change(connection, hold_id, {"assigned_to": to})
        self._audit.append(connection, who=by, what="assign", subject=f"hold {hold_id}", reason=f"to {to}", now=now)

    def resolve(self, connection: Connection, hold_id: int, *, by: str, reason: str, now: datetime) -> None:
        """Close a hold of a message whose cause was dealt with outside; one of a treatment day closes by itself.

        Raises   ValueError without name and reason, or for a hold that only its cause or an override can end.
        """
        self._named(by=by, reason=reason)
        if connection.scalar(select(hold.c.treatment_day_id).where(hold.c.id == hold_id)) is not None:
            msg = "this hold ends by itself when the corrected message arrives; to bill all the same, override it"
            raise ValueError(msg)
        self._close(connection, hold_id, "resolved", by, reason, now)

    def override(self, connection: Connection, hold_id: int, *, by: str, reason: str, now: datetime) -> int | None:
        """Accept a finding by name; returns the patient whose days must be adjudicated again.

        Raises   ValueError without name and reason; LookupError when there is no such open hold.
        """
        self._named(by=by, reason=reason)
        self._close(connection, hold_id, "overridden", by, reason, now)
        return connection.scalar(select(hold.c.patient_id).where(hold.c.id == hold_id))

    def _close(self, connection: Connection, hold_id: int, state: str, by: str, reason: str, now: datetime) -> None:
        self._change(connection, hold_id, {"state": state, "closed_at": now, "closed_by": by, "reason": reason})
        self._audit.append(connection, who=by, what=state, subject=f"hold {hold_id}", reason=reason, now=now)

    @staticmethod
    def _change(connection: Connection, hold_id: int, values: dict[str, Any]) -> None:
        changed = connection.execute(
            update(hold).where(hold.c.id == hold_id, hold.c.state == "open").values(values)
        ).rowcount
        if not changed:
            msg = f"there is no open hold {hold_id}"
            raise LookupError(msg)

    @staticmethod
    def _named(**given: str) -> None:
        for name, value in given.items():
            if not value.strip():
                msg = f"--{name} must not be empty: it is kept in the audit"
                raise ValueError(msg)


def _worked_on(rows: Sequence[Any], gone: Collection[int]) -> dict[tuple[str, str], Any]:
    """The holds that go away with a request or a denial on them, by queue and subject.

    Why      A request goes on when the payer's "pended" turns *missing* into *not given*: the new hold takes it over.
    """
    return {(row.queue, row.subject): row for row in rows if row.id in gone and row.stage != HoldStage.NONE.value}


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row under plain names; SQLAlchemy's own kind of text is no JSON key."""
    return {str(name): value for name, value in row.items()}


_FILE = func.coalesce(answer.c.file_name, batch.c.file_name, "").label("file")


def list_open(connection: Connection) -> list[HoldRow]:
    """Every open hold, by due date."""
    query = _listing().where(hold.c.state == "open").order_by(hold.c.due_on, hold.c.id)
    return [_hold_row(row) for row in connection.execute(query)]


def _listing() -> Select[Any]:
    of_claim = claim.join(treatment_day, treatment_day.c.id == claim.c.treatment_day_id)
    day = treatment_day.alias("hold_day")
    return (
        _with_file(select(hold, func.coalesce(day.c.encounters, treatment_day.c.encounters).label("encounters"), _FILE))
        .join(day, day.c.id == hold.c.treatment_day_id, isouter=True)
        .join(of_claim, claim.c.id == hold.c.claim_id, isouter=True)
    )


def _with_file(query: Select[Any]) -> Select[Any]:
    """The file that an answer or an 837P file is, beside its holds."""
    ours = query.select_from(hold).join(answer, answer.c.id == hold.c.answer_id, isouter=True)
    return ours.join(batch, batch.c.id == hold.c.batch_id, isouter=True)


def _hold_row(row: Any) -> HoldRow:
    return HoldRow(
        id=row.id,
        queue=row.queue,
        finding=row.finding,
        text=row.text,
        fix=row.fix,
        owner=row.owner,
        assigned_to=row.assigned_to,
        due_on=row.due_on,
        opened_at=row.created_at,
        state=row.state,
        encounter=" ".join(orjson.loads(row.encounters)) if row.encounters else "",
        day_id=row.treatment_day_id,
        journal_id=row.journal_id,
        stage=row.stage,
        evidence=row.evidence,
        file=row.file,
    )
