"""The visit a rule case speaks of: what the case states, on top of a complete visit that passes everything.

People, places and identifiers are invented; the payer's rules are those of the profile in mappings/payers/. What a
case leaves out is documented, signed, certified and in time, so that only what it states decides the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from integration_engine.core.codes import Hcpcs, Icd10, Modifier, Npi, Taxonomy
from integration_engine.core.dated import Dated, DatedValue
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.claim import Payer
from integration_engine.domain.clinician_time import ClinicianTime, identity_of
from integration_engine.domain.coverage import BenefitLimit, Coverage, Relationship
from integration_engine.domain.encounter import Diagnosis, Encounter, EncounterType, Modality
from integration_engine.domain.parties import (
    Address,
    Discipline,
    Identifier,
    LicenceLevel,
    Organization,
    Patient,
    PersonName,
    Practitioner,
    Sex,
)
from integration_engine.domain.plan_of_care import Measurement, MeasurementKind, NoteKind, PlanOfCare, ProgressNote
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import ChargeReference, History, PriorDay, TreatmentDay
from integration_engine.rules.parameters import (
    Location,
    Parameters,
    PayerEntry,
    PayerProfile,
    Practice,
    modifier_rank,
    without_dates,
)
from integration_engine.rules.rule_case_models import (
    Given,
    GivenAuthorization,
    GivenElsewhere,
    GivenLimit,
    GivenNote,
    GivenPerson,
    GivenPlan,
    GivenPriorDay,
    GivenService,
)
from integration_engine.rules.units.services import minutes_of

PRIMARY, SECONDARY = "CASE", "CASE2"  # how the invented coverages name their payers
TELEHEALTH = frozenset({Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO})
NUMBER = "CASE"
UNIT_CHARGE = Decimal("60.00")
ADDRESS = Address(line1="1 SAMPLE AVENUE", city="SPRINGFIELD", state="NY", postal_code="100010001")
THERAPISTS: Mapping[Discipline, Practitioner] = {
    discipline: Practitioner(
        npi=Npi(npi),
        name=PersonName(last="TESTTHERAPIST", first=discipline.value),
        licence=LicenceLevel.THERAPIST,
        taxonomy=Taxonomy(taxonomy),
    )
    for discipline, npi, taxonomy in (
        (Discipline.PT, "1999900016", "225100000X"),
        (Discipline.OT, "1999900024", "225X00000X"),
        (Discipline.SLP, "1999900032", "235Z00000X"),
    )
}
PHYSICIAN = Practitioner(
    npi=Npi("1234567893"), name=PersonName(last="TESTPHYSICIAN", first="FAY"), licence=LicenceLevel.PHYSICIAN
)
DIAGNOSES: Mapping[Discipline, str] = {Discipline.PT: "M54.50", Discipline.OT: "M25.531", Discipline.SLP: "R47.01"}
EVALUATED_DAYS_AGO, SIGNED_DAYS_AGO, CERTIFIED_DAYS = 14, 7, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What a case is adjudicated from."""

    day: TreatmentDay
    parameters: Parameters
    history: History


def case_facts(given: Given, parameters: Parameters) -> CaseFacts:
    """The treatment day, rules and history of one case.

    Raises   ValueError naming the field that is missing or names no payer.
    """
    if given.date_of_service is None or given.discipline is None or given.services is None:
        raise ValueError("given: discipline, date_of_service and services are wanted")
    case = _Case(given, given.date_of_service, Discipline(given.discipline), given.services, parameters)
    return CaseFacts(day=case.day(), parameters=case.parameters(), history=case.history())


