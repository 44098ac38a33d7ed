"""Is a treatment day documented well enough to be coded?

Each gate looks at the facts and returns what is missing; which gate applies to which encounter type and payer segment
is the dated matrix in mappings/gates/. Plan of care and progress report have clocks of their own.
Authority: 42 CFR 410.61, 424.24(c); CMS Pub 100-02 ch. 15 §220.1 to §220.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.encounter import Encounter, EncounterType, Modality
from integration_engine.domain.parties import LicenceLevel
from integration_engine.domain.plan_of_care import MeasurementKind, NoteKind, PlanOfCare, ProgressNote
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.clinician_minutes import check_clinicians
from integration_engine.rules.parameters import CertificationRule, Parameters, PayerProfile, Requirement
from integration_engine.rules.treatment_times import check_times
from integration_engine.rules.units.services import minutes_of
from integration_engine.rules.who_may import check_who_may

OWNER = "treating clinician"
WITH_REPORT = ("a signed report of the therapist would begin a new period",)
EVALUATION_ONLY = Citation(document="CMS Pub 100-02 ch. 15", section="§220.1.3")
ANY_MISSING = ("any of these missing would hold the visit",)
NOT_CERTIFIED = ("a dated signature, or a signed order on file and timely transmission, would certify it",)
TELEHEALTH = frozenset({Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO})
BELOW_THERAPIST = frozenset({LicenceLevel.ASSISTANT, LicenceLevel.STUDENT, LicenceLevel.AIDE})
REMOTE = "remote_monitoring"  # its own line in mappings/rules/supervision.yaml
SUPERVISION = {"none": 0, "general": 1, "direct": 2, "personal": 3}
REPORTS = frozenset({NoteKind.PROGRESS, NoteKind.RE_EVALUATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesResult:
    """What the gates concluded."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def check_gates(day: TreatmentDay, profile: PayerProfile, history: History, parameters: Parameters) -> GatesResult:
    """Every gate that this day has to pass."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    _requirements(day, profile, parameters, decisions, findings)
    for answers in (
        check_who_may(day, profile, parameters),
        check_times(day, profile, parameters),
        check_clinicians(day, profile, history, parameters),
    ):
        decisions.extend(answers[0])
        findings.extend(answers[1])
    on = day.date_of_service
    if profile.plan_of_care.at(on):
        _plan_of_care(day, history, parameters, decisions, findings)
    every = profile.progress_note_every.at(on)
    if every is not None:
        _progress_note(day, profile, every, history, decisions, findings, parameters)
    return GatesResult(decisions=tuple(decisions), findings=tuple(findings))


# --- the matrix ------------------------------------------------------------------------------------------------------


def _requirements(
    day: TreatmentDay,
    profile: PayerProfile,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> None:
    for encounter in day.encounters:
        kind = encounter.encounter_type
        asked = parameters.requirements_for(kind.value if kind else None, profile.segment, day.date_of_service)
        missing = [r for r in asked.requirements if not NEEDS[r.need](day, encounter, parameters)]
        lacking = ", ".join(r.need.replace("_", " ") for r in missing)
        decisions.append(
            Decision(
                station="gates",
                subject=encounter.number or "encounter",
                rule="gates.minimum_documentation",
                value="complete" if not missing else f"{len(missing)} missing",
                outcome=Outcome.FAIL if missing else Outcome.PASS,
                working=(asked.text, f"missing: {lacking or 'nothing'}"),
                parameters=(asked.use,),
                citation=asked.citation,
                otherwise=(f"with {lacking} it would be complete",) if missing else ANY_MISSING,
            )
        )
        findings.extend(_missing(r, encounter) for r in missing)


def _missing(requirement: Requirement, encounter: Encounter) -> Finding:
    return Finding(
        id=requirement.finding,
        severity=requirement.severity,
        text=requirement.text,
        fix=requirement.fix,
        owner=requirement.owner,
        subject=f"encounter {encounter.number or ''}.{requirement.need}".strip(),
        queue=Queue(requirement.queue) if requirement.severity is Severity.ERROR else None,
        citation=requirement.citation,
    )


def _has(kind: MeasurementKind, *more: MeasurementKind) -> Callable[[TreatmentDay, Encounter, Parameters], bool]:
    kinds = (kind, *more)

    def look(day: TreatmentDay, encounter: Encounter, _: Parameters) -> bool:
        return any(
            m.kind in kinds
            and m.value
            and (
                m.encounter_number == encounter.number
                or m.observed_on == day.date_of_service
                or kind is MeasurementKind.GOAL
            )
            for m in day.measurements
            if m.discipline in (None, day.discipline)
        )

    return look


def _student_supervised(_: TreatmentDay, encounter: Encounter, __: Parameters) -> bool:
    if not any(treatment.student for treatment in encounter.treatments):
        return True
    return encounter.supervision in {"direct", "personal"}


def _student_in_the_room(_: TreatmentDay, encounter: Encounter, __: Parameters) -> bool:
    """A payer that counts only what the therapist directed in the room; nearby is not enough.

    Less than direct supervision is found by student_supervised, and told once.
    """
    return encounter.supervision != "direct" or not any(treatment.student for treatment in encounter.treatments)


def _treated_by_an_aide(_: TreatmentDay, encounter: Encounter, parameters: Parameters) -> bool:
    return any(parameters.licence_of(treatment.assistant) is LicenceLevel.AIDE for treatment in encounter.treatments)


def _timed_minutes(day: TreatmentDay, encounter: Encounter, parameters: Parameters) -> bool:
    """The note's own total of timed minutes, wherever it has a timed code."""
    if encounter.timed_minutes is not None:
        return True
    facts = [parameters.procedure(t.code, day.date_of_service) for t in encounter.treatments if t.code]
    return not any(f is not None and f.unit_minutes is not None and not f.remote for f in facts)


