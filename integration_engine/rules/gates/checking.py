"""Every gate that a treatment day has to pass, in order."""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.gates.clinician_minutes import check_clinicians
from integration_engine.rules.gates.minimum_documentation import check_requirements
from integration_engine.rules.gates.plan_of_care import check_plan_of_care
from integration_engine.rules.gates.progress_report import check_progress_note
from integration_engine.rules.gates.treatment_times import check_times
from integration_engine.rules.gates.who_may import check_who_may
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesResult:
    """What the gates concluded."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def check_gates(day: TreatmentDay, profile: PayerProfile, history: History, parameters: Parameters) -> GatesResult:
    """Every gate that this day has to pass."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    check_requirements(day, profile, parameters, decisions, findings)
    for answers in (
        check_who_may(day, profile, parameters),
        check_times(day, profile, parameters),
        check_clinicians(day, profile, history, parameters),
    ):
        decisions.extend(answers[0])
        findings.extend(answers[1])
    on = day.date_of_service
    if profile.plan_of_care.at(on):
        check_plan_of_care(day, history, parameters, decisions, findings)
    every = profile.progress_note_every.at(on)
    if every is not None:
        check_progress_note(day, profile, every, history, decisions, findings, parameters)
    return GatesResult(decisions=tuple(decisions), findings=tuple(findings))
