"""What a payer's caps for a visit leave of the units earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Decision, Finding, Severity
from integration_engine.rules.parameters.payers import UnitsMethod, VisitCap
from integration_engine.rules.units.services import Service, is_pooled


def capped(services: Sequence[Service], cap: VisitCap) -> tuple[list[Service], list[str]]:
    """Take units away until the payer's caps for a visit hold, and say what was taken.

    Why      Minutes say nothing about an evaluation or an untimed code, so those stay first; of timed codes the unit
             with the fewest minutes behind it goes first.
    """
    result = list(services)
    steps: list[str] = []
    if cap.most_codes is not None:
        ranked = sorted((s for s in result if s.units), key=_worth)
        for service in ranked[cap.most_codes :]:
            result[result.index(service)] = replace(service, units=0)
            steps.append(f"{service.code} is over the {cap.most_codes} codes a visit")
    while excess := _excess(result, cap):
        index = min(
            (i for i, s in enumerate(result) if s.lengths),
            key=lambda i: (_behind_the_last(result[i]), result[i].minutes or 0, -i),
        )
        steps.append(f"{result[index].code} gives up a unit: {excess}")
        result[index] = replace(result[index], units=result[index].units - 1)
    return result, steps


def _worth(service: Service) -> tuple[int, int, tuple[int, ...]]:
    """What stays first where a payer pays so many codes a visit: evaluations, untimed codes, then the most minutes."""
    facts = service.facts
    if facts is None or facts.unit_minutes is not None:
        return 2, -(service.minutes or 0), service.places
    return (0 if facts.evaluation else 1), 0, service.places


def _excess(services: Sequence[Service], cap: VisitCap) -> str:
    """Which cap the timed units are over, in words; empty when none."""
    lengths = [length for s in services for length in s.lengths]
    if cap.most_units is not None and len(lengths) > cap.most_units:
        return f"{cap.most_units} timed units a visit"
    if cap.most_minutes is not None and sum(lengths) > cap.most_minutes:
        return f"its units stand for {sum(lengths)} min with the others, and {cap.most_minutes} min a visit are paid"
    return ""


def _behind_the_last(service: Service) -> int:
    """Minutes that are behind the last unit alone."""
    return (service.minutes or 0) - sum(service.lengths[:-1])


def alternatives_capped(
    earned: Sequence[Service],
    result: Sequence[Service],
    others: Sequence[Mapping[Hcpcs, int]],
    cap: VisitCap,
    method: UnitsMethod,
) -> list[tuple[tuple[Hcpcs, int], ...]]:
    """What a tie leaves open once the cap holds: each other way capped, without repetitions."""

    def pooled(services: Sequence[Service]) -> tuple[tuple[Hcpcs, int], ...]:
        return tuple(pair for s in services if is_pooled(s, method) for pair in s.billed)

    ways = [pooled(result)]
    for given in others:
        way = pooled(capped([replace(s, units=given.get(s.code, s.units)) for s in earned], cap)[0])
        if way not in ways:
            ways.append(way)
    return ways[1:]


def as_capped(
    decisions: Sequence[Decision], earned: Sequence[Service], result: Sequence[Service], cap: VisitCap
) -> list[Decision]:
    """The decision of each service, with what the cap left of it."""
    told = []
    for decision, before, after in zip(decisions, earned, result, strict=True):
        if before.units == after.units:
            told.append(decision)
            continue
        step = f"{before.units} earned, {after.units} billed: the payer's cap for a visit ({cap.citation})"
        told.append(replace(decision, value=str(after.units), working=(*decision.working, step)))
    return told


def cap_decision(earned: Sequence[Service], result: Sequence[Service], steps: Sequence[str], cap: VisitCap) -> Decision:
    """That the cap took units, and which."""
    return Decision(
        station="units",
        subject="visit",
        rule="units.cap",
        value=f"{sum(s.units for s in earned)} earned, {sum(s.units for s in result)} billed",
        working=tuple(steps),
        citation=cap.citation,
        otherwise=("without the payer's cap every unit earned would be billed",),
    )


def over_the_cap(before: Sequence[Service], after: Sequence[Service], cap: VisitCap) -> list[Finding]:
    """What the cap cost: a number where only units went, a warning for a code that went as a whole."""
    earned, billed = sum(s.units for s in before), sum(s.units for s in after)
    lost = [one.code for one, other in zip(before, after, strict=True) if one.units and not other.units]
    whole = f"; {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} not billed at all" if lost else ""
    return [
        Finding(
            id="units.over_the_cap",
            severity=Severity.WARNING if lost else Severity.INFORMATION,
            text=f"{earned} units were earned and this payer pays {billed} for the visit{whole}; the rest is documented, not billed.",
            fix="See that what is billed is what the contract pays best; nothing to do otherwise."
            if lost
            else "Nothing to do.",
            owner="biller",
            subject="encounter.treatments",
            observed=str(earned),
            expected=str(billed),
            citation=cap.citation,
        )
    ]