def _assistant_supervised(day: TreatmentDay, encounter: Encounter, parameters: Parameters) -> bool:
    """Supervision of assistants by setting and date; general supervision need not be stated, closer one must be."""
    assisted = [t for t in encounter.treatments if t.assistant is not None or t.assistant_minutes]
    if not assisted:
        return True
    practice, on = parameters.practice, day.date_of_service
    location = practice.locations.get(encounter.location or practice.default_location or "")
    asked = parameters.supervision[location.setting if location else "private_practice"].at(on)
    if SUPERVISION[asked] <= SUPERVISION["general"]:
        return True
    if all((facts := parameters.procedure(t.code or "", on)) is not None and facts.remote for t in assisted):
        remote = parameters.supervision[REMOTE].find(on) if REMOTE in parameters.supervision else None
        asked = remote or asked
    return SUPERVISION.get(encounter.supervision or "none", 0) >= SUPERVISION[asked]


def _discharge_note(day: TreatmentDay, encounter: Encounter, _: Parameters) -> bool:
    return any(
        note.kind is NoteKind.DISCHARGE
        and note.discipline in (None, day.discipline)
        and (note.encounter_number == encounter.number or (note.covers_to or note.written_on) == day.date_of_service)
        for note in day.progress_notes
    )


def _of_plan(has: Callable[[PlanOfCare], bool]) -> Callable[[TreatmentDay, Encounter, Parameters], bool]:
    """True unless there are plans of this discipline and none has it; a missing plan has a finding of its own."""

    def look(day: TreatmentDay, _: Encounter, __: Parameters) -> bool:
        plans = [plan for plan in day.plans_of_care if plan.discipline in (None, day.discipline)]
        return not plans or any(has(plan) for plan in plans)

    return look


