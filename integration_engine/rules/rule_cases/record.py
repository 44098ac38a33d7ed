"""What lies around the visit of a case: plans, notes, measurements, authorizations, limits."""

from __future__ import annotations

from datetime import timedelta

from integration_engine.core.codes import Hcpcs, Icd10, Npi
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import BenefitLimit
from integration_engine.domain.encounter import EncounterType
from integration_engine.domain.parties import (
    Discipline,
    Practitioner,
)
from integration_engine.domain.plan_of_care import Measurement, MeasurementKind, NoteKind, PlanOfCare, ProgressNote
from integration_engine.rules.rule_cases.case import Case
from integration_engine.rules.rule_cases.models import (
    GivenAuthorization,
    GivenLimit,
    GivenNote,
    GivenPlan,
)
from integration_engine.rules.rule_cases.usual import DIAGNOSES, NUMBER

EVALUATED_DAYS_AGO, SIGNED_DAYS_AGO, CERTIFIED_DAYS = 14, 7, 90


def plans_of(case: Case) -> tuple[PlanOfCare, ...]:
    """The plans of care stated, else one that covers the visit and is signed."""
    if case.given.plans_of_care is not None:
        return tuple(_plan(case, plan, number) for number, plan in enumerate(case.given.plans_of_care, start=1))
    began = case.on - timedelta(days=EVALUATED_DAYS_AGO)
    usual = GivenPlan(
        evaluation_on=began,
        certified_from=began,
        certified_to=began + timedelta(days=CERTIFIED_DAYS - 1),
        signed_on=case.on - timedelta(days=SIGNED_DAYS_AGO),
    )
    return (_plan(case, usual, 1),)


def _plan(case: Case, plan: GivenPlan, number: int) -> PlanOfCare:
    usual = case.diagnoses or [DIAGNOSES[case.discipline]]
    certifier = Practitioner(local_id="C1", licence=plan.certifying) if plan.certifying is not None else None
    return PlanOfCare(
        plan_id=f"P{number}",
        version=plan.version or number,
        discipline=Discipline(plan.discipline) if plan.discipline else case.discipline,
        evaluation_on=plan.evaluation_on,
        established_on=plan.established_on,
        certified_from=plan.certified_from,
        certified_to=plan.certified_to,
        duration_weeks=plan.duration_weeks,
        duration_visits=plan.duration_visits,
        amount_per_day=plan.amount_per_day,
        frequency_per_week=plan.frequency_per_week,
        established_by=Practitioner(local_id="E1", licence=plan.established_by),
        certifying=certifier,
        signed_on=plan.signed_on,
        verbal_order_on=plan.verbal_order_on,
        transmitted_on=plan.transmitted_on,
        order_signed_on=plan.order_signed_on,
        delayed_certification=plan.delayed_certification,
        status=plan.status,
        diagnoses=tuple(Icd10(code) for code in (usual if plan.diagnoses is None else plan.diagnoses)),
    )


def notes_of(case: Case) -> tuple[ProgressNote, ...]:
    """The notes stated, else the discharge note of a discharge."""
    stated = case.given.notes
    if stated is None:
        leaves = case.given.encounter_type is EncounterType.DISCHARGE
        stated = [GivenNote(kind=NoteKind.DISCHARGE, written_on=case.on)] if leaves else []
    return tuple(
        ProgressNote(
            document_id=f"N{number}",
            kind=note.kind,
            discipline=Discipline(note.discipline) if note.discipline else case.discipline,
            written_on=note.written_on,
            signed_on=note.written_on if note.status == "signed" else None,
            covers_to=note.covers_to,
            author=Practitioner(local_id="N1", licence=note.author),
            status=note.status,
        )
        for number, note in enumerate(stated, start=1)
    )


def measurements_of(case: Case) -> tuple[Measurement, ...]:
    """As many goals and tests as the case states."""
    wanted = (MeasurementKind.GOAL, case.given.goals), (MeasurementKind.TEST, case.given.tests)
    return tuple(
        Measurement(
            kind=kind,
            name=f"{kind.value} {number}",
            value="1",
            observed_on=case.on,
            discipline=case.discipline,
            encounter_number=NUMBER,
        )
        for kind, many in wanted
        for number in range(1, many + 1)
    )


def authorization_of(stated: GivenAuthorization) -> Authorization:
    """An authorization as stated."""
    return Authorization(
        number=stated.number,
        basis=stated.basis,
        allowed=stated.allowed,
        used_before=stated.used_before,
        codes=tuple(Hcpcs(code) for code in stated.codes),
        disciplines=tuple(Discipline(one) for one in stated.disciplines),
        effective_on=stated.effective_on,
        ends_on=stated.ends_on,
        status=stated.status,
        rendering_npi=Npi(stated.rendering_npi) if stated.rendering_npi else None,
    )


def limit_of(stated: GivenLimit) -> BenefitLimit:
    """A benefit limit as stated."""
    return BenefitLimit(
        basis=stated.basis,
        period=stated.period,
        allowed=stated.allowed,
        used=stated.used,
        disciplines=tuple(Discipline(one) for one in stated.disciplines),
        as_of=stated.as_of,
        habilitative=stated.habilitative,
    )
