"""Edits as data: the conditions of mappings/edits/, asked of a claim and of each of its lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from integration_engine.core.findings import Finding, Outcome, ParameterUse, Queue
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters.edits import PLAIN_FIELDS, Edit, EditsInForce
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.edit_facts import edit_facts
from integration_engine.rules.scrubber.results import Results


def check_written(
    draft: ClaimDraft,
    day: TreatmentDay,
    history: History,
    parameters: Parameters,
    last_day: date | None,
    results: Results,
) -> None:
    """Every written edit on the claim and on each line; most lines share their answers with others like them."""
    facts = edit_facts(draft, day, history, parameters, last_day)
    segment = parameters.profiles[draft.payer.profile].segment
    edits = parameters.edits_for(draft.payer, segment, draft.date_of_service)
    results.ran.extend(edits.ids)
    for holds, edit in edits.of_claim:
        found = holds(facts.claim)
        if found is not False:
            _tell(edit, facts.claim, 0, results, draft.date_of_service, unknown=found is None)
    whole = dict(facts.claim)
    for line, line_facts in zip(draft.lines, facts.lines, strict=True):
        whole.update(line_facts)
        for found, edit in _of_plain_line(whole, edits, draft, parameters):
            _tell(edit, whole, line.number, results, draft.date_of_service, unknown=found is None)
        for holds, edit in edits.of_code.get(line.code, edits.of_any_line):
            found = holds(whole)
            if found is not False:
                _tell(edit, whole, line.number, results, draft.date_of_service, unknown=found is None)


def _of_plain_line(
    facts: Mapping[str, Any], edits: EditsInForce, draft: ClaimDraft, parameters: Parameters
) -> tuple[tuple[bool | None, Edit], ...]:
    """The plain edits that do not pass for these facts: found or not known."""
    key = ("plain", draft.payer.key, draft.date_of_service, *map(facts.__getitem__, PLAIN_FIELDS))

    def answer() -> tuple[tuple[bool | None, Edit], ...]:
        asked = ((holds(facts), edit) for holds, edit in edits.of_plain_line)
        return tuple((found, edit) for found, edit in asked if found is not False)

    return parameters.remember(key, answer)


def _tell(edit: Edit, facts: Mapping[str, Any], line: int, results: Results, on: date, *, unknown: bool) -> None:
    if unknown:
        results.note(edit.id, Outcome.NOT_CHECKED, f"not known: {', '.join(edit.when.unknown(facts))}")
        return
    since = edit.in_force.on(on).effective_from
    results.note(edit.id, Outcome.FAIL, f"{edit.text} [{edit.citation}]")
    results.uses[edit.id] = ParameterUse(name=edit.id, value=edit.when.text, in_force_from=since)
    results.findings.append(_finding(edit, line, facts))


def _finding(edit: Edit, line: int, facts: Mapping[str, Any]) -> Finding:
    looked_at = [name for name in sorted(edit.when.fields) if name not in {"line.code", "claim.profile"}]
    return Finding(
        id=edit.id,
        severity=edit.severity,
        text=edit.text,
        fix=edit.fix,
        owner=edit.owner,
        subject=f"claim.lines[{line}] {facts['line.code']}" if line else "claim",
        observed="; ".join(f"{name} {_shown(facts[name])}" for name in looked_at),
        expected=f"not: {edit.when.text}",
        queue=Queue(edit.queue),
        citation=edit.citation,
        why=edit.why,
    )


def _shown(fact: Any) -> str:
    return (" ".join(fact) or "none") if isinstance(fact, tuple) else "unknown" if fact is None else str(fact)
