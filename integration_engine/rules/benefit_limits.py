"""Does this treatment day still fit into what the plan covers at most: so many visits, units, minutes or dollars?

A limit counts over a calendar year or a lifetime, for some disciplines or all of therapy, for habilitative and
rehabilitative care together or apart. What the payer said was used counts from the year it was said in; our own days
since then are added. Authority: the plan's benefits as the payer states them (271 or portal); THERAPY_RULES §4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.coverage import Basis, BenefitLimit, BenefitPeriod, Coverage
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.parameters.practice import PayerEntry

ONE, NOTHING = Decimal(1), Decimal(0)
CITATION = Citation(document="plan benefits as stated by the payer", section="ZBL or 271 EB01 F")
ONE_OF = {Basis.UNITS: "unit", Basis.AMOUNT: "dollar", Basis.MINUTES: "minute"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """What one treatment day would use, on each basis. amount: allowed amount, None where it is not known."""

    codes: tuple[tuple[Hcpcs, int], ...]
    minutes: int
    amount: Decimal | None


def check_limits(
    day: TreatmentDay,
    discipline: Discipline,
    quantities: Quantities,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    *,
    threshold: bool,
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Every limit of the plan that counts this day, with what is left of it.

    Shapes   threshold: the payer's yearly amount is the therapy threshold, which asks for KX and stops nothing.
    """
    decisions, findings = [], []
    kind = next((e.habilitative for e in day.encounters if e.habilitative is not None), None)
    for limit in day.benefit_limits:
        if not counts(limit, coverage.payer_id, discipline, kind) or (threshold and limit.basis is Basis.AMOUNT):
            continue
        allowed, lacks = limit.allowed, _lacks(limit)
        amount = (
            None if lacks or limit.basis is None else _amount(limit, quantities, day.date_of_service, history, entry)
        )
        before = None if lacks else used_before(limit, day.date_of_service, history.days, entry)
        if lacks or allowed is None or amount is None or before is None:
            findings.append(_not_checked(lacks or "the allowed amount of this day or of an earlier one"))
            continue
        fits = before + amount <= allowed
        one = ONE_OF.get(limit.basis or Basis.VISITS, "visit")
        if not fits:
            findings.append(
                _exceeded(
                    f"This would be {one} {before + amount} of {allowed} in the benefit limit.",
                    before + amount,
                    allowed,
                )
            )
        decisions.append(_decision(limit, one, before, amount, allowed, fits=fits))
    return tuple(decisions), tuple(findings)


def counts(limit: BenefitLimit, payer_id: str | None, discipline: Discipline, habilitative: bool | None) -> bool:
    """True when a day of this payer, discipline and kind of care draws on the limit; an episode limits nothing."""
    return (
        limit.basis is not Basis.EPISODE
        and limit.payer_id in (None, payer_id)
        and (not limit.disciplines or discipline in limit.disciplines)
        and (limit.habilitative is None or limit.habilitative is (habilitative is True))
    )


def used_before(limit: BenefitLimit, on: date, days: Sequence[PriorDay], entry: PayerEntry) -> Decimal | None:
    """What is used of the limit before a visit on this date; None when an earlier day's amount is not known.

    Why      A count stated in December says nothing about January: with the year the count begins anew.
    """
    lifetime = limit.period is BenefitPeriod.LIFETIME
    stated = lifetime or limit.as_of is None or limit.as_of.year == on.year
    since = limit.as_of if stated else None
    total = (limit.used or NOTHING) if stated else NOTHING
    seen: set[date] = set()
    for day in days:
        if (
            (not lifetime and day.date_of_service.year != on.year)
            or (since is not None and day.date_of_service <= since)
            or day.payer not in (None, entry.payer.key)
            or not counts(limit, limit.payer_id, day.discipline, day.habilitative)
        ):
            continue
        once = entry.visit_counts == "day" and day.date_of_service in seen
        seen.add(day.date_of_service)
        if limit.basis is Basis.AMOUNT:
            if day.allowed is None:
                return None
            total += day.allowed
        elif limit.basis is Basis.UNITS:
            total += sum(units for _, units in day.codes)
        elif limit.basis is Basis.MINUTES:
            total += day.minutes
        else:
            total += NOTHING if once else ONE
    return total


def _amount(
    limit: BenefitLimit, quantities: Quantities, on: date, history: History, entry: PayerEntry
) -> Decimal | None:
    if limit.basis is Basis.UNITS:
        return Decimal(sum(units for _, units in quantities.codes))
    if limit.basis is Basis.MINUTES:
        return Decimal(quantities.minutes)
    if limit.basis is Basis.AMOUNT:
        return quantities.amount
    counted = entry.visit_counts == "day" and any(
        prior.date_of_service == on
        and prior.payer in (None, entry.payer.key)
        and counts(limit, limit.payer_id, prior.discipline, prior.habilitative)
        for prior in history.days
    )
    return NOTHING if counted else ONE


def _lacks(limit: BenefitLimit) -> str:
    """What the payer's statement leaves out, so that the limit cannot be judged."""
    if limit.basis is None:
        return "what the limit counts (visits, units, minutes or dollars)"
    if limit.period is None:
        return "whether it counts by year or for a lifetime"
    return "how much is covered" if limit.allowed is None else ""


def _decision(
    limit: BenefitLimit, one: str, before: Decimal, amount: Decimal, allowed: Decimal, *, fits: bool
) -> Decision:
    period = "a lifetime" if limit.period is BenefitPeriod.LIFETIME else "the calendar year"
    who = "/".join(limit.disciplines) or "all therapy"
    kind = {True: " habilitative", False: " rehabilitative", None: ""}[limit.habilitative]
    return Decision(
        station="benefits",
        subject=f"{one}s of {who}{kind} in {period}",
        rule="benefits.limit",
        value="within" if fits else "exceeded",
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        working=(
            f"covered {allowed}; stated as used {limit.used or 'nothing'} as of {limit.as_of or 'no date'}",
            f"used before this day {before}, this day {amount}, left after it {allowed - before - amount}",
        ),
        citation=CITATION,
        otherwise=(f"more than {allowed - before} on this day would exceed it",)
        if fits
        else (f"a limit of {before + amount} or more, or an exception of the plan, would cover it",),
    )


def _exceeded(text: str, observed: Decimal, allowed: Decimal) -> Finding:
    return Finding(
        id="authorization.benefit_limit",
        severity=Severity.ERROR,
        text=text,
        fix="Tell the patient, and bill the patient or request an exception.",
        owner="authorization coordinator",
        subject="benefit_limit",
        observed=str(observed),
        expected=str(allowed),
        queue=Queue.AUTHORIZATION,
        citation=CITATION,
        due_in_days=2,
    )


def _not_checked(lacks: str) -> Finding:
    return Finding(
        id="configuration.benefit_limit_not_checked",
        severity=Severity.WARNING,
        text=f"A benefit limit of the plan could not be checked: not known is {lacks}.",
        fix="Complete the benefits in the EMR (ZBL), or load the payer's fee schedule in mappings/practice.yaml.",
        owner="authorization coordinator",
        subject="benefit_limit",
        outcome=Outcome.NOT_CHECKED,
        citation=CITATION,
    )
