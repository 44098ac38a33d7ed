"""The service lines of a treatment day: what each bills, for how much, and what about it is other than the whole claim.

A line repeats nothing the claim says. Source  X222A1 loops 2400, 2420A, 2420C, 2420D, 2420E, 2420F (only where different
from the claim); THERAPY_RULES §4.4 (authorizations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Self

from integration_engine.core.codes import Icd10
from integration_engine.core.findings import Finding
from integration_engine.core.money import ZERO, round_money
from integration_engine.domain.claim import ClaimDraft, ServiceLine
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Organization, Practitioner
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import TreatmentDay
from integration_engine.rules.claims.parties import may_render, missing, named
from integration_engine.rules.claims.supplement import line_attachments
from integration_engine.rules.modifiers.day import CodedLine
from integration_engine.rules.parameters.claims import ClaimRule
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import PayerProfile

MOST_LINES = 50
MOST_POINTERS = 4
HOME = "12"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWide:
    """What the claim says for all its lines; a line says only what is other."""

    place_of_service: str
    facility: Organization | None
    rendering: Practitioner | None
    supervising: Practitioner | None
    referring: Practitioner | None
    authorization: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What lines are made of.

    Shapes   treatments: the day's, in order, with the payer's codes; coded lines point to them by place. charges: the ids
             of their charge lines. alike: one encounter, and nobody else treated, so that a line without a supervisor of
             its own cannot differ from its claim in who and where.
    """

    day: TreatmentDay
    treatments: Sequence[Treatment]
    diagnoses: Sequence[Icd10]
    profile: PayerProfile
    rule: ClaimRule
    parameters: Parameters
    coverage: Coverage
    charges: tuple[int, ...]
    alike: bool

    @classmethod
    def of(
        cls,
        day: TreatmentDay,
        treatments: Sequence[Treatment],
        diagnoses: Sequence[Icd10],
        profile: PayerProfile,
        rule: ClaimRule,
        parameters: Parameters,
        coverage: Coverage,
    ) -> Self:
        """The facts of one day."""
        main = day.encounters[0].rendering
        return cls(
            day=day,
            treatments=treatments,
            diagnoses=diagnoses,
            profile=profile,
            rule=rule,
            parameters=parameters,
            coverage=coverage,
            charges=tuple(reference.charge_id for reference in day.charges),
            alike=len(day.encounters) == 1 and all(t.rendering in (None, main) for t in treatments),
        )

    def encounter(self, place: int) -> Encounter:
        """The encounter a treatment was done in."""
        last = self.day.encounters[-1]
        for encounter in self.day.encounters:
            if place < len(encounter.treatments):
                return encounter
            place -= len(encounter.treatments)
        return last


def service_line(
    number: int, coded: CodedLine, facts: LineFacts, claim: ClaimWide
) -> tuple[ServiceLine, tuple[Finding, ...]]:
    """One line, and what keeps it from having a price."""
    group = [facts.treatments[place] for place in coded.places]
    first, encounter = group[0], facts.encounter(coded.places[0])
    each, findings = _unit_charge(group, coded, facts)
    diagnoses = facts.diagnoses
    pointed = list(dict.fromkeys(code for treatment in group for code in treatment.diagnoses)) or list(diagnoses[:1])
    pointers = tuple(diagnoses.index(code) + 1 for code in pointed if code in diagnoses)[:MOST_POINTERS]
    charges = facts.charges
    alike = facts.alike and all(treatment.supervising is None for treatment in group)
    own = _NOTHING_OWN if alike else _own(group, encounter, facts, claim)
    line = ServiceLine(
        number=number,
        code=coded.code,
        modifiers=coded.modifiers,
        units=coded.units,
        charge=round_money((each or ZERO) * coded.units),
        date_of_service=facts.day.date_of_service,
        pointers=pointers,
        place_of_service=own.place_of_service,
        service_facility=own.service_facility,
        authorization_number=_other(first.authorization_number, claim.authorization),
        rendering=own.rendering,
        supervising=own.supervising,
        referring=own.referring,
        ordering=_ordering(first, encounter, facts),
        note=first.note,
        description=first.description,
        screening_referral=any(treatment.screening_referral for treatment in group),
        attachments=line_attachments(encounter, group) if encounter.enclosures else (),
        referral_number=_own_referral(encounter, facts),
        charges=tuple(charges[place] for place in coded.places if place < len(charges)),
    )
    return line, findings


class _Own(NamedTuple):
    """What a line says of its own, because its claim says something else."""

    place_of_service: str | None = None
    service_facility: Organization | None = None
    rendering: Practitioner | None = None
    supervising: Practitioner | None = None
    referring: Practitioner | None = None


_NOTHING_OWN = _Own()


def _own(group: Sequence[Treatment], encounter: Encounter, facts: LineFacts, claim: ClaimWide) -> _Own:
    place, facility = _where(encounter, facts)
    return _Own(
        place_of_service=place if place != claim.place_of_service else None,
        service_facility=facility if facility is not None and facility != claim.facility else None,
        rendering=_other_person(_rendering(group, encounter, facts), claim.rendering),
        supervising=_other_person(_supervising(group, facts), claim.supervising),
        referring=_other_person(named(encounter.referring, facts.parameters), claim.referring),
    )


