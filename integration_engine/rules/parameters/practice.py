"""The practice's own directory: places, people, payers, prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.dated import Dated
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Address, Discipline, Organization, Practitioner


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place of the practice: its place of service, billing provider and facility; setting for telehealth and supervision."""

    key: str
    setting: str
    place_of_service: str
    billing_provider: str
    facility: Organization | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerEntry:
    """A payer of the practice: its claim facts, its profile, and what this practice agreed with it.

    Shapes   authorization_as_later_payer: it asks for its authorizations also where another payer pays first; most waive
             them then.
    """

    payer: Payer
    authorization_required: tuple[Discipline, ...]
    authorization_exempt: tuple[Hcpcs, ...]
    authorization_as_later_payer: bool
    visit_counts: str
    timely_filing_days: int | None
    allowed: Mapping[str, Dated[Decimal]]
    practice_expense: Mapping[str, Dated[Decimal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryNumber:
    """A number beside the NPI of a provider (REF of its loop). payers: keys of those it is meant for, empty for all."""

    qualifier: str
    number: str
    payers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The practice's own directory, from mappings/practice.yaml.

    Shapes   pay_to: by billing provider, where payments go to another address. numbers: beside the NPI, by NPI, else by our
             own key or the EMR's id.
    """

    time_zone: str
    default_location: str | None
    billing_providers: Mapping[str, Organization]
    locations: Mapping[str, Location]
    practitioners: Mapping[str, Practitioner]
    payers: Mapping[str, PayerEntry]
    charges: Mapping[str, Dated[Decimal]]
    pay_to: Mapping[str, Address] = field(default_factory=dict)
    numbers: Mapping[str, tuple[DirectoryNumber, ...]] = field(default_factory=dict)
