"""One treatment day becomes claim drafts: who, for whom, by whom, where, what, for how much.

It decides nothing that a gate or a modifier rule decides; what it cannot find it names as a finding and then drafts
nothing. Authority: X222A1 loops 2000A to 2400; THERAPY_RULES of the payer through its profile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Icd10
from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.core.money import ZERO, parse_money, round_money
from integration_engine.domain.claim import ClaimDraft, ClaimPatient, Frequency, ServiceLine, Subscriber
from integration_engine.domain.coverage import Coverage, Relationship
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import Discipline, LicenceLevel, Practitioner
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.modifiers import CodedLine
from integration_engine.rules.parameters import Location, Parameters, PayerEntry, PayerProfile

MOST_LINES = 50
MOST_DIAGNOSES = 12
MOST_POINTERS = 4
SEQUENCES = {1: "P", 2: "S", 3: "T"}
GUIDE = Citation(document="X222A1", section="005010X222A1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The drafts, or the findings that say why there are none."""

    drafts: tuple[ClaimDraft, ...]
    findings: tuple[Finding, ...]


def assemble(
    day: TreatmentDay,
    discipline: Discipline,
    lines: Sequence[CodedLine],
    coverage: Coverage,
    entry: PayerEntry,
    profile: PayerProfile,
    authorization: str | None,
    parameters: Parameters,
    treatments: Sequence[Treatment],
) -> Assembled:
    """Draft the claims of one treatment day.

    Shapes   treatments: the day's, in order, with the payer's codes; lines point to them by place.
    """
    work = _Assembly(day, discipline, coverage, entry, profile, authorization, parameters, treatments)
    drafts = work.drafts(lines)
    return Assembled(drafts=drafts if not work.findings else (), findings=tuple(work.findings))


