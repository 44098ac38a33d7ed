"""Dry run: the journey of a few messages in memory, from empty records; nothing is stored, nothing is numbered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.stages.taking_in import TakenIn, read_message, take_in


def dry_run(messages: Iterable[tuple[str, bytes]], rules: RulesInForce, *, new_id: Callable[[], int]) -> dict[str, Any]:
    """What the messages would lead to.

    Shapes   messages: (name, bytes) in order. Returns mappings_version, refused (name and finding of each message
             that could not be used) and treatment_days with decisions, findings, holds and claim drafts.
    """
    names: dict[int, str] = {}
    reads = []
    for name, raw in messages:
        journal_id = new_id()
        names[journal_id] = name
        reads.append(read_message(journal_id, raw, rules))
    taken = take_in(reads, {}, {}, {}, rules, new_id)
    return {
        "mappings_version": rules.version,
        "refused": [{"message": names[journal_id], "finding": finding} for journal_id, finding in taken.parked.items()],
        "treatment_days": [_day(taken, patient_id, outcome) for patient_id, outcome in taken.outcomes],
    }


def _day(taken: TakenIn, patient_id: int, outcome: Any) -> dict[str, Any]:
    adjudication = outcome.adjudication
    record = taken.records[patient_id]
    return {
        "date_of_service": outcome.day.date_of_service,
        "discipline": outcome.day.discipline,
        "encounters": [e.value.number for e in record.encounters if e.id in outcome.encounter_ids],
        "state": outcome.day.state,
        "payer": outcome.day.payer,
        "holds": [finding.id for finding in outcome.holds],
        "findings": outcome.findings,
        "decisions": adjudication.decisions if adjudication else (),
        "drafts": adjudication.drafts if adjudication else (),
    }
