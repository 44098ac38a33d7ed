"""Adjudication: facts, parameters and history in; decisions, findings and claim drafts out. One pure function.

Live processing, dry run, explain and replay are this same call with other arguments. Same input, same parameters:
the same answer, forever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation, Decision, Finding, ParameterUse, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.coverage import Basis, BenefitPeriod, Coverage
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import Adjudication, History, TreatmentDay
from integration_engine.rules.authorization.covering import Quantities, check_authorization, numbered
from integration_engine.rules.claims.assembly import assemble
from integration_engine.rules.claims.payment_order import payment_order
from integration_engine.rules.gates.checking import check_gates
from integration_engine.rules.gates.progress_report import therapist_took_part
from integration_engine.rules.modifiers.coding import coded_lines
from integration_engine.rules.modifiers.day import ModifierFacts, ModifiersResult
from integration_engine.rules.modifiers.marks import SEPARATE
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.payer_in_force import coverages_in_force, not_in_force, payer_decision, unplaceable
from integration_engine.rules.repairs import leave_out, repaired
from integration_engine.rules.scrubber.scrubbing import scrub
from integration_engine.rules.units.billing import billed_units
from integration_engine.rules.units.services import UnitsResult

TIE = Citation(document="CMS Pub 100-04 ch. 5", section="§20.2.C")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coded:
    """Units and modifiers of a day by one payer's rules."""

    treatments: tuple[Treatment, ...]
    units: UnitsResult
    modifiers: ModifiersResult
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]


def adjudicate(day: TreatmentDay, parameters: Parameters, history: History) -> Adjudication:
    """Everything there is to say about one treatment day.

    Shapes   drafts are assembled whenever the facts suffice, also when something holds the day: a person may override
             a hold. findings with a queue and severity error hold it.
    """
    decisions: list[Decision] = []
    findings: list[Finding] = list(day.findings)
    coverages = coverages_in_force(day.coverages, day.date_of_service)
    coverage = coverages[0] if coverages else None
    entry = parameters.practice.payers.get(coverage.payer_id or "") if coverage else None
    evaluation = any(e.encounter_type is EncounterType.EVALUATION for e in day.encounters)
    if coverage is None or entry is None or day.discipline is None:
        findings.extend(unplaceable(day, coverage))
        return _answer(day, parameters, decisions, findings, evaluation=evaluation, entry=entry)
    profile = parameters.profiles[entry.payer.profile]
    key = ("first payer", entry.payer.key, coverage.rank, len(day.coverages), day.date_of_service)
    decisions.append(parameters.remember(key, lambda: payer_decision(coverage, entry, day)))
    try:
        gates = check_gates(day, profile, history, parameters)
        decisions.extend(gates.decisions)
        findings.extend(gates.findings)
        coded = _code(day, day.discipline, coverage, entry, profile, history, parameters)
        decisions.extend(coded.decisions)
        findings.extend(coded.findings)
        quantities = _quantities(coded, entry, day)
        authorization = check_authorization(day, day.discipline, quantities, coverage, entry, history, parameters)
        decisions.extend(authorization.decisions)
        findings.extend(authorization.findings)
        for other in coverages[1:]:
            _compare_secondary(other, coded, day, day.discipline, history, parameters, decisions, findings)
        assembled = assemble(
            day,
            day.discipline,
            coded.modifiers.lines,
            coverage,
            entry,
            profile,
            authorization.number,
            parameters,
            numbered(coded.treatments, authorization, parameters),
            [(c, e) for c in coverages[1:] if (e := parameters.practice.payers.get(c.payer_id or "")) is not None],
        )
        findings.extend(assembled.findings)
        edit_decisions, edit_findings = scrub(assembled.drafts, day, history, entry, parameters)
        decisions.extend((*payment_order(quantities.codes, day, history, entry, parameters), *edit_decisions))
        findings.extend(edit_findings)
    except NotInForce as error:
        findings.append(not_in_force(error))
        return _answer(day, parameters, decisions, findings, evaluation=evaluation, entry=entry)
    return Adjudication(
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        payer=entry.payer.key,
        parameters_version=parameters.version,
        decisions=tuple(decisions),
        findings=_mendable(findings, parameters),
        drafts=assembled.drafts,
        codes=quantities.codes,
        allowed=quantities.amount,
        evaluation=evaluation,
        consumed=authorization.consumed,
        separated=tuple(line.code for line in coded.modifiers.lines if not SEPARATE.isdisjoint(line.modifiers)),
        therapist_took_part=therapist_took_part(day),
        minutes=quantities.minutes,
        habilitative=next((e.habilitative for e in day.encounters if e.habilitative is not None), None),
    )


def _mendable(findings: Sequence[Finding], parameters: Parameters) -> tuple[Finding, ...]:
    """The findings with why they matter and where they are mended, from mappings/findings.yaml."""
    told = []
    for finding in findings:
        mending = parameters.mending.get(finding.id)
        told.append(
            finding if mending is None else replace(finding, why=finding.why or mending.why, screen=mending.screen)
        )
    return tuple(told)


