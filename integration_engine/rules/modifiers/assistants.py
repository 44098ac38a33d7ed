"""CQ and CO: which units of a code an assistant's minutes made."""

from __future__ import annotations

from integration_engine.core.codes import Modifier
from integration_engine.core.findings import Citation, Decision, Finding, ParameterUse, Queue, Severity
from integration_engine.rules.modifiers.assistant_share import other_readings, split_as_a_whole, split_by_unit
from integration_engine.rules.modifiers.day import Coding, Line
from integration_engine.rules.units.services import Service


def lines_by_whom(coding: Coding, service: Service) -> list[Line]:
    """The service's lines, apart for units that take the assistant modifier."""
    if not coding.assistants_marked():
        return _lines(service, service.units, 0)
    if service.assistant_minutes == 0:
        return _lines(service, service.units, 0)
    in_force = coding.parameters.assistant.on(coding.facts.as_of)
    rule = in_force.value
    if not rule.used or coding.facts.setting in rule.exempt_settings:
        return _lines(service, service.units, 0)
    if service.assistant_minutes is None:
        coding.findings.append(_share_unknown(service))
        lines = _lines(service, service.units, 0)
        for line in lines:
            line.share_unknown = True
        return lines
    total = max(service.minutes or 0, service.assistant_minutes)
    assistant = service.assistant_minutes
    therapist = total - assistant
    if service.facts is None or service.facts.unit_minutes is None or service.facts.once:
        split = split_as_a_whole(therapist, assistant, service.units, rule)
    else:
        split = split_by_unit(therapist, assistant, service.lengths, rule)
    modifier = coding.parameters.assistant_modifiers[coding.facts.discipline]
    coding.decisions.append(
        Decision(
            station="modifiers",
            subject=service.code,
            rule="modifiers.assistant",
            value=f"{split.with_it} with {modifier}, {split.without} without",
            inputs=(("therapist minutes", str(therapist)), ("assistant minutes", str(assistant))),
            working=(
                f"therapist {therapist} min, assistant alone {assistant} min, {service.units} units",
                split.why,
            ),
            parameters=(
                ParameterUse(
                    name="assistant_rule",
                    value=f"over {rule.share_over}0 %, {rule.share_method.value}",
                    in_force_from=in_force.effective_from,
                ),
            ),
            citation=rule.citation,
            otherwise=("joint minutes count as the therapist's", *other_readings(assistant, total, rule)),
        )
    )
    if split.doubt is not None:
        coding.findings.append(_share_not_addressed(service, split.doubt, rule.citation))
    return _lines(service, split.without, split.with_it, modifier, marked_first=split.first_with_it)


def _lines(
    service: Service, without: int, with_it: int, modifier: Modifier | None = None, *, marked_first: bool = False
) -> list[Line]:
    """Lines without and with the assistant modifier; of a family, the first unit is the first code's."""
    lines = []
    first_given = False
    parts = ((without, None), (with_it, modifier))
    for units, mark in reversed(parts) if marked_first else parts:
        left = units
        if not left:
            continue
        marks = [mark] if mark else []
        if service.further is None:
            lines.append(Line(service.code, left, service.places, marks))
            continue
        if not first_given:
            lines.append(Line(service.code, 1, service.places, marks))
            first_given, left = True, left - 1
        if left:
            lines.append(Line(service.further.code, left, service.further_places or service.places, list(marks)))
    return lines


def _share_unknown(service: Service) -> Finding:
    return Finding(
        id="documentation.assistant_share_unknown",
        severity=Severity.ERROR,
        text=f"An assistant took part in {service.code}, and the note does not say for how many minutes alone.",
        fix="Enter the assistant's minutes without the therapist, and the joint minutes, for this code.",
        owner="treating clinician",
        subject=f"encounter.treatments[{service.places[0]}].assistant_minutes",
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="42 CFR", section="410.60(a)(4)"),
    )


def _share_not_addressed(service: Service, doubt: str, citation: Citation) -> Finding:
    return Finding(
        id="modifiers.assistant_split_review",
        severity=Severity.WARNING,
        text=f"{service.code}: {doubt}.",
        fix="Have compliance look at the minutes.",
        owner="compliance",
        subject=f"encounter.treatments[{service.places[0]}]",
        citation=citation,
    )
