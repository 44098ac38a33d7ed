"""What is put right about a day's treatments without a person: data in mappings/edits/repairs.yaml, kept apart from edits.

Only two things can be repaired: a payer's own code for the same service, and a bundled code that is never paid apart
and so never billed. Minutes, diagnoses, people and times are clinical content and stay as they were documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Decision, Finding, ParameterUse, Severity
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.parameters.edits import Repair
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.units.services import UnitsResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """Treatments with the payer's codes, and the codes that are left out, each with its repair."""

    treatments: tuple[Treatment, ...]
    left_out: frozenset[Hcpcs]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def repaired(
    treatments: Sequence[Treatment], entry: PayerEntry, profile: PayerProfile, as_of: date, parameters: Parameters
) -> Repaired:
    """Apply every repair in force for this payer."""
    present = {treatment.code for treatment in treatments}
    applying = [r for r in parameters.repairs if r.code in present and _applies(r, entry, profile, as_of)]
    becomes = {r.code: r.becomes for r in applying if r.becomes is not None}
    changed = tuple(
        replace(t, code=becomes[t.code]) if t.code is not None and t.code in becomes else t for t in treatments
    )
    return Repaired(
        treatments=changed if becomes else tuple(treatments),
        left_out=frozenset(r.code for r in applying if r.becomes is None),
        decisions=tuple(_decision(r, as_of) for r in applying),
        findings=tuple(_finding(r) for r in applying),
    )


def leave_out(units: UnitsResult, codes: frozenset[Hcpcs]) -> UnitsResult:
    """The units without those of codes that are never billed; they stay documented."""
    if not codes:
        return units
    return replace(units, services=tuple(replace(s, units=0) if s.code in codes else s for s in units.services))


def _applies(repair: Repair, entry: PayerEntry, profile: PayerProfile, as_of: date) -> bool:
    named = not repair.payers or entry.payer.key in repair.payers or profile.key in repair.payers
    return named and (not repair.segments or profile.segment in repair.segments) and bool(repair.in_force.find(as_of))


def _decision(repair: Repair, as_of: date) -> Decision:
    return Decision(
        station="repairs",
        subject=repair.code,
        rule=repair.id,
        value=repair.becomes or "not billed",
        working=(repair.text, repair.why),
        parameters=(
            ParameterUse(name=repair.id, value=repair.kind, in_force_from=repair.in_force.on(as_of).effective_from),
        ),
        citation=repair.citation,
        otherwise=("a payer it does not name gets the code as documented",),
    )


def _finding(repair: Repair) -> Finding:
    return Finding(
        id=repair.id,
        severity=Severity.INFORMATION,
        text=repair.text,
        fix="Nothing to do.",
        owner="biller",
        subject=f"code {repair.code}",
        observed=repair.code,
        expected=repair.becomes or "",
        citation=repair.citation,
        why=repair.why,
    )