def _code(
    day: TreatmentDay,
    discipline: Discipline,
    coverage: Coverage,
    entry: PayerEntry,
    profile: PayerProfile,
    history: History,
    parameters: Parameters,
) -> _Coded:
    """Repairs, units and modifiers by the rules of one payer."""
    documented = [treatment for encounter in day.encounters for treatment in encounter.treatments]
    repair = repaired(documented, entry, profile, day.date_of_service, parameters)
    units = leave_out(
        billed_units(repair.treatments, profile, day.date_of_service, parameters, discipline), repair.left_out
    )
    facts = _modifier_facts(day, discipline, coverage, entry, history, parameters, repair.treatments)
    modifiers = coded_lines(units.services, profile, facts, parameters)
    return _Coded(
        treatments=repair.treatments,
        units=units,
        modifiers=modifiers,
        decisions=(*repair.decisions, *units.decisions, *_tie(units), *modifiers.decisions),
        findings=(*repair.findings, *units.findings, *modifiers.findings),
    )


def _quantities(coded: _Coded, entry: PayerEntry, day: TreatmentDay) -> Quantities:
    """What authorizations and benefit limits count; amount: None unless every code's allowed amount is loaded."""
    codes = coded.units.codes
    amount: Decimal | None = coded.modifiers.allowed
    if amount is None:
        each = [
            (dated.find(day.date_of_service) if (dated := entry.allowed.get(code)) else None, units)
            for code, units in codes
        ]
        known = [(price, units) for price, units in each if price is not None]
        amount = sum((price * units for price, units in known), ZERO) if len(known) == len(each) else None
    return Quantities(
        codes=codes,
        minutes=sum(service.minutes or 0 for service in coded.units.services if service.units),
        amount=amount,
    )


def _compare_secondary(
    coverage: Coverage,
    primary: _Coded,
    day: TreatmentDay,
    discipline: Discipline,
    history: History,
    parameters: Parameters,
    decisions: list[Decision],
    findings: list[Finding],
) -> None:
    """The same day by a later payer's rules: the claim follows the primary's, and where they differ it is told now."""
    entry = parameters.practice.payers.get(coverage.payer_id or "")
    if entry is None:
        return
    coded = _code(day, discipline, coverage, entry, parameters.profiles[entry.payer.profile], history, parameters)
    own, first = _lines_text(coded), _lines_text(primary)
    method = parameters.profiles[entry.payer.profile].units_method
    rule = method.on(day.date_of_service)
    decisions.append(
        Decision(
            station="coordination",
            subject=entry.payer.key,
            rule="coordination.secondary_units",
            value=own,
            working=(f"the primary payer's rules give {first}", f"the rules of {entry.payer.name} give {own}"),
            parameters=(ParameterUse(name=method.name, value=rule.value.method, in_force_from=rule.effective_from),),
            citation=rule.citation,
            otherwise=("payers that count units and modifiers alike would want the same lines",),
        )
    )
    if coded.units.codes != primary.units.codes:
        findings.append(
            Finding(
                id="coordination.units_differ",
                severity=Severity.WARNING,
                text=f"{entry.payer.name}, a later payer of this visit, counts other units than the primary payer.",
                fix="Bill the primary as computed; check the later claim's units against its own rules.",
                owner="biller",
                subject=f"coverage {entry.payer.key}",
                observed=own,
                expected=first,
                citation=rule.citation,
            )
        )


def _lines_text(coded: _Coded) -> str:
    return ", ".join(f"{line.code} x{line.units} {' '.join(line.modifiers)}".strip() for line in coded.modifiers.lines)


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
        findings=_mendable(findings, parameters),
        drafts=(),
        evaluation=evaluation,
        therapist_took_part=therapist_took_part(day),
    )


def _modifier_facts(
    day: TreatmentDay,
    discipline: Discipline,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    parameters: Parameters,
    treatments: Sequence[Treatment],
) -> ModifierFacts:
    on = day.date_of_service
    charges: dict[Hcpcs, Decimal] = {}
    codes: set[Hcpcs] = set()
    for treatment in treatments:
        if treatment.code is None:
            continue
        codes.add(treatment.code)
        if treatment.unit_charge is not None:
            charges[treatment.code] = max(treatment.unit_charge, charges.get(treatment.code, ZERO))
    codes |= {f.further_code for code in codes if (f := parameters.procedure(code, on)) and f.further_code}
    practice = parameters.practice
    stated = next((e.location for e in day.encounters if e.location), None) or practice.default_location
    location = practice.locations.get(stated or "")
    return ModifierFacts(
        as_of=on,
        discipline=discipline,
        modality=next((e.modality for e in day.encounters if e.modality), None),
        attested=next(
            (e.medical_necessity_attested for e in day.encounters if e.medical_necessity_attested is not None), None
        ),
        prior_allowed=_prior_allowed(day, discipline, coverage, entry, history, parameters),
        allowed_per_unit={code: dated.find(on) if (dated := entry.allowed.get(code)) else None for code in codes},
        treatments=treatments,
        charges=charges,
        setting=location.setting if location is not None else "private_practice",
        rendering=parameters.licence_of(next((e.rendering for e in day.encounters if e.rendering), None)),
        habilitative=next((e.habilitative for e in day.encounters if e.habilitative is not None), None),
    )


def _prior_allowed(
    day: TreatmentDay,
    discipline: Discipline,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    parameters: Parameters,
) -> Decimal | None:
    """What the year's bucket holds before this day: stated by the payer as of a date, and what we billed since."""
    bucket = parameters.buckets[discipline]
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
        same_payer = prior.payer in (None, entry.payer.key)
        ours = prior.discipline is not None and parameters.buckets[prior.discipline] == bucket
        if ours and same_year and same_payer and (since is None or prior.date_of_service > since):
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
            citation=TIE,
            otherwise=others,
        ),
    )
