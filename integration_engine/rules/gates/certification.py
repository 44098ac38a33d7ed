"""Is an interval of the plan of care certified on a date: signed, ordered, on file, or late for a reason on record?"""

from __future__ import annotations

from datetime import date, timedelta

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.plan_of_care import PlanOfCare
from integration_engine.rules.parameters.therapy import CertificationRule

OWNER = "treating clinician"


def planned_end(plan: PlanOfCare, start: date) -> date | None:
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


def begins_on(plan: PlanOfCare) -> date | None:
    """First day of the interval: the earlier of evaluation and first treatment, or where a recertification begins."""
    if not _is_initial(plan):
        return plan.certified_from or plan.established_on
    starts = [d for d in (plan.evaluation_on, plan.certified_from, plan.established_on) if d is not None]
    return min(starts) if starts else None


def certification_of(
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
            plan_finding(
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
    return False, (step,), plan_finding("unsigned", text, fix, rule)


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


def plan_finding(what: str, text: str, fix: str, rule: CertificationRule, observed: str = "") -> Finding:
    """What holds a visit for its plan of care."""
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