def _other(own: str | None, of_claim: str | None) -> str | None:
    return own if own and own != of_claim else None


def _other_person(own: Practitioner | None, of_claim: Practitioner | None) -> Practitioner | None:
    """A line names a person only beside another one of the claim's."""
    return own if own is not None and of_claim is not None and own.npi != of_claim.npi else None


def _own_referral(encounter: Encounter, facts: LineFacts) -> str | None:
    """The referral of a visit that is another than the day's first, where the coverage names none for all."""
    if len(facts.day.encounters) == 1 or facts.coverage.referral_number:
        return None
    return _other(encounter.referral_number, facts.day.encounters[0].referral_number)


def _where(encounter: Encounter, facts: LineFacts) -> tuple[str | None, Organization | None]:
    """Place of service and facility of one encounter; at the patient's home there is no facility."""
    practice = facts.parameters.practice
    location = practice.locations.get(encounter.location or practice.default_location or "")
    place = encounter.place_of_service or (location.place_of_service if location else None)
    return place, location.facility if location is not None and place != HOME else None


def _rendering(group: Sequence[Treatment], encounter: Encounter, facts: LineFacts) -> Practitioner | None:
    people = (may_render(person, facts.parameters) for person in (*(t.rendering for t in group), encounter.rendering))
    return next((person for person in people if person is not None), None)


def _supervising(group: Sequence[Treatment], facts: LineFacts) -> Practitioner | None:
    if not facts.profile.supervising_sent.at(facts.day.date_of_service):
        return None
    return next((one for t in group if (one := named(t.supervising, facts.parameters)) is not None), None)


def _ordering(treatment: Treatment, encounter: Encounter, facts: LineFacts) -> Practitioner | None:
    if not facts.rule.ordering_sent:
        return None
    return named(treatment.ordering or encounter.ordering, facts.parameters)


def _unit_charge(
    group: Sequence[Treatment], coded: CodedLine, facts: LineFacts
) -> tuple[Decimal | None, tuple[Finding, ...]]:
    """The EMR's price of one unit: stated, else the line's charge over its units when that comes out even.

    A code the EMR did not send itself (an add-on of a family, a group or visit code) has the practice's own price.
    """
    if not any(treatment.code == coded.code for treatment in group):
        listed = facts.parameters.practice.charges.get(coded.code)
        price = listed.find(facts.day.date_of_service) if listed is not None else None
        if price is not None:
            return price, ()
        return None, (
            missing(
                "charge",
                f"{coded.code} was not sent by the EMR, and the practice's charge list has no price for it.",
                "Add the price under charges in mappings/practice.yaml.",
                "biller",
                subject=f"practice.charges {coded.code}",
            ),
        )
    for treatment in group:
        if treatment.unit_charge is not None and treatment.unit_charge > ZERO:
            return treatment.unit_charge, ()
    for treatment in group:
        if treatment.charge is not None and treatment.units_sent:
            each = treatment.charge / treatment.units_sent
            if round_money(each) == each and each > ZERO:
                return round_money(each), ()
    return None, (
        missing(
            "charge",
            f"{coded.code} has no price of one unit.",
            "Send FT1-22 or FT1-12, or FT1-11 with FT1-10.",
            "biller",
            subject=f"encounter.treatments[{coded.places[0]}].unit_charge",
        ),
    )


def split(whole: ClaimDraft, rule: ClaimRule) -> tuple[ClaimDraft, ...]:
    """Claims of at most 50 lines, each balanced alone; one an authorization where the payer reads none at lines.

    Shapes   parts are numbered from 1 in the order of the lines; the patient's payment goes with the first.
    Source   X222A1 2400 (50 service lines); THERAPY_RULES §4.4.
    """
    apart = rule.authorizations_split and any(line.authorization_number for line in whole.lines)
    if len(whole.lines) <= MOST_LINES and not apart:
        return (whole,)  # nearly every day is one claim as it stands: part 1, lines numbered in order
    groups: dict[str | None, list[ServiceLine]] = {}
    for line in whole.lines:
        number = line.authorization_number if rule.authorizations_split else None
        groups.setdefault(number, []).append(line)
    parts: list[ClaimDraft] = []
    for number, lines in groups.items():
        for start in range(0, len(lines), MOST_LINES):
            several = tuple(
                replace(line, number=n, authorization_number=None if number else line.authorization_number)
                for n, line in enumerate(lines[start : start + MOST_LINES], start=1)
            )
            parts.append(
                replace(
                    whole,
                    part=len(parts) + 1,
                    lines=several,
                    total_charge=sum((line.charge for line in several), ZERO),
                    authorization_number=number or whole.authorization_number,
                    patient_paid=None if parts else whole.patient_paid,
                )
            )
    return tuple(parts)
