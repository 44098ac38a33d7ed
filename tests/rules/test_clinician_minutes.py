"""What holds of a clinician's time beside other patients, whatever the times are."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Severity
from integration_engine.domain.clinician_time import ClinicianTime
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Discipline, Patient, Practitioner
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.gates.clinician_minutes import beside, check_clinicians
from integration_engine.rules.rule_files.compiling import compile_rules

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
PROFILE = PARAMETERS.profiles["medicare_part_b"]
EIGHT = datetime(2026, 3, 2, 8)
WHO = "T1"


@st.composite
def time(draw: st.DrawFn, visit: str) -> ClinicianTime:
    start = draw(st.integers(0, 24)) * 5
    length = draw(st.integers(1, 12)) * 5
    return ClinicianTime(
        practitioner=WHO,
        start=EIGHT + timedelta(minutes=start),
        stop=EIGHT + timedelta(minutes=start + length),
        minutes=draw(st.integers(1, length)),
        code=Hcpcs("97110"),
        visit=visit,
    )


def day(own: ClinicianTime) -> TreatmentDay:
    treatment = Treatment(code=own.code, start=own.start, stop=own.stop, minutes=own.minutes)
    visit = Encounter(
        number=own.visit,
        date_of_service=own.start.date(),
        rendering=Practitioner(local_id=WHO),
        treatments=(treatment,),
    )
    return TreatmentDay(
        date_of_service=own.start.date(), discipline=Discipline.PT, patient=Patient(), encounters=(visit,)
    )


def found(own: ClinicianTime, *others: ClinicianTime) -> tuple[str, ...]:
    history = History(elsewhere=beside([own], others, PARAMETERS))
    findings = check_clinicians(day(own), PROFILE, history, PARAMETERS)[1]
    assert all(finding.severity is Severity.ERROR and finding.holds and finding.citation for finding in findings)
    return tuple(finding.id for finding in findings)


def fits(times: list[ClinicianTime]) -> bool:
    """Minute by minute, the stretch that ends first is served first: the oracle that knows no windows."""
    left = [time.minutes for time in times]
    for minute in range(240):
        at = EIGHT + timedelta(minutes=minute)
        open_now = [i for i, t in enumerate(times) if left[i] and t.start <= at < t.stop]
        if open_now:
            left[min(open_now, key=lambda i: times[i].stop)] -= 1
    return not any(left)


@settings(deadline=None, max_examples=150)
@given(time("A"), time("B"))
def test_two_visits_are_found_from_both_sides_when_their_minutes_cannot_both_have_been(
    one: ClinicianTime, other: ClinicianTime
) -> None:
    assert bool(found(one, other)) == bool(found(other, one)) == (not fits([one, other]))


@settings(deadline=None, max_examples=150)
@given(time("A"), time("B"), time("C"))
def test_somebody_is_found_exactly_when_the_minutes_of_all_cannot_have_been(
    one: ClinicianTime, two: ClinicianTime, three: ClinicianTime
) -> None:
    anyone = found(one, two, three) or found(two, one, three) or found(three, one, two)
    assert bool(anyone) == (not fits([one, two, three]))


@settings(deadline=None, max_examples=100)
@given(
    time("A"),
    st.lists(time("B") | time("C") | time("D"), max_size=6).flatmap(
        lambda t: st.tuples(st.just(t), st.permutations(t))
    ),
)
def test_what_stands_beside_a_visit_does_not_depend_on_the_order_it_came_in(
    own: ClinicianTime, lists: tuple[list[ClinicianTime], list[ClinicianTime]]
) -> None:
    first, second = (beside([own], times, PARAMETERS) for times in lists)
    assert first == second
    assert found(own, *lists[0]) == found(own, *lists[1])
