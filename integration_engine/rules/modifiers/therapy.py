"""GP, GO and GN by discipline; 96 and 97 where a plan counts habilitative care apart."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Modifier
from integration_engine.core.findings import Citation, Decision, Finding, ParameterUse, Queue, Severity
from integration_engine.domain.parties import LicenceLevel
from integration_engine.rules.modifiers.day import Coding, Line

HABILITATIVE, REHABILITATIVE = Modifier("96"), Modifier("97")
PRESCRIBERS = frozenset({LicenceLevel.PHYSICIAN, LicenceLevel.NON_PHYSICIAN_PRACTITIONER})
ANOTHER_DISCIPLINE = ("under another discipline's plan of care it would be that discipline's modifier",)


def add_discipline(coding: Coding, lines: Sequence[Line]) -> None:
    """GP, GO or GN where the payer wants it; one decision, since all lines have it for the same reason."""
    if coding.scope == "none":
        return
    modifier = coding.parameters.discipline_modifiers[coding.facts.discipline]
    marked = {}
    for line in lines:
        procedure = coding.parameters.procedure(line.code, coding.facts.as_of)
        always = procedure is None or procedure.always_therapy
        if not always and (coding.scope == "always_therapy" or coding.facts.rendering in PRESCRIBERS):
            continue  # a physician may bill a sometimes-therapy code without a therapy plan of care
        line.modifiers.append(modifier)
        marked[line.code] = True
    if marked:
        subject = " ".join(marked)
        key = ("discipline", coding.profile.key, coding.facts.discipline, coding.facts.as_of, subject)
        coding.decisions.append(coding.parameters.remember(key, lambda: _by_discipline(coding, subject, modifier)))


def _by_discipline(coding: Coding, subject: str, modifier: Modifier) -> Decision:
    return Decision(
        station="modifiers",
        subject=subject,
        rule="modifiers.discipline",
        value=modifier,
        working=(f"{coding.facts.discipline} plan of care: {modifier}",),
        parameters=(
            ParameterUse(
                name=f"{coding.profile.key}.discipline_modifiers",
                value=coding.scope,
                in_force_from=coding.since,
            ),
        ),
        citation=coding.parameters.citations["discipline_modifiers"],
        otherwise=ANOTHER_DISCIPLINE,
    )


def add_habilitative(coding: Coding, lines: Sequence[Line]) -> None:
    """96 or 97 for plans that count habilitative and rehabilitative care apart."""
    if not coding.profile.habilitative_modifiers.at(coding.facts.as_of) or not lines:
        return
    if coding.facts.habilitative is None:
        coding.findings.append(_habilitative_unknown(coding.profile.citation))
        return
    for line in lines:
        line.modifiers.append(HABILITATIVE if coding.facts.habilitative else REHABILITATIVE)


def _habilitative_unknown(citation: Citation) -> Finding:
    return Finding(
        id="documentation.habilitative_missing",
        severity=Severity.ERROR,
        text="This plan counts habilitative and rehabilitative care apart, and the visit does not say which it was.",
        fix="Record whether the treatment builds a skill never had (habilitative) or restores one.",
        owner="treating clinician",
        subject="encounter.habilitative",
        expected="yes or no",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )
