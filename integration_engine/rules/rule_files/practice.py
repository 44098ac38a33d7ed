"""practice.yaml: the practice's own directory."""

from __future__ import annotations

from collections.abc import Mapping

from integration_engine.core import codes
from integration_engine.domain.claim import Payer
from integration_engine.domain.parties import Address, Discipline, Organization, PersonName, Practitioner
from integration_engine.rules.parameters.payers import (
    PayerProfile,
)
from integration_engine.rules.parameters.practice import DirectoryNumber, Location, PayerEntry, Practice
from integration_engine.rules.rule_files.dating import amounts_by_code
from integration_engine.rules.rule_files.reading import Reading
from integration_engine.rules.rule_models.practice import (
    AddressFile,
    OrganizationFile,
    PayerFile,
    PracticeFile,
    PractitionerFile,
)


def practice_of(reading: Reading, file: PracticeFile, profiles: Mapping[str, PayerProfile]) -> Practice:
    """The practice's own directory, every name in it known."""
    practitioners: dict[str, Practitioner] = {}
    for person in file.practitioners:
        record = Practitioner(
            npi=codes.Npi(person.npi) if person.npi else None,
            local_id=person.local_id,
            name=PersonName(last=person.last, first=person.first),
            credential=person.credential,
            licence=person.licence,
            taxonomy=codes.Taxonomy(person.taxonomy) if person.taxonomy else None,
        )
        for key in (person.npi, person.local_id):
            if key:
                practitioners[key] = record
    payers: dict[str, PayerEntry] = {}
    for key, payer in file.payers.items():
        if payer.profile not in profiles:
            path = ("payers", key, "profile")
            reading.wrong(
                "practice.yaml", path, f"there is no payers/{payer.profile}.yaml; there are {', '.join(profiles)}"
            )
            continue
        entry = _payer(key, payer)
        for identity in payer.sender_ids:
            if identity in payers:
                reading.wrong("practice.yaml", ("payers", key, "sender_ids"), f"{identity} names two payers")
            payers[identity] = entry
    for key, location in file.locations.items():
        if location.billing_provider not in file.billing_providers:
            reading.wrong("practice.yaml", ("locations", key, "billing_provider"), "no such billing provider")
    return Practice(
        time_zone=file.time_zone,
        default_location=file.default_location,
        billing_providers={key: _organization(key, o) for key, o in file.billing_providers.items()},
        locations={
            key: Location(
                key=key,
                setting=location.setting,
                place_of_service=location.place_of_service,
                billing_provider=location.billing_provider,
                facility=_organization(key, location.facility) if location.facility else None,
            )
            for key, location in file.locations.items()
        },
        practitioners=practitioners,
        payers=payers,
        charges=amounts_by_code("practice.charges", file.charges),
        pay_to={key: _address(o.pay_to) for key, o in file.billing_providers.items() if o.pay_to},
        numbers=_numbers(reading, file),
    )


def _numbers(reading: Reading, file: PracticeFile) -> dict[str, tuple[DirectoryNumber, ...]]:
    """The numbers beside the NPI, by NPI, else by our own key or the EMR's id."""
    found: dict[str, tuple[DirectoryNumber, ...]] = {}
    facilities = {key: one.facility for key, one in file.locations.items() if one.facility}
    stated: list[tuple[tuple[str | int, ...], str | None, OrganizationFile | PractitionerFile]] = [
        *((("billing_providers", key), one.npi or key, one) for key, one in file.billing_providers.items()),
        *((("locations", key, "facility"), one.npi or key, one) for key, one in facilities.items()),
        *((("practitioners", i), one.npi or one.local_id, one) for i, one in enumerate(file.practitioners)),
    ]
    for place, key, one in stated:
        for index, number in enumerate(one.numbers):
            for payer in number.payers:
                if payer not in file.payers:
                    reading.wrong("practice.yaml", (*place, "numbers", index, "payers"), f"there is no payer {payer}")
        if one.numbers and key:
            found[key] = tuple(
                DirectoryNumber(qualifier=n.qualifier, number=n.number, payers=frozenset(n.payers)) for n in one.numbers
            )
    return found


def _payer(key: str, file: PayerFile) -> PayerEntry:
    return PayerEntry(
        payer=Payer(
            key=key,
            name=file.name,
            payer_id=file.payer_id,
            claim_filing=file.claim_filing,
            profile=file.profile,
            receiver=file.receiver,
            address=_address(file.address) if file.address else None,
            claim_office=file.claim_office,
            second_id=file.second_id,
            tax_id=file.tax_id,
            naic=file.naic,
        ),
        authorization_required=tuple(Discipline(d) for d in file.authorization_required),
        authorization_exempt=tuple(codes.Hcpcs(c) for c in file.authorization_exempt),
        authorization_as_later_payer=file.authorization_as_later_payer,
        visit_counts=file.visit_counts,
        timely_filing_days=file.timely_filing_days,
        allowed=amounts_by_code(f"{key}.allowed", file.allowed),
        practice_expense=amounts_by_code(f"{key}.practice_expense", file.practice_expense),
    )


def _address(file: AddressFile) -> Address:
    return Address(line1=file.line1, line2=file.line2, city=file.city, state=file.state, postal_code=file.postal_code)


def _organization(key: str, file: OrganizationFile) -> Organization:
    return Organization(
        key=key,
        name=file.name,
        npi=codes.Npi(file.npi) if file.npi else None,
        tax_id=file.tax_id,
        taxonomy=codes.Taxonomy(file.taxonomy) if file.taxonomy else None,
        address=_address(file.address),
        phone=file.phone,
        contact=file.contact,
    )
