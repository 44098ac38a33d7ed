"""Patient records: loaded whole in a fixed number of queries, saved by difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Table, case, select, tuple_, update

from integration_engine.core.findings import Finding
from integration_engine.core.money import from_cents
from integration_engine.domain.parties import Discipline
from integration_engine.domain.record import Charge, ChargeState, DayState, Kept, KeptDay, KeptEncounter, PatientRecord
from integration_engine.store import tables as t
from integration_engine.store.clinician_times import clinician_rows
from integration_engine.store.columns import RecordColumns
from integration_engine.store.database import bulk_delete, bulk_insert, parts, update_many
from integration_engine.store.documents import decode_codes, decode_consumed, decode_list, encode
from integration_engine.store.hold_stages import self_pays
from integration_engine.store.lanes import RecordChanged

# Where an identifier of a merged record stands: it still leads to the survivor, who does not carry it.
MERGED_NUMBER, MERGED_OTHER = -1, -2

_FINDINGS: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])

# field of PatientRecord → its table and columns
KEPT: tuple[tuple[str, Table, RecordColumns[Any]], ...] = (
    ("coverages", t.coverage, t.COVERAGE),
    ("plans_of_care", t.plan_of_care, t.PLAN_OF_CARE),
    ("progress_notes", t.progress_note, t.PROGRESS_NOTE),
    ("authorizations", t.authorization, t.AUTHORIZATION),
    ("benefit_limits", t.benefit_limit, t.BENEFIT_LIMIT),
    ("measurements", t.measurement, t.MEASUREMENT),
    ("appointments", t.appointment, t.APPOINTMENT),
)


class PatientRecords:
    """The only way to and from the tables of the therapy model."""

    def find(self, connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Patient id of each (scope, record number) that is known; the record number is the first identifier.

        A record number that was merged away leads to the record that took it over.
        """
        found: dict[tuple[str, str], int] = {}
        column = t.patient_identifier.c
        for part in parts(sorted(keys)):
            rows = connection.execute(
                select(column.scope, column.value, column.patient_id).where(
                    tuple_(column.scope, column.value).in_(part), column.position.in_((0, MERGED_NUMBER))
                )
            )
            found.update({(scope, value): patient_id for scope, value, patient_id in rows})
        return found

    def load(self, connection: Connection, patient_ids: Collection[int]) -> dict[int, PatientRecord]:
        """Whole records, by patient id."""
        records: dict[int, PatientRecord] = {}
        for part in parts(sorted(patient_ids)):
            records.update(_load(connection, part))
        return records

    def save(
        self,
        connection: Connection,
        before: Mapping[int, PatientRecord],
        after: Mapping[int, PatientRecord],
    ) -> None:
        """Write what differs. Days are saved with their adjudication, by ``Adjudications``.

        Raises   RecordChanged when a day no longer stands where ``before`` says, since a file was published.
        """
        _refuse_if_changed(connection, [day for record in before.values() for day in record.days])
        writing = _Writing()
        for patient_id, record in after.items():
            writing.record(before.get(patient_id), record)
        writing.flush(connection)

    def merge(self, connection: Connection, *, from_id: int, into_id: int) -> None:
        """ADT^A40: everything of one record now belongs to the other; its identifiers stay known.

        The survivor has to be adjudicated again afterwards: where both had the same treatment day, one is left, the
        billed one if there is one, and the unsent drafts of the other are withdrawn.
        """
        _one_day_each(connection, from_id, into_id)
        for table in (*(table for _, table, _ in KEPT), t.encounter, t.clinician_time, t.treatment_day, t.hold):
            connection.execute(update(table).where(table.c.patient_id == from_id).values(patient_id=into_id))
        place = t.patient_identifier.c.position
        connection.execute(
            update(t.patient_identifier)
            .where(t.patient_identifier.c.patient_id == from_id)
            .values(
                patient_id=into_id, position=case((place == 0, MERGED_NUMBER), (place > 0, MERGED_OTHER), else_=place)
            )
        )


def _one_day_each(connection: Connection, from_id: int, into_id: int) -> None:
    """Void the second row of a treatment day that both records have, and take back what it would have sent."""
    day = t.treatment_day.c
    rows = connection.execute(
        select(t.treatment_day).where(day.patient_id.in_((from_id, into_id))).order_by(day.id).with_for_update()
    )
    same: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        if row.state != DayState.VOID.value:
            same[row.date_of_service, row.discipline, row.billing_provider].append(row)
    twice: list[int] = []
    for days in same.values():
        left = max(days, key=lambda row: (row.state == DayState.BILLED.value, row.patient_id == into_id))
        twice.extend(row.id for row in days if row is not left and row.state != DayState.BILLED.value)
    if not twice:
        return
    drafts = list(
        connection.execute(
            select(t.claim.c.id)
            .where(t.claim.c.treatment_day_id.in_(twice), t.claim.c.state == "drafted")
            .with_for_update()
        ).scalars()
    )
    leaving = select(t.claim.c.id).where(t.claim.c.treatment_day_id.in_(twice), t.claim.c.state == "batched")
    if connection.scalar(leaving.limit(1)) is not None:
        raise RecordChanged("a claim of a merged record is in a file on its way")
    for table, column in ((t.service_line, "claim_id"), (t.batch_claim, "claim_id"), (t.claim, "id")):
        bulk_delete(connection, table, column, drafts)
    connection.execute(update(t.treatment_day).where(day.id.in_(twice)).values(state=DayState.VOID.value))


