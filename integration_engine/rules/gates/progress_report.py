"""Is a progress report due, and did a therapist take part since the last?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.parties import LicenceLevel
from integration_engine.domain.plan_of_care import NoteKind, ProgressNote
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.gates.certification import OWNER
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.units.services import minutes_of

DUE = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.D")
WITH_REPORT = ("a signed report of the therapist would begin a new period",)
BELOW_THERAPIST = frozenset({LicenceLevel.ASSISTANT, LicenceLevel.STUDENT, LicenceLevel.AIDE})
REPORTS = frozenset({NoteKind.PROGRESS, NoteKind.RE_EVALUATION})


def therapist_took_part(day: TreatmentDay) -> bool | None:
    """Did a therapist give any of the day's minutes; None when an assistant's share is not known."""
    treatments = [treatment for encounter in day.encounters for treatment in encounter.treatments]
    answers = [_by_therapist(treatment) for treatment in treatments]
    if any(answers):
        return True
    return None if None in answers else False


def _by_therapist(treatment: Treatment) -> bool | None:
    if treatment.assistant is None and not treatment.assistant_minutes:
        return True
    if treatment.joint_minutes:
        return True
    whole = minutes_of(treatment)
    if treatment.assistant_minutes is None or whole is None:
        return None
    return treatment.assistant_minutes < whole


def check_progress_note(
    day: TreatmentDay,
    profile: PayerProfile,
    every: int,
    history: History,
    decisions: list[Decision],
    findings: list[Finding],
    parameters: Parameters,
) -> None:
    """At least one progress report every so many treatment days; the evaluation's own day counts as the first."""
    on = day.date_of_service
    mine = [prior for prior in history.days if prior.discipline is day.discipline and prior.date_of_service < on]
    evaluated = max((prior.date_of_service for prior in mine if prior.evaluation), default=None)
    days = sorted({p.date_of_service for p in mine if evaluated is None or p.date_of_service >= evaluated})
    most_days, grace = profile.progress_note_days.at(on), profile.progress_note_grace_days
    last = _last_report(day, days, evaluated, every, grace.at(on), parameters)
    counted = [d for d in days if last is None or d > last]
    number = len(counted) + 1
    since = last or (days[0] if days else on)
    late_by_days = most_days is not None and (on - since).days > most_days
    late = number > every or late_by_days
    absent = number >= every and _nobody_took_part(day, [p for p in mine if p.date_of_service in set(counted)])
    limits = [f"{every} treatment days"]
    if most_days is not None:
        limits.append(f"{most_days} calendar days")
    decisions.append(
        Decision(
            station="gates",
            subject="progress report",
            rule="gates.progress_report",
            value=f"treatment day {number} of {every}",
            outcome=Outcome.FAIL if late or absent else Outcome.PASS,
            working=(
                f"last progress report: {last or 'none'}; one is due every {' or '.join(limits)}",
                f"treatment days since: {len(counted)}, this is number {number}",
                "no therapist took part since" if absent else "a therapist has to take part once in that time",
            ),
            parameters=(
                parameters.use(profile.progress_note_every, on),
                parameters.use(profile.progress_note_days, on),
                parameters.use(grace, on),
            ),
            citation=DUE,
            otherwise=(f"{every - number} more treatment days before a report is due",) if not late else WITH_REPORT,
        )
    )
    if late:
        findings.append(_overdue(number, every, " or ".join(limits)))
    if absent:
        findings.append(_without_therapist(number))


def _overdue(number: int, every: int, limits: str) -> Finding:
    return Finding(
        id="documentation.progress_note_overdue",
        severity=Severity.ERROR,
        text=f"This is treatment day {number} since the last progress report; one is due every {limits}.",
        fix="Have the therapist write and sign the progress report; when it arrives the hold ends by itself.",
        owner=OWNER,
        subject="progress_note",
        observed=str(number),
        expected=f"at most {every}",
        queue=Queue.DOCUMENTATION,
        citation=DUE,
    )


def _without_therapist(number: int) -> Finding:
    return Finding(
        id="documentation.therapist_did_not_take_part",
        severity=Severity.ERROR,
        text=f"In {number} treatment days since the last progress report no therapist took part in treatment.",
        fix="The therapist has to treat at least once in each progress report period; document it where it happened.",
        owner=OWNER,
        subject="encounter.treatments",
        observed=str(number),
        queue=Queue.DOCUMENTATION,
        citation=DUE,
    )


def _nobody_took_part(day: TreatmentDay, before: Sequence[PriorDay]) -> bool:
    return all(one is False for one in (therapist_took_part(day), *(prior.therapist_took_part for prior in before)))


def _last_report(
    day: TreatmentDay,
    days: Sequence[date],
    evaluated: date | None,
    every: int,
    grace: int,
    parameters: Parameters,
) -> date | None:
    """The day the last report that counts stands for; one written within the grace days stands for its period's end."""
    notes = sorted(
        note.written_on for note in day.progress_notes if note.written_on is not None and _counts(note, day, parameters)
    )
    last: date | None = None
    for written in notes:
        if evaluated is not None and written < evaluated:
            continue
        period = [d for d in days if last is None or d > last]
        end = period[every - 1] if len(period) >= every else None
        if end is not None and end < written <= end + timedelta(days=grace):
            last = end
        elif written <= day.date_of_service:
            last = written
    return last


def _counts(note: ProgressNote, day: TreatmentDay, parameters: Parameters) -> bool:
    """A report of this discipline, signed or at least not unsigned, and not written by an assistant."""
    return (
        note.kind in REPORTS
        and note.discipline in (None, day.discipline)
        and note.status != "unsigned"
        and parameters.licence_of(note.author) not in BELOW_THERAPIST
    )
