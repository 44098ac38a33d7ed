"""One unit a visit, where the contract pays the visit and not its units."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.findings import Decision, Finding, Outcome, ParameterUse
from integration_engine.rules.parameters.payers import UnitsMethod, UnitsRule
from integration_engine.rules.units.services import Service, UnitsResult, is_missing, is_pooled


def visit_unit(
    services: Sequence[Service],
    rule: UnitsRule,
    method: UnitsMethod,
    used: tuple[ParameterUse, ...],
    findings: tuple[Finding, ...],
) -> UnitsResult:
    """One unit of the contract's visit code, whatever was done."""
    assert rule.visit_code is not None
    done = ", ".join(f"{s.code} {s.minutes} min" if s.minutes is not None else s.code for s in services)
    blocked = any(is_missing(s) for s in services)
    decision = Decision(
        station="units",
        subject=rule.visit_code,
        rule=f"units.{method.key}",
        value="0" if blocked or not services else "1",
        outcome=Outcome.NOT_CHECKED if blocked else Outcome.PASS,
        working=(f"documented: {done or 'nothing'}", f"the contract pays the visit: {rule.visit_code} x 1"),
        otherwise=("a payer that pays by units would count the minutes",),
        parameters=used,
        citation=method.citation,
    )
    whole = Service(
        code=rule.visit_code,
        places=tuple(sorted(place for s in services for place in (*s.places, *s.further_places))),
        minutes=sum(s.minutes or 0 for s in services),
        assistant_minutes=None
        if any(s.assistant_minutes is None for s in services)
        else sum(s.assistant_minutes or 0 for s in services),
        units_sent=None,
        facts=None,
        delivery=None,
        units=int(bool(services) and not blocked),
    )
    return UnitsResult(
        services=(whole,) if services else (),
        timed_minutes=sum(s.minutes or 0 for s in services if is_pooled(s, method)),
        total_timed_units=0,
        tie=False,
        alternatives=(),
        decisions=(decision,),
        findings=findings,
    )
