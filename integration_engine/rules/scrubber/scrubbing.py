"""Every edit in force, run over the drafts of one treatment day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.scrubber.code_pairs import check_pairs
from integration_engine.rules.scrubber.diagnoses import check_diagnoses
from integration_engine.rules.scrubber.most_units import check_most_units
from integration_engine.rules.scrubber.results import Results, concluded
from integration_engine.rules.scrubber.written import check_written


def scrub(
    drafts: Sequence[ClaimDraft],
    day: TreatmentDay,
    history: History,
    entry: PayerEntry,
    parameters: Parameters,
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Run every edit in force over the drafts of one treatment day."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for draft in drafts:
        results = Results()
        last_day = filing_last_day(entry, draft.date_of_service, parameters)
        check_written(draft, day, history, parameters, last_day, results)
        check_pairs(draft, day, history, parameters, results)
        check_most_units(draft, day, history, parameters, results)
        check_diagnoses(draft, parameters, results)
        decisions.append(concluded(draft, last_day, results, parameters))
        findings.extend(results.findings)
    return tuple(decisions), tuple(findings)


def filing_last_day(entry: PayerEntry, on: date, parameters: Parameters) -> date | None:
    """The last day a claim may be filed: the contract's days, else the payer profile's limit."""
    if entry.timely_filing_days is not None:
        return date.fromordinal(on.toordinal() + entry.timely_filing_days)
    limit = parameters.profiles[entry.payer.profile].filing_limit.find(on)
    return limit.last_day(on) if limit is not None else None
