"""May a hold of the authorization queue go from one stage to the next, and what proves it?

One table of legal steps, each with the evidence it asks for. A hold that finds cover again is released by the engine
from any stage; that step is no person's and stands in no table. Authority: house rule; what a payer or an auditor asks
to see later is the reference, the letter and the signed agreement.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from integration_engine.core.findings import Queue
from integration_engine.domain.hold import HoldStage

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One legal step. evidence: what has to be given, in words; it always includes a date or a reference."""

    before: HoldStage
    after: HoldStage
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a person gives for a step. text: what happened, with its date as 2026-11-20; reference: the other side's number."""

    text: str
    reference: str = ""
    by: str = ""


_REQUEST = "the payer's reference of the request, or the date it was sent (2026-11-20)"
_LETTER = "the payer's denial reference, or the date of its letter (2026-11-20)"
_AGREEMENT = "the date the patient signed the notice (2026-11-20), or the reference of the financial agreement"
_REVOKED = "the date the agreement was taken back (2026-11-20), or the reference of the document that does"
_WITHDRAWN = "the date the request was withdrawn (2026-11-20), or the payer's reference of it"

STEPS: tuple[Step, ...] = (
    Step(before=HoldStage.NONE, after=HoldStage.EXTENSION_REQUESTED, evidence=_REQUEST),
    Step(before=HoldStage.NONE, after=HoldStage.PATIENT_PAY_ONLY, evidence=_AGREEMENT),
    Step(before=HoldStage.EXTENSION_REQUESTED, after=HoldStage.DENIED, evidence=_LETTER),
    Step(before=HoldStage.EXTENSION_REQUESTED, after=HoldStage.PATIENT_PAY_ONLY, evidence=_AGREEMENT),
    Step(before=HoldStage.EXTENSION_REQUESTED, after=HoldStage.NONE, evidence=_WITHDRAWN),
    Step(before=HoldStage.DENIED, after=HoldStage.EXTENSION_REQUESTED, evidence=_REQUEST),
    Step(before=HoldStage.DENIED, after=HoldStage.PATIENT_PAY_ONLY, evidence=_AGREEMENT),
    Step(before=HoldStage.PATIENT_PAY_ONLY, after=HoldStage.NONE, evidence=_REVOKED),
)


def check_step(
    before: HoldStage, after: HoldStage, evidence: Evidence, *, queue: str, as_of: date, placeholders: Collection[str]
) -> Step:
    """The step from one stage to another, if it is legal and proven.

    Shapes   as_of: the day it is recorded. placeholders: texts that are no reference, in capitals.
    Raises   ValueError saying which steps there are, or which evidence is missing.
    """
    if queue != Queue.AUTHORIZATION:
        raise ValueError(f"only holds of the authorization queue have stages; this one waits in {queue}")
    step = next((s for s in STEPS if (s.before, s.after) == (before, after)), None)
    if step is None:
        legal = ", ".join(s.after for s in STEPS if s.before is before)
        raise ValueError(f"a hold cannot go from {before} to {after}; from {before} it can go to {legal}")
    if not evidence.by.strip():
        raise ValueError("--by must not be empty: it is kept in the audit")
    if not evidence.text.strip():
        raise ValueError(f"--evidence must not be empty: give {step.evidence}")
    reference = evidence.reference.strip().upper()
    if reference and (reference in placeholders or len(set(reference)) == 1):
        raise ValueError(f"--reference is a placeholder, not a reference: give {step.evidence}")
    dates = [_day(text) for text in _DATE.findall(evidence.text)]
    if any(day > as_of for day in dates):
        raise ValueError("--evidence names a date that is still to come: record the step once it has happened")
    if not reference and not dates:
        raise ValueError(f"{after} needs {step.evidence}: put the date into --evidence or the number into --reference")
    return step


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("--evidence holds a date that does not exist: write it as 2026-11-20") from None
