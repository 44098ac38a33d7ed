"""Services with units become lines with modifiers, in the payer's order."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.rules.modifiers.assistants import lines_by_whom
from integration_engine.rules.modifiers.carried import add_sent
from integration_engine.rules.modifiers.day import CodedLine, Coding, Line, ModifierFacts, ModifiersResult
from integration_engine.rules.modifiers.notices import add_notices
from integration_engine.rules.modifiers.separation import add_separation
from integration_engine.rules.modifiers.telehealth import add_telehealth
from integration_engine.rules.modifiers.therapy import add_discipline, add_habilitative
from integration_engine.rules.modifiers.threshold import add_threshold
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.units.services import Service

MOST_MODIFIERS = 4
GUIDE = Citation(document="X222A1", section="2400 SV101-3 to SV101-6")


def coded_lines(
    services: Sequence[Service], profile: PayerProfile, facts: ModifierFacts, parameters: Parameters
) -> ModifiersResult:
    """Turn services with units into lines with modifiers, splitting a code that assistant and therapist shared.

    Raises   NotInForce: the payer says nothing about modifiers on this date (a configuration error, never a fallback).
    """
    coding = Coding(profile, facts, parameters)
    lines = [line for service in services if service.units for line in lines_by_whom(coding, service)]
    add_discipline(coding, lines)
    add_notices(coding, lines)
    allowed = add_threshold(coding, lines)
    add_separation(coding, lines)
    add_telehealth(coding, lines)
    add_habilitative(coding, lines)
    add_sent(coding, lines)
    return ModifiersResult(
        lines=tuple(finished(coding, line) for line in lines),
        allowed=allowed,
        decisions=tuple(coding.decisions),
        findings=tuple(coding.findings),
    )


def finished(coding: Coding, line: Line) -> CodedLine:
    """The line with its modifiers in the payer's order; more than four hold."""
    rank = coding.rank
    if len(line.modifiers) > 1:
        line.modifiers.sort(key=lambda modifier: rank.get(modifier, len(rank)))
    if len(line.modifiers) > MOST_MODIFIERS:
        coding.findings.append(_too_many(line.code, line.modifiers))
    return CodedLine(
        code=line.code,
        units=line.units,
        places=line.places,
        by_assistant=line.by_assistant,
        modifiers=tuple(line.modifiers),
    )


def _too_many(code: Hcpcs, modifiers: Sequence[Modifier]) -> Finding:
    return Finding(
        id="edits.too_many_modifiers",
        severity=Severity.ERROR,
        text=f"{code} would need {len(modifiers)} modifiers and a line carries four.",
        fix="Decide which modifiers this payer needs, and override; none is dropped silently.",
        owner="biller",
        subject=f"line {code}",
        observed=" ".join(modifiers),
        expected="at most 4",
        queue=Queue.EDITS,
        citation=GUIDE,
    )
