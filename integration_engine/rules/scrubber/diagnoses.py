"""ICD-10-CM validity on the date of service."""

from __future__ import annotations

from datetime import date
from typing import Any

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.domain.claim import ClaimDraft
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.results import Results

DIAGNOSES = "edits.icd10_cm"


def check_diagnoses(draft: ClaimDraft, parameters: Parameters, results: Results) -> None:
    """ICD-10-CM codes are valid on the date of service; an excerpt can confirm a code, never refuse one."""
    results.ran.append(DIAGNOSES)
    in_force: DatedValue[Any] | None = _at(parameters.diagnosis_codes, draft.date_of_service)
    if in_force is None:
        results.note(DIAGNOSES, Outcome.NOT_CHECKED, "no ICD-10-CM year is loaded for this date")
        return
    results.uses[DIAGNOSES] = parameters.table_use("icd10_cm", in_force)
    missing = [code for code in draft.diagnoses if code.replace(".", "") not in in_force.value.valid]
    if not missing:
        results.note(DIAGNOSES, Outcome.PASS)
    elif not in_force.value.complete:
        why = f"{' '.join(missing)} not in the excerpt shipped; load the official file"
        results.note(DIAGNOSES, Outcome.NOT_CHECKED, why)
    else:
        results.note(DIAGNOSES, Outcome.FAIL, " ".join(missing))
        results.findings.extend(
            Finding(
                id="edits.diagnosis_not_valid",
                severity=Severity.ERROR,
                text=f"{code} is not valid for submission on this date.",
                fix="Use the full code that is valid on the date of service; the code set changes each October.",
                owner="treating clinician",
                subject=f"claim.diagnoses {code}",
                observed=code,
                queue=Queue.EDITS,
                citation=in_force.citation,
            )
            for code in missing
        )


def _at(dated: Dated[Any], on: date) -> DatedValue[Any] | None:
    found = dated.latest(on)
    return found if found is not None and (found.effective_to is None or on <= found.effective_to) else None
