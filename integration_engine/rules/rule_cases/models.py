"""What a rule case says: the shape of mappings/cases/*.yaml, checked with file, line and column.

A case states only what matters to it; everything it leaves out is a complete visit that passes (visit.py, record.py).
Shapes only; running them is running.py.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from integration_engine.core import codes
from integration_engine.domain.coverage import Basis, BenefitPeriod
from integration_engine.domain.encounter import EncounterType, Modality
from integration_engine.domain.parties import LicenceLevel
from integration_engine.domain.plan_of_care import NoteKind
from integration_engine.domain.treatment import AdvanceNotice, Delivery, DenialExpected
from integration_engine.rules.rule_models.kinds import Code, Day, Disc, Mod, Money, Npi, Source, Taxonomy


def _clock(value: Any) -> Any:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _quantity(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) else value


Clock = Annotated[time, BeforeValidator(_clock)]
Quantity = Annotated[Decimal, BeforeValidator(_quantity)]
Icd = Annotated[str, BeforeValidator(lambda value: codes.parse_icd10(str(value)))]
LineText = Annotated[str, Field(pattern=r"^[0-9A-Z]{5} x[1-9][0-9]*( [0-9A-Z]{2})*$")]
OutcomeText = Literal["pass", "fail", "bypassed", "not_checked"]
Supervision = Literal["none", "general", "direct", "personal"]
Setting = Literal["private_practice", "institution", "critical_access_hospital"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GivenService(_Part):
    """One treatment of the visit.

    Shapes   assistant: licence of the person who treated without the therapist. student: one took part.
    """

    code: Code
    minutes: int | None = Field(default=None, ge=0)
    assistant_minutes: int | None = Field(default=None, ge=0)
    joint_minutes: int | None = Field(default=None, ge=0)
    rest_minutes: int | None = Field(default=None, ge=0)
    start: Clock | None = None
    stop: Clock | None = None
    delivery: Delivery | None = None
    units: int | None = Field(default=None, ge=0)
    modifiers: list[Mod] = Field(default_factory=list)
    device_days: int | None = Field(default=None, ge=0)
    live_contact: bool | None = None
    denial_expected: DenialExpected | None = None
    advance_notice: AdvanceNotice | None = None
    diagnoses: list[Icd] = Field(default_factory=list)
    assistant: LicenceLevel | None = None
    student: bool = False


class GivenPerson(_Part):
    """A person in a role: what they are licensed as, and what identifies them."""

    licence: LicenceLevel | None = None
    npi: Npi | None = None
    taxonomy: Taxonomy | None = None


class GivenPlan(_Part):
    """A plan of care; the people by their licence."""

    version: int | None = None
    discipline: Disc | None = None
    evaluation_on: Day | None = None
    established_on: Day | None = None
    certified_from: Day | None = None
    certified_to: Day | None = None
    duration_weeks: int | None = None
    duration_visits: int | None = None
    amount_per_day: int | None = None
    frequency_per_week: int | None = None
    signed_on: Day | None = None
    verbal_order_on: Day | None = None
    transmitted_on: Day | None = None
    order_signed_on: Day | None = None
    delayed_certification: bool | None = None
    established_by: LicenceLevel = LicenceLevel.THERAPIST
    certifying: LicenceLevel | None = LicenceLevel.PHYSICIAN
    status: str | None = None
    diagnoses: list[Icd] | None = None


class GivenNote(_Part):
    """A document of the patient's course."""

    kind: NoteKind
    written_on: Day
    covers_to: Day | None = None
    author: LicenceLevel = LicenceLevel.THERAPIST
    status: Literal["signed", "unsigned"] = "signed"
    discipline: Disc | None = None


class GivenAuthorization(_Part):
    """An authorization of the payer."""

    number: str
    basis: Basis = Basis.VISITS
    allowed: Quantity | None = None
    used_before: Quantity | None = None
    codes: list[Code] = Field(default_factory=list)
    disciplines: list[Disc] = Field(default_factory=list)
    effective_on: Day | None = None
    ends_on: Day | None = None
    status: str | None = None
    rendering_npi: Npi | None = None


class GivenLimit(_Part):
    """A benefit limit of the plan."""

    basis: Basis
    period: BenefitPeriod = BenefitPeriod.CALENDAR_YEAR
    allowed: Quantity
    used: Quantity | None = None
    disciplines: list[Disc] = Field(default_factory=list)
    as_of: Day | None = None
    habilitative: bool | None = None


class GivenPriorDay(_Part):
    """An earlier (or another discipline's) treatment day of the patient, as it was adjudicated."""

    date_of_service: Day
    discipline: Disc | None = None
    state: Literal["held", "ready", "billed"] = "billed"
    codes: dict[Code, int] = Field(default_factory=dict)
    allowed: Money | None = None
    evaluation: bool = False
    authorizations: dict[str, Quantity] = Field(default_factory=dict)
    separated: list[Code] = Field(default_factory=list)
    therapist_took_part: bool | None = True
    minutes: int = 0
    habilitative: bool | None = None
    billing_provider: str | None = None


