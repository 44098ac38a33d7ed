"""The matrix of what a note must say, by encounter type and payer segment, as mappings/gates/ has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from integration_engine.core.findings import Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.encounter import Encounter, Modality
from integration_engine.domain.parties import LicenceLevel
from integration_engine.domain.plan_of_care import MeasurementKind, NoteKind, PlanOfCare
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.parameters.documentation import Requirement
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile

ANY_MISSING = ("any of these missing would hold the visit",)
TELEHEALTH = frozenset({Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO})
REMOTE = "remote_monitoring"  # its own line in mappings/rules/supervision.yaml
SUPERVISION = {"none": 0, "general": 1, "direct": 2, "personal": 3}


def check_requirements(
    day: TreatmentDay,
    profile: PayerProfile,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> None:
    """What the matrix asks of each encounter, and what of it is not there."""
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
