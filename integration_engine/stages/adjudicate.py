"""Adjudicate: from journaled messages to patient records, decisions, holds and claim drafts.

Load → decide → save over the messages of one lease: read what the patients' records hold, let the pure functions
decide in memory, then save records, decisions, holds, drafts and the journal's new state in one transaction that is
fenced by the lease. A crash before the commit changes nothing and the messages are taken again; a message that
cannot be used parks in the interface queue with its reason and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from integration_engine.core.errors import EngineError
from integration_engine.domain.record import PatientRecord
from integration_engine.rules.authorization.burn_down import forecast
from integration_engine.rules.corrections.after_submission import COMPARED
from integration_engine.rules.patient_course import DayOutcome
from integration_engine.stages.later_payers import SettleLaterPayers
from integration_engine.stages.other_patients import tell_other_patients
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.stages.sent_of_days import SentOfDays
from integration_engine.stages.taking_in import PatientKey, Read, TakenIn, read_message, readjudicate, take_in
from integration_engine.store import Connection, Store
from integration_engine.store.adjudications import DayResult
from integration_engine.store.documents import encode
from integration_engine.store.lanes import Lease, RecordChanged

log = structlog.get_logger(__name__)


class AdjudicationFailed(EngineError):
    """The engine failed on one patient a person had acted on; what the person did has no effect yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Patients whose days were decided again, by id, and those that the engine failed on."""

    decided: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()


@dataclass(slots=True)
class Adjudicate:
    """The stage; one instance a worker process.

    Shapes   rules: gives the mapping and rule files in force, asked once a lease. batch_size: messages a lease.
    """

    store: Store
    rules: Callable[[], RulesInForce]
    batch_size: int = 100

    def run_once(self, now: datetime) -> int:
        """Take one lease's messages through; 0 when nothing waits.

        Raises   LeaseLost when another worker took the patients over; nothing was saved. RecordChanged when a claim of a
                 patient went on its way meanwhile: that patient's messages wait for the next lease, the others are done.
        """
        lease = self.store.lanes.take(now, limit=self.batch_size)
        if lease is None:
            return 0
        rules = self.rules()
        try:
            for part in _parts([read_message(item.journal_id, item.raw, rules) for item in lease.items]):
                self._take_each_through(lease, part, rules, now)
        finally:
            self.store.lanes.release(lease)
        return len(lease.items)

    def _take_each_through(self, lease: Lease, messages: list[Read], rules: RulesInForce, now: datetime) -> None:
        """All patients at once; where one of them has changed meanwhile, each by itself, so that it stops no other."""
        try:
            self._take_through(lease, messages, rules, now)
        except RecordChanged:
            each: dict[PatientKey | None, list[Read]] = {}
            for message in messages:
                each.setdefault(message.key, []).append(message)
            changed = None
            for of_patient in each.values():
                try:
                    self._take_through(lease, of_patient, rules, now)
                except RecordChanged as error:
                    log.info("patient.changed", journal_id=of_patient[0].journal_id, stage="adjudicate")
                    changed = error
            if changed is not None:
                raise changed from None

    def _take_through(self, lease: Lease, messages: list[Read], rules: RulesInForce, now: datetime) -> None:
        store = self.store
        merge = messages[0].merged_key
        keys = {message.key for message in messages if message.key} | ({merge} if merge else set())
        with store.database.read() as connection:
            found = store.records.find(connection, keys)
            before = store.records.load(connection, set(found.values()))
            overrides = store.holds.overrides(connection, [day.id for record in before.values() for day in record.days])
            sent = SentOfDays(before, partial(store.submissions.of_days, connection))
            others = partial(store.clinician_times.among, connection)
            taken = take_in(
                messages, found, before, overrides, rules, store.ids.next, now.date(), sent=sent, others=others
            )
        with store.database.write() as connection:
            store.lanes.guard(connection, lease, now)
            store.versions.keep(connection, "mappings", rules.version, rules.files, now)
            self._save(connection, before, taken, rules, now)
            self._close(connection, messages, taken, now)
            if merge and merge in found and taken.patients:
                survivor = next(iter(taken.patients.values()))
                store.records.merge(connection, from_id=found[merge], into_id=survivor)
                again = store.records.load(connection, {survivor})
                sent = SentOfDays(again, partial(store.submissions.of_days, connection))
                others = partial(store.clinician_times.among, connection)
                after = readjudicate(again, {}, rules, store.ids.next, now.date(), sent=sent, others=others)
                self._save(connection, again, after, rules, now)

    def again(
        self, patient_id: int, now: datetime, change: Callable[[PatientRecord], PatientRecord] | None = None
    ) -> bool:
        """Adjudicate one patient's open days again, after a person acted on it.

        Shapes   change: what the person adds to the record first. False while another worker has this patient; ask again.
        Raises   AdjudicationFailed when the engine fails on this patient; nothing was saved.
        """
        lease = self.store.lanes.hold_patient(patient_id, now)
        if lease is None:
            return False
        try:
            self._decide_again(lease, [patient_id], self.rules(), now, change)
        finally:
            self.store.lanes.release(lease)
        return True

    def again_many(self, patient_ids: Sequence[int], now: datetime) -> Again:
        """Adjudicate the open days of several patients again, as many at once as one lease takes.

        Shapes   patient_ids: those to be decided; the next ones are for the next call. A patient that another worker
                 has, or whose claim went on its way meanwhile, is neither decided nor failed; ask again.
        Raises   LeaseLost when another worker took the patients over; nothing of them was saved.
        """
        found = self.store.lanes.hold_patients(patient_ids[: 4 * self.batch_size], now, limit=self.batch_size)
        if found is None:
            return Again()
        lease, held = found
        rules = self.rules()
        decided: set[int] = set()
        failed: set[int] = set()
        try:
            # All at once; where one has changed meanwhile, or the engine fails on one, each by itself.
            for some in (held, *([one] for one in held)):
                if not decided.issuperset(some):
                    try:
                        self._decide_again(lease, some, rules, now)
                        decided.update(some)
                    except RecordChanged:
                        log.info("patient.changed", stage="adjudicate", count=len(some))
                    except AdjudicationFailed:
                        failed.update(some if len(some) == 1 else ())
        finally:
            self.store.lanes.release(lease)
        return Again(decided=frozenset(decided), failed=frozenset(failed))

    def _decide_again(
        self,
        lease: Lease,
        patient_ids: Sequence[int],
        rules: RulesInForce,
        now: datetime,
        change: Callable[[PatientRecord], PatientRecord] | None = None,
    ) -> None:
        store = self.store
        with store.database.read() as connection:
            before = store.records.load(connection, set(patient_ids))
            days = [day.id for record in before.values() for day in record.days]
            overrides = store.holds.overrides(connection, days)
            changed = {key: change(record) if change else record for key, record in before.items()}
            sent = SentOfDays(changed, partial(store.submissions.of_days, connection))
            others = partial(store.clinician_times.among, connection)
            taken = readjudicate(changed, overrides, rules, store.ids.next, now.date(), sent=sent, others=others)
        if not taken.records.keys() >= before.keys():
            raise AdjudicationFailed("the engine failed on this patient; the log says where, nothing was saved")
        with store.database.write() as connection:
            store.lanes.guard(connection, lease, now)
            store.versions.keep(connection, "mappings", rules.version, rules.files, now)
            self._save(connection, before, taken, rules, now)

    def _save(
        self,
        connection: Connection,
        before: Mapping[int, PatientRecord],
        taken: TakenIn,
        rules: RulesInForce,
        now: datetime,
    ) -> None:
        """Records, adjudications and booking alerts of what was taken in."""
        store = self.store
        store.records.save(connection, before, taken.records)
        store.submissions.decided(connection, taken.records)
        tell_other_patients(connection, store, before, taken, rules.parameters, now)
        store.adjudications.save(
            connection, [_result(taken, *one, rules) for one in taken.outcomes if _told(one[1])], now
        )
        store.kept_back.follow_visits(connection, taken.records.keys(), now)
        agree = [(outcome.day.id, patient_id, ()) for patient_id, outcome in taken.outcomes if not _told(outcome)]
        store.holds.sync_days(connection, agree, now, families=COMPARED)
        self._later_payers(connection, before, taken, rules, now)
        for patient_id, record in taken.records.items():
            alerts = forecast(record, rules.parameters)
            if alerts or record.appointments:
                store.holds.sync(connection, alerts, now, patient_id=patient_id)

    def _later_payers(
        self,
        connection: Connection,
        before: Mapping[int, PatientRecord],
        taken: TakenIn,
        rules: RulesInForce,
        now: datetime,
    ) -> None:
        """Draw later payers' waiting claims anew where the patient, the insurances or the authorizations changed."""
        changed = [
            patient_id
            for patient_id, record in taken.records.items()
            if patient_id in before and _insured(record) != _insured(before[patient_id])
        ]
        waiting = self.store.later_claims.unsettled_of(connection, changed)
        if waiting:
            settling = SettleLaterPayers(store=self.store, parameters=rules.parameters, on=now.date(), now=now)
            settling.settle(connection, waiting)

    def _close(self, connection: Connection, messages: list[Read], taken: TakenIn, now: datetime) -> None:
        """Say in the journal, and in the interface queue, what became of each message."""
        journal, holds = self.store.journal, self.store.holds
        done = [message.journal_id for message in messages if message.journal_id not in taken.parked]
        journal.mark(connection, done, "done", "", now)
        for journal_id, finding in taken.parked.items():
            journal.mark(connection, [journal_id], "parked", finding.text, now)
            holds.sync(connection, (finding,), now, journal_id=journal_id)
        for message in messages:
            statement = message.statement
            if statement is not None and statement.encounter is None and any(f.holds for f in statement.findings):
                holds.sync(connection, statement.findings, now, journal_id=message.journal_id)