class _Assembly:
    """One day being drafted; collects what is missing instead of stopping at the first thing."""

    def __init__(
        self,
        day: TreatmentDay,
        discipline: Discipline,
        coverage: Coverage,
        entry: PayerEntry,
        profile: PayerProfile,
        authorization: str | None,
        parameters: Parameters,
        treatments: Sequence[Treatment],
    ) -> None:
        self.day = day
        self.discipline = discipline
        self.coverage = coverage
        self.entry = entry
        self.profile = profile
        self.authorization = authorization
        self.parameters = parameters
        self.findings: list[Finding] = []
        self.treatments = treatments
        self.charges = [reference.charge_id for reference in day.charges]

    def drafts(self, coded: Sequence[CodedLine]) -> tuple[ClaimDraft, ...]:
        if not coded:
            self.missing(
                "lines",
                "No treatment of this day earns a billable unit.",
                "Check the minutes.",
                "treating clinician",
                Queue.EDITS,
            )
            return ()
        diagnoses = self.diagnoses()
        location = self.location()
        place = self.place_of_service(location)
        subscriber, patient = self.subscriber(), self.patient()
        rendering = self.rendering()
        lines = [self.line(number, line, diagnoses) for number, line in enumerate(coded, start=1)]
        referring = self.parameters.practitioner(self.first("referring"))
        if self.profile.referring_required and (referring is None or referring.npi is None or referring.name is None):
            self.missing(
                "referring_provider",
                "This payer wants the certifying practitioner's name and NPI, and the messages give no valid one.",
                "Correct the referring provider's NPI in the EMR and send the visit again.",
                "front desk",
                Queue.EDITS,
                "encounter.referring",
            )
        if self.findings or location is None or place is None or subscriber is None or patient is None:
            return ()
        provider = self.parameters.practice.billing_providers[location.billing_provider]
        encounter = self.day.encounters[0]
        onset = next((d.onset_on for e in self.day.encounters for d in e.diagnoses if d.onset_on), None)
        whole = ClaimDraft(
            discipline=self.discipline,
            date_of_service=self.day.date_of_service,
            part=1,
            sequence=SEQUENCES.get(self.coverage.rank or 1, "P") if self.coverage.rank else "P",
            payer=self.entry.payer,
            billing_provider=provider,
            subscriber=subscriber,
            patient=patient,
            place_of_service=place,
            frequency=Frequency.ORIGINAL,
            total_charge=sum((line.charge for line in lines), ZERO),
            diagnoses=tuple(diagnoses),
            lines=tuple(lines),
            service_facility=location.facility if place != "12" else None,
            rendering=rendering,
            supervising=self.supervising(rendering),
            referring=referring if referring is not None and referring.npi and referring.name else None,
            authorization_number=self.authorization,
            referral_number=self.coverage.referral_number or encounter.referral_number,
            medical_record_number=self.day.patient.identifiers[0].value if self.day.patient.identifiers else None,
            onset_on=onset if onset and onset != self.day.date_of_service else None,
            initial_treatment_on=self.initial_treatment(),
            accident=encounter.accident if encounter.accident and encounter.accident.kind else None,
            patient_paid=self.patient_paid(),
        )
        return _split(whole)

    # --- parts ----------------------------------------------------------------------------------------------------------

    def missing(
        self, what: str, text: str, fix: str, owner: str, queue: Queue, subject: str = "", citation: Citation = GUIDE
    ) -> None:
        self.findings.append(
            Finding(
                id=f"claim.{what}",
                severity=Severity.ERROR,
                text=text,
                fix=fix,
                owner=owner,
                subject=subject or what,
                queue=queue,
                citation=citation,
            )
        )

    def first(self, field: str) -> Practitioner | None:
        return next((value for e in self.day.encounters if (value := getattr(e, field)) is not None), None)

    def diagnoses(self) -> list[Icd10]:
        ranked = [
            d.code
            for e in self.day.encounters
            for _, d in sorted(enumerate(e.diagnoses), key=lambda pair: (pair[1].rank or 99, pair[0]))
            if d.code
        ]
        pointed = [code for treatment in self.treatments for code in treatment.diagnoses]
        found = list(dict.fromkeys([*ranked, *pointed]))
        if not found:
            self.missing(
                "diagnosis",
                "There is no diagnosis.",
                "Enter one in the note.",
                "treating clinician",
                Queue.DOCUMENTATION,
            )
        if len(found) > MOST_DIAGNOSES:
            self.missing(
                "too_many_diagnoses",
                f"{len(found)} diagnoses, and a claim carries twelve.",
                "Decide which twelve support this day.",
                "biller",
                Queue.EDITS,
            )
        return found

    def location(self) -> Location | None:
        practice = self.parameters.practice
        stated = next((e.location for e in self.day.encounters if e.location), None) or practice.default_location
        location = practice.locations.get(stated or "")
        if location is None:
            self.missing(
                "location",
                "The location of this visit is not in mappings/practice.yaml.",
                "Add the location there, or correct PV1-3 in the EMR.",
                "interface administrator",
                Queue.INTERFACE,
                "encounter.location",
            )
        return location

    def place_of_service(self, location: Location | None) -> str | None:
        stated = next((e.place_of_service for e in self.day.encounters if e.place_of_service), None)
        place = stated or (location.place_of_service if location else None)
        modality = next((e.modality for e in self.day.encounters if e.modality), None)
        if modality in {Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO}:
            rule = self.profile.telehealth.at(self.day.date_of_service)
            allowed = rule.places_of_service
            if rule.covered and place not in allowed:
                self.missing(
                    "place_of_service",
                    f"A telehealth visit has place of service {' or '.join(allowed)}, not {place}.",
                    "Correct the place of service in the note: 10 at the patient's home, 02 elsewhere.",
                    "treating clinician",
                    Queue.EDITS,
                    "encounter.place_of_service",
                )
        return place

    def subscriber(self) -> Subscriber | None:
        coverage, patient = self.coverage, self.day.patient
        owner, queue = "front desk", Queue.EDITS
        if coverage.relationship is None:
            self.missing(
                "relationship",
                "The patient's relationship to the subscriber is not stated.",
                "Send IN1-17.",
                owner,
                queue,
                "coverage.relationship",
            )
            return None
        own = coverage.relationship is Relationship.SELF
        name = patient.name if own else coverage.subscriber_name
        if not coverage.member_id:
            self.missing(
                "member_id", "The member id is not stated.", "Send IN1-36.", owner, queue, "coverage.member_id"
            )
            return None
        if name is None or not name.last:
            self.missing(
                "subscriber_name",
                "The subscriber's name is not stated.",
                "Send IN1-16.",
                owner,
                queue,
                "coverage.subscriber_name",
            )
            return None
        return Subscriber(
            name=name,
            member_id=coverage.member_id,
            relationship=coverage.relationship,
            group_number=coverage.group_number,
            group_name=coverage.group_name,
            birth_date=patient.birth_date if own else coverage.subscriber_birth_date,
            sex=patient.sex if own else coverage.subscriber_sex,
            address=patient.address if own else coverage.subscriber_address,
        )

    def patient(self) -> ClaimPatient | None:
        patient = self.day.patient
        address = patient.address
        complete = address is not None and address.line1 and address.city and address.state and address.postal_code
        if patient.name is None or patient.birth_date is None or patient.sex is None or address is None or not complete:
            self.missing(
                "patient_demographics",
                "Name, birth date, sex and full address of the patient are needed on a claim.",
                "Complete the registration in the EMR and send it again.",
                "front desk",
                Queue.EDITS,
                "patient",
            )
            return None
        return ClaimPatient(name=patient.name, birth_date=patient.birth_date, sex=patient.sex, address=address)

    def rendering(self) -> Practitioner | None:
        """The therapist who treated; where an assistant did, the therapist who supervised."""
        stated = [t.rendering for t in self.treatments if t.rendering] + [e.rendering for e in self.day.encounters]
        for person in stated:
            known = self.parameters.practitioner(person)
            if known is not None and known.licence not in {
                LicenceLevel.ASSISTANT,
                LicenceLevel.STUDENT,
                LicenceLevel.AIDE,
            }:
                if known.npi is None or known.name is None:
                    break
                return known
        self.missing(
            "rendering_provider",
            "No therapist with a valid NPI is named as rendering provider.",
            "Name the treating or supervising therapist in FT1-20, or add the NPI in mappings/practice.yaml.",
            "treating clinician",
            Queue.DOCUMENTATION,
            "encounter.rendering",
        )
        return None

    def supervising(self, rendering: Practitioner | None) -> Practitioner | None:
        if not self.profile.supervising_sent:
            return None
        person = self.parameters.practitioner(self.first("supervising"))
        return (
            person if person is not None and person.npi and (rendering is None or person.npi != rendering.npi) else None
        )

    def initial_treatment(self) -> date | None:
        plans = [p for p in self.day.plans_of_care if p.discipline in (None, self.discipline)]
        starts = [d for p in plans for d in (p.evaluation_on, p.certified_from) if d and d <= self.day.date_of_service]
        return max(starts, default=None)

    def patient_paid(self) -> Decimal | None:
        amounts = [parse_money(e.patient_paid) for e in self.day.encounters if e.patient_paid]
        total = sum(amounts, ZERO)
        return total or None

    def line(self, number: int, coded: CodedLine, diagnoses: Sequence[Icd10]) -> ServiceLine:
        group = [self.treatments[place] for place in coded.places]
        each = self.unit_charge(group, coded)
        pointed = list(dict.fromkeys(code for treatment in group for code in treatment.diagnoses)) or list(
            diagnoses[:1]
        )
        pointers = tuple(diagnoses.index(code) + 1 for code in pointed if code in diagnoses)[:MOST_POINTERS]
        first = group[0]
        return ServiceLine(
            number=number,
            code=coded.code,
            modifiers=coded.modifiers,
            units=coded.units,
            charge=round_money((each or ZERO) * coded.units),
            date_of_service=self.day.date_of_service,
            pointers=pointers,
            authorization_number=first.authorization_number
            if first.authorization_number and first.authorization_number != self.authorization
            else None,
            note=first.note,
            charges=tuple(self.charges[place] for place in coded.places if place < len(self.charges)),
        )

    def unit_charge(self, group: Sequence[Treatment], coded: CodedLine) -> Decimal | None:
        """The EMR's price of one unit: stated, else the line's charge over its units when that comes out even.

        A code the EMR did not send itself (an add-on of a family, a group or visit code) has the practice's own price.
        """
        if not any(treatment.code == coded.code for treatment in group):
            listed = self.parameters.practice.charges.get(coded.code)
            price = listed.find(self.day.date_of_service) if listed is not None else None
            if price is not None:
                return price
            self.missing(
                "charge",
                f"{coded.code} was not sent by the EMR, and the practice's charge list has no price for it.",
                "Add the price under charges in mappings/practice.yaml.",
                "biller",
                Queue.EDITS,
                f"practice.charges {coded.code}",
            )
            return None
        for treatment in group:
            if treatment.unit_charge is not None and treatment.unit_charge > ZERO:
                return treatment.unit_charge
        for treatment in group:
            if treatment.charge is not None and treatment.units_sent:
                each = treatment.charge / treatment.units_sent
                if round_money(each) == each and each > ZERO:
                    return round_money(each)
        self.missing(
            "charge",
            f"{coded.code} has no price of one unit.",
            "Send FT1-22 or FT1-12, or FT1-11 with FT1-10.",
            "biller",
            Queue.EDITS,
            f"encounter.treatments[{coded.places[0]}].unit_charge",
        )
        return None


def _split(whole: ClaimDraft) -> tuple[ClaimDraft, ...]:
    """Claims of at most 50 lines, each balanced alone. Source  X222A1 2400 (50 service lines)."""
    if len(whole.lines) <= MOST_LINES:
        return (whole,)
    parts = []
    for part, start in enumerate(range(0, len(whole.lines), MOST_LINES), start=1):
        lines = tuple(
            replace(line, number=number) for number, line in enumerate(whole.lines[start : start + MOST_LINES], start=1)
        )
        total = sum((line.charge for line in lines), ZERO)
        parts.append(
            replace(
                whole,
                part=part,
                lines=lines,
                total_charge=total,
                patient_paid=whole.patient_paid if part == 1 else None,
            )
        )
    return tuple(parts)
