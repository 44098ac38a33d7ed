"""Did a clinician treat two patients one-on-one at once, or more minutes than the clock has?

One clinician's minute is one patient's. What the same clinician did in other visits of the day comes with the history;
two stretches of time collide when their minutes do not fit beside one another, however they are laid. Group and
concurrent delivery, and codes that ask for no one-on-one contact, are no part of it.
Authority: CMS 11 Part B Billing Scenarios (no minute twice); what a payer profile does about it is `minutes_checks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.clinician_time import ClinicianTime, clinician_times, each_time
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.record import PatientRecord
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile

OVERLAP, CLOCK = "documentation.clinician_times_overlap", "documentation.clinician_minutes_exceed_clock"
SCENARIOS = Citation(document="CMS 11 Part B Billing Scenarios", section="one-on-one minutes of several patients")
HOURS = Citation(document="AAPC forum on therapist hours and billed units", section="clock time")
MOST_TOLD = 5  # other visits that get a finding of their own; the decision counts all
MOST_KEPT = 40  # other stretches that go into a history: so many beside one visit decide it whatever comes after
OTHERWISE = ("another patient's one-on-one minutes of the same clinician in this time would have been found",)
NO_TIMES = (
    Decision(
        station="gates",
        subject="clinicians",
        rule="gates.clinician_minutes",
        value="not checked",
        outcome=Outcome.NOT_CHECKED,
        working=("no one-on-one treatment with start, stop and a named clinician",),
        citation=SCENARIOS,
        otherwise=("start and stop in the note, with who treated, would let it be checked",),
    ),
)


def check_clinicians(
    day: TreatmentDay, profile: PayerProfile, history: History, parameters: Parameters
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Everything about the clinicians' time that cannot have been so.

    Source   THERAPY_RULES §5.4 E27 and E28.
    """
    on = day.date_of_service
    times = (time for e in day.encounters for time in each_time(e) if _is_alone(time, on, parameters))
    if not history.elsewhere and all(_apart(encounter) for encounter in day.encounters):
        if next(times, None) is None:
            return NO_TIMES, ()
        return parameters.remember(
            ("clinicians", profile.key, on), lambda: (_decision(profile, on, 0, (), parameters),)
        ), ()
    own = _by_clinician(times, parameters)
    if not own:
        return NO_TIMES, ()
    others = _by_clinician((time for time in history.elsewhere if _is_alone(time, on, parameters)), parameters)
    holds = profile.minutes_checks.at(on) == "hold"
    findings: list[Finding] = []
    for who, mine in own.items():
        theirs = others.get(who, [])
        found = list(_overlaps(who, mine, theirs)) if theirs else []
        if not found:
            found = list(_beyond_the_clock(who, mine, theirs, day.encounters))
        findings.extend(found)
    if not holds:
        findings = [replace(finding, severity=Severity.WARNING, queue=None) for finding in findings]
    visits = len({time.visit for times in others.values() for time in times})
    return (_decision(profile, on, visits, findings, parameters),), tuple(findings)


def _decision(
    profile: PayerProfile, on: date, visits: int, findings: Sequence[Finding], parameters: Parameters
) -> Decision:
    return Decision(
        station="gates",
        subject="clinicians",
        rule="gates.clinician_minutes",
        value="fit the clock" if not findings else f"{len(findings)} doubts",
        outcome=Outcome.FAIL if findings else Outcome.PASS,
        working=(
            f"{visits} other visits of the same clinicians lie beside these times",
            *(finding.text for finding in findings),
        ),
        parameters=(parameters.use(profile.minutes_checks, on),),
        citation=SCENARIOS,
        otherwise=OTHERWISE,
    )


def _apart(encounter: Encounter) -> bool:
    """A treatment of the visit has start and stop of its own, so that the visit's are not the time of all its minutes."""
    return any(t.start is not None and t.stop is not None for t in encounter.treatments)


def _is_alone(time: ClinicianTime, on: date, parameters: Parameters) -> bool:
    """A code that wants one-on-one contact."""
    facts = parameters.procedure(time.code, on)
    return (
        facts is not None
        and not facts.group
        and not facts.remote
        and (facts.unit_minutes is not None or facts.evaluation)
    )


def _by_clinician(times: Iterable[ClinicianTime], parameters: Parameters) -> dict[str, list[ClinicianTime]]:
    """Times by who it was."""
    found: dict[str, list[ClinicianTime]] = {}
    for time in times:
        found.setdefault(_who(time, parameters), []).append(time)
    return found


def _who(time: ClinicianTime, parameters: Parameters) -> str:
    """One identity for someone whom messages name by NPI and by the practice's own id."""
    known = parameters.practice.practitioners.get(time.practitioner)
    return time.practitioner if known is None else known.npi or known.local_id or time.practitioner


