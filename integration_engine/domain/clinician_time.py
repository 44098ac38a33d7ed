"""When clinicians treated one-on-one: what one visit says about the time of those who treated in it.

No patient stands in it, only the visit's number, so that it may be laid beside the visit of another patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Practitioner
from integration_engine.domain.treatment import Delivery, Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianTime:
    """One-on-one minutes that one clinician spent on one code, and the stretch of the clock they lie in.

    Shapes   practitioner: NPI, else the sender's own id. start, stop: of the treatment, else of the visit. visit: the
             sender's visit number. visits: of how many patients visits state these very times.
    Units    minutes: whole, of this clinician, at most those between start and stop unless the note is wrong.
    """

    practitioner: str
    start: datetime
    stop: datetime
    minutes: int
    code: Hcpcs
    visit: str
    visits: int = 1


def clinician_times(encounter: Encounter) -> tuple[ClinicianTime, ...]:
    """The one-on-one time of everyone who treated in a visit, as far as the note gives clock times and who it was.

    Shapes   group and concurrent delivery is left out; so is a treatment whose share of the assistant is not stated,
             since nobody's minutes are known then. Minutes together are both clinicians' minutes.
    """
    return tuple(each_time(encounter))


def each_time(encounter: Encounter) -> Iterator[ClinicianTime]:
    """The same one after the other, for who looks for the first only."""
    for treatment in encounter.treatments:
        if treatment.code is None or (span := _span(treatment, encounter)) is None:
            continue
        for person, minutes in _minutes(treatment, encounter):
            if minutes > 0 and (identity := identity_of(person)) is not None:
                yield ClinicianTime(
                    practitioner=identity,
                    start=span[0],
                    stop=span[1],
                    minutes=minutes,
                    code=treatment.code,
                    visit=encounter.number or "",
                )


def identity_of(person: Practitioner | None) -> str | None:
    """What a clinician is known by across visits."""
    return None if person is None else person.npi or person.local_id


def _span(treatment: Treatment, encounter: Encounter) -> tuple[datetime, datetime] | None:
    start, stop = treatment.start, treatment.stop
    if start is None or stop is None:
        start, stop = encounter.start, encounter.stop
    return (start, stop) if start is not None and stop is not None and start < stop else None


def _minutes(treatment: Treatment, encounter: Encounter) -> Iterator[tuple[Practitioner | None, int]]:
    if treatment.delivery not in {None, Delivery.ONE_ON_ONE}:
        return
    whole, joint = treatment.minutes, treatment.joint_minutes or 0
    if whole is None:
        if treatment.start is None or treatment.stop is None:
            return
        whole = int((treatment.stop - treatment.start).total_seconds() // 60) - (treatment.rest_minutes or 0)
    alone = treatment.assistant_minutes
    if alone is None:
        if treatment.assistant is not None and joint < whole:
            return
        alone = 0
    yield treatment.rendering or encounter.rendering, whole - alone
    yield treatment.assistant, alone + joint
