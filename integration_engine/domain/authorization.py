"""Authorizations and appointments: what a payer allows, and what has been booked against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Hcpcs, Npi
from integration_engine.domain.coverage import Basis
from integration_engine.domain.parties import Discipline, Practitioner


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A payer's permission: codes or disciplines, span, quantity. Spans include both ends.

    Shapes   codes and disciplines empty: every therapy code. used_before: consumed outside what this engine billed.
             status: requested, pended, approved, approved_modified, partially_approved, denied, cancelled (as the
             feed's table gives it). rendering_npi: bound to this practitioner.
    """

    number: str | None = None
    payer_id: str | None = None
    basis: Basis | None = None
    allowed: Decimal | None = None
    used_before: Decimal | None = None
    codes: tuple[Hcpcs, ...] = ()
    disciplines: tuple[Discipline, ...] = ()
    effective_on: date | None = None
    ends_on: date | None = None
    status: str | None = None
    rendering_npi: Npi | None = None


class AppointmentStatus(StrEnum):
    """Where a booking stands."""

    BOOKED = "booked"
    KEPT = "kept"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A scheduled encounter, from SIU. Not billed from; consumes authorization while booked.

    Shapes   number: the filler's appointment id (SCH-2, else SCH-1). stated_at: the sender's time of the message
             (MSH-7), which decides between two messages that arrive out of order.
    """

    number: str | None = None
    status: AppointmentStatus | None = None
    start: datetime | None = None
    stop: datetime | None = None
    minutes: int | None = None
    discipline: Discipline | None = None
    encounter_type: str | None = None
    practitioner: Practitioner | None = None
    location: str | None = None
    encounter_number: str | None = None
    booked_by: str | None = None
    stated_at: datetime | None = None