class _Writing:
    """Rows to delete and to insert, table by table, for a whole batch of records."""

    def __init__(self) -> None:
        self.inserts: dict[Table, list[tuple[Any, ...]]] = defaultdict(list)
        self.identified_anew: list[int] = []
        self.deletes: dict[tuple[Table, str], list[int]] = defaultdict(list)

    def record(self, before: PatientRecord | None, after: PatientRecord) -> None:
        if before is None or (before.patient, before.journal_id) != (after.patient, after.journal_id):
            self.inserts[t.patient].append((after.id, after.scope, after.journal_id, *t.PATIENT.row(after.patient)))
        if before is None or before.patient.identifiers != after.patient.identifiers:
            if before is not None:
                self.identified_anew.append(after.id)
            self.inserts[t.patient_identifier].extend(
                (after.id, position, after.scope, *t.IDENTIFIER.row(identifier))
                for position, identifier in enumerate(after.patient.identifiers)
            )
        for name, table, columns in KEPT:
            self._kept(getattr(before, name) if before else (), getattr(after, name), table, columns, after.id)
        known = {item.id: item for item in before.encounters} if before else {}
        for item in after.encounters:
            if known.pop(item.id, None) != item:
                self._encounter(item, after.id, known_before=before is not None)
        self._drop_encounters(list(known))

    def _kept(
        self,
        before: tuple[Kept[Any], ...],
        after: tuple[Kept[Any], ...],
        table: Table,
        columns: RecordColumns[Any],
        patient_id: int,
    ) -> None:
        if before == after:
            return
        known = {item.id: item for item in before}
        for item in after:
            old = known.pop(item.id, None)
            if old == item:
                continue
            if old is not None:
                self.deletes[(table, "id")].append(item.id)
            self.inserts[table].append((item.id, patient_id, item.journal_id, *columns.row(item.value)))
        self.deletes[(table, "id")].extend(known)

    def _encounter(self, item: KeptEncounter, patient_id: int, *, known_before: bool) -> None:
        if known_before:
            self._drop_encounters([item.id])
        value = item.value
        self.inserts[t.encounter].append(
            (item.id, patient_id, item.journal_id, *t.ENCOUNTER.row(value), encode(item.findings))
        )
        self.inserts[t.diagnosis].extend(
            (item.id, position, *t.DIAGNOSIS.row(one)) for position, one in enumerate(value.diagnoses)
        )
        self.inserts[t.treatment].extend(
            (item.id, position, *t.TREATMENT.row(one)) for position, one in enumerate(value.treatments)
        )
        if value.date_of_service is not None:
            self.inserts[t.clinician_time].extend(clinician_rows(item.id, patient_id, value))
        self.inserts[t.charge].extend(
            (c.id, c.journal_id, item.id, c.line_number, c.line_id, c.treatment_index, c.state.value, c.reason)
            for c in item.charges
        )

    def _drop_encounters(self, ids: list[int]) -> None:
        for table in (t.diagnosis, t.treatment, t.clinician_time, t.charge):
            self.deletes[(table, "encounter_id")].extend(ids)
        self.deletes[(t.encounter, "id")].extend(ids)

    def flush(self, connection: Connection) -> None:
        for (table, column), ids in self.deletes.items():
            bulk_delete(connection, table, column, ids)
        place = t.patient_identifier.c.position
        for part in parts(self.identified_anew):
            connection.execute(
                t.patient_identifier.delete().where(t.patient_identifier.c.patient_id.in_(part), place >= 0)
            )
        self._upsert_patients(connection)
        for table in (
            t.patient_identifier,
            *(table for _, table, _ in KEPT),
            t.encounter,
            t.diagnosis,
            t.treatment,
            t.clinician_time,
            t.charge,
        ):
            bulk_insert(connection, table, self.inserts[table])

    def _upsert_patients(self, connection: Connection) -> None:
        """Patients are referred to from everywhere, so a changed one is updated in place."""
        rows = self.inserts[t.patient]
        if not rows:
            return
        known = set(
            connection.execute(select(t.patient.c.id).where(t.patient.c.id.in_([row[0] for row in rows]))).scalars()
        )
        bulk_insert(connection, t.patient, [row for row in rows if row[0] not in known])
        names = [column.name for column in t.patient.columns]
        update_many(connection, t.patient, [dict(zip(names, row, strict=True)) for row in rows if row[0] in known])


