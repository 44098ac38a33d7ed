"""People and organizations: the patient, the practitioners in their roles, the practice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from integration_engine.core.codes import Npi, Taxonomy


class Discipline(StrEnum):
    """The three outpatient-therapy disciplines."""

    PT = "PT"
    OT = "OT"
    SLP = "SLP"


class LicenceLevel(StrEnum):
    """What the person who treated is licensed as; decides who may render, evaluate and certify."""

    THERAPIST = "therapist"
    ASSISTANT = "assistant"
    STUDENT = "student"
    AIDE = "aide"
    PHYSICIAN = "physician"
    NON_PHYSICIAN_PRACTITIONER = "non_physician_practitioner"
    OTHER = "other"  # chiropractor, dentist: licensed, but may not certify therapy


class Sex(StrEnum):
    """Administrative sex as an 837P carries it (DMG03)."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A person's name in its parts."""

    last: str | None = None
    first: str | None = None
    middle: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; state as two letters, postal code with digits only."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier with the kind and the authority it was sent under (``MR`` of ``CLINIC``)."""

    value: str
    kind: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practitioner:
    """A person who treats, refers, orders, certifies or supervises. The role is the field that holds this record."""

    npi: Npi | None = None
    local_id: str | None = None
    name: PersonName | None = None
    credential: str | None = None
    licence: LicenceLevel | None = None
    taxonomy: Taxonomy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The person treated, as the EMR states it. ``identifiers`` in the order sent; the first is the record number."""

    identifiers: tuple[Identifier, ...] = ()
    name: PersonName | None = None
    birth_date: date | None = None
    sex: Sex | None = None
    address: Address | None = None
    phone: str | None = None
    death_date: date | None = None
    account_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A billing provider, a service facility or a submitter of the practice's own directory."""

    key: str
    name: str
    npi: Npi | None = None
    tax_id: str | None = None
    tax_id_kind: str = "EI"
    taxonomy: Taxonomy | None = None
    address: Address | None = None
    phone: str | None = None
    contact: str | None = None