NEEDS: Mapping[str, Callable[[TreatmentDay, Encounter, Parameters], bool]] = {
    "diagnosis": lambda _, e, __: any(d.code for d in e.diagnoses) or any(t.diagnoses for t in e.treatments),
    "treatment_code": lambda _, e, __: bool(e.treatments) and all(t.code for t in e.treatments),
    "discipline": lambda _, e, __: e.discipline is not None,
    "encounter_type": lambda _, e, __: e.encounter_type is not None,
    "modality": lambda _, e, __: e.modality is not None,
    "note_signed": lambda _, e, __: e.note_status == "signed" or e.note_signed_on is not None,
    "total_minutes": lambda _, e, __: e.total_minutes is not None,
    "rendering": lambda _, e, __: e.rendering is not None or all(t.rendering for t in e.treatments),
    "supervising_of_assistant": lambda _, e, __: (
        e.supervising is not None or all(t.supervising is not None for t in e.treatments if t.assistant is not None)
    ),
    "assistant_supervised": _assistant_supervised,
    "student_supervised": _student_supervised,
    "student_in_the_room": _student_in_the_room,
    "no_aide": lambda day, encounter, parameters: not _treated_by_an_aide(day, encounter, parameters),
    "timed_minutes": _timed_minutes,
    "telehealth_consent": lambda _, e, __: e.modality not in TELEHEALTH or e.telehealth_consent is True,
    "measures": _has(MeasurementKind.TEST, MeasurementKind.MEASURE),
    "goals": _has(MeasurementKind.GOAL),
    "plan_diagnoses": _of_plan(lambda plan: bool(plan.diagnoses)),
    "plan_duration": _of_plan(
        lambda plan: any(value is not None for value in (plan.duration_weeks, plan.duration_visits, plan.certified_to))
    ),
    "discharge_note": _discharge_note,
}


# --- the plan of care ------------------------------------------------------------------------------------------------


def _plan_of_care(
    day: TreatmentDay, history: History, parameters: Parameters, decisions: list[Decision], findings: list[Finding]
) -> None:
    on = day.date_of_service
    if all(e.encounter_type == EncounterType.EVALUATION for e in day.encounters):
        why = ("an evaluation establishes the plan it is billed with",)
        decisions.append(_decision("evaluation", Outcome.PASS, why, EVALUATION_ONLY))
        return
    in_force = parameters.certification.on(on)
    rule = in_force.value
    plans = [
        plan
        for plan in day.plans_of_care
        if plan.discipline in (None, day.discipline) and plan.status != "discontinued"
    ]
    if not plans:
        findings.append(
            _plan_finding(
                "missing", "There is no plan of care for this discipline.", "Establish the plan and send it.", rule
            )
        )
        decisions.append(_decision("missing", Outcome.FAIL, ("no plan of care was received",), rule.citation))
        return
    covering = [plan for plan in plans if (_from(plan) or date.max) <= on]
    if not covering:
        findings.append(
            _plan_finding("not_yet", "The plan of care begins after this visit.", "Check the dates of the plan.", rule)
        )
        decisions.append(_decision("not yet", Outcome.FAIL, (f"no plan has begun on {on}",), rule.citation))
        return
    plan = max(covering, key=lambda p: (_from(p) or on, p.version or 0))
    start = _from(plan) or on
    longest = start + timedelta(days=rule.longest_interval - 1)
    end = min(_planned_end(plan, start) or longest, longest)
    if on > end:
        days = (on - end).days
        text = f"The plan of care ended on {end}, {days} days before this visit."
        fix = "Recertify the plan; send the signed recertification."
        findings.append(_plan_finding("expired", text, fix, rule, observed=str(days)))
        decisions.append(
            _decision("expired", Outcome.FAIL, (f"certified {start} to {end}; visit {on}",), rule.citation)
        )
        return
    number = _session(day, history, start) if plan.duration_visits is not None else 0
    if plan.duration_visits is not None and number > plan.duration_visits:
        text = f"This is visit {number} of a plan of care of {plan.duration_visits}."
        fix = "Recertify the plan; send the signed recertification."
        findings.append(_plan_finding("used_up", text, fix, rule, observed=str(number)))
        decisions.append(_decision("used up", Outcome.FAIL, (text,), rule.citation))
        return
    certified, working, finding = _certified(plan, start, on, rule)
    licence = parameters.licence_of(plan.certifying)
    if certified and licence is not None and licence not in rule.may_certify:
        certified = False
        working = (*working, f"certified by a {licence.value.replace('_', ' ')}, who may not certify therapy")
        finding = _plan_finding(
            "certifier",
            "The plan of care is certified by someone who may not certify therapy.",
            "Have a physician, or a PA, NP or CNS, certify the plan.",
            rule,
            observed=licence.value,
        )
    decisions.append(
        Decision(
            station="gates",
            subject="plan of care",
            rule="gates.plan_of_care",
            value="certified" if certified else "not certified",
            outcome=Outcome.PASS if certified else Outcome.FAIL,
            working=(f"plan {start} to {end} covers {on}", *working),
            parameters=(
                ParameterUse(
                    name="certification",
                    value=f"{rule.signature_days} days",
                    in_force_from=in_force.effective_from,
                ),
            ),
            citation=rule.citation,
            otherwise=(f"after {end} a recertification is needed",) if certified else NOT_CERTIFIED,
        )
    )
    if finding is not None:
        findings.append(finding)