def _refuse_if_changed(connection: Connection, days: Sequence[KeptDay]) -> None:
    """Lock the days as they were read, or refuse when one has moved on."""
    read = {day.id: day.state.value for day in days}
    for part in parts(sorted(read)):
        rows = connection.execute(
            select(t.treatment_day.c.id, t.treatment_day.c.state)
            .where(t.treatment_day.c.id.in_(part))
            .order_by(t.treatment_day.c.id)
            .with_for_update(key_share=True)
        )
        if any(row.state != read[row.id] for row in rows):
            raise RecordChanged("a day of this batch was billed after it was read")


def _load(connection: Connection, ids: Sequence[int]) -> dict[int, PatientRecord]:
    def rows(table: Table, column: str, values: Sequence[int], order: str = "id") -> Iterable[Any]:
        if not values:
            return ()
        return connection.execute(select(table).where(table.c[column].in_(values)).order_by(table.c[order]))

    kept: dict[str, dict[int, list[Kept[Any]]]] = {name: defaultdict(list) for name, _, _ in KEPT}
    for name, table, columns in KEPT:
        for row in rows(table, "patient_id", ids):
            kept[name][row[1]].append(Kept(row[0], row[2], columns.read(row, 3)))
    identifiers = defaultdict(list)
    for row in rows(t.patient_identifier, "patient_id", ids, "position"):
        if row.position >= 0:
            identifiers[row[0]].append(t.IDENTIFIER.read(row, 3))
    encounters = _encounters(rows, ids)
    days = defaultdict(list)
    for row in rows(t.treatment_day, "patient_id", ids, "date_of_service"):
        days[row.patient_id].append(day_of(row))
    agreed = self_pays(connection, ids)
    return {
        row[0]: PatientRecord(
            id=row[0],
            scope=row[1],
            journal_id=row[2],
            patient=t.PATIENT.read(row, 3, identifiers=tuple(identifiers[row[0]])),
            encounters=tuple(encounters[row[0]]),
            days=tuple(days[row[0]]),
            self_pays=tuple(agreed[row[0]]),
            **{name: tuple(kept[name][row[0]]) for name, _, _ in KEPT},
        )
        for row in rows(t.patient, "id", ids)
    }


def _encounters(rows: Any, ids: Sequence[int]) -> dict[int, list[KeptEncounter]]:
    found = list(rows(t.encounter, "patient_id", ids))
    inside = [row[0] for row in found]
    diagnoses, treatments, charges = defaultdict(list), defaultdict(list), defaultdict(list)
    for part in parts(inside):
        for row in rows(t.diagnosis, "encounter_id", part, "position"):
            diagnoses[row[0]].append(t.DIAGNOSIS.read(row, 2))
        for row in rows(t.treatment, "encounter_id", part, "position"):
            treatments[row[0]].append(t.TREATMENT.read(row, 2))
        for row in rows(t.charge, "encounter_id", part):
            charges[row.encounter_id].append(
                Charge(
                    id=row.id,
                    journal_id=row.journal_id,
                    encounter_id=row.encounter_id,
                    line_number=row.line_number,
                    line_id=row.line_id,
                    treatment_index=row.treatment_index,
                    state=ChargeState(row.state),
                    reason=row.reason,
                )
            )
    result: dict[int, list[KeptEncounter]] = defaultdict(list)
    for row in found:
        value = t.ENCOUNTER.read(row, 3, diagnoses=tuple(diagnoses[row[0]]), treatments=tuple(treatments[row[0]]))
        result[row[1]].append(
            KeptEncounter(
                id=row[0],
                journal_id=row[2],
                value=value,
                charges=tuple(charges[row[0]]),
                findings=_FINDINGS.validate_json(row.findings) if row.findings != "[]" else (),
            )
        )
    return result


def day_of(row: Any) -> KeptDay:
    """A treatment day from its row."""
    return KeptDay(
        id=row.id,
        date_of_service=row.date_of_service,
        discipline=Discipline(row.discipline) if row.discipline else None,
        state=DayState(row.state),
        payer=row.payer,
        codes=decode_codes(row.codes),
        allowed=from_cents(row.allowed_cents) if row.allowed_cents is not None else None,
        evaluation=row.evaluation,
        consumed=decode_consumed(row.consumed),
        billing_provider=row.billing_provider,
        separated=decode_list(row.separated),
        therapist_took_part=row.therapist_took_part,
        minutes=row.minutes,
        habilitative=row.habilitative,
        sent=row.sent,
    )
