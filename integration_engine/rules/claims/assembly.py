"""One treatment day becomes claim drafts: who, for whom, by whom, where, what, for how much.

It decides nothing that a gate or a modifier rule decides; what it cannot find it names as a finding and then drafts
nothing. Authority: X222A1 loops 2000A to 2400; THERAPY_RULES §6 and the payer's rules in mappings/rules/claims.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import Icd10
from integration_engine.core.findings import Finding, Queue
from integration_engine.core.money import ZERO, parse_money
from integration_engine.domain.claim import ClaimDraft, ClaimPatient, Frequency, OtherPayer, Subscriber
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.encounter import Accident, Modality
from integration_engine.domain.parties import Discipline, Practitioner
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.claims.lines import HOME, ClaimWide, LineFacts, service_line, split
from integration_engine.rules.claims.parties import (
    FIRST,
    CompletePayer,
    missing,
    named,
    patient_of,
    release_refused,
    rendering_of,
    subscriber_of,
    undecided,
)
from integration_engine.rules.claims.provider_numbers import with_provider_numbers
from integration_engine.rules.claims.supplement import enclosed_problems, supplemented
from integration_engine.rules.modifiers.day import CodedLine
from integration_engine.rules.parameters.claims import CaseNumber, ClaimRule
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile
from integration_engine.rules.parameters.practice import Location, PayerEntry

MOST_DIAGNOSES = 12
AUTO = "AA"


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
    later: Sequence[CompletePayer] = (),
) -> Assembled:
    """Draft the claims of one treatment day.

    Shapes   treatments: the day's, in order, with the payer's codes; lines point to them by place. authorization: the
             whole claim's number; a treatment carries its own where codes need different ones. later: the patient's
             other payers in force on the day, by rank.
    Raises   NotInForce: no rule about making claims covers the date of service.
    """
    work = _Assembly(day, discipline, coverage, entry, profile, authorization, parameters, treatments, later)
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
        later: Sequence[CompletePayer],
    ) -> None:
        self.day = day
        self.discipline = discipline
        self.coverage = coverage
        self.entry = entry
        self.profile = profile
        self.authorization = authorization
        self.parameters = parameters
        self.treatments = treatments
        self.later = later
        self.findings: list[Finding] = []

    def drafts(self, coded: Sequence[CodedLine]) -> tuple[ClaimDraft, ...]:
        if not coded:
            self.missing(
                "lines", "No treatment of this day earns a billable unit.", "Check the minutes.", "treating clinician"
            )
            return ()
        rule = self.parameters.claims[self.profile.key].on(self.day.date_of_service).value
        diagnoses, location = self.diagnoses(), self.location()
        place = self.place_of_service(location)
        subscriber, patient = self.subscriber(rule), self.patient()
        claim = self.claim_wide(location, place)
        accident = self.accident(rule)
        self.findings.extend(release_refused(self.coverage))
        self.findings.extend(enclosed_problems(self.day))
        facts = LineFacts.of(self.day, self.treatments, diagnoses, self.profile, rule, self.parameters, self.coverage)
        priced = [service_line(number, line, facts, claim) for number, line in enumerate(coded, start=1)]
        for _, found in priced:
            self.findings.extend(found)
        if self.findings or location is None or place is None or subscriber is None or patient is None:
            return ()
        whole = ClaimDraft(
            discipline=self.discipline,
            date_of_service=self.day.date_of_service,
            part=1,
            sequence=FIRST,  # of those in force on the day, whatever rank it once had
            payer=self.entry.payer,
            billing_provider=self.parameters.practice.billing_providers[location.billing_provider],
            subscriber=subscriber,
            patient=patient,
            place_of_service=place,
            frequency=Frequency.ORIGINAL,
            total_charge=sum((line.charge for line, _ in priced), ZERO),
            diagnoses=tuple(diagnoses),
            lines=tuple(line for line, _ in priced),
            service_facility=claim.facility,
            rendering=claim.rendering,
            supervising=claim.supervising,
            referring=claim.referring,
            authorization_number=self.authorization,
            referral_number=self.coverage.referral_number or self.day.encounters[0].referral_number,
            medical_record_number=self.day.patient.identifiers[0].value if self.day.patient.identifiers else None,
            onset_on=self.onset(),
            initial_treatment_on=self.initial_treatment() if rule.initial_treatment_sent else None,
            patient_paid=self.patient_paid(),
            pay_to_address=self.parameters.practice.pay_to.get(location.billing_provider),
            primary_care=self.primary_care(rule),
            assignment=rule.assignment,
            benefits_assigned=self.coverage.benefits_assigned or rule.benefits_assigned,
            release_of_information=self.coverage.release_of_information or rule.release_of_information,
            other_payers=self.other_payers() if rule.later_payers else (),
        )
        whole = supplemented(_with_accident(whole, accident, rule), self.day)
        return tuple(with_provider_numbers(part, self.parameters.practice) for part in split(whole, rule))

    # --- parts ----------------------------------------------------------------------------------------------------------

    def claim_wide(self, location: Location | None, place: str | None) -> ClaimWide:
        """What the claim says for all its lines."""
        rendering = self.rendering()
        return ClaimWide(
            place_of_service=place or "",
            facility=location.facility if location is not None and place != HOME else None,
            rendering=rendering,
            supervising=self.supervising(rendering),
            referring=self.referring(),
            authorization=self.authorization,
        )

    def other_payers(self) -> tuple[OtherPayer, ...]:
        on = self.day.date_of_service
        rules = {e.payer.profile: self.parameters.claims[e.payer.profile].at(on) for _, e in self.later}
        return undecided(self.later, self.day.patient, rules)

    def onset(self) -> date | None:
        """The condition's onset; it is left out when it is the day of the visit itself."""
        onset = next((d.onset_on for e in self.day.encounters for d in e.diagnoses if d.onset_on), None)
        return onset if onset != self.day.date_of_service else None

    def missing(
        self, what: str, text: str, fix: str, owner: str, queue: Queue = Queue.EDITS, subject: str = ""
    ) -> None:
        self.findings.append(missing(what, text, fix, owner, queue, subject))

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
                    subject="encounter.place_of_service",
                )
        return place

    def subscriber(self, rule: ClaimRule) -> Subscriber | None:
        found = subscriber_of(self.coverage, self.day.patient, members_have_ids=rule.members_have_ids)
        if isinstance(found, Subscriber):
            return found
        self.findings.append(found)
        return None

    def patient(self) -> ClaimPatient | None:
        found = patient_of(self.day.patient)
        if isinstance(found, ClaimPatient):
            return found
        self.findings.append(found)
        return None

    def rendering(self) -> Practitioner | None:
        stated = [t.rendering for t in self.treatments if t.rendering] + [e.rendering for e in self.day.encounters]
        found = rendering_of(stated, self.parameters)
        if found is None:
            self.missing(
                "rendering_provider",
                "No therapist with a valid NPI is named as rendering provider.",
                "Name the treating or supervising therapist in FT1-20, or add the NPI in mappings/practice.yaml.",
                "treating clinician",
                Queue.DOCUMENTATION,
                "encounter.rendering",
            )
        return found

    def referring(self) -> Practitioner | None:
        found = named(self.first("referring"), self.parameters)
        if found is None and self.profile.referring_required.at(self.day.date_of_service):
            self.missing(
                "referring_provider",
                "This payer wants the certifying practitioner's name and NPI, and the messages give no valid one.",
                "Correct the referring provider's NPI in the EMR and send the visit again.",
                "front desk",
                subject="encounter.referring",
            )
        return found

    def primary_care(self, rule: ClaimRule) -> Practitioner | None:
        """Beside a referring provider only. Source  X222A1 2310A NM101."""
        if not rule.primary_care_sent or named(self.first("referring"), self.parameters) is None:
            return None
        return named(self.first("primary_care"), self.parameters)

    def supervising(self, rendering: Practitioner | None) -> Practitioner | None:
        if not self.profile.supervising_sent.at(self.day.date_of_service):
            return None
        person = named(self.first("supervising"), self.parameters)
        return person if person is not None and (rendering is None or person.npi != rendering.npi) else None

    def accident(self, rule: ClaimRule) -> Accident | None:
        """The accident behind the condition, with what a claim about one needs. Source  X222A1 CLM11, DTP*439, REF*Y4."""
        found = next((e.accident for e in self.day.encounters if e.accident and e.accident.kind), None)
        number = found.claim_number if found else None
        if rule.case_number is CaseNumber.REQUIRED and not number:
            self.missing(
                "case_number",
                "This payer wants the liable insurer's number of the case, and none is stated.",
                "Enter the claim number of the injury in the EMR.",
                "front desk",
                subject="encounter.accident.claim_number",
            )
        if found is None:
            return None
        if found.occurred_on is None:
            self.missing(
                "accident_date",
                "The condition is due to an accident whose date is not stated.",
                "Send ACC-1.",
                "front desk",
                subject="encounter.accident.occurred_on",
            )
        if found.kind == AUTO and not found.state:
            self.missing(
                "accident_state",
                "A claim about an auto accident names the state where it happened.",
                "Send ACC-4.",
                "front desk",
                subject="encounter.accident.state",
            )
        return found

    def initial_treatment(self) -> date | None:
        plans = [p for p in self.day.plans_of_care if p.discipline in (None, self.discipline)]
        starts = [d for p in plans for d in (p.evaluation_on, p.certified_from) if d and d <= self.day.date_of_service]
        return max(starts, default=None)

    def patient_paid(self) -> Decimal | None:
        amounts = [parse_money(e.patient_paid) for e in self.day.encounters if e.patient_paid]
        total = sum(amounts, ZERO)
        return total or None


def _with_accident(draft: ClaimDraft, accident: Accident | None, rule: ClaimRule) -> ClaimDraft:
    """The draft with what its payer wants to know about the accident behind the condition."""
    if accident is None:
        return draft
    state = accident.state if accident.kind == AUTO else None  # CLM11-4 belongs to auto accidents
    stated = Accident(occurred_on=accident.occurred_on, kind=accident.kind, state=state)
    number = None if rule.case_number is CaseNumber.NOT_SENT else accident.claim_number
    told = replace(draft, accident=stated, property_casualty_number=number)
    if not rule.work_dates_sent:
        return told
    return replace(
        told,
        disabled_from=accident.disabled_from,
        disabled_to=accident.disabled_to,
        last_worked_on=accident.last_worked_on,
        returned_to_work_on=accident.returned_to_work_on,
        first_contact_on=accident.first_contact_on,
    )
