"""Which payer has the day: the first coverage in force whose payer is known, else why no rule can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.parameters.practice import PayerEntry

HOUSE = Citation(document="house rule", section="order of payers; mappings/practice.yaml")
DATES = Citation(document="house rule", section="every value is asked by date of service; mappings/")
PROFILES = Citation(document="house rule", section="a payer without a profile has no rules; mappings/practice.yaml")
DISCIPLINE = Citation(document="CMS Pub 100-04 ch. 5", section="§20.1")
SUBSCRIBER = Citation(document="X222A1", section="loops 2010BA and 2010BB")


def coverages_in_force(coverages: Sequence[Coverage], on: date) -> list[Coverage]:
    """The coverages in force on a date, by rank."""
    in_force = [
        c
        for c in coverages
        if (c.effective_on is None or c.effective_on <= on) and (c.ends_on is None or on <= c.ends_on)
    ]
    return sorted(in_force, key=lambda c: c.rank or 99)


def payer_decision(coverage: Coverage, entry: PayerEntry, day: TreatmentDay) -> Decision:
    """That this payer comes first, and whose rules are asked."""
    return Decision(
        station="payer",
        subject="coverage",
        rule="payer.primary_in_force",
        value=entry.payer.key,
        working=(
            f"{len(day.coverages)} coverages stated; rank {coverage.rank or 'not stated'} is the first in force on {day.date_of_service}",
            f"rules of profile {entry.payer.profile}",
        ),
        citation=HOUSE,
        otherwise=("another coverage in force with a lower rank would be billed first, by its own payer's rules",),
    )


def unplaceable(day: TreatmentDay, coverage: Coverage | None) -> list[Finding]:
    """Why no payer's rules can be asked: no discipline, no coverage in force, or a payer nobody knows."""
    findings = []
    if day.discipline is None:
        findings.append(
            Finding(
                id="documentation.discipline_missing",
                severity=Severity.ERROR,
                text="The visit does not say whether it was PT, OT or SLP.",
                fix="Send the discipline (ZVS-1 in the therapy feed).",
                owner="treating clinician",
                subject="encounter.discipline",
                queue=Queue.DOCUMENTATION,
                citation=DISCIPLINE,
            )
        )
    if coverage is None:
        findings.append(
            Finding(
                id="interface.no_coverage",
                severity=Severity.ERROR,
                text="No coverage is known that is in force on the date of service.",
                fix="Send the insurance (IN1) with an ADT or with the charge.",
                owner="front desk",
                subject="coverage",
                queue=Queue.INTERFACE,
                citation=SUBSCRIBER,
            )
        )
    elif day.discipline is not None:
        findings.append(
            Finding(
                id="interface.payer_unknown",
                severity=Severity.ERROR,
                text="The payer of this coverage is not in mappings/practice.yaml, so no rule of units or modifiers is known.",
                fix="Add the payer with its profile to mappings/practice.yaml, or correct IN1-3 in the EMR.",
                owner="interface administrator",
                subject="coverage.payer_id",
                observed=coverage.payer_id or "",
                queue=Queue.INTERFACE,
                citation=PROFILES,
            )
        )
    return findings


def not_in_force(error: NotInForce) -> Finding:
    """A rule was asked outside its dates: somebody has to load what was in force on the day."""
    return Finding(
        id="configuration.not_in_force",
        severity=Severity.ERROR,
        text=str(error),
        fix="Extend the dated value in mappings/ with its source; the day is adjudicated again by itself.",
        owner="interface administrator",
        subject=error.name,
        observed=error.as_of.isoformat(),
        queue=Queue.INTERFACE,
        outcome=Outcome.NOT_CHECKED,
        citation=DATES,
    )
