"""practice.yaml: the practice's places, people, payers and prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from integration_engine.domain.parties import LicenceLevel
from integration_engine.rules.rule_models.kinds import Code, Disc, Money, Npi, RuleFile, Span, Taxonomy


class AddressFile(RuleFile):
    line1: str
    line2: str | None = None
    city: str
    state: str
    postal_code: str


class ProviderNumberFile(RuleFile):
    """A number beside the NPI; the payer's own (G2, LU) name their payers, the others may."""

    qualifier: Literal["0B", "1G", "G2", "LU"]
    number: Annotated[str, Field(min_length=1, max_length=50)]
    payers: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _named(self) -> ProviderNumberFile:
        if self.qualifier in {"G2", "LU"} and not self.payers:
            msg = f"{self.qualifier} is a payer's own number; name its payers"
            raise ValueError(msg)
        return self


class OrganizationFile(RuleFile):
    name: str
    npi: Npi | None = None
    tax_id: str | None = None
    taxonomy: Taxonomy | None = None
    address: AddressFile
    phone: str | None = None
    contact: str | None = None
    pay_to: AddressFile | None = None
    numbers: list[ProviderNumberFile] = Field(default_factory=list)


class LocationFile(RuleFile):
    place_of_service: str
    billing_provider: str
    setting: Literal["private_practice", "institution", "critical_access_hospital"] = "private_practice"
    facility: OrganizationFile | None = None


class PractitionerFile(RuleFile):
    npi: Npi | None = None
    local_id: str | None = None
    last: str
    first: str
    licence: LicenceLevel
    credential: str | None = None
    taxonomy: Taxonomy | None = None
    numbers: list[ProviderNumberFile] = Field(default_factory=list)


class AllowedFile(Span):
    amounts: dict[Code, Money]


class PayerFile(RuleFile):
    name: str
    payer_id: str
    claim_filing: str
    profile: str
    receiver: str
    sender_ids: list[str]
    address: AddressFile | None = None
    claim_office: str | None = None
    second_id: str | None = None
    tax_id: str | None = None
    naic: str | None = None
    authorization_required: list[Disc] = Field(default_factory=list)
    authorization_exempt: list[Code] = Field(default_factory=list)
    authorization_as_later_payer: bool = False
    visit_counts: Literal["discipline_day", "day"] = "discipline_day"
    timely_filing_days: int | None = None
    allowed: list[AllowedFile] = Field(default_factory=list)
    practice_expense: list[AllowedFile] = Field(default_factory=list)


class PracticeFile(RuleFile):
    """The practice's own directory."""

    description: str
    time_zone: str
    default_location: str | None = None
    billing_providers: dict[str, OrganizationFile]
    locations: dict[str, LocationFile]
    practitioners: list[PractitionerFile]
    payers: dict[str, PayerFile]
    charges: list[AllowedFile] = Field(default_factory=list)
