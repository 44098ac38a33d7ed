"""How many units does a treatment day earn, and which code gets them?

Decides units from minutes by the payer's method, for 15-minute codes, for families with thresholds of their own and
for untimed codes. It does not decide modifiers. Authority: CMS Pub 100-04 ch. 5 §20.2 (8-minute rule), the CPT time
rule (midpoint), and the payer's contract; all of it dated data in mappings/rules/units.yaml and mappings/codes/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from integration_engine.core.codes import Hcpcs
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.rules.parameters import Parameters, PayerProfile, ProcedureFacts, UnitsMethod

MOST_ALTERNATIVES = 6
DOCUMENTATION = "treating clinician"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All treatments of one code on one treatment day, taken together.

    Units    minutes: one-on-one minutes without rest; None when not documented. assistant_minutes: None when the
             share of an assistant who took part is not documented.
    """

    code: Hcpcs
    places: tuple[int, ...]  # indexes of its treatments, in the order sent
    minutes: int | None
    assistant_minutes: int | None
    units_sent: int | None
    facts: ProcedureFacts | None
    delivery: Delivery | None
    units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsResult:
    """Services with their units, and how they came about. timed_minutes and total: of the pooled 15-minute codes."""

    services: tuple[Service, ...]
    timed_minutes: int
    total_timed_units: int
    tie: bool
    alternatives: tuple[tuple[tuple[Hcpcs, int], ...], ...]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def count(minutes: int, unit_minutes: int, earned_at: int) -> int:
    """Units earned by ``minutes``: one at ``earned_at``, another for each ``unit_minutes`` beyond."""
    return 0 if minutes < earned_at else (minutes - earned_at) // unit_minutes + 1