class GivenElsewhere(_Part):
    """One-on-one time of a clinician with another patient; of the visit's therapist unless an NPI or id is given."""

    practitioner: str | None = None
    code: Code = "97110"
    start: Clock
    stop: Clock
    minutes: int | None = None
    visit: str = "OTHER1"


class Given(_Part):
    """The visit and what stands around it.

    Shapes   payer: a profile of payers/, or a payer of practice.yaml. secondary: the same, for a later payer.
             treatment_days_before: that many days in a row right before this one, for the progress report.
             prior_allowed: what the year's threshold bucket holds before this day. goals, tests: how many the
             evaluation has. referring: false for none. services null, plans_of_care [] and the like mean: none.
    """

    payer: str | None = None
    secondary: str | None = None
    discipline: Disc | None = None
    date_of_service: Day | None = None
    services: list[GivenService] | None = None
    encounter_type: EncounterType | None = None
    modality: Modality | None = Modality.IN_PERSON
    place_of_service: str | None = None
    setting: Setting = "private_practice"
    visit_start: Clock | None = None
    visit_stop: Clock | None = None
    total_minutes: int | None = None
    timed_minutes: int | None = None
    note_signed: bool = True
    telehealth_consent: bool | None = True
    supervision: Supervision | None = "direct"
    rendering: GivenPerson | None = None
    supervising: GivenPerson | None = None
    referring: GivenPerson | None = None
    diagnoses: list[Icd] | None = None
    attested: bool | None = True
    habilitative: bool | None = None
    birth_date: Day | None = None
    sex: Literal["F", "M", "U"] = "F"
    goals: int = 1
    tests: int = 1
    plans_of_care: list[GivenPlan] | None = None
    notes: list[GivenNote] | None = None
    authorizations: list[GivenAuthorization] = Field(default_factory=list)
    authorization_required: bool = False
    authorization_exempt: list[Code] = Field(default_factory=list)
    visit_counts: Literal["discipline_day", "day"] = "discipline_day"
    benefit_limits: list[GivenLimit] = Field(default_factory=list)
    history: list[GivenPriorDay] = Field(default_factory=list)
    elsewhere: list[GivenElsewhere] = Field(default_factory=list)
    treatment_days_before: int = Field(default=0, ge=0)
    therapist_took_part_before: bool | None = True
    prior_allowed: Money | None = None
    allowed: dict[Code, Money] = Field(default_factory=dict)
    practice_expense: dict[Code, Money] = Field(default_factory=dict)
    timely_filing_days: int | None = None
    adjudicated_on: Day | None = None
    modifier_order: list[str] | None = None


class Expected(_Part):
    """What the engine has to answer; what is left out is not looked at.

    Shapes   lines: ``97110 x4 GP CQ``, all of them, in order. units: of the codes named. findings: ids that have to
             appear. holds: whether anything keeps the day out of a batch. decisions: rule → value. outcomes: rule or
             edit → pass, fail, bypassed or not_checked. working: texts that some decision's working contains.
    """

    lines: list[LineText] | None = None
    units: dict[Code, int] | None = None
    tie: bool | None = None
    alternatives: list[str] | None = None
    findings: list[str] = Field(default_factory=list)
    holds: bool | None = None
    decisions: dict[str, str] = Field(default_factory=dict)
    outcomes: dict[str, OutcomeText] = Field(default_factory=dict)
    working: list[str] = Field(default_factory=list)
    claims: int | None = None
    diagnoses: list[Icd] | None = None
    place_of_service: str | None = None
    authorization_number: str | None = None


class CaseFile(_Part):
    """One case: given this visit, expect that answer, with the source that says so."""

    name: str = Field(min_length=1)
    source: Source
    facts: list[str] = Field(default_factory=list)
    given: Given
    expect: Expected
    must_not_appear: list[str] = Field(default_factory=list)


class FactFile(_Part):
    """One confirmed fact; at most one reason why no case proves it.

    Shapes   edit: the edit whose own cases prove it. built_in: why no other answer is possible. not_decided: why the
             engine does not answer it.
    """

    about: str
    says: str
    edit: str | None = None
    built_in: str | None = None
    not_decided: str | None = None


class FactsFile(_Part):
    """The confirmed facts that cases prove."""

    description: str
    facts: dict[str, FactFile]


class CasesFile(_Part):
    """Cases of one topic; ``given`` of the file stands for every case that does not say otherwise."""

    description: str
    given: Given = Field(default_factory=Given)
    cases: list[CaseFile] = Field(min_length=1)
