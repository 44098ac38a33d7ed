"""Coverage: a patient's enrolment with a payer, ranked; the subscriber may be another person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.domain.parties import Address, Discipline, PersonName, Sex


class Relationship(StrEnum):
    """Patient's relationship to the subscriber, in the codes of 837P SBR02 and PAT01."""

    SELF = "18"
    SPOUSE = "01"
    CHILD = "19"
    EMPLOYEE = "20"
    UNKNOWN = "21"
    ORGAN_DONOR = "39"
    CADAVER_DONOR = "40"
    LIFE_PARTNER = "53"
    OTHER = "G8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One enrolment. rank: 1 primary, 2 secondary, 3 tertiary. payer_id: the sender's id, resolved by mappings/practice.yaml.

    The subscriber fields are only sent when the subscriber is not the patient. Spans include both ends.
    insurance_type: why Medicare pays after another payer, in the codes of 837P SBR05. benefits_assigned: Y, N or W (the
    patient refuses), CLM08. release_of_information: Y signed, I informed consent, N refused, CLM09. None: not said.
    """

    rank: int | None = None
    payer_id: str | None = None
    payer_name: str | None = None
    plan_id: str | None = None
    member_id: str | None = None
    group_number: str | None = None
    group_name: str | None = None
    relationship: Relationship | None = None
    subscriber_name: PersonName | None = None
    subscriber_birth_date: date | None = None
    subscriber_sex: Sex | None = None
    subscriber_address: Address | None = None
    effective_on: date | None = None
    ends_on: date | None = None
    authorization_number: str | None = None
    referral_number: str | None = None
    insurance_type: str | None = None
    benefits_assigned: str | None = None
    release_of_information: str | None = None


class BenefitPeriod(StrEnum):
    """Over what stretch a benefit limit counts."""

    CALENDAR_YEAR = "calendar_year"
    LIFETIME = "lifetime"


class Basis(StrEnum):
    """What an authorization or a benefit limit counts."""

    VISITS = "visits"
    UNITS = "units"
    MINUTES = "minutes"
    AMOUNT = "amount"
    EPISODE = "episode"  # everything inside the span


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitLimit:
    """What a plan covers at most.

    Shapes   disciplines empty: all of therapy together. habilitative: None counts both kinds of care.
    """

    payer_id: str | None = None
    basis: Basis | None = None
    period: BenefitPeriod | None = None
    allowed: Decimal | None = None
    used: Decimal | None = None
    disciplines: tuple[Discipline, ...] = ()
    as_of: date | None = None
    habilitative: bool | None = None