def _parts(messages: list[Read]) -> Iterator[list[Read]]:
    """Batches in which a merge of two records (ADT^A40) stands alone, so that what follows sees its effect."""
    part: list[Read] = []
    for message in messages:
        if message.merged_key is None:
            part.append(message)
            continue
        if part:
            yield part
        yield [message]
        part = []
    if part:
        yield part


def _insured(record: PatientRecord) -> tuple[object, ...]:
    """The patient, the insurances and their authorizations, as claims name them."""
    coverages = (kept.value for kept in record.coverages)
    return record.patient, *coverages, *(kept.value for kept in record.authorizations)


def _told(outcome: DayOutcome) -> bool:
    """False for a billed day that was compared with what was sent, and agrees."""
    return not outcome.compared or bool(outcome.findings)


def _result(taken: TakenIn, patient_id: int, outcome: DayOutcome, rules: RulesInForce) -> DayResult:
    """A day's outcome as the store keeps it, with the facts and the history it was decided on, so that it replays."""
    encounters = taken.records[patient_id].encounters
    return DayResult(
        patient_id=patient_id,
        day=outcome.day,
        visits=tuple(e.value.number or "" for e in encounters if e.id in outcome.encounter_ids),
        adjudication=outcome.adjudication,
        findings=outcome.findings,
        drafts=outcome.drafts,
        facts=encode({"facts": outcome.facts, "history": outcome.history}),
        mappings_version=rules.version,
        families=COMPARED if outcome.compared else (),
    )
