"""Adjudication: facts, parameters and history in; decisions, findings and claim drafts out. One pure function.

Live processing, dry run, explain and replay are this same call with other arguments. Same input, same parameters:
the same answer, forever.
"""

from __future__ import annotations

from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Decision, Finding, Outcome, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.coverage import Basis, BenefitPeriod, Coverage
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment_day import Adjudication, History, TreatmentDay
from integration_engine.rules.authorization import check_authorization
from integration_engine.rules.claim_assembly import assemble
from integration_engine.rules.gates import check_gates
from integration_engine.rules.modifiers import ModifierFacts, coded_lines
from integration_engine.rules.parameters import Parameters, PayerEntry
from integration_engine.rules.scrubber import scrub
from integration_engine.rules.units import UnitsResult, billed_units

BUCKET = "therapy threshold"


def adjudicate(day: TreatmentDay, parameters: Parameters, history: History) -> Adjudication:
    """Everything there is to say about one treatment day.

    Shapes   drafts are assembled whenever the facts suffice, also when something holds the day: a person may override
             a hold. findings with a queue and severity error hold it.
    """
    decisions: list[Decision] = []
    findings: list[Finding] = list(day.findings)
    coverage = _coverage(day)
    entry = parameters.practice.payers.get(coverage.payer_id or "") if coverage else None
    evaluation = any(e.encounter_type is EncounterType.EVALUATION for e in day.encounters)
    if coverage is None or entry is None or day.discipline is None:
        findings.extend(_unplaceable(day, coverage))
        return _answer(day, parameters, decisions, findings, evaluation=evaluation, entry=entry)
    profile = parameters.profiles[entry.payer.profile]
    decisions.append(_payer_decision(coverage, entry, day))
    try:
        gates = check_gates(day, profile, history, parameters)
        decisions.extend(gates.decisions)
        findings.extend(gates.findings)
        treatments = [treatment for encounter in day.encounters for treatment in encounter.treatments]
        units = billed_units(treatments, profile, day.date_of_service, parameters)
        decisions.extend((*units.decisions, *_tie(units)))
        findings.extend(units.findings)
        modifiers = coded_lines(
            units.services,
            profile,
            _modifier_facts(day, day.discipline, coverage, entry, history, parameters),
            parameters,
        )
        decisions.extend(modifiers.decisions)
        findings.extend(modifiers.findings)
        codes = _codes(units)
        authorization = check_authorization(day, day.discipline, codes, coverage, entry, history, parameters)
        decisions.extend(authorization.decisions)
        findings.extend(authorization.findings)
        assembled = assemble(
            day, day.discipline, modifiers.lines, coverage, entry, profile, authorization.number, parameters
        )
        findings.extend(assembled.findings)
        edit_decisions, edit_findings = scrub(assembled.drafts, day, history, parameters)
        decisions.extend(edit_decisions)
        findings.extend(edit_findings)
    except NotInForce as error:
        findings.append(_not_in_force(error))
        return _answer(day, parameters, decisions, findings, evaluation=evaluation, entry=entry)
    return Adjudication(
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        payer=entry.payer.key,
        parameters_version=parameters.version,
        decisions=tuple(decisions),
        findings=tuple(findings),
        drafts=assembled.drafts,
        codes=codes,
        allowed=modifiers.allowed,
        evaluation=evaluation,
        consumed=authorization.consumed,
    )


def _answer(
    day: TreatmentDay,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
    *,
    evaluation: bool,
    entry: PayerEntry | None,
) -> Adjudication:
    return Adjudication(
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        payer=entry.payer.key if entry else None,
        parameters_version=parameters.version,
        decisions=tuple(decisions),
        findings=tuple(findings),
        drafts=(),
        evaluation=evaluation,
    )


def _coverage(day: TreatmentDay) -> Coverage | None:
    """The first coverage in rank that is in force on the date of service."""
    on = day.date_of_service
    in_force = [
        c
        for c in day.coverages
        if (c.effective_on is None or c.effective_on <= on) and (c.ends_on is None or on <= c.ends_on)
    ]
    return min(in_force, key=lambda c: c.rank or 99, default=None)


def _codes(units: UnitsResult) -> tuple[tuple[Hcpcs, int], ...]:
    return tuple((service.code, service.units) for service in units.services if service.units)


def _modifier_facts(
    day: TreatmentDay,
    discipline: Discipline,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    parameters: Parameters,
) -> ModifierFacts:
    sent = {}
    place = 0
    for encounter in day.encounters:
        for treatment in encounter.treatments:
            sent[place] = treatment.modifiers
            place += 1
    allowed: dict[Hcpcs, Decimal | None] = {}
    for encounter in day.encounters:
        for treatment in encounter.treatments:
            if treatment.code is not None:
                dated = entry.allowed.get(treatment.code)
                try:
                    allowed[treatment.code] = dated.at(day.date_of_service) if dated else None
                except NotInForce:
                    allowed[treatment.code] = None
    return ModifierFacts(
        as_of=day.date_of_service,
        discipline=discipline,
        modality=next((e.modality for e in day.encounters if e.modality), None),
        attested=next(
            (e.medical_necessity_attested for e in day.encounters if e.medical_necessity_attested is not None), None
        ),
        prior_allowed=_prior_allowed(day, discipline, coverage, history, parameters),
        allowed_per_unit=allowed,
        sent=sent,
    )


def _prior_allowed(
    day: TreatmentDay, discipline: Discipline, coverage: Coverage, history: History, parameters: Parameters
) -> Decimal | None:
    """What the year's bucket holds before this day: stated by the payer as of a date, and what we billed since."""
    bucket = parameters.buckets[discipline]
    ours = [d for d in Discipline if parameters.buckets[d] == bucket]
    on = day.date_of_service
    total, since = ZERO, None
    for limit in day.benefit_limits:
        if (
            limit.basis is Basis.AMOUNT
            and limit.period is BenefitPeriod.CALENDAR_YEAR
            and limit.payer_id in (None, coverage.payer_id)
            and discipline in (limit.disciplines or (discipline,))
            and limit.used is not None
        ):
            total, since = limit.used, limit.as_of
    for prior in history.days:
        same_year = prior.date_of_service.year == on.year and prior.date_of_service <= on
        if prior.discipline in ours and same_year and (since is None or prior.date_of_service > since):
            total += prior.allowed or ZERO
    for name, amount in history.prior_allowed:
        total += amount if name == bucket else ZERO
    return total


def _tie(units: UnitsResult) -> tuple[Decision, ...]:
    if not units.tie:
        return ()
    others = tuple(" ".join(f"{code} x{count}" for code, count in option) for option in units.alternatives)
    return (
        Decision(
            station="units",
            subject="tie",
            rule="units.tie",
            value="tie",
            working=("equal remainders: any of these is right, the clinician may choose", *others),
            otherwise=others,
        ),
    )


def _payer_decision(coverage: Coverage, entry: PayerEntry, day: TreatmentDay) -> Decision:
    return Decision(
        station="payer",
        subject="coverage",
        rule="payer.primary_in_force",
        value=entry.payer.key,
        working=(
            f"{len(day.coverages)} coverages stated; rank {coverage.rank or 'not stated'} is the first in force on {day.date_of_service}",
            f"rules of profile {entry.payer.profile}",
        ),
    )


def _unplaceable(day: TreatmentDay, coverage: Coverage | None) -> list[Finding]:
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
            )
        )
    return findings


def _not_in_force(error: NotInForce) -> Finding:
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
    )
