"""The units of a treatment day by the payer's method."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Decision, ParameterUse
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.units.caps import alternatives_capped, as_capped, cap_decision, capped, over_the_cap
from integration_engine.rules.units.counting import DayCount, as_billed, count, shared
from integration_engine.rules.units.findings import against_the_emr, not_earned
from integration_engine.rules.units.gathering import Gathering
from integration_engine.rules.units.services import Service, UnitsResult, counted, is_pooled
from integration_engine.rules.units.visit_rate import visit_unit


def billed_units(
    treatments: Sequence[Treatment],
    profile: PayerProfile,
    as_of: date,
    parameters: Parameters,
    discipline: Discipline | None = None,
) -> UnitsResult:
    """Turn one treatment day's minutes into units, code by code.

    Shapes   treatments: one patient, discipline, date and payer; may be empty. Services in the order of their first
             treatment. discipline: whose group code takes treatments that were not one-on-one, where the payer asks.
    Raises   NotInForce: the payer has no units method on this date (a configuration error, never a fallback).
    Source   CMS Pub 100-04 ch. 5 §20.2 and §20.3; method from mappings/payers.
    """
    rule_value = profile.units_method.on(as_of)
    rule = rule_value.value
    method = parameters.methods[rule.method]
    name = f"{profile.key}.units_method"
    used = parameters.remember(
        (name, "units", as_of),
        lambda: (ParameterUse(name=name, value=method.key, in_force_from=rule_value.effective_from),),
    )
    services, findings = Gathering(treatments, profile, as_of, parameters, discipline).services()
    if rule.visit_code is not None:
        return visit_unit(services, rule, method, used, tuple(findings))
    pool = [s for s in services if is_pooled(s, method)]
    timed = sum(s.minutes or 0 for s in pool)
    others: list[dict[Hcpcs, int]] = []
    if method.pooled:
        shares, others = shared(pool, method, timed)
        total = count(timed, method.unit_minutes, method.earned_at)
    else:
        shares = {s.code: count(s.minutes or 0, method.unit_minutes, method.earned_at) for s in pool}
        total = sum(shares.values())
    day = DayCount(pool, shares, method, timed, total, used)
    differing = profile.units_sent.at(as_of)
    result: list[Service] = []
    decisions: list[Decision] = []
    for service in services:
        units, decision = day.decide(service)
        result.append(counted(service, units))
        decisions.append(decision)
        findings.extend(against_the_emr(service, units, differing, method))
        findings.extend(not_earned(service, units, method))
    alternatives = [as_billed(pool, given) for given in others]
    cap = profile.caps.find(as_of) if profile.caps is not None else None
    if cap is not None:
        earned, (result, steps) = result, capped(result, cap)
        total = sum(s.units for s in result if is_pooled(s, method))
        alternatives = alternatives_capped(earned, result, others, cap, method)
        if steps:
            decisions = as_capped(decisions, earned, result, cap)
            decisions.append(cap_decision(earned, result, steps, cap))
            findings.extend(over_the_cap(earned, result, cap))
    return UnitsResult(
        services=tuple(result),
        timed_minutes=timed,
        total_timed_units=total,
        tie=bool(alternatives),
        alternatives=tuple(alternatives),
        decisions=tuple(decisions),
        findings=tuple(findings),
    )
