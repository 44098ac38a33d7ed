"""Authorizations as people work with them: balances, uncovered bookings, a hold's next stage, a file of existing ones.

Load → decide → save: what counts, which step is legal and which row can be taken is decided by the rules; here records
are loaded, and what changed is saved and adjudicated again, one patient at a time under that patient's lease.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import islice

from integration_engine.domain.authorization import Authorization
from integration_engine.domain.hold import HoldStage
from integration_engine.domain.record import PatientRecord
from integration_engine.domain.statement import Statement
from integration_engine.rules.authorization.burn_down import (
    Balance,
    UncoveredVisit,
    appointment_subject,
    burn_down,
    uncovered_visits,
)
from integration_engine.rules.authorization.hold_stages import Evidence, check_step
from integration_engine.rules.authorization.importing import AuthorizationRow, read_authorizations
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.record_keeping import keep
from integration_engine.rules.spreadsheet import RowProblem
from integration_engine.stages.adjudicate import Adjudicate, AdjudicationFailed
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Store
from integration_engine.store.queries.authorizations import (
    booking_stages,
    patients_booked,
    patients_known_as,
    patients_with_authorizations,
)

KIND = "authorizations"
PATIENTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientBalance:
    """One authorization of one patient, counted down. patient: record number."""

    patient: str
    balance: Balance


@dataclass(frozen=True, slots=True, kw_only=True)
class UncoveredBooking:
    """One booked appointment without cover, with how far its hold has come. patient: record number."""

    patient: str
    visit: UncoveredVisit
    stage: HoldStage


class RowOutcome(StrEnum):
    """What became of one row of a file."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    PATIENT_UNKNOWN = "patient_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row, or one problem of a row, with what became of it. text: what to do, or a remark."""

    line: int
    column: int
    field: str
    outcome: RowOutcome
    text: str = ""
    patient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """A file, read: the rows of each patient, and the results of all that cannot be taken."""

    rows: tuple[tuple[int, tuple[AuthorizationRow, ...]], ...]
    results: tuple[RowResult, ...]


def balances(
    store: Store, parameters: Parameters, *, patient: str | None = None, as_of: date | None = None
) -> Iterator[PatientBalance]:
    """Every authorization, or those of one patient, counted down; as_of: as of a past date.

    Raises   LookupError when no patient has this record number.
    """
    with store.database.read() as connection:
        if patient is None:
            ids = patients_with_authorizations(connection)
        else:
            ids = sorted(set(patients_known_as(connection, [patient]).get(patient, {}).values()))
            if not ids:
                raise LookupError("no patient has this record number: give it as the EMR sends it in PID-3")
    for record in _records(store, ids):
        for balance in burn_down(record, parameters, as_of=as_of).balances:
            yield PatientBalance(patient=_number(record), balance=balance)


def uncovered(store: Store, parameters: Parameters, *, first: date, days: int) -> list[UncoveredBooking]:
    """The appointments of the next days that nothing covers, by day and location."""
    with store.database.read() as connection:
        ids = patients_booked(connection, first, days)
        stages = booking_stages(connection, ids)
    found = [
        UncoveredBooking(
            patient=_number(record),
            visit=visit,
            stage=stages.get((record.id, appointment_subject(visit.appointment)), HoldStage.NONE),
        )
        for record in _records(store, ids)
        for visit in uncovered_visits(record, parameters, first=first, days=days)
    ]
    return sorted(found, key=lambda one: (one.visit.date, one.visit.location or "", one.patient, one.visit.appointment))


def move_hold(
    store: Store, parameters: Parameters, hold_id: int, to: HoldStage, evidence: Evidence, now: datetime
) -> int | None:
    """Take one hold to its next stage; returns the patient to adjudicate again, None where nothing changes for a claim.

    Raises   LookupError when there is no such hold that can be worked on; ValueError when the step is not legal or not
             proven.
    """
    with store.database.write() as connection:
        standing = store.hold_stages.standing(connection, hold_id)
        if standing is None:
            raise LookupError(f"there is no hold {hold_id}")
        pays = HoldStage.PATIENT_PAY_ONLY
        if standing.state != "open" and standing.stage is not pays:
            raise LookupError(f"hold {hold_id} is {standing.state}: only an open one has a next stage")
        check_step(
            standing.stage,
            to,
            evidence,
            queue=standing.queue,
            as_of=now.date(),
            placeholders=parameters.placeholders,
        )
        if to is pays and standing.day_sent:
            raise ValueError(
                "the claim of this day was sent: void it with the payer before the patient is asked to pay"
            )
        store.hold_stages.move(
            connection,
            standing,
            to,
            evidence=evidence.text.strip(),
            reference=evidence.reference.strip(),
            by=evidence.by.strip(),
            now=now,
        )
    return standing.patient_id if pays in (to, standing.stage) else None


@dataclass(slots=True)
class TakeAuthorizations:
    """Takes a file of existing authorizations in; ``plan`` once, then ``take`` for each patient until it is done."""

    store: Store
    adjudicate: Adjudicate
    rules: Callable[[], RulesInForce]

    def plan(self, text: str) -> ImportPlan:
        """Read the file and find whose each row is; nothing is stored."""
        rows, problems = read_authorizations(text, self.rules().parameters)
        results = [_refused(problem) for problem in problems]
        with self.store.database.read() as connection:
            known = patients_known_as(connection, [row.patient for row in rows])
        whose: dict[int, list[AuthorizationRow]] = {}
        for row in rows:
            scopes = known.get(row.patient, {})
            ids = {scopes[row.scope]} if row.scope in scopes else set() if row.scope else set(scopes.values())
            if len(ids) == 1:
                whose.setdefault(ids.pop(), []).append(row)
            else:
                results.append(_mismatch(row, several=bool(ids)))
        return ImportPlan(
            rows=tuple((patient_id, tuple(mine)) for patient_id, mine in whose.items()), results=tuple(results)
        )

    def keep_file(self, raw: bytes, *, by: str, now: datetime) -> int:
        """The file's bytes into the journal and the act into the audit."""
        with self.store.database.write() as connection:
            journal_id = self.store.journal.keep_file(connection, KIND, raw, now)
            self.store.audit.append(
                connection, who=by, what="import", subject=f"journal {journal_id}", reason=f"{KIND} file", now=now
            )
        return journal_id

    def preview(self, patient_id: int, rows: Sequence[AuthorizationRow]) -> list[RowResult]:
        """What taking these rows would change."""
        with self.store.database.read() as connection:
            record = self.store.records.load(connection, [patient_id])[patient_id]
        _, results = _taken(record, rows, 0, self.rules().parameters, self.store.ids.next)
        return results

    def take(
        self, patient_id: int, rows: Sequence[AuthorizationRow], journal_id: int, now: datetime
    ) -> list[RowResult] | None:
        """Take one patient's rows and adjudicate the open days again; None while a worker has this patient."""
        parameters = self.rules().parameters
        results: list[RowResult] = []

        def change(record: PatientRecord) -> PatientRecord:
            changed, told = _taken(record, rows, journal_id, parameters, self.store.ids.next)
            results[:] = told
            return changed

        try:
            done = self.adjudicate.again(patient_id, now, change)
        except AdjudicationFailed as error:
            return [_failed(row, str(error)) for row in rows]
        return results if done else None


