"""Every edit looks at every draft, with the claim and the clinical facts before it.

Most edits are data in mappings/edits/, in the closed grammar of conditions.py. Two kinds are tables: code pairs (NCCI)
and most units a day (MUE); a date outside the quarter loaded answers *not checked*, never *pass*.
Authority: each edit's own citation; NCCI and MUE files of CMS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, ServiceLine
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters import Edit, Parameters

BYPASS = frozenset({"59", "XE", "XS", "XP", "XU"})

CLAIM_FIELDS = frozenset(
    {
        "claim.payer",
        "claim.profile",
        "claim.discipline",
        "claim.place_of_service",
        "claim.codes",
        "claim.diagnoses",
        "claim.first_diagnosis",
        "claim.total_charge",
        "claim.line_count",
        "claim.has_referring",
        "patient.age",
        "patient.sex",
        "encounter.type",
        "encounter.modality",
        "episode.earlier_evaluations",
    }
)
LINE_FIELDS = CLAIM_FIELDS | {
    "line.code",
    "line.modifiers",
    "line.units",
    "line.charge_cents",
    "line.diagnoses",
    "line.is_evaluation",
    "line.is_hands_on",
    "line.is_timed",
    "line.same_code_and_modifiers",
    "line.missing_primary",
}


def scrub(
    drafts: Sequence[ClaimDraft], day: TreatmentDay, history: History, parameters: Parameters
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Run every edit in force over the drafts of one treatment day."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for draft in drafts:
        facts = claim_facts(draft, day, history)
        lines = [line_facts(line, draft, facts, parameters) for line in draft.lines]
        found: list[str] = []
        ran = 0
        for edit in parameters.edits:
            if not _applies(edit, draft):
                continue
            ran += 1
            places = lines if edit.scope == "line" else [facts]
            for number, one in enumerate(places, start=1):
                if edit.when.holds(one):
                    findings.append(_finding(edit, number if edit.scope == "line" else 0, one))
                    found.append(edit.id)
        decisions.append(
            Decision(
                station="scrubber",
                subject=f"claim part {draft.part}",
                rule="scrubber.edits",
                value=f"{ran} edits run, {len(found)} fired",
                outcome=Outcome.FAIL if found else Outcome.PASS,
                working=tuple(found) or ("none fired",),
            )
        )
        _pairs(draft, parameters, decisions, findings)
        _most_units(draft, parameters, decisions, findings)
    return tuple(decisions), tuple(findings)


def claim_facts(draft: ClaimDraft, day: TreatmentDay, history: History) -> Mapping[str, Any]:
    """The claim as conditions see it."""
    on, born = draft.date_of_service, draft.patient.birth_date
    encounter = day.encounters[0]
    return {
        "claim.payer": draft.payer.key,
        "claim.profile": draft.payer.profile,
        "claim.discipline": draft.discipline.value,
        "claim.place_of_service": draft.place_of_service,
        "claim.codes": tuple(line.code for line in draft.lines),
        "claim.diagnoses": draft.diagnoses,
        "claim.first_diagnosis": draft.diagnoses[0],
        "claim.total_charge": int(draft.total_charge * 100),
        "claim.line_count": len(draft.lines),
        "claim.has_referring": draft.referring is not None,
        "patient.age": on.year - born.year - ((on.month, on.day) < (born.month, born.day)),
        "patient.sex": draft.patient.sex.value,
        "encounter.type": encounter.encounter_type.value if encounter.encounter_type else "",
        "encounter.modality": encounter.modality.value if encounter.modality else "",
        "episode.earlier_evaluations": sum(
            other.evaluation and other.discipline is draft.discipline and other.date_of_service < on
            for other in history.days
        )
        if encounter.encounter_type is EncounterType.EVALUATION
        else 0,
    }


def line_facts(
    line: ServiceLine, draft: ClaimDraft, facts: Mapping[str, Any], parameters: Parameters
) -> Mapping[str, Any]:
    """One line as conditions see it, with its claim's facts."""
    try:
        procedure = (
            parameters.procedures[line.code].at(line.date_of_service) if line.code in parameters.procedures else None
        )
    except NotInForce:
        procedure = None
    codes = {other.code for other in draft.lines}
    return {
        **facts,
        "line.code": line.code,
        "line.modifiers": line.modifiers,
        "line.units": line.units,
        "line.charge_cents": int(line.charge * 100),
        "line.diagnoses": tuple(draft.diagnoses[pointer - 1] for pointer in line.pointers),
        "line.is_evaluation": procedure is not None and procedure.evaluation,
        "line.is_hands_on": procedure is not None and procedure.hands_on,
        "line.is_timed": procedure is not None and procedure.unit_minutes is not None,
        "line.same_code_and_modifiers": sum(
            (other.code, other.modifiers) == (line.code, line.modifiers) for other in draft.lines
        )
        > 1,
        "line.missing_primary": procedure is not None
        and bool(procedure.add_on_to)
        and codes.isdisjoint(procedure.add_on_to),
    }