class _Case:
    """One case being built."""

    def __init__(
        self,
        given: Given,
        on: date,
        discipline: Discipline,
        services: Sequence[GivenService],
        parameters: Parameters,
    ) -> None:
        self.given = given
        self.on = on
        self.discipline = discipline
        self.services = services
        self.rules = parameters
        self.stated = given.model_fields_set
        self.diagnoses = [DIAGNOSES[discipline]] if given.diagnoses is None else given.diagnoses
        self.treatments = tuple(self._treatment(service) for service in services)

    # --- rules --------------------------------------------------------------------------------------------------------

    def parameters(self) -> Parameters:
        """The rules in force, with a practice of the case's own."""
        payers = {PRIMARY: self._entry(self.given.payer, "payer")}
        if self.given.secondary is not None:
            payers[SECONDARY] = self._entry(self.given.secondary, "secondary")
        provider = Organization(
            key=NUMBER,
            name="TEST REHABILITATION CENTER",
            npi=Npi("1999902004"),
            tax_id="990000001",
            taxonomy=Taxonomy("261QR0400X"),
            address=ADDRESS,
        )
        place = "10" if self.given.modality in TELEHEALTH else "11"
        location = Location(
            key=NUMBER, setting=self.given.setting, place_of_service=place, billing_provider=NUMBER, facility=None
        )
        rules = self.rules.with_practice(
            Practice(
                time_zone=self.rules.practice.time_zone,
                default_location=NUMBER,
                billing_providers={NUMBER: provider},
                locations={NUMBER: location},
                practitioners={},
                payers=payers,
                charges=_always(dict.fromkeys(self.rules.procedures, UNIT_CHARGE)),
            )
        )
        order = self.given.modifier_order
        if order is None:
            return rules
        profile = rules.profiles[payers[PRIMARY].payer.profile]
        rank = without_dates(profile.modifier_rank.name, modifier_rank(order))
        return rules.with_profile(replace(profile, modifier_rank=rank))

    def _entry(self, name: str | None, field: str) -> PayerEntry:
        given = self.given
        known = next((e for e in self.rules.practice.payers.values() if e.payer.key == name), None)
        if known is not None:
            return known
        profile = self.rules.profiles.get(name or "")
        if profile is None:
            there = ", ".join((*sorted(self.rules.profiles), *sorted(self._own_payers())))
            raise ValueError(f"given.{field}: there is no profile and no payer {name!r}; there are {there}")
        return PayerEntry(
            payer=_payer(profile),
            authorization_required=tuple(Discipline) if given.authorization_required else (),
            authorization_exempt=tuple(Hcpcs(code) for code in given.authorization_exempt),
            visit_counts=given.visit_counts,
            timely_filing_days=given.timely_filing_days,
            allowed=_always(given.allowed),
            practice_expense=_always(given.practice_expense),
        )

    def _own_payers(self) -> set[str]:
        return {entry.payer.key for entry in self.rules.practice.payers.values()}

    # --- the visit ----------------------------------------------------------------------------------------------------

    def day(self) -> TreatmentDay:
        given = self.given
        return TreatmentDay(
            date_of_service=self.on,
            discipline=self.discipline,
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
            encounters=(self._encounter(),),
            plans_of_care=self._plans(),
            progress_notes=self._notes(),
            authorizations=tuple(_authorization(one) for one in given.authorizations),
            benefit_limits=tuple(_limit(one) for one in given.benefit_limits),
            measurements=self._measurements(),
            charges=tuple(
                ChargeReference(charge_id=index + 1, encounter_index=0, treatment_index=index)
                for index in range(len(self.treatments))
            ),
            as_of=given.adjudicated_on,
        )

    def _encounter(self) -> Encounter:
        given = self.given
        starts = [t.start for t in self.treatments if t.start is not None]
        stops = [t.stop for t in self.treatments if t.stop is not None]
        timed, total = self._totals()
        assisted = any(t.assistant is not None for t in self.treatments)
        therapist = THERAPISTS[self.discipline]
        return Encounter(
            number=NUMBER,
            date_of_service=self.on,
            discipline=self.discipline,
            encounter_type=given.encounter_type if "encounter_type" in self.stated else self._kind(),
            modality=given.modality,
            place_of_service=given.place_of_service,
            location=NUMBER,
            start=self._at(given.visit_start) or min(starts, default=None),
            stop=self._at(given.visit_stop) or max(stops, default=None),
            timed_minutes=given.timed_minutes if "timed_minutes" in self.stated else timed,
            total_minutes=given.total_minutes if "total_minutes" in self.stated else total,
            telehealth_consent=given.telehealth_consent if given.modality in TELEHEALTH else None,
            rendering=self._person("rendering", given.rendering, therapist),
            supervising=self._person("supervising", given.supervising, therapist if assisted else None),
            referring=self._person("referring", given.referring, PHYSICIAN),
            supervision=given.supervision,
            note_signed_on=self.on if given.note_signed else None,
            note_status="signed" if given.note_signed else "unsigned",
            diagnoses=tuple(
                Diagnosis(rank=rank, code=Icd10(code)) for rank, code in enumerate(self.diagnoses, start=1)
            ),
            treatments=self.treatments,
            medical_necessity_attested=given.attested,
            habilitative=given.habilitative,
        )

    def _kind(self) -> EncounterType:
        facts = [self.rules.procedure(service.code, self.on) for service in self.services]
        return EncounterType.EVALUATION if any(f and f.evaluation for f in facts) else EncounterType.TREATMENT

    def _totals(self) -> tuple[int | None, int]:
        """The note's totals as its codes add up; timed: None where a timed code has no minutes."""
        timed, total, known = 0, 0, True
        for treatment in self.treatments:
            facts = self.rules.procedure(treatment.code or "", self.on)
            minutes = minutes_of(treatment)
            total += minutes or 0
            if facts is not None and facts.unit_minutes is not None and not facts.remote:
                known &= minutes is not None
                timed += minutes or 0
        return (timed if known else None), total

    def _person(self, role: str, stated: GivenPerson | None, usual: Practitioner | None) -> Practitioner | None:
        if role not in self.stated:
            return usual
        if stated is None:
            return None
        usual = usual or THERAPISTS[self.discipline]
        return replace(
            usual,
            npi=Npi(stated.npi) if stated.npi else usual.npi,
            licence=stated.licence or usual.licence,
            taxonomy=Taxonomy(stated.taxonomy) if stated.taxonomy else usual.taxonomy,
        )

    def _treatment(self, service: GivenService) -> Treatment:
        helper = service.assistant or (LicenceLevel.ASSISTANT if service.assistant_minutes else None)
        return Treatment(
            code=Hcpcs(service.code),
            minutes=service.minutes,
            assistant_minutes=service.assistant_minutes,
            joint_minutes=service.joint_minutes,
            rest_minutes=service.rest_minutes,
            start=self._at(service.start),
            stop=self._at(service.stop),
            delivery=service.delivery,
            units_sent=service.units,
            modifiers=tuple(Modifier(one) for one in service.modifiers),
            device_days=service.device_days,
            live_contact=service.live_contact,
            denial_expected=service.denial_expected,
            advance_notice=service.advance_notice,
            diagnoses=tuple(Icd10(code) for code in service.diagnoses),
            assistant=Practitioner(local_id="A1", licence=helper) if helper is not None else None,
            student=Practitioner(local_id="S1", licence=LicenceLevel.STUDENT) if service.student else None,
            unit_charge=UNIT_CHARGE,
        )

    def _at(self, clock: time | None) -> datetime | None:
        return datetime.combine(self.on, clock) if clock is not None else None

    # --- around the visit ---------------------------------------------------------------------------------------------

    def _plans(self) -> tuple[PlanOfCare, ...]:
        if self.given.plans_of_care is not None:
            return tuple(self._plan(plan, number) for number, plan in enumerate(self.given.plans_of_care, start=1))
        began = self.on - timedelta(days=EVALUATED_DAYS_AGO)
        usual = GivenPlan(
            evaluation_on=began,
            certified_from=began,
            certified_to=began + timedelta(days=CERTIFIED_DAYS - 1),
            signed_on=self.on - timedelta(days=SIGNED_DAYS_AGO),
        )
        return (self._plan(usual, 1),)

    def _plan(self, plan: GivenPlan, number: int) -> PlanOfCare:
        usual = self.diagnoses or [DIAGNOSES[self.discipline]]
        certifier = Practitioner(local_id="C1", licence=plan.certifying) if plan.certifying is not None else None
        return PlanOfCare(
            plan_id=f"P{number}",
            version=plan.version or number,
            discipline=Discipline(plan.discipline) if plan.discipline else self.discipline,
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

    def _notes(self) -> tuple[ProgressNote, ...]:
        stated = self.given.notes
        if stated is None:
            leaves = self.given.encounter_type is EncounterType.DISCHARGE
            stated = [GivenNote(kind=NoteKind.DISCHARGE, written_on=self.on)] if leaves else []
        return tuple(
            ProgressNote(
                document_id=f"N{number}",
                kind=note.kind,
                discipline=Discipline(note.discipline) if note.discipline else self.discipline,
                written_on=note.written_on,
                signed_on=note.written_on if note.status == "signed" else None,
                covers_to=note.covers_to,
                author=Practitioner(local_id="N1", licence=note.author),
                status=note.status,
            )
            for number, note in enumerate(stated, start=1)
        )

    def _measurements(self) -> tuple[Measurement, ...]:
        wanted = (MeasurementKind.GOAL, self.given.goals), (MeasurementKind.TEST, self.given.tests)
        return tuple(
            Measurement(
                kind=kind,
                name=f"{kind.value} {number}",
                value="1",
                observed_on=self.on,
                discipline=self.discipline,
                encounter_number=NUMBER,
            )
            for kind, many in wanted
            for number in range(1, many + 1)
        )

    def history(self) -> History:
        given = self.given
        before = [
            PriorDay(
                date_of_service=self.on - timedelta(days=ago),
                discipline=self.discipline,
                state="billed",
                therapist_took_part=given.therapist_took_part_before,
            )
            for ago in range(given.treatment_days_before, 0, -1)
        ]
        bucket = self.rules.buckets[self.discipline]
        return History(
            days=(*(self._prior(prior) for prior in given.history), *before),
            prior_allowed=((bucket, given.prior_allowed),) if given.prior_allowed is not None else (),
            elsewhere=tuple(self._elsewhere(one) for one in given.elsewhere),
        )

    def _elsewhere(self, one: GivenElsewhere) -> ClinicianTime:
        start, stop = datetime.combine(self.on, one.start), datetime.combine(self.on, one.stop)
        therapist = self._person("rendering", self.given.rendering, THERAPISTS[self.discipline])
        return ClinicianTime(
            practitioner=one.practitioner or identity_of(therapist) or "",
            start=start,
            stop=stop,
            minutes=int((stop - start).total_seconds() // 60) if one.minutes is None else one.minutes,
            code=Hcpcs(one.code),
            visit=one.visit,
        )

    def _prior(self, prior: GivenPriorDay) -> PriorDay:
        return PriorDay(
            date_of_service=prior.date_of_service,
            discipline=Discipline(prior.discipline) if prior.discipline else self.discipline,
            state=prior.state,
            codes=tuple((Hcpcs(code), units) for code, units in prior.codes.items()),
            allowed=prior.allowed,
            evaluation=prior.evaluation,
            authorizations=tuple(prior.authorizations.items()),
            separated=tuple(Hcpcs(code) for code in prior.separated),
            therapist_took_part=prior.therapist_took_part,
            minutes=prior.minutes,
            habilitative=prior.habilitative,
            billing_provider=prior.billing_provider,
        )


def _payer(profile: PayerProfile) -> Payer:
    return Payer(
        key=profile.key,
        name=profile.label,
        payer_id="CASE1",
        claim_filing="MB" if any(value.value for value in profile.threshold.values) else "CI",
        profile=profile.key,
        receiver=NUMBER,
    )


def _always(amounts: Mapping[str, Decimal]) -> dict[str, Dated[Decimal]]:
    return {code: Dated(code, (DatedValue(value=amount, effective_from=date.min),)) for code, amount in amounts.items()}


def _authorization(stated: GivenAuthorization) -> Authorization:
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


def _limit(stated: GivenLimit) -> BenefitLimit:
    return BenefitLimit(
        basis=stated.basis,
        period=stated.period,
        allowed=stated.allowed,
        used=stated.used,
        disciplines=tuple(Discipline(one) for one in stated.disciplines),
        as_of=stated.as_of,
        habilitative=stated.habilitative,
    )
