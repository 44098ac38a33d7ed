"""Is there a plan of care of this discipline that covers the visit, and is it certified?"""

from __future__ import annotations

from datetime import date, timedelta

from integration_engine.core.dated import DatedValue
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.plan_of_care import PlanOfCare
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.gates.certification import begins_on, certification_of, plan_finding, planned_end
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.therapy import CertificationRule

EVALUATION_ONLY = Citation(document="CMS Pub 100-02 ch. 15", section="§220.1.3")
NOT_CERTIFIED = ("a dated signature, or a signed order on file and timely transmission, would certify it",)
RECERTIFY = "Recertify the plan; send the signed recertification."
NotCovered = tuple[str, str, Finding]  # the decision's value, its step, and what holds the visit


def check_plan_of_care(
    day: TreatmentDay, history: History, parameters: Parameters, decisions: list[Decision], findings: list[Finding]
) -> None:
    """The plan that covers the visit, and whether it is certified; told as one decision."""
    on = day.date_of_service
    if all(e.encounter_type == EncounterType.EVALUATION for e in day.encounters):
        why = ("an evaluation establishes the plan it is billed with",)
        decisions.append(_decision("evaluation", Outcome.PASS, why, EVALUATION_ONLY))
        return
    in_force = parameters.certification.on(on)
    rule = in_force.value
    begun = [(start, p) for p in _of_discipline(day) if (start := begins_on(p)) is not None and start <= on]
    if not begun:
        _tell(_none_begun(day, rule), rule, decisions, findings)
        return
    start, plan = max(begun, key=lambda one: (one[0], one[1].version or 0))
    longest = start + timedelta(days=rule.longest_interval - 1)
    end = min(planned_end(plan, start) or longest, longest)
    over = _over(day, history, plan, start, end, rule)
    if over is not None:
        _tell(over, rule, decisions, findings)
        return
    certified, working, finding = _certified(plan, start, on, rule, parameters)
    decisions.append(
        Decision(
            station="gates",
            subject="plan of care",
            rule="gates.plan_of_care",
            value="certified" if certified else "not certified",
            outcome=Outcome.PASS if certified else Outcome.FAIL,
            working=(f"plan {start} to {end} covers {on}", *working),
            parameters=parameters.remember(("certification", in_force.effective_from), lambda: _use(in_force)),
            citation=rule.citation,
            otherwise=(f"after {end} a recertification is needed",) if certified else NOT_CERTIFIED,
        )
    )
    if finding is not None:
        findings.append(finding)


def _of_discipline(day: TreatmentDay) -> list[PlanOfCare]:
    return [p for p in day.plans_of_care if p.discipline in (None, day.discipline) and p.status != "discontinued"]


def _none_begun(day: TreatmentDay, rule: CertificationRule) -> NotCovered:
    if not _of_discipline(day):
        text, fix = "There is no plan of care for this discipline.", "Establish the plan and send it."
        return "missing", "no plan of care was received", plan_finding("missing", text, fix, rule)
    text, fix = "The plan of care begins after this visit.", "Check the dates of the plan."
    return "not yet", f"no plan has begun on {day.date_of_service}", plan_finding("not_yet", text, fix, rule)


def _over(
    day: TreatmentDay, history: History, plan: PlanOfCare, start: date, end: date, rule: CertificationRule
) -> NotCovered | None:
    """A plan that no longer covers the visit: its last day has passed, or its visits are used up."""
    on = day.date_of_service
    if on > end:
        days = (on - end).days
        text = f"The plan of care ended on {end}, {days} days before this visit."
        finding = plan_finding("expired", text, RECERTIFY, rule, observed=str(days))
        return "expired", f"certified {start} to {end}; visit {on}", finding
    number = _session(day, history, start) if plan.duration_visits is not None else 0
    if plan.duration_visits is not None and number > plan.duration_visits:
        text = f"This is visit {number} of a plan of care of {plan.duration_visits}."
        return "used up", text, plan_finding("used_up", text, RECERTIFY, rule, observed=str(number))
    return None


def _tell(not_covered: NotCovered, rule: CertificationRule, decisions: list[Decision], findings: list[Finding]) -> None:
    value, step, finding = not_covered
    findings.append(finding)
    decisions.append(_decision(value, Outcome.FAIL, (step,), rule.citation))


def _certified(
    plan: PlanOfCare, start: date, on: date, rule: CertificationRule, parameters: Parameters
) -> tuple[bool, tuple[str, ...], Finding | None]:
    """Is the interval certified on this date, and by someone who may."""
    certified, working, finding = certification_of(plan, start, on, rule)
    licence = parameters.licence_of(plan.certifying)
    if not certified or licence is None or licence in rule.may_certify:
        return certified, working, finding
    return (
        False,
        (*working, f"certified by a {licence.value.replace('_', ' ')}, who may not certify therapy"),
        plan_finding(
            "certifier",
            "The plan of care is certified by someone who may not certify therapy.",
            "Have a physician, or a PA, NP or CNS, certify the plan.",
            rule,
            observed=licence.value,
        ),
    )


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


def _use(in_force: DatedValue[CertificationRule]) -> tuple[ParameterUse, ...]:
    days, since = f"{in_force.value.signature_days} days", in_force.effective_from
    return (ParameterUse(name="certification", value=days, in_force_from=since),)