def _taken(
    record: PatientRecord,
    rows: Sequence[AuthorizationRow],
    journal_id: int,
    parameters: Parameters,
    new_id: Callable[[], int],
) -> tuple[PatientRecord, list[RowResult]]:
    """The record with the rows merged in, and what became of each."""
    results = []
    for row in rows:
        stated = _of_this_patient(row, record, parameters)
        statement = Statement(feed=KIND, trigger=KIND, control_id="", authorizations=(stated,))
        merged = keep(record, statement, journal_id=journal_id, new_id=new_id).authorizations
        outcome = RowOutcome.UNCHANGED if merged == record.authorizations else RowOutcome.TAKEN
        record = replace(record, authorizations=merged)
        covered = any(kept.value.payer_id == stated.payer_id for kept in record.coverages)
        remark = (
            "" if covered else "the patient has no coverage with this payer on file: check the payer, or the insurance"
        )
        results.append(
            RowResult(line=row.line, column=1, field="row", outcome=outcome, text=remark, patient=row.patient)
        )
    return record, results


def _of_this_patient(row: AuthorizationRow, record: PatientRecord, parameters: Parameters) -> Authorization:
    """The authorization under the payer id this patient's messages use, so that it is not kept a second time."""
    payers = parameters.practice.payers
    key = payers[row.payer].payer.key if row.payer in payers else row.payer
    ours = [identity for identity, entry in payers.items() if entry.payer.key == key]
    for kept in record.authorizations:
        if kept.value.number == row.authorization.number and kept.value.payer_id in (None, *ours):
            return replace(row.authorization, payer_id=kept.value.payer_id)
    used = [kept.value.payer_id for kept in record.coverages if kept.value.payer_id in ours]
    stated = row.payer if row.payer in payers else ours[0]
    return replace(row.authorization, payer_id=used[0] if used else stated)


def _refused(problem: RowProblem) -> RowResult:
    return RowResult(
        line=problem.line,
        column=problem.column,
        field=problem.field,
        outcome=RowOutcome.REFUSED,
        text=problem.text,
    )


def _failed(row: AuthorizationRow, text: str) -> RowResult:
    return RowResult(line=row.line, column=1, field="row", outcome=RowOutcome.REFUSED, text=text, patient=row.patient)


def _mismatch(row: AuthorizationRow, *, several: bool) -> RowResult:
    if several:
        text = "several senders use this record number: name the sender's scope in the column scope"
        outcome = RowOutcome.REFUSED
    else:
        text = "no patient has this record number: correct it, or have the EMR send the registration and import again"
        outcome = RowOutcome.PATIENT_UNKNOWN
    return RowResult(line=row.line, column=1, field="patient", outcome=outcome, text=text, patient=row.patient)


def _records(store: Store, ids: Sequence[int]) -> Iterator[PatientRecord]:
    waiting = iter(ids)
    while part := list(islice(waiting, PATIENTS_AT_ONCE)):
        with store.database.read() as connection:
            loaded = store.records.load(connection, part)
        yield from (loaded[identity] for identity in part if identity in loaded)


def _number(record: PatientRecord) -> str:
    return record.patient.identifiers[0].value if record.patient.identifiers else ""
