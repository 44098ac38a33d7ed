"""One case being built: what it states, and who took part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from integration_engine.core.codes import Hcpcs, Icd10, Modifier, Npi, Taxonomy
from integration_engine.domain.parties import (
    Discipline,
    LicenceLevel,
    Practitioner,
)
from integration_engine.domain.treatment import Treatment
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.rule_cases.models import (
    Given,
    GivenPerson,
    GivenService,
)
from integration_engine.rules.rule_cases.usual import DIAGNOSES, THERAPISTS, UNIT_CHARGE


class Case:
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

    def person(self, role: str, stated: GivenPerson | None, usual: Practitioner | None) -> Practitioner | None:
        """Who has a role: as stated, nobody where that is stated, else the usual one."""
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
            start=self.at(service.start),
            stop=self.at(service.stop),
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

    def at(self, clock: time | None) -> datetime | None:
        """A clock time of the case's day."""
        return datetime.combine(self.on, clock) if clock is not None else None
