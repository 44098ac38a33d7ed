"""Most units a day (MUE) of a code."""

from __future__ import annotations

from typing import Any

from integration_engine.core.dated import DatedValue
from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.claims.payment_order import same_day
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.results import Results, loaded

MOST_UNITS = "edits.most_units"


def check_most_units(
    draft: ClaimDraft, day: TreatmentDay, history: History, parameters: Parameters, results: Results
) -> None:
    """Units of a code on one day, those of the same day's other claims included."""
    name = parameters.profiles[draft.payer.profile].most_units.at(draft.date_of_service)
    if name is None:
        return
    results.ran.append(MOST_UNITS)
    in_force = parameters.most_units[name].latest(draft.date_of_service)
    if in_force is None:
        results.note(MOST_UNITS, Outcome.NOT_CHECKED, f"no quarter of {name} is loaded for this date")
        return
    results.uses[MOST_UNITS] = parameters.table_use(f"most_units {name}", in_force)
    results.note(MOST_UNITS, *loaded(in_force, in_force.value.complete, draft.date_of_service))
    units: dict[str, int] = {}
    for line in draft.lines:
        units[line.code] = units.get(line.code, 0) + line.units
    for prior in same_day(day, history):
        for code, count in prior.codes:
            if code in units:
                units[code] += count
    for billed, total in units.items():
        most, indicator = in_force.value.values.get(billed, (None, 0))
        if most is None:
            results.note(MOST_UNITS, Outcome.NOT_CHECKED, f"{billed} has no value in the quarter loaded")
        elif total > most:
            results.note(MOST_UNITS, Outcome.FAIL, f"{total} of {billed}, {most} a day")
            results.findings.append(_too_many_units(billed, total, most, indicator, in_force))


def _too_many_units(code: str, count: int, most: int, indicator: int, in_force: DatedValue[Any]) -> Finding:
    absolute = indicator == 2  # noqa: PLR2004 - adjudication indicator 2: policy, no appeal
    return Finding(
        id="edits.most_units",
        severity=Severity.ERROR,
        text=f"{count} units of {code} on one day; {most} are payable.",
        fix="This limit is policy and has no appeal: bill no more than it allows."
        if absolute
        else "Check the minutes; where they are right, override with a reason and keep the record for an appeal.",
        owner="biller",
        subject=f"claim {code}",
        observed=str(count),
        expected=f"at most {most}",
        queue=Queue.EDITS,
        citation=in_force.citation,
    )
