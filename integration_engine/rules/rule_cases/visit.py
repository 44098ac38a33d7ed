"""The visit of a case."""

from __future__ import annotations

from datetime import date

from integration_engine.core.codes import Icd10
from integration_engine.domain.coverage import Coverage, Relationship
from integration_engine.domain.encounter import Diagnosis, Encounter, EncounterType
from integration_engine.domain.parties import (
    Identifier,
    Patient,
    PersonName,
    Sex,
)
from integration_engine.domain.treatment_day import ChargeReference, TreatmentDay
from integration_engine.rules.rule_cases.case import Case
from integration_engine.rules.rule_cases.practice import PRIMARY, SECONDARY
from integration_engine.rules.rule_cases.record import authorization_of, limit_of, measurements_of, notes_of, plans_of
from integration_engine.rules.rule_cases.usual import ADDRESS, NUMBER, PHYSICIAN, TELEHEALTH, THERAPISTS
from integration_engine.rules.units.services import minutes_of


def case_day(case: Case) -> TreatmentDay:
    """The treatment day: what the case states, and of the rest a visit that passes."""
    given = case.given
    return TreatmentDay(
        date_of_service=case.on,
        discipline=case.discipline,
        patient=Patient(
            identifiers=(Identifier(value="CASE1", kind="MR"),),
            name=PersonName(last="TESTPATIENT", first="PAT"),
            birth_date=given.birth_date or date(1960, 1, 15),
            sex=Sex(given.sex),
            address=ADDRESS,
        ),
        coverages=tuple(
            Coverage(rank=rank, payer_id=payer, member_id=f"M{rank}", relationship=Relationship.SELF)
            for rank, payer in ((1, PRIMARY), (2, SECONDARY))
            if rank == 1 or given.secondary is not None
        ),
        encounters=(_encounter(case),),
        plans_of_care=plans_of(case),
        progress_notes=notes_of(case),
        authorizations=tuple(authorization_of(one) for one in given.authorizations),
        benefit_limits=tuple(limit_of(one) for one in given.benefit_limits),
        measurements=measurements_of(case),
        charges=tuple(
            ChargeReference(charge_id=index + 1, encounter_index=0, treatment_index=index)
            for index in range(len(case.treatments))
        ),
        as_of=given.adjudicated_on,
    )


def _encounter(case: Case) -> Encounter:
    given = case.given
    starts = [t.start for t in case.treatments if t.start is not None]
    stops = [t.stop for t in case.treatments if t.stop is not None]
    timed, total = _totals(case)
    assisted = any(t.assistant is not None for t in case.treatments)
    therapist = THERAPISTS[case.discipline]
    return Encounter(
        number=NUMBER,
        date_of_service=case.on,
        discipline=case.discipline,
        encounter_type=given.encounter_type if "encounter_type" in case.stated else _kind(case),
        modality=given.modality,
        place_of_service=given.place_of_service,
        location=NUMBER,
        start=case.at(given.visit_start) or min(starts, default=None),
        stop=case.at(given.visit_stop) or max(stops, default=None),
        timed_minutes=given.timed_minutes if "timed_minutes" in case.stated else timed,
        total_minutes=given.total_minutes if "total_minutes" in case.stated else total,
        telehealth_consent=given.telehealth_consent if given.modality in TELEHEALTH else None,
        rendering=case.person("rendering", given.rendering, therapist),
        supervising=case.person("supervising", given.supervising, therapist if assisted else None),
        referring=case.person("referring", given.referring, PHYSICIAN),
        supervision=given.supervision,
        note_signed_on=case.on if given.note_signed else None,
        note_status="signed" if given.note_signed else "unsigned",
        diagnoses=tuple(Diagnosis(rank=rank, code=Icd10(code)) for rank, code in enumerate(case.diagnoses, start=1)),
        treatments=case.treatments,
        medical_necessity_attested=given.attested,
        habilitative=given.habilitative,
    )


def _kind(case: Case) -> EncounterType:
    facts = [case.rules.procedure(service.code, case.on) for service in case.services]
    return EncounterType.EVALUATION if any(f and f.evaluation for f in facts) else EncounterType.TREATMENT


def _totals(case: Case) -> tuple[int | None, int]:
    """The note's totals as its codes add up; timed: None where a timed code has no minutes."""
    timed, total, known = 0, 0, True
    for treatment in case.treatments:
        facts = case.rules.procedure(treatment.code or "", case.on)
        minutes = minutes_of(treatment)
        total += minutes or 0
        if facts is not None and facts.unit_minutes is not None and not facts.remote:
            known &= minutes is not None
            timed += minutes or 0
    return (timed if known else None), total
