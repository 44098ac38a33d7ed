"""What was done on a treatment day, code by code, with minutes and who gave them; and the units that came of it."""

from __future__ import annotations

from dataclasses import dataclass

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Decision, Finding
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.rules.parameters.codes import ProcedureFacts
from integration_engine.rules.parameters.payers import UnitsMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All treatments of one code on one treatment day, taken together; of two codes where one goes on with the other.

    Shapes   further: the add-on code that takes every unit after the first (97129 goes on as 97130).
    Units    minutes: one-on-one minutes without rest; None when not documented. assistant_minutes: None when the
             share of an assistant who took part is not documented.
    """

    code: Hcpcs
    places: tuple[int, ...]  # indexes of its treatments, in the order sent
    minutes: int | None
    assistant_minutes: int | None
    units_sent: int | None
    facts: ProcedureFacts | None
    delivery: Delivery | None
    device_days: int | None = None
    live_contact: bool | None = None
    further: ProcedureFacts | None = None
    further_places: tuple[int, ...] = ()
    units: int = 0

    @property
    def lengths(self) -> tuple[int, ...]:
        """Minutes of each unit billed, in order; a family's further units have a length of their own."""
        if self.facts is None or self.facts.unit_minutes is None:
            return ()
        first = self.facts.unit_minutes
        after = self.further.unit_minutes if self.further is not None and self.further.unit_minutes else first
        return (first, *(after,) * (self.units - 1)) if self.units else ()

    @property
    def billed(self) -> tuple[tuple[Hcpcs, int], ...]:
        """Codes with their units; a family gives its first unit to the first code and the rest to the further one."""
        if not self.units:
            return ()
        if self.further is None or self.units == 1:
            return ((self.code, self.units),)
        return ((self.code, 1), (self.further.code, self.units - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsResult:
    """Services with their units, and how they came about. timed_minutes and total: of the pooled 15-minute codes."""

    services: tuple[Service, ...]
    timed_minutes: int
    total_timed_units: int
    tie: bool
    alternatives: tuple[tuple[tuple[Hcpcs, int], ...], ...]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[tuple[Hcpcs, int], ...]:
        """Every billed code with its units."""
        return tuple(pair for service in self.services for pair in service.billed)


def minutes_of(treatment: Treatment, *, rest_counts: bool = False) -> int | None:
    """Documented minutes of one treatment: as stated, else from start to stop less rest.

    Shapes   rest_counts: the payer counts rest between start and stop as treatment.
    """
    if treatment.minutes is not None:
        return treatment.minutes + ((treatment.rest_minutes or 0) if rest_counts else 0)
    if treatment.start is None or treatment.stop is None or treatment.stop <= treatment.start:
        return None
    whole = int((treatment.stop - treatment.start).total_seconds() // 60)
    return whole if rest_counts else max(whole - (treatment.rest_minutes or 0), 0)


def counted(service: Service, units: int) -> Service:
    """The service with its units; spelled out, since every treatment day does it for every code."""
    return Service(
        code=service.code,
        places=service.places,
        minutes=service.minutes,
        assistant_minutes=service.assistant_minutes,
        units_sent=service.units_sent,
        facts=service.facts,
        delivery=service.delivery,
        device_days=service.device_days,
        live_contact=service.live_contact,
        further=service.further,
        further_places=service.further_places,
        units=units,
    )


def is_pooled(service: Service, method: UnitsMethod) -> bool:
    """A code of the method's own unit length, without thresholds of its own."""
    facts = service.facts
    return facts is not None and facts.unit_minutes == method.unit_minutes and facts.earned_at is None


def is_missing(service: Service) -> bool:
    """Nothing can be counted: the code is unknown, or its minutes, days or live contact are not documented."""
    facts = service.facts
    if facts is None:
        return True
    if facts.device_days is not None:
        return service.device_days is None
    return (facts.unit_minutes is not None and service.minutes is None) or (
        facts.live_contact and service.live_contact is not True
    )
