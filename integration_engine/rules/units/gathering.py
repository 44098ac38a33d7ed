"""Same codes taken together, before any rule looks at minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Finding
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.rules.parameters.codes import ProcedureFacts
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.payers import DeliveryRule, PayerProfile
from integration_engine.rules.units.findings import no_contact, no_days, no_minutes, not_one_on_one, unknown_code
from integration_engine.rules.units.services import Service, minutes_of

ONE_ON_ONE = frozenset({None, Delivery.ONE_ON_ONE})  # where nothing else is said, it was


class Gathering:
    """Same codes taken together, before any rule looks at minutes."""

    def __init__(
        self,
        treatments: Sequence[Treatment],
        profile: PayerProfile,
        as_of: date,
        parameters: Parameters,
        discipline: Discipline | None,
    ) -> None:
        self.treatments = treatments
        self.profile = profile
        self.as_of = as_of
        self.parameters = parameters
        self.discipline = discipline
        self.findings: list[Finding] = []
        self.rest_counts = profile.rest_counts.at(as_of)
        self.not_one_on_one = profile.not_one_on_one.at(as_of)

    def services(self) -> tuple[list[Service], list[Finding]]:
        """Every code done, with its minutes and treatments, in the order of its first; and what is in doubt about it."""
        places: dict[Hcpcs, list[int]] = {}
        for index, treatment in enumerate(self.treatments):
            if treatment.code is not None:
                places.setdefault(self._code(treatment, treatment.code), []).append(index)
        facts = {code: self.parameters.procedure(code, self.as_of) for code in places}
        going_on = {f.further_code: code for code, f in facts.items() if f is not None and f.further_code is not None}
        services = []
        for code, indexes in places.items():
            if code in going_on:
                continue  # counted with the code it goes on from
            known = facts[code]
            further = known.further_code if known is not None else None
            after = places.get(further, []) if further is not None else []
            service = self._service(code, known, indexes, after)
            services.append(service)
            self._doubts(service)
        return services, self.findings

    def _code(self, treatment: Treatment, code: Hcpcs) -> Hcpcs:
        """The code as done; the group code instead where the payer bills treatment that was not one-on-one so."""
        if treatment.delivery in ONE_ON_ONE or self.not_one_on_one is not DeliveryRule.GROUP:
            return code
        facts = self.parameters.procedure(code, self.as_of)
        if facts is None or facts.unit_minutes is None or self.discipline is None:
            return code
        return self.parameters.group_codes.get(self.discipline, code)

    def _service(
        self, code: Hcpcs, facts: ProcedureFacts | None, indexes: Sequence[int], after: Sequence[int]
    ) -> Service:
        group = [self.treatments[index] for index in (*indexes, *after)]
        minutes = [minutes_of(treatment, rest_counts=self.rest_counts) for treatment in group]
        documented = [m for m in minutes if m is not None]
        sent = [t.units_sent for t in group if t.units_sent is not None]
        further = facts.further_code if facts is not None else None
        first = group[0]
        return Service(
            code=code,
            places=tuple(indexes),
            minutes=sum(documented) if len(documented) == len(group) else None,
            assistant_minutes=_assistant_minutes(group, minutes),
            units_sent=sum(sent) if len(sent) == len(group) else None,
            facts=facts,
            delivery=next((t.delivery for t in group if t.delivery not in ONE_ON_ONE), first.delivery),
            device_days=first.device_days,
            live_contact=first.live_contact,
            further=self.parameters.procedure(further, self.as_of) if further is not None else None,
            further_places=tuple(after),
        )

    def _doubts(self, service: Service) -> None:
        facts, subject = service.facts, f"encounter.treatments[{service.places[0]}]"
        if facts is None:
            self.findings.append(unknown_code(service.code, subject))
            return
        if facts.device_days is not None:
            if service.device_days is None:
                self.findings.append(no_days(service.code, subject, facts.citation))
            return
        if facts.unit_minutes is not None and service.minutes is None:
            self.findings.append(no_minutes(service.code, subject))
        elif (
            facts.unit_minutes is not None
            and not facts.group
            and service.delivery in {Delivery.CONCURRENT, Delivery.GROUP}
            and self.not_one_on_one is DeliveryRule.HOLD
        ):
            self.findings.append(not_one_on_one(service.code, subject, service.delivery))
        if facts.live_contact and service.live_contact is not True:
            self.findings.append(no_contact(service.code, subject, facts.citation))


def _assistant_minutes(group: Sequence[Treatment], minutes: Sequence[int | None]) -> int | None:
    """Minutes without the therapist: stated, or all where only an assistant is named, or unknown."""
    total = 0
    for treatment, whole in zip(group, minutes, strict=True):
        if treatment.assistant_minutes is not None:
            total += treatment.assistant_minutes
        elif treatment.assistant is not None and (
            treatment.joint_minutes is None or whole is None or treatment.joint_minutes < whole
        ):
            return None
    return total