def _session(day: TreatmentDay, history: History, start: date) -> int:
    """Which treatment day of the plan this is; days of an evaluation alone are none."""
    before = {
        prior.date_of_service
        for prior in history.days
        if prior.discipline is day.discipline
        and start <= prior.date_of_service < day.date_of_service
        and not prior.evaluation
    }
    return len(before) + 1


def _planned_end(plan: PlanOfCare, start: date) -> date | None:
    """The last day by the plan's own words: as certified, else as many weeks as it gives."""
    if plan.certified_to is not None or plan.duration_weeks is None:
        return plan.certified_to
    return start + timedelta(weeks=plan.duration_weeks) - timedelta(days=1)


def _is_initial(plan: PlanOfCare) -> bool:
    """The first interval of the episode; a later version that begins after the evaluation is a recertification."""
    if (plan.version or 1) == 1:
        return True
    first = plan.evaluation_on or plan.established_on
    return first is not None and plan.certified_from is not None and plan.certified_from <= first


def _from(plan: PlanOfCare) -> date | None:
    """First day of the interval: the earlier of evaluation and first treatment, or where a recertification begins."""
    if not _is_initial(plan):
        return plan.certified_from or plan.established_on
    starts = [d for d in (plan.evaluation_on, plan.certified_from, plan.established_on) if d is not None]
    return min(starts) if starts else None


def _certified(
    plan: PlanOfCare, start: date, on: date, rule: CertificationRule
) -> tuple[bool, tuple[str, ...], Finding | None]:
    """Is the interval certified on this date, in what steps, and what a person should know or do."""
    due = start + timedelta(days=rule.signature_days)
    if plan.signed_on is not None and plan.signed_on <= due:
        return True, (f"signed on {plan.signed_on}, due by {due}",), None
    if plan.verbal_order_on is not None and plan.verbal_order_on <= due:
        last = plan.verbal_order_on + timedelta(days=rule.verbal_order_days)
        if (plan.signed_on or on) <= last:
            return True, (f"verbal order of {plan.verbal_order_on}, signature due by {last}",), None
    if _is_initial(plan) and _order_on_file(plan, start, rule):
        step = f"signed order of {plan.order_signed_on} on file, plan sent on {plan.transmitted_on}"
        return True, (step,), None
    if plan.delayed_certification:
        return True, ("delayed certification accepted, evidence on record",), None
    if plan.signed_on is not None:
        late = (plan.signed_on - due).days
        most = 0 if rule.delayed_holds else rule.delayed_days
        if late <= most:
            return True, (f"signed on {plan.signed_on}, {late} days late: delayed certification",), _delayed(rule, late)
        return (
            False,
            (f"signed on {plan.signed_on}, {late} days late; over {most} days wants evidence on record",),
            _plan_finding(
                "delayed",
                f"The plan of care was signed {late} days late.",
                "Add the record of the physician's involvement and mark the delayed certification as accepted.",
                rule,
                observed=str(late),
            ),
        )
    return _unsigned(plan, start, on, rule)


