"""Is a treatment day documented well enough to be coded?

Each gate looks at the facts and returns what is missing; which gate applies to which encounter type and payer segment
is the dated matrix in mappings/gates/. Plan of care and progress report have clocks of their own.
Authority: 42 CFR 410.61, 424.24(c); CMS Pub 100-02 ch. 15 §220.1 to §220.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.encounter import Encounter, EncounterType, Modality
from integration_engine.domain.parties import LicenceLevel
from integration_engine.domain.plan_of_care import MeasurementKind, NoteKind, PlanOfCare
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters import CertificationRule, Parameters, PayerProfile, Requirement

OWNER = "treating clinician"
TELEHEALTH = frozenset({Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO})


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
    if profile.plan_of_care:
        _plan_of_care(day, parameters, decisions, findings)
    if profile.progress_note_every is not None:
        _progress_note(day, profile, profile.progress_note_every, history, decisions, findings)
    return GatesResult(decisions=tuple(decisions), findings=tuple(findings))


# --- the matrix ------------------------------------------------------------------------------------------------------


def _requirements(
    day: TreatmentDay,
    profile: PayerProfile,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> None:
    in_force = parameters.requirements.on(day.date_of_service)
    for encounter in day.encounters:
        kind = encounter.encounter_type
        applying = [r for r in in_force.value if _applies(r, kind, profile.segment)]
        missing = [r for r in applying if not NEEDS[r.need](day, encounter, parameters)]
        decisions.append(
            Decision(
                station="gates",
                subject=encounter.number or "encounter",
                rule="gates.minimum_documentation",
                value="complete" if not missing else f"{len(missing)} missing",
                outcome=Outcome.FAIL if missing else Outcome.PASS,
                working=(
                    f"{kind.value if kind else 'encounter'} for {profile.segment} payers needs: "
                    + ", ".join(r.need.replace("_", " ") for r in applying),
                    "missing: " + (", ".join(r.need.replace("_", " ") for r in missing) or "nothing"),
                ),
                parameters=(
                    ParameterUse(
                        name="minimum_documentation",
                        value=f"{len(applying)} requirements",
                        in_force_from=in_force.effective_from,
                    ),
                ),
                citation=in_force.citation,
            )
        )
        findings.extend(_missing(r, encounter) for r in missing)


def _applies(requirement: Requirement, kind: EncounterType | None, segment: str) -> bool:
    types, segments = requirement.encounter_types, requirement.segments
    return ("any" in types or (kind is not None and kind.value in types)) and ("any" in segments or segment in segments)


def _missing(requirement: Requirement, encounter: Encounter) -> Finding:
    return Finding(
        id=requirement.finding,
        severity=Severity.ERROR,
        text=requirement.text,
        fix=requirement.fix,
        owner=requirement.owner,
        subject=f"encounter {encounter.number or ''}.{requirement.need}".strip(),
        queue=Queue(requirement.queue),
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


def _not_rendered_by_assistant(_: TreatmentDay, encounter: Encounter, parameters: Parameters) -> bool:
    """The rendering provider of encounter and lines is not an assistant, a student or an aide."""
    people = [encounter.rendering, *(treatment.rendering for treatment in encounter.treatments)]
    below = {LicenceLevel.ASSISTANT, LicenceLevel.STUDENT, LicenceLevel.AIDE}
    known = [parameters.practitioner(person) for person in people]
    return not any(person is not None and person.licence in below for person in known)


def _student_supervised(_: TreatmentDay, encounter: Encounter, __: Parameters) -> bool:
    if not any(treatment.student for treatment in encounter.treatments):
        return True
    return encounter.supervision in {"direct", "personal"}


NEEDS: Mapping[str, Callable[[TreatmentDay, Encounter, Parameters], bool]] = {
    "diagnosis": lambda _, e, __: any(d.code for d in e.diagnoses) or any(t.diagnoses for t in e.treatments),
    "treatment_code": lambda _, e, __: bool(e.treatments) and all(t.code for t in e.treatments),
    "discipline": lambda _, e, __: e.discipline is not None,
    "encounter_type": lambda _, e, __: e.encounter_type is not None,
    "modality": lambda _, e, __: e.modality is not None,
    "note_signed": lambda _, e, __: e.note_status == "signed" or e.note_signed_on is not None,
    "rendering": lambda _, e, __: e.rendering is not None or all(t.rendering for t in e.treatments),
    "rendering_licence": _not_rendered_by_assistant,
    "supervising_of_assistant": lambda _, e, __: (
        e.supervising is not None or all(t.supervising is not None for t in e.treatments if t.assistant is not None)
    ),
    "student_supervised": _student_supervised,
    "telehealth_consent": lambda _, e, __: e.modality not in TELEHEALTH or e.telehealth_consent is True,
    "measures": _has(MeasurementKind.TEST, MeasurementKind.MEASURE),
    "goals": _has(MeasurementKind.GOAL),
}


# --- the plan of care ------------------------------------------------------------------------------------------------


def _plan_of_care(
    day: TreatmentDay, parameters: Parameters, decisions: list[Decision], findings: list[Finding]
) -> None:
    on = day.date_of_service
    if all(e.encounter_type == EncounterType.EVALUATION for e in day.encounters):
        decisions.append(
            _decision("evaluation", Outcome.PASS, ("an evaluation establishes the plan it is billed with",), None)
        )
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
    covering = [plan for plan in plans if _from(plan) is not None and (_from(plan) or on) <= on]
    if not covering:
        findings.append(
            _plan_finding("not_yet", "The plan of care begins after this visit.", "Check the dates of the plan.", rule)
        )
        return
    plan = max(covering, key=lambda p: (_from(p) or on, p.version or 0))
    start = _from(plan) or on
    longest = start + timedelta(days=rule.longest_interval - 1)
    end = min(plan.certified_to or longest, longest)
    if on > end:
        days = (on - end).days
        findings.append(
            _plan_finding(
                "expired",
                f"The plan of care ended on {end}, {days} days before this visit.",
                "Recertify the plan; send the signed recertification.",
                rule,
                observed=str(days),
            )
        )
        decisions.append(
            _decision("expired", Outcome.FAIL, (f"certified {start} to {end}; visit {on}",), rule.citation)
        )
        return
    certified, working = _certified(plan, start, on, rule)
    decisions.append(
        Decision(
            station="gates",
            subject="plan of care",
            rule="gates.plan_of_care",
            value="certified" if certified else "unsigned",
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
            otherwise=("a dated signature, or a signed order on file and timely transmission, would certify it",)
            if not certified
            else (),
        )
    )
    if not certified:
        findings.append(
            _plan_finding(
                "unsigned",
                f"The plan of care is unsigned and its {rule.signature_days} days have passed.",
                "Obtain the dated signature of the certifying practitioner and send it; this releases the hold.",
                rule,
            )
        )


def _from(plan: PlanOfCare) -> date | None:
    starts = [d for d in (plan.evaluation_on, plan.certified_from, plan.established_on) if d is not None]
    return min(starts) if starts else None


def _certified(plan: PlanOfCare, start: date, on: date, rule: CertificationRule) -> tuple[bool, tuple[str, ...]]:
    due = start + timedelta(days=rule.signature_days)
    if plan.signed_on is not None or plan.verbal_order_on is not None:
        when = plan.signed_on or plan.verbal_order_on
        return True, (f"signed on {when}",)
    if plan.delayed_certification:
        return True, ("delayed certification accepted",)
    exception = (
        rule.order_exception
        and plan.order_signed_on is not None
        and plan.transmitted_on is not None
        and plan.transmitted_on <= start + timedelta(days=rule.transmission_days)
    )
    if exception:
        return True, (f"signed order of {plan.order_signed_on} on file, plan sent on {plan.transmitted_on}",)
    if on <= due:
        return True, (f"not signed yet; due by {due}",)
    return False, (f"not signed; was due by {due}",)


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
    )


# --- the progress report ---------------------------------------------------------------------------------------------


def _progress_note(
    day: TreatmentDay,
    profile: PayerProfile,
    every: int,
    history: History,
    decisions: list[Decision],
    findings: list[Finding],
) -> None:
    """At least one progress report every so many treatment days; the evaluation's own day counts as the first."""
    on = day.date_of_service
    notes = [
        note.written_on
        for note in day.progress_notes
        if note.kind in {NoteKind.PROGRESS, NoteKind.RE_EVALUATION}
        and note.discipline in (None, day.discipline)
        and note.written_on is not None
        and note.written_on <= on
    ]
    last = max(notes, default=None)
    days = sorted(
        {p.date_of_service for p in history.days if p.discipline is day.discipline and p.date_of_service < on}
    )
    evaluations = [
        p.date_of_service
        for p in history.days
        if p.discipline is day.discipline and p.evaluation and p.date_of_service <= on
    ]
    evaluated = max(evaluations, default=None)
    if last is not None and (evaluated is None or last >= evaluated):
        counted = [d for d in days if d > last]
    else:
        counted = [d for d in days if evaluated is None or d >= evaluated]
    number = len(counted) + 1
    citation = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.D")
    late = number > every
    decisions.append(
        Decision(
            station="gates",
            subject="progress report",
            rule="gates.progress_report",
            value=f"treatment day {number} of {every}",
            outcome=Outcome.FAIL if late else Outcome.PASS,
            working=(
                f"last progress report: {last or 'none'}",
                f"treatment days since: {len(counted)}, this is number {number}",
            ),
            parameters=(ParameterUse(name=f"{profile.key}.progress_note_every", value=str(every)),),
            citation=citation,
            otherwise=(f"{every - number} more treatment days before a report is due",) if not late else (),
        )
    )
    if late:
        findings.append(
            Finding(
                id="documentation.progress_note_overdue",
                severity=Severity.ERROR,
                text=f"This is treatment day {number} since the last progress report; one is due every {every}.",
                fix="Have the therapist write and sign the progress report; when it arrives the hold ends by itself.",
                owner=OWNER,
                subject="progress_note",
                observed=str(number),
                expected=f"at most {every}",
                queue=Queue.DOCUMENTATION,
                citation=citation,
            )
        )
