"""Who may do, document or certify what: a dated table of actions and licences, held against what was sent.

An action by a person whose licence is not known is *not checked*; the licence comes from the message's credential or
from the practice's directory. Authority: 42 CFR 410.59 to 410.62, 424.24(c); CMS Pub 100-02 ch. 15 §§220, 230.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from integration_engine.core.dated import DatedValue
from integration_engine.core.findings import Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.parties import LicenceLevel, Practitioner
from integration_engine.domain.plan_of_care import NoteKind, PlanOfCare
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.parameters.documentation import WhoMay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile

OTHERWISE = ("a person of another licence may not do the same; the table is gates/who_may.yaml",)
Doers = Callable[[TreatmentDay, Parameters], Iterable[tuple[str, Practitioner]]]


def _rendering(day: TreatmentDay, _: Parameters) -> Iterator[tuple[str, Practitioner]]:
    for encounter in day.encounters:
        if encounter.rendering is not None:
            yield "encounter.rendering", encounter.rendering
        for index, treatment in enumerate(encounter.treatments):
            if treatment.rendering not in (None, encounter.rendering):
                yield f"encounter.treatments[{index}].rendering", treatment.rendering


def _evaluating(day: TreatmentDay, parameters: Parameters) -> Iterator[tuple[str, Practitioner]]:
    """Whoever took part in an evaluation code."""
    for encounter in day.encounters:
        for index, treatment in enumerate(encounter.treatments):
            facts = parameters.procedure(treatment.code, day.date_of_service) if treatment.code else None
            evaluation = facts is not None and facts.evaluation
            if not evaluation and encounter.encounter_type not in {
                EncounterType.EVALUATION,
                EncounterType.RE_EVALUATION,
            }:
                continue
            if evaluation and treatment.assistant is not None:
                yield f"encounter.treatments[{index}].assistant", treatment.assistant


def _current_plans(day: TreatmentDay) -> list[PlanOfCare]:
    return [plan for plan in day.plans_of_care if plan.discipline in (None, day.discipline)]


def _establishing(day: TreatmentDay, _: Parameters) -> Iterator[tuple[str, Practitioner]]:
    for plan in _current_plans(day):
        if plan.established_by is not None:
            yield f"plan_of_care {plan.plan_id or ''}.established_by".replace(" .", "."), plan.established_by


def _reporting(day: TreatmentDay, _: Parameters) -> Iterator[tuple[str, Practitioner]]:
    for note in day.progress_notes:
        mine = note.kind is NoteKind.PROGRESS and note.discipline in (None, day.discipline)
        if mine and note.author is not None and note.written_on == day.date_of_service:
            yield "progress_note.author", note.author


def _supervising(day: TreatmentDay, _: Parameters) -> Iterator[tuple[str, Practitioner]]:
    for encounter in day.encounters:
        if encounter.supervising is not None:
            yield "encounter.supervising", encounter.supervising


def _referring(day: TreatmentDay, _: Parameters) -> Iterator[tuple[str, Practitioner]]:
    for encounter in day.encounters:
        if encounter.referring is not None:
            yield "encounter.referring", encounter.referring


ACTIONS: Mapping[str, Doers] = {
    "render": _rendering,
    "evaluate": _evaluating,
    "establish_plan": _establishing,
    "write_progress_report": _reporting,
    "supervise": _supervising,
    "refer": _referring,
}


def check_who_may(
    day: TreatmentDay, profile: PayerProfile, parameters: Parameters
) -> tuple[list[Decision], list[Finding]]:
    """Hold every action of the day against the table."""
    in_force = parameters.who_may.on(day.date_of_service)
    working: list[str] = []
    findings: dict[str, Finding] = {}
    unknown = 0
    for rule in in_force.value:
        if "any" not in rule.segments and profile.segment not in rule.segments:
            continue
        for subject, person in ACTIONS[rule.action](day, parameters):
            licence = parameters.licence_of(person)
            if licence is None:
                unknown += 1
                working.append(f"{subject}: licence not known, not checked")
            elif licence not in rule.licences:
                working.append(f"{subject}: {licence.value} may not {rule.action.replace('_', ' ')}")
                findings.setdefault(rule.finding, _finding(rule, subject, licence))
    if not working:
        key = ("everyone may", day.date_of_service)
        return [parameters.remember(key, lambda: _decision(in_force, (), 0, unknown=False))], []
    return [_decision(in_force, working, len(findings), unknown=bool(unknown))], list(findings.values())


def _decision(
    in_force: DatedValue[tuple[WhoMay, ...]], working: Sequence[str], not_allowed: int, *, unknown: bool
) -> Decision:
    return Decision(
        station="gates",
        subject="licences",
        rule="gates.who_may",
        value=f"{not_allowed} not allowed" if not_allowed else "allowed",
        outcome=Outcome.FAIL if not_allowed else Outcome.NOT_CHECKED if unknown else Outcome.PASS,
        working=tuple(working) or ("everyone named may do what they did",),
        parameters=(
            ParameterUse(name="who_may", value=f"{len(in_force.value)} actions", in_force_from=in_force.effective_from),
        ),
        citation=in_force.citation,
        otherwise=OTHERWISE,
    )


def _finding(rule: WhoMay, subject: str, licence: LicenceLevel) -> Finding:
    return Finding(
        id=rule.finding,
        severity=Severity.ERROR,
        text=rule.text,
        fix=rule.fix,
        owner=rule.owner,
        subject=subject,
        observed=licence.value,
        expected=" or ".join(one.value for one in rule.licences),
        queue=Queue(rule.queue),
        citation=rule.citation,
    )
