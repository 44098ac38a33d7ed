"""Do the times of a treatment day hold together? Intervals that overlap, leave the visit, or do not add up.

One-on-one minutes of one patient cannot run side by side, lie outside the visit, or exceed the clock; and the note's
totals have to agree with what its codes say. Nothing is corrected: what does not hold together is found.
Authority: CMS Pub 100-02 ch. 15 §220.3.E (totals in the note); CMS 11 Part B Billing Scenarios (no minute twice).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.units.services import minutes_of

OTHERWISE = ("times that overlap, leave the visit or do not add up would have been found",)
TOTALS = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.E")
SCENARIOS = Citation(document="CMS 11 Part B Billing Scenarios")


def check_times(
    day: TreatmentDay, profile: PayerProfile, parameters: Parameters
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Everything about the day's times that does not hold together."""
    return check_times_of(day.encounters, day.date_of_service, profile, parameters)


def check_times_of(
    encounters: Sequence[Encounter], on: date, profile: PayerProfile, parameters: Parameters
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """The same of encounters that are asked about without a whole day around them."""
    holds = profile.minutes_checks.at(on) == "hold"
    findings: list[Finding] = []
    for encounter in encounters:
        for what, text, fix, subject, observed, expected, citation in _doubts(encounter, on, parameters):
            findings.append(
                Finding(
                    id=f"documentation.{what}",
                    severity=Severity.ERROR if holds else Severity.WARNING,
                    text=text,
                    fix=fix,
                    owner="treating clinician",
                    subject=subject,
                    observed=observed,
                    expected=expected,
                    queue=Queue.DOCUMENTATION if holds else None,
                    citation=citation,
                )
            )
    if not findings:
        key = ("times hold together", profile.key, on)
        return (parameters.remember(key, lambda: _decision(profile, on, (), parameters)),), ()
    return (_decision(profile, on, findings, parameters),), tuple(findings)


def _decision(profile: PayerProfile, on: date, findings: Sequence[Finding], parameters: Parameters) -> Decision:
    return Decision(
        station="gates",
        subject="times",
        rule="gates.times",
        value="hold together" if not findings else f"{len(findings)} doubts",
        outcome=Outcome.FAIL if findings else Outcome.PASS,
        working=tuple(finding.text for finding in findings)
        or ("no interval overlaps or leaves its visit; the note's totals agree with its codes",),
        parameters=(parameters.use(profile.minutes_checks, on),),
        citation=TOTALS,
        otherwise=OTHERWISE,
    )


Doubt = tuple[str, str, str, str, str, str, Citation]


def _doubts(encounter: Encounter, on: date, parameters: Parameters) -> Iterator[Doubt]:
    if any(treatment.start is not None for treatment in encounter.treatments):
        yield from _overlaps([t for t in encounter.treatments if t.delivery in {None, Delivery.ONE_ON_ONE}])
        yield from _outside(encounter)
        yield from _longer_than_the_clock(encounter)
    yield from _totals(encounter, on, parameters)


def _overlaps(alone: Sequence[Treatment]) -> Iterator[Doubt]:
    timed = sorted(
        ((t.start, t.stop, t.code) for t in alone if t.start and t.stop and t.start < t.stop), key=lambda one: one[0]
    )
    for (_, stop, code), (start, _, other) in pairwise(timed):
        if start < stop:
            yield (
                "times_overlap",
                f"One-on-one times of {code} and {other} overlap: one runs to {stop:%H:%M}, the next begins at {start:%H:%M}.",
                "Correct start and stop, or document group or concurrent delivery.",
                "encounter.treatments",
                f"{code} {other}",
                "one after the other",
                SCENARIOS,
            )


def _outside(encounter: Encounter) -> Iterator[Doubt]:
    for index, treatment in enumerate(encounter.treatments):
        early = encounter.start and treatment.start and treatment.start < encounter.start
        late = encounter.stop and treatment.stop and treatment.stop > encounter.stop
        if early or late:
            yield (
                "times_outside_visit",
                f"The time of {treatment.code} lies outside the visit.",
                "Correct the times of the treatment or of the visit.",
                f"encounter.treatments[{index}].start",
                str(treatment.code),
                "inside the visit",
                TOTALS,
            )


def _longer_than_the_clock(encounter: Encounter) -> Iterator[Doubt]:
    for index, treatment in enumerate(encounter.treatments):
        if treatment.minutes is None or treatment.start is None or treatment.stop is None:
            continue
        clock = int((treatment.stop - treatment.start).total_seconds() // 60)
        if treatment.minutes > clock:
            yield (
                "minutes_exceed_times",
                f"{treatment.code} states {treatment.minutes} minutes, and its start and stop are {clock} apart.",
                "Correct the minutes or the times.",
                f"encounter.treatments[{index}].minutes",
                str(treatment.minutes),
                f"at most {clock}",
                TOTALS,
            )


def _totals(encounter: Encounter, on: date, parameters: Parameters) -> Iterator[Doubt]:
    """The note's own totals against the sum of its codes; a missing minute is told elsewhere."""
    timed = whole = 0
    for treatment in encounter.treatments:
        facts = parameters.procedure(treatment.code, on) if treatment.code else None
        minutes = minutes_of(treatment)
        by_time = facts is not None and facts.unit_minutes is not None and not facts.remote
        if by_time and minutes is None:
            return
        timed += minutes or 0 if by_time else 0
        whole += minutes or 0
    if encounter.timed_minutes is not None and encounter.timed_minutes != timed:
        yield (
            "timed_minutes_differ",
            f"The note totals {encounter.timed_minutes} minutes of timed codes, and its codes add up to {timed}.",
            "Correct the total or the minutes of a code; what is billed has to agree with the note.",
            "encounter.timed_minutes",
            str(encounter.timed_minutes),
            str(timed),
            TOTALS,
        )
    if encounter.total_minutes is not None and encounter.total_minutes < whole:
        yield (
            "total_minutes_exceeded",
            f"The note totals {encounter.total_minutes} treatment minutes, and its codes add up to {whole}.",
            "Correct the total or the minutes of a code.",
            "encounter.total_minutes",
            str(encounter.total_minutes),
            f"at least {whole}",
            TOTALS,
        )