def _length(start: datetime, stop: datetime) -> int:
    return int((stop - start).total_seconds() // 60)


def _meet(one: ClinicianTime, other: ClinicianTime) -> bool:
    return one.start < other.stop and other.start < one.stop


def _collide(one: ClinicianTime, other: ClinicianTime) -> bool:
    """True when the minutes of both do not fit into the time that both cover together."""
    both = _length(min(one.start, other.start), max(one.stop, other.stop))
    return _meet(one, other) and one.minutes + other.minutes > both


def _subject(who: str, visit: str) -> str:
    return f"clinician {who} visit {visit}".removesuffix(" visit ")


def _shown(time: ClinicianTime) -> str:
    return f"{time.start:%H:%M}-{time.stop:%H:%M}"


def _finding(identity: str, text: str, subject: str, observed: str, expected: str, citation: Citation) -> Finding:
    return Finding(
        id=identity,
        severity=Severity.ERROR,
        text=text,
        fix="Correct start and stop of the visit that is wrong, document group or concurrent delivery, or name who treated.",
        owner="treating clinician",
        subject=subject,
        observed=observed,
        expected=expected,
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _overlaps(who: str, mine: Sequence[ClinicianTime], theirs: Sequence[ClinicianTime]) -> Iterator[Finding]:
    told: set[str] = set()
    for one in mine:
        for other in theirs:
            if other.visit in told or len(told) >= MOST_TOLD or not _collide(one, other):
                continue
            told.add(other.visit)
            more = f", as in {other.visits - 1} more" if other.visits > 1 else ""
            yield _finding(
                OVERLAP,
                f"Practitioner {who} treated one-on-one in this visit {_shown(one)} ({one.code}, {one.minutes} min) and in"
                f" visit {other.visit} {_shown(other)} ({other.code}, {other.minutes} min){more}: one minute is one"
                " patient's.",
                _subject(who, other.visit),
                f"{_shown(one)} and {_shown(other)}",
                "one patient at a time",
                SCENARIOS,
            )


def _beyond_the_clock(
    who: str, mine: Sequence[ClinicianTime], theirs: Sequence[ClinicianTime], encounters: Sequence[Encounter]
) -> Iterator[Finding]:
    """The tightest stretch of the clock that holds more one-on-one minutes than it has."""
    spans = {(encounter.start, encounter.stop) for encounter in encounters if not _apart(encounter)}
    if not theirs and not spans:
        return  # start and stop of a treatment are judged in treatment_times
    together = [*mine, *theirs]
    worst: tuple[int, datetime, datetime, int, str] | None = None
    for start in {time.start for time in together}:
        for stop in {time.stop for time in together if time.stop > start}:
            inside = [time for time in together if start <= time.start and time.stop <= stop]
            others = sorted({time.visit for time in inside if time in theirs})
            minutes, clock = sum(time.minutes * time.visits for time in inside), _length(start, stop)
            here = any(time in mine for time in inside)
            stated_apart = not others and not all((time.start, time.stop) in spans for time in inside)
            if not here or stated_apart or minutes <= clock:
                continue
            if worst is None or (clock, start) < worst[:2]:
                worst = clock, start, stop, minutes, " ".join(others)
    if worst is None:
        return
    clock, start, stop, minutes, visits = worst
    beside = f" with visit {visits}" if visits else ""
    yield _finding(
        CLOCK,
        f"Practitioner {who} has {minutes} one-on-one minutes from {start:%H:%M} to {stop:%H:%M}{beside}, and the clock has"
        f" {clock}.",
        _subject(who, visits),
        f"{minutes} minutes {start:%H:%M}-{stop:%H:%M}",
        f"at most {clock}",
        HOURS,
    )


# --- beside other patients -------------------------------------------------------------------------------------------


def beside(
    own: Sequence[ClinicianTime], others: Iterable[ClinicianTime], parameters: Parameters
) -> tuple[ClinicianTime, ...]:
    """Those of the other visits' times that touch these, at once or by a chain of others; equal times are counted, not repeated."""
    people = {_who(time, parameters) for time in own}
    same: dict[tuple[object, ...], ClinicianTime] = {}
    for time in others:
        key = time.practitioner, time.start, time.stop, time.code, time.minutes
        known = same.get(key)
        if known is not None:
            same[key] = replace(known, visit=min(known.visit, time.visit), visits=known.visits + time.visits)
        elif _who(time, parameters) in people:
            same[key] = time
    left, reached, chain = list(same.values()), list(own), []
    while reached:
        reached = [t for t in left if any(touches(t, other, parameters) for other in reached)]
        left = [time for time in left if time not in reached] if reached else left
        chain.extend(reached)
    return tuple(sorted(chain, key=lambda t: (t.start, t.stop, t.visit, t.code, t.practitioner, t.minutes)))[:MOST_KEPT]


def changed_times(before: PatientRecord | None, after: PatientRecord) -> dict[date, tuple[ClinicianTime, ...]]:
    """What of a patient's clinician times is new or gone, by date of service."""
    old = {kept.id: kept.value for kept in before.encounters} if before is not None else {}
    new = {kept.id: kept.value for kept in after.encounters}
    found: dict[date, set[ClinicianTime]] = {}
    for identity in old.keys() | new.keys():
        was, now = old.get(identity), new.get(identity)
        if was is now:
            continue
        for encounter in (was, now):
            if encounter is not None and encounter.date_of_service is not None:
                found[encounter.date_of_service] = found.get(encounter.date_of_service, set()) ^ set(
                    clinician_times(encounter)
                )
    return {
        on: tuple(sorted(times, key=lambda t: (t.start, t.stop, t.visit, t.code, t.practitioner)))
        for on, times in found.items()
        if times
    }


def all_names(times: Iterable[ClinicianTime], parameters: Parameters) -> frozenset[str]:
    """Every identity that messages may name these clinicians by."""
    names: set[str | None] = set()
    for time in times:
        known = parameters.practice.practitioners.get(time.practitioner)
        names.update({time.practitioner} if known is None else {time.practitioner, known.npi, known.local_id})
    return frozenset(name for name in names if name)


def touches(one: ClinicianTime, other: ClinicianTime, parameters: Parameters) -> bool:
    """The same clinician, and the times meet."""
    return _meet(one, other) and _who(one, parameters) == _who(other, parameters)


def collides_with_its_like(time: ClinicianTime) -> bool:
    """Several visits state this time, and cannot all be right: each is held already because of the others."""
    return time.visits > 1 and _collide(time, time)


def subject_of(time: ClinicianTime, parameters: Parameters) -> str:
    """The subject of another visit's finding that names the visit of this time."""
    return _subject(_who(time, parameters), time.visit)
