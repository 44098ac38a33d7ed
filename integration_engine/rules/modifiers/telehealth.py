"""95, 93, GT and FQ: the payer's telehealth modifier by modality and setting."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, ParameterUse, Queue, Severity
from integration_engine.domain.encounter import Modality
from integration_engine.rules.modifiers.day import Coding, Line

IN_PERSON = ("in person there would be no telehealth modifier and another place of service",)


def add_telehealth(coding: Coding, lines: Sequence[Line]) -> None:
    """The payer's telehealth modifier; audio only apart from video, an institution apart from private practice."""
    if coding.facts.modality in {Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO}:
        for line in lines:
            procedure = coding.parameters.procedure(line.code, coding.facts.as_of)
            if procedure is None or not procedure.remote:  # monitoring and e-visits are not telehealth
                _add_telehealth(coding, line)


def _add_telehealth(coding: Coding, line: Line) -> None:
    facts, profile = coding.facts, coding.profile
    in_force = profile.telehealth.on(facts.as_of)
    rule = in_force.value
    if not rule.covered:
        coding.findings.append(_telehealth_not_covered(line.code, profile.label, rule.citation))
        return
    listed = coding.parameters.telehealth_codes.get(rule.codes)
    if listed is not None and line.code not in (listed.find(facts.as_of) or ()):
        coding.findings.append(_telehealth_code_not_listed(line.code, profile.label, rule.citation))
    if facts.modality is Modality.TELEHEALTH_AUDIO:
        modifier = rule.audio_modifier
    else:
        modifier = rule.institution_modifier if facts.setting != "private_practice" else rule.video_modifier
    mode = (facts.modality or Modality.TELEHEALTH_VIDEO).value
    coding.decisions.append(
        Decision(
            station="modifiers",
            subject=line.code,
            rule="modifiers.telehealth",
            value=modifier or "none",
            working=(f"{mode} for {profile.label}: {modifier or 'place of service alone says it'}",),
            parameters=(
                ParameterUse(
                    name=f"{profile.key}.telehealth",
                    value=modifier or "none",
                    in_force_from=in_force.effective_from,
                ),
            ),
            citation=rule.citation,
            otherwise=IN_PERSON,
        )
    )
    if modifier:
        line.modifiers.append(modifier)


def _telehealth_not_covered(code: Hcpcs, payer: str, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.telehealth_not_covered",
        severity=Severity.ERROR,
        text=f"{payer} does not cover therapy by telehealth on this date.",
        fix="Correct the modality, or bill the patient who was told before the visit.",
        owner="biller",
        subject="encounter.modality",
        observed=code,
        queue=Queue.EDITS,
        citation=citation,
    )


def _telehealth_code_not_listed(code: Hcpcs, payer: str, citation: Citation | None) -> Finding:
    return Finding(
        id="modifiers.telehealth_code_not_listed",
        severity=Severity.ERROR,
        text=f"{code} is not on the list of codes that {payer} takes by telehealth on this date.",
        fix="Correct the modality or the code, or add the code with its source to mappings/codes/telehealth.yaml.",
        owner="treating clinician",
        subject=f"line {code}",
        queue=Queue.EDITS,
        citation=citation,
    )