def minutes_of(treatment: Treatment) -> int | None:
    """Documented minutes of one treatment: as stated, else from start to stop less rest."""
    if treatment.minutes is not None:
        return treatment.minutes
    if treatment.start is None or treatment.stop is None or treatment.stop <= treatment.start:
        return None
    whole = int((treatment.stop - treatment.start).total_seconds() // 60)
    return max(whole - (treatment.rest_minutes or 0), 0)


def billed_units(
    treatments: Sequence[Treatment], profile: PayerProfile, as_of: date, parameters: Parameters
) -> UnitsResult:
    """Turn one treatment day's minutes into units, code by code.

    Shapes   treatments: one patient, discipline, date and payer; may be empty. Services in the order of their first
             treatment.
    Raises   NotInForce: the payer has no units method on this date (a configuration error, never a fallback).
    Source   CMS Pub 100-04 ch. 5 §20.2 and §20.3; method from mappings/payers.
    """
    method_value = profile.units_method.on(as_of)
    method = parameters.methods[method_value.value]
    services, findings = _services(treatments, as_of, parameters)
    used = (
        ParameterUse(name=f"{profile.key}.units_method", value=method.key, in_force_from=method_value.effective_from),
    )
    decisions: list[Decision] = []
    pool = [s for s in services if _is_pooled(s)]
    timed = sum(s.minutes or 0 for s in pool)
    if method.pooled:
        shares, tie, alternatives = _share(pool, method, timed)
        total = count(timed, method.unit_minutes, method.earned_at)
    else:
        shares = {s.code: count(s.minutes or 0, method.unit_minutes, method.earned_at) for s in pool}
        tie, alternatives, total = False, (), sum(shares.values())
    result = []
    for service in services:
        units, decision = _decide(service, shares, pool, method, timed, total, used)
        result.append(replace(service, units=units))
        decisions.append(decision)
        findings.extend(_compare(service, units, profile))
        if units == 0 and service.minutes is not None and not _is_missing(service):
            findings.append(_not_billed(service, method))
    return UnitsResult(
        services=tuple(result),
        timed_minutes=timed,
        total_timed_units=total,
        tie=tie,
        alternatives=alternatives,
        decisions=tuple(decisions),
        findings=tuple(findings),
    )


def _is_pooled(service: Service) -> bool:
    facts = service.facts
    return facts is not None and facts.unit_minutes == 15 and facts.earned_at is None  # noqa: PLR2004 - the pool's unit


def _is_missing(service: Service) -> bool:
    return service.facts is None or (service.facts.unit_minutes is not None and service.minutes is None)


def _services(
    treatments: Sequence[Treatment], as_of: date, parameters: Parameters
) -> tuple[list[Service], list[Finding]]:
    """Same codes taken together, before any rule looks at minutes."""
    places: dict[Hcpcs, list[int]] = {}
    findings: list[Finding] = []
    for index, treatment in enumerate(treatments):
        if treatment.code is not None:
            places.setdefault(treatment.code, []).append(index)
    services = []
    for code, indexes in places.items():
        try:
            facts = parameters.procedures[code].at(as_of) if code in parameters.procedures else None
        except NotInForce:
            facts = None
        group = [treatments[index] for index in indexes]
        minutes = [minutes_of(treatment) for treatment in group]
        whole = None if None in minutes else sum(m for m in minutes if m is not None)
        service = Service(
            code=code,
            places=tuple(indexes),
            minutes=whole,
            assistant_minutes=_assistant_minutes(group),
            units_sent=None if any(t.units_sent is None for t in group) else sum(t.units_sent or 0 for t in group),
            facts=facts,
            delivery=group[0].delivery,
        )
        services.append(service)
        subject = f"encounter.treatments[{indexes[0]}]"
        if facts is None:
            findings.append(_unknown_code(code, subject))
        elif facts.unit_minutes is not None and whole is None:
            findings.append(_no_minutes(code, subject))
        elif (
            facts.unit_minutes is not None
            and not facts.group
            and service.delivery in {Delivery.CONCURRENT, Delivery.GROUP}
        ):
            findings.append(_not_one_on_one(code, subject, service.delivery))
    return services, findings


def _assistant_minutes(group: Sequence[Treatment]) -> int | None:
    """Minutes without the therapist: stated, or all where only an assistant is named, or unknown."""
    total = 0
    for treatment in group:
        if treatment.assistant_minutes is not None:
            total += treatment.assistant_minutes
        elif treatment.assistant is not None:
            whole = minutes_of(treatment)
            if treatment.joint_minutes is None or whole is None or treatment.joint_minutes < whole:
                return None
    return total


def _share(
    pool: Sequence[Service], method: UnitsMethod, timed: int
) -> tuple[dict[Hcpcs, int], bool, tuple[tuple[tuple[Hcpcs, int], ...], ...]]:
    """Whole units first, then one each by the largest remainder; equal remainders at the cut are a tie."""
    total = count(timed, method.unit_minutes, method.earned_at)
    shares = {s.code: (s.minutes or 0) // method.unit_minutes for s in pool}
    left = total - sum(shares.values())
    order = sorted(
        (s for s in pool if (s.minutes or 0) % method.unit_minutes),
        key=lambda s: (-((s.minutes or 0) % method.unit_minutes), -(s.minutes or 0), s.assistant_minutes or 0),
    )
    chosen, rest = order[:left], order[left:]
    tie, alternatives = False, []
    if chosen and rest:
        cut = (chosen[-1].minutes or 0) % method.unit_minutes
        tied = [s for s in order if (s.minutes or 0) % method.unit_minutes == cut]
        among = sum(s in tied for s in chosen)
        tie = len(tied) > among
        if tie:
            fixed = [s.code for s in chosen if s not in tied]
            for picked in list(combinations(tied, among))[:MOST_ALTERNATIVES]:
                given = dict(shares)
                for code in (*fixed, *(s.code for s in picked)):
                    given[code] += 1
                alternatives.append(tuple(given.items()))
    for service in chosen:
        shares[service.code] += 1
    return shares, tie, tuple(alternatives[1:]) if tie else ()


def _decide(
    service: Service,
    shares: dict[Hcpcs, int],
    pool: Sequence[Service],
    method: UnitsMethod,
    timed: int,
    total: int,
    used: tuple[ParameterUse, ...],
) -> tuple[int, Decision]:
    facts = service.facts
    if facts is None or _is_missing(service):
        return 0, _decision(
            service, method.key, 0, ("minutes or code facts are missing",), used, method.citation, Outcome.NOT_CHECKED
        )
    working: tuple[str, ...]
    if facts.unit_minutes is None:
        working = (f"{service.code} is billed by occurrence, whatever its minutes",)
        return 1, _decision(service, "untimed", 1, working, (), facts.citation)
    minutes = service.minutes or 0
    if not _is_pooled(service):
        earned_at = facts.earned_at or method.earned_at
        units = count(minutes, facts.unit_minutes, earned_at)
        working = (
            f"{minutes} min: first unit at {earned_at}, each further {facts.unit_minutes} min one more = {units}",
        )
        return units, _decision(service, "own_threshold", units, working, used, facts.citation)
    units = shares[service.code]
    whole, rest = divmod(minutes, method.unit_minutes)
    if method.pooled:
        names = " + ".join(f"{s.minutes} ({s.code})" for s in pool)
        working = (
            f"timed minutes of the day: {names} = {timed}",
            f"{timed} min earn {total} units: first at {method.earned_at}, one more each {method.unit_minutes}",
            f"{service.code}: {minutes} min = {whole} x {method.unit_minutes} + {rest}",
            f"{service.code}: {whole} whole + {units - whole} by remainder = {units}",
        )
        nearest = _next_total(timed, method)
        otherwise: tuple[str, ...] = (
            f"with {nearest - timed} more timed minutes the day would earn {total + 1} units",
        )
    else:
        working = (
            f"{service.code}: {minutes} min = {whole} x {method.unit_minutes} + {rest}",
            f"the remainder of {rest} {'earns' if units > whole else 'does not earn'} a unit, which takes {method.earned_at} min"
            if rest
            else "no remainder",
            f"{service.code}: {units} units",
        )
        otherwise = (
            f"with {_next_total(minutes, method) - minutes} more minutes of {service.code} it would be {units + 1} units",
        )
    return units, replace(_decision(service, method.key, units, working, used, method.citation), otherwise=otherwise)


def _next_total(minutes: int, method: UnitsMethod) -> int:
    return method.earned_at + method.unit_minutes * count(minutes, method.unit_minutes, method.earned_at)


def _decision(
    service: Service,
    rule: str,
    units: int,
    working: tuple[str, ...],
    used: tuple[ParameterUse, ...],
    citation: Citation,
    outcome: Outcome = Outcome.PASS,
) -> Decision:
    return Decision(
        station="units",
        subject=service.code,
        rule=f"units.{rule}",
        value=str(units),
        outcome=outcome,
        inputs=(("minutes", str(service.minutes)),),
        working=working,
        parameters=used,
        citation=citation,
    )


def _compare(service: Service, units: int, profile: PayerProfile) -> list[Finding]:
    if (
        service.units_sent is None
        or service.units_sent == units
        or profile.units_sent == "accept"
        or _is_missing(service)
    ):
        return []
    holds = profile.units_sent == "hold"
    return [
        Finding(
            id="units.differ_from_emr",
            severity=Severity.ERROR if holds else Severity.WARNING,
            text=f"The EMR counts {service.units_sent} units of {service.code}, the payer's rule gives {units}.",
            fix="Nothing to do when the minutes are right: the computed units are billed. Else correct the minutes in the note.",
            owner="biller",
            subject=f"encounter.treatments[{service.places[0]}].units_sent",
            observed=str(service.units_sent),
            expected=str(units),
            queue=Queue.EDITS if holds else None,
        )
    ]


def _no_minutes(code: Hcpcs, subject: str) -> Finding:
    return Finding(
        id="documentation.minutes_missing",
        severity=Severity.ERROR,
        text=f"{code} is billed by time and the note gives no minutes for it.",
        fix="Enter start and stop, or the treatment minutes, for this code in the daily note and sign it again.",
        owner=DOCUMENTATION,
        subject=f"{subject}.minutes",
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.E"),
    )


def _not_one_on_one(code: Hcpcs, subject: str, delivery: Delivery) -> Finding:
    return Finding(
        id="documentation.delivery_not_one_on_one",
        severity=Severity.ERROR,
        text=f"{code} counts one-on-one minutes only, and the note says {delivery.value} delivery.",
        fix="Bill group therapy with its own code, or document the one-on-one minutes apart.",
        owner=DOCUMENTATION,
        subject=f"{subject}.delivery",
        observed=delivery.value,
        expected="one_on_one",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="CMS 11 Part B Billing Scenarios"),
    )


def _unknown_code(code: Hcpcs, subject: str) -> Finding:
    return Finding(
        id="edits.code_unknown",
        severity=Severity.ERROR,
        text=f"{code} is not in mappings/codes/procedures.yaml for this date, so nothing could be checked about it.",
        fix="Add the code with its time basis and source, or correct it in the EMR.",
        owner="interface administrator",
        subject=f"{subject}.code",
        observed=str(code),
        queue=Queue.EDITS,
        outcome=Outcome.NOT_CHECKED,
    )


def _not_billed(service: Service, method: UnitsMethod) -> Finding:
    return Finding(
        id="units.not_billable",
        severity=Severity.INFORMATION,
        text=f"{service.code}: {service.minutes} min earn no unit by this payer's method; documented, not billed.",
        fix="Nothing to do.",
        owner="biller",
        subject=f"encounter.treatments[{service.places[0]}]",
        observed=str(service.minutes),
        citation=method.citation,
    )