def _unsigned(
    plan: PlanOfCare, start: date, on: date, rule: CertificationRule
) -> tuple[bool, tuple[str, ...], Finding | None]:
    """What an interval is worth while its signature is out: the first one is open for a time, a later one by the rule."""
    again = not _is_initial(plan)
    days = rule.recertification_open_days if again else rule.signature_days
    due = start + timedelta(days=days - again)  # day 30 of the first interval is in time
    if on <= due:
        return True, (f"not signed yet; due by {due}",), None
    step = f"not signed; was due by {due}" if days else "not signed; an interval after the first wants its signature"
    what = "The recertification of the plan of care" if again else "The plan of care"
    text = f"{what} is unsigned and its {days} days have passed." if days else f"{what} is unsigned."
    fix = "Obtain the dated signature of the certifying practitioner and send it; this releases the hold."
    return False, (step,), _plan_finding("unsigned", text, fix, rule)


def _order_on_file(plan: PlanOfCare, start: date, rule: CertificationRule) -> bool:
    """The exception for the initial plan: a signed, dated order and timely transmission to whoever gave it."""
    return (
        rule.order_exception
        and plan.order_signed_on is not None
        and plan.transmitted_on is not None
        and plan.transmitted_on <= start + timedelta(days=rule.transmission_days)
    )


def _delayed(rule: CertificationRule, late: int) -> Finding:
    return Finding(
        id="documentation.plan_of_care_signed_late",
        severity=Severity.WARNING,
        text=f"The plan of care was signed {late} days late and counts as a delayed certification.",
        fix="Keep the reason for the delay and evidence of the physician's involvement on record.",
        owner="compliance",
        subject="plan_of_care",
        observed=str(late),
        citation=rule.citation,
    )


def _plan_finding(what: str, text: str, fix: str, rule: CertificationRule, observed: str = "") -> Finding:
    return Finding(
        id=f"documentation.plan_of_care_{what}",
        severity=Severity.ERROR,
        text=text,
        fix=fix,
        owner=OWNER,
        subject="plan_of_care",
        observed=observed,
        queue=Queue.DOCUMENTATION,
        citation=rule.citation,
    )


def _decision(value: str, outcome: Outcome, working: tuple[str, ...], citation: Citation | None) -> Decision:
    return Decision(
        station="gates",
        subject="plan of care",
        rule="gates.plan_of_care",
        value=value,
        outcome=outcome,
        working=working,
        citation=citation,
        otherwise=("a certified plan of this discipline that covers the date would pass",)
        if outcome is Outcome.FAIL
        else ("a treatment beside the evaluation needs a certified plan of care",),
    )


# --- the progress report ---------------------------------------------------------------------------------------------


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


def _progress_note(
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
    took_part = [therapist_took_part(day), *(p.therapist_took_part for p in mine if p.date_of_service in set(counted))]
    absent = number >= every and all(one is False for one in took_part)
    citation = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.D")
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
            citation=citation,
            otherwise=(f"{every - number} more treatment days before a report is due",) if not late else WITH_REPORT,
        )
    )
    if late:
        findings.append(
            Finding(
                id="documentation.progress_note_overdue",
                severity=Severity.ERROR,
                text=f"This is treatment day {number} since the last progress report; one is due every {' or '.join(limits)}.",
                fix="Have the therapist write and sign the progress report; when it arrives the hold ends by itself.",
                owner=OWNER,
                subject="progress_note",
                observed=str(number),
                expected=f"at most {every}",
                queue=Queue.DOCUMENTATION,
                citation=citation,
            )
        )
    if absent:
        findings.append(
            Finding(
                id="documentation.therapist_did_not_take_part",
                severity=Severity.ERROR,
                text=f"In {number} treatment days since the last progress report no therapist took part in treatment.",
                fix="The therapist has to treat at least once in each progress report period; document it where it happened.",
                owner=OWNER,
                subject="encounter.treatments",
                observed=str(number),
                queue=Queue.DOCUMENTATION,
                citation=citation,
            )
        )


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