def _applies(edit: Edit, draft: ClaimDraft) -> bool:
    if edit.payers and draft.payer.profile not in edit.payers and draft.payer.key not in edit.payers:
        return False
    try:
        return edit.in_force.at(draft.date_of_service)
    except NotInForce:
        return False


def _finding(edit: Edit, line: int, facts: Mapping[str, Any]) -> Finding:
    return Finding(
        id=edit.id,
        severity=edit.severity,
        text=edit.text,
        fix=edit.fix,
        owner=edit.owner,
        subject=f"claim.lines[{line}] {facts['line.code']}" if line else "claim",
        observed=" ".join(facts["line.modifiers"]) if line else "",
        expected=f"not: {edit.when.text}",
        queue=Queue(edit.queue),
        citation=edit.citation,
    )


def _pairs(draft: ClaimDraft, parameters: Parameters, decisions: list[Decision], findings: list[Finding]) -> None:
    try:
        in_force = parameters.pair_edits.on(draft.date_of_service)
    except NotInForce as error:
        decisions.append(_not_checked("ncci_pairs", str(error)))
        return
    for first, second in permutations(draft.lines, 2):
        indicator = in_force.value.pairs.get((first.code, second.code))
        if indicator is None or not (indicator == 0 or BYPASS.isdisjoint((*first.modifiers, *second.modifiers))):
            continue
        findings.append(
            Finding(
                id="edits.ncci_pair" if indicator else "edits.ncci_never",
                severity=Severity.ERROR,
                text=f"{second.code} is part of {first.code} on the same day"
                + (" unless done apart." if indicator else "; no modifier separates them."),
                fix="If the note shows separate 15-minute blocks, add 59 or X{EPSU} in the EMR; else do not bill it."
                if indicator
                else f"Do not bill {second.code} with {first.code}.",
                owner="biller",
                subject=f"claim.lines[{second.number}] {second.code}",
                observed=f"{first.code} with {second.code}",
                queue=Queue.EDITS,
                citation=in_force.citation,
            )
        )
    decisions.append(_checked("ncci_pairs", in_force.effective_from.isoformat(), in_force.effective_from))


def _most_units(draft: ClaimDraft, parameters: Parameters, decisions: list[Decision], findings: list[Finding]) -> None:
    try:
        in_force = parameters.most_units.on(draft.date_of_service)
    except NotInForce as error:
        decisions.append(_not_checked("most_units", str(error)))
        return
    units: dict[str, int] = {}
    for line in draft.lines:
        units[line.code] = units.get(line.code, 0) + line.units
    for code, count in units.items():
        most = in_force.value.get(code)
        if most is not None and count > most:
            findings.append(
                Finding(
                    id="edits.most_units",
                    severity=Severity.ERROR,
                    text=f"{count} units of {code} on one day; {most} are payable.",
                    fix="Check the minutes; where they are right, override with a reason and keep the record for an appeal.",
                    owner="biller",
                    subject=f"claim {code}",
                    observed=str(count),
                    expected=f"at most {most}",
                    queue=Queue.EDITS,
                    citation=in_force.citation,
                )
            )
    decisions.append(_checked("most_units", in_force.effective_from.isoformat(), in_force.effective_from))


def _checked(what: str, quarter: str, since: Any) -> Decision:
    return Decision(
        station="scrubber",
        subject=what,
        rule=f"scrubber.{what}",
        value="checked",
        working=(f"against the quarter in force from {quarter}",),
        parameters=(ParameterUse(name=what, value=quarter, in_force_from=since),),
    )


def _not_checked(what: str, why: str) -> Decision:
    return Decision(
        station="scrubber",
        subject=what,
        rule=f"scrubber.{what}",
        value="not checked",
        outcome=Outcome.NOT_CHECKED,
        working=(why,),
    )
