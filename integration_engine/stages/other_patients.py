"""A clinician's other patients: asked of the store once a batch, and decided again when their clinician's times change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from integration_engine.domain.clinician_time import ClinicianTime, clinician_times
from integration_engine.domain.record import ChargeState, KeptEncounter, PatientRecord
from integration_engine.rules.gates.clinician_minutes import (
    all_names,
    changed_times,
    collides_with_its_like,
    subject_of,
    touches,
)
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.store import Connection, Store
from integration_engine.store.clinician_times import TimeOfOther

if TYPE_CHECKING:
    from integration_engine.stages.taking_in import TakenIn

OthersOf = Callable[[Collection[str], Collection[date], Collection[int]], Sequence[TimeOfOther]]


def nothing_known(_: Collection[str], __: Collection[date], ___: Collection[int]) -> tuple[TimeOfOther, ...]:
    """For a dry run, which knows no patients but its own."""
    return ()


class OtherPatients:
    """What the clinicians of a batch did with other patients: in this batch, and as the store has it.

    Shapes   records: the batch's, by patient. ask: the store's answer for these clinicians and dates without these
             patients; asked when the first day wants to know, for every day of the batch that is not finished.
    """

    def __init__(self, records: Mapping[int, PatientRecord], ask: OthersOf, parameters: Parameters) -> None:
        self._records, self._ask, self._parameters = records, ask, parameters
        self._encounters: dict[date, list[tuple[int, KeptEncounter]]] | None = None
        self._inside: dict[date, list[tuple[int, ClinicianTime]]] = {}
        self._stored: dict[date, list[ClinicianTime]] = {}

    def of(self, patient_id: int, on: date) -> Sequence[ClinicianTime]:
        """Everything the clinicians of that day did with others on the date."""
        if self._encounters is None:
            self._encounters = self._by_date()
            self._load({day for day, kept in self._encounters.items() if any(_is_open(one) for _, one in kept)})
        if on not in self._stored:
            self._load({on})
        return *self._stored[on], *(time for other, time in self._inside[on] if other != patient_id)

    def stored(self, on: date) -> Sequence[ClinicianTime]:
        """What the store had said about a date; nothing where nobody asked."""
        return self._stored.get(on, ())

    def _by_date(self) -> dict[date, list[tuple[int, KeptEncounter]]]:
        found = defaultdict(list)
        for patient_id, record in self._records.items():
            for kept in record.encounters:
                if kept.value.date_of_service is not None:
                    found[kept.value.date_of_service].append((patient_id, kept))
        return found

    def _load(self, dates: set[date]) -> None:
        for on in dates:
            kept = (self._encounters or {}).get(on, ())
            self._inside[on] = [(patient, time) for patient, one in kept for time in clinician_times(one.value)]
            self._stored[on] = []
        people = all_names((time for on in dates for _, time in self._inside[on]), self._parameters)
        for row in self._ask(people, dates, set(self._records)) if people else ():
            self._stored[row.on].append(row.time)


def _is_open(encounter: KeptEncounter) -> bool:
    return any(c.state is not ChargeState.BILLED or c.treatment_index is None for c in encounter.charges)


def tell_other_patients(
    connection: Connection,
    store: Store,
    before: Mapping[int, PatientRecord],
    taken: TakenIn,
    parameters: Parameters,
    now: datetime,
) -> None:
    """Have the days decided again that lie beside a clinician's time which this batch stated, changed or took back.

    Why      In the transaction that saves the batch, so that neither a crash nor another worker comes between. A patient
             of the batch is decided again too where another worker had just saved the first visit beside it.
    """
    changed = {p: times for p, after in taken.records.items() if (times := changed_times(before.get(p), after))}
    every = [time for days in changed.values() for times in days.values() for time in times]
    if not every:
        return
    people, dates = all_names(every, parameters), {on for days in changed.values() for on in days}
    store.clinician_times.one_at_a_time(connection, people)
    rows = store.clinician_times.among(connection, people, dates, set(taken.records))
    concerned: set[int] = set()
    for patient_id, days in changed.items():
        for row in rows:
            if not any(touches(row.time, time, parameters) for time in days.get(row.on, ())):
                continue
            if not collides_with_its_like(row.time):
                concerned.update(store.clinician_times.patients(connection, row))
            if taken.elsewhere is not None and not any(
                touches(row.time, known, parameters) for known in taken.elsewhere.stored(row.on)
            ):
                concerned.add(patient_id)
        if patient_id in before:
            subjects = {subject_of(time, parameters) for times in days.values() for time in times}
            concerned |= store.clinician_times.waiting_for(connection, subjects) - {patient_id}
    store.submissions.decide_again(connection, concerned, now)
