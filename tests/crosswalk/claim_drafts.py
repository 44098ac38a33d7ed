"""Claim drafts to test with: a few by hand, and any that the domain allows, for hypothesis. All invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs, Icd10, Modifier, parse_npi
from integration_engine.crosswalk.claim_table import compile_claim_table
from integration_engine.crosswalk.claim_writer import render
from integration_engine.crosswalk.receivers import compile_receivers
from integration_engine.domain.claim import (
    Attachment,
    Claim,
    ClaimDraft,
    ClaimPatient,
    Contract,
    Envelope,
    Frequency,
    LineAdjudication,
    OtherPayer,
    Payer,
    PayerNumber,
    ProviderNumber,
    ServiceLine,
    Subscriber,
)
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import Accident
from integration_engine.domain.parties import Address, Discipline, Organization, PersonName, Practitioner, Sex
from integration_engine.domain.remit import Adjustment

FILES = MappingFiles(shipped_folder()).read()
TABLE = compile_claim_table(FILES)
RECEIVER = compile_receivers(FILES)["CLEARPATH"]
NUMBERS = Envelope(interchange=7, group=7, transaction=1, reference="B000000007", created="20261124120000")
GOLDEN = Path(__file__).parent / "golden"
HOME = Address(line1="12 Sample Street", city="Springfield", state="NY", postal_code="10001")
CLINIC = Address(line1="100 Sample Avenue", city="Springfield", state="NY", postal_code="100010001")
DAY = date(2026, 10, 5)


def person(last: str, npi: str = "1999900016", taxonomy: str | None = None) -> Practitioner:
    return Practitioner(npi=parse_npi(npi), name=PersonName(last=last, first="A"), taxonomy=taxonomy)  # type: ignore[arg-type]


def line(number: int = 1, units: int = 4, charge: str = "240.00", *modifiers: str) -> ServiceLine:
    return ServiceLine(
        number=number,
        code=Hcpcs("97110"),
        modifiers=tuple(Modifier(m) for m in modifiers or ("GP",)),
        units=units,
        charge=Decimal(charge),
        date_of_service=DAY,
        pointers=(1,),
        line_control=f"C1L{number:02d}",
    )


SIMPLE = ClaimDraft(
    discipline=Discipline.PT,
    date_of_service=DAY,
    part=1,
    sequence="P",
    payer=Payer(
        key="P", name="Summit Commercial", payer_id="SUMM1", claim_filing="CI", profile="x", receiver="CLEARPATH"
    ),
    billing_provider=Organization(
        key="B",
        name="Test Rehabilitation Center",
        npi=parse_npi("1999902004"),
        tax_id="990000001",
        taxonomy="261QR0400X",  # type: ignore[arg-type]
        address=CLINIC,
        phone="5555550100",
    ),
    subscriber=Subscriber(
        name=PersonName(last="Testpatient", first="Alda"),
        member_id="M123",
        relationship=Relationship.SELF,
        birth_date=date(1960, 1, 1),
        sex=Sex.FEMALE,
        address=HOME,
    ),
    patient=ClaimPatient(
        name=PersonName(last="Testpatient", first="Alda"), birth_date=date(1960, 1, 1), sex=Sex.FEMALE, address=HOME
    ),
    place_of_service="11",
    frequency=Frequency.ORIGINAL,
    total_charge=Decimal("240.00"),
    diagnoses=(Icd10("M54.50"),),
    lines=(line(),),
)
CHILD = replace(
    SIMPLE,
    subscriber=replace(
        SIMPLE.subscriber, name=PersonName(last="Testparent", first="Bo"), relationship=Relationship.CHILD
    ),
)
FULL = replace(
    SIMPLE,
    rendering=person("Testtherapist", taxonomy="225100000X"),
    referring=person("Testphysician", "1999901014"),
    supervising=person("Testsupervisor", "1999900024"),
    service_facility=Organization(key="F", name="East", npi=parse_npi("1999902012"), address=CLINIC),
    authorization_number="AUTH1",
    referral_number="REF1",
    medical_record_number="MRN1",
    onset_on=date(2026, 9, 1),
    initial_treatment_on=date(2026, 9, 2),
    accident=Accident(occurred_on=date(2026, 8, 30), kind="AA", state="NY"),
    patient_paid=Decimal("20.00"),
    note="Seen at home first",
    pay_to_address=CLINIC,
    diagnoses=(*(Icd10(f"M54.1{n}") for n in range(9)), Icd10("R26.89"), Icd10("R26.0"), Icd10("M62.81")),
    lines=(
        replace(line(1, 2, "120.00", "GP", "CQ", "KX", "59"), pointers=(1, 2, 12)),
        line(2, 2, "120.00", "GP", "KX"),
    ),
)


def written(*drafts: ClaimDraft) -> str:
    claims = [Claim(id=n, number=f"C{n}", draft=draft) for n, draft in enumerate(drafts, start=1)]
    return render(claims, RECEIVER, NUMBERS, TABLE).text


# --- any draft --------------------------------------------------------------------------------------------------------

NPIS = ("1999900016", "1999900024", "1999900032", "1999901014", "1999902012")
INSURANCE_TYPES = ("12", "13", "14", "15", "16", "41", "42", "43", "47")
FILINGS = ("11", "12", "CI", "BL", "HM", "MB", "MC", "WC", "AM", "ZZ")
GROUPS = ("CO", "CR", "OA", "PI", "PR")
STATES = ("NY", "NJ", "CA", "TX")


def texts(most: int = 12) -> st.SearchStrategy[str]:
    """What may stand in a name: the basic set without separators, no blanks at the ends or doubled."""
    return (
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '-.,&()/", min_size=1, max_size=most)
        .map(lambda text: " ".join(text.split()))
        .filter(bool)
    )


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


IDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=15)
TAX_IDS = st.text("123456789", min_size=9, max_size=9)
DAYS = st.dates(date(2020, 1, 1), date(2026, 11, 20))
CENTS = st.integers(1, 99999).map(lambda cents: Decimal(cents).scaleb(-2))
NAMES = st.builds(
    PersonName, last=texts(), first=maybe(texts()), middle=maybe(texts(5)), suffix=maybe(st.sampled_from(["JR", "III"]))
)
POSTAL = st.text("0123456789", min_size=5, max_size=5)
ADDRESSES = st.builds(
    Address,
    line1=texts().map(lambda text: f"1 {text}"),
    line2=maybe(texts()),
    city=texts().map(lambda text: f"X{text}"),
    state=st.sampled_from(STATES),
    postal_code=POSTAL | POSTAL.map(lambda code: code + "1234"),
)
PLACES = st.builds(replace, ADDRESSES, postal_code=POSTAL.map(lambda code: code + "1234"))
PEOPLE = st.builds(
    Practitioner,
    npi=st.sampled_from(NPIS).map(parse_npi),
    name=NAMES,
    taxonomy=maybe(st.just("225100000X")),
)
UNTYPED = st.builds(replace, PEOPLE, taxonomy=st.none())
FACILITIES = st.builds(
    lambda name, npi, address: Organization(key=npi or "", name=name, npi=npi, address=address),
    texts(),
    maybe(st.sampled_from(NPIS).map(parse_npi)),
    PLACES,
)
ATTACHMENTS = st.lists(
    st.builds(
        Attachment,
        report=st.sampled_from(["03", "08", "09", "OZ"]),
        transmission=st.sampled_from(["AA", "BM", "EL", "FX"]),
        number=maybe(IDS),
    ),
    max_size=3,
).map(tuple)


def payers(payer_id: str) -> st.SearchStrategy[Payer]:
    """A payer with at most two of its further ids, as another payer's loop takes no more."""
    kinds = {"claim_office": IDS, "second_id": IDS, "tax_id": TAX_IDS, "naic": IDS}
    draw_ids = st.lists(st.sampled_from(sorted(kinds)), max_size=2, unique=True).flatmap(
        lambda kept: st.fixed_dictionaries({name: kinds[name] for name in kept})
    )
    return draw_ids.flatmap(lambda ids: st.builds(_payer_with, st.just(ids), _payer(payer_id)))


def _payer_with(ids: dict[str, str], payer: Payer) -> Payer:
    return replace(payer, **ids)


def _payer(payer_id: str) -> st.SearchStrategy[Payer]:
    return st.builds(
        Payer,
        key=st.just(payer_id),
        name=texts(),
        payer_id=st.just(payer_id),
        claim_filing=st.sampled_from(FILINGS),
        profile=st.just(""),
        receiver=st.just(""),
        payer_id_kind=st.sampled_from(["PI", "XV"]),
        address=maybe(ADDRESSES),
    )


@st.composite
def subscribers(draw, relationship: Relationship, *, whole: bool) -> Subscriber:
    group_number = draw(maybe(IDS))
    return Subscriber(
        name=draw(NAMES),
        member_id=draw(IDS),
        relationship=relationship,
        group_number=group_number,
        group_name=draw(maybe(texts())) if group_number is None else None,
        birth_date=draw(DAYS) if whole else None,
        sex=draw(st.sampled_from(Sex)) if whole else None,
        address=draw(ADDRESSES if whole else st.none()),
        organization=draw(st.booleans()),
    )


@st.composite
def adjustments(draw, total: Decimal) -> tuple[Adjustment, ...]:
    """Adjustments that add up to a total, in whole groups; () for nothing."""
    cents = int(total.scaleb(2))
    if not cents:
        return ()
    cuts = draw(st.lists(st.integers(1, cents), max_size=8, unique=True))
    ends = sorted({*cuts, cents})
    amounts = [b - a for a, b in zip([0, *ends], ends, strict=False)]
    groups = sorted(draw(st.lists(st.sampled_from(GROUPS), min_size=len(amounts), max_size=len(amounts))))
    return tuple(
        Adjustment(
            group=group,
            reason=draw(st.sampled_from(["45", "1", "2", "96", "253", "A1"])),
            amount=Decimal(amount).scaleb(-2),
            quantity=draw(maybe(st.integers(1, 9).map(Decimal))),
        )
        for group, amount in zip(groups, amounts, strict=True)
    )


def kinds_of(role: str, *, at_line: bool = False) -> tuple[str, ...]:
    """The numbers beside the NPI that the loop of a role takes."""
    if role == "77":
        return ("G2", "LU") if at_line else ("0B", "G2", "LU")
    return ("0B", "1G", "G2") if role in {"DN", "P3", "DK"} else ("0B", "1G", "G2", "LU")


@st.composite
def numbers_beside(draw, roles: list[str], *, at_line: bool = False) -> tuple[ProviderNumber, ...]:
    """Numbers of the providers that are there, in the order of their loops."""
    return tuple(
        ProviderNumber(role=role, qualifier=kind, number=draw(IDS))
        for role in roles
        for kind in kinds_of(role, at_line=at_line)
        if draw(st.integers(0, 5)) == 0
    )


@st.composite
def splits(draw, charge: Decimal) -> tuple[Decimal, tuple[Adjustment, ...]]:
    """What a payer paid of a charge, and how it adjusted the rest away."""
    paid = Decimal(draw(st.integers(0, int(charge.scaleb(2))))).scaleb(-2)
    return paid, draw(adjustments(charge - paid))


@st.composite
def service_lines(draw, number: int, diagnoses: int) -> ServiceLine:
    pointers = draw(st.lists(st.integers(1, diagnoses), min_size=1, max_size=4, unique=True))
    modifiers = st.lists(st.sampled_from(["GP", "GO", "CQ", "KX", "59"]), max_size=4, unique=True)
    people = {role: draw(maybe(UNTYPED)) for role in ("DQ", "DK", "DN")}
    people = {"82": draw(maybe(PEOPLE)), "77": draw(maybe(FACILITIES)), **people}
    return ServiceLine(
        number=number,
        code=Hcpcs(draw(st.sampled_from(["97110", "97140", "G0283", "97039"]))),
        modifiers=tuple(Modifier(m) for m in draw(modifiers)),
        units=draw(st.integers(1, 99)),
        charge=draw(CENTS),
        date_of_service=draw(DAYS),
        pointers=tuple(pointers),
        place_of_service=draw(maybe(st.sampled_from(["11", "12", "10"]))),
        line_control=f"L{number}",
        authorization_number=draw(maybe(st.just(f"A{number}"))),
        referral_number=draw(maybe(st.just(f"R{number}"))),
        rendering=people["82"],
        supervising=people["DQ"],
        ordering=people["DK"],
        note=(note := draw(maybe(texts(80)))),
        note_kind=draw(st.sampled_from(["ADD", "DCP"])) if note else "ADD",
        description=draw(maybe(texts())),
        attachments=draw(ATTACHMENTS),
        initial_treatment_on=draw(maybe(DAYS)),
        referring=people["DN"],
        service_facility=people["77"],
        screening_referral=draw(st.booleans()),
        provider_numbers=draw(numbers_beside([role for role, who in people.items() if who], at_line=True)),
    )


@st.composite
def other_payers(draw, sequence: str, payer_id: str, total: Decimal) -> OtherPayer:
    """Another payer that has decided about the whole claim, about nothing, or covers nothing of it."""
    says = draw(st.sampled_from(["paid", "nothing", "non_covered"]))
    paid, of_claim = draw(splits(total)) if says == "paid" else (None, ())
    roles = st.sampled_from(["DN", "82", "77", "DQ", "85"])
    kept = draw(st.lists(roles, max_size=3, unique=True))
    return OtherPayer(
        payer=draw(payers(payer_id)),
        sequence=sequence,
        subscriber=replace(
            draw(subscribers(draw(st.sampled_from(Relationship)), whole=False)), address=draw(maybe(ADDRESSES))
        ),
        insurance_type=draw(maybe(st.sampled_from(INSURANCE_TYPES))),
        adjustments=of_claim,
        paid=paid,
        non_covered=total if says == "non_covered" else None,
        remaining=draw(maybe(CENTS)),
        benefits_assigned=draw(st.sampled_from("NWY")),
        signature_source=draw(maybe(st.just("P"))),
        release_of_information=draw(st.sampled_from("IY")),
        remarks=tuple(draw(st.lists(st.sampled_from(["MA01", "N130", "M76"]), max_size=5))),
        adjudicated_on=draw(DAYS) if says == "paid" else None,
        authorization_number=draw(maybe(IDS)),
        referral_number=draw(maybe(IDS)),
        claim_number=draw(maybe(IDS)),
        claim_adjusted=draw(st.booleans()),
        provider_numbers=tuple(
            ProviderNumber(role=role, qualifier="G2", number=draw(IDS))
            for role in ("DN", "82", "77", "DQ", "85")
            if role in kept
        ),
    )


@st.composite
def decided_by_line(draw, line: ServiceLine, payer_id: str) -> ServiceLine:
    paid, away = draw(splits(line.charge))
    decision = LineAdjudication(
        payer_id=payer_id,
        paid=paid,
        code=line.code,
        units=Decimal(draw(st.integers(0, 99))),
        adjudicated_on=draw(DAYS),
        modifiers=line.modifiers,
        adjustments=away,
        bundled_line=draw(maybe(st.integers(1, 4))),
        remaining=draw(maybe(CENTS)),
    )
    return replace(line, adjudications=(*line.adjudications, decision))


@st.composite
def drafts(draw) -> ClaimDraft:
    """Any claim draft that may be written: subscriber or dependent, none to two other payers, every optional part."""
    diagnoses = draw(
        st.lists(st.sampled_from([f"M54.1{n}" for n in range(9)] + ["R26.89", "I10"]), min_size=1, unique=True)
    )
    lines = [draw(service_lines(n, len(diagnoses))) for n in range(1, draw(st.integers(1, 4)) + 1)]
    total = sum((one.charge for one in lines), Decimal(0))
    order = draw(
        st.permutations(["P", "S", "T"]).map(lambda s: s[: 1 + draw(st.integers(0, 2))]).filter(lambda s: "P" in s)
    )
    ids = [f"PAYER{n}" for n in range(len(order))]
    others = [draw(other_payers(s, payer_id, total)) for s, payer_id in zip(order[1:], ids[1:], strict=True)]
    for place, other in enumerate(others):
        if other.paid is not None and draw(st.booleans()):
            lines = [draw(decided_by_line(one, other.payer.payer_id)) for one in lines]
            paid = sum((one.adjudications[-1].paid for one in lines), Decimal(0))
            others[place] = replace(other, paid=paid, adjustments=(), adjudicated_on=None)
    if others:
        numbers = st.lists(st.tuples(IDS, st.sampled_from([o.payer.payer_id for o in others])), max_size=2)
        lines = [
            replace(
                one,
                other_numbers=tuple(
                    PayerNumber(kind=kind, number=number, payer_id=payer_id)
                    for kind in ("9F", "G1")
                    for number, payer_id in draw(numbers)
                ),
            )
            for one in lines
        ]
    relationship = draw(st.sampled_from([Relationship.SELF, Relationship.CHILD, Relationship.EMPLOYEE]))
    own = relationship is Relationship.SELF
    subscriber = draw(subscribers(relationship, whole=own))
    patient = ClaimPatient(
        name=subscriber.name if own else draw(NAMES),
        birth_date=subscriber.birth_date if own else draw(DAYS),
        sex=subscriber.sex if own else draw(st.sampled_from(Sex)),
        address=subscriber.address if own else draw(ADDRESSES),
        died_on=draw(maybe(DAYS)),
        weight=draw(maybe(st.integers(1, 500).map(Decimal))),
    )
    frequency = draw(st.sampled_from(Frequency))
    kind = draw(st.sampled_from(["AA", "EM", "OA"]))
    accident = st.builds(
        Accident,
        occurred_on=maybe(DAYS),
        kind=st.just(kind),
        state=st.sampled_from(STATES) if kind == "AA" else st.none(),
    )
    note = draw(maybe(texts(80)))
    taxonomy = draw(maybe(st.just("261QR0400X")))
    phone = draw(maybe(st.just("5555550100")))
    provider = Organization(
        key="1999902004",
        name=draw(texts()),
        npi=parse_npi("1999902004"),
        tax_id="990000001",
        tax_id_kind=draw(st.sampled_from(["EI", "SY"])),
        taxonomy=taxonomy,  # type: ignore[arg-type]
        address=draw(PLACES),
        phone=phone,
        contact=draw(maybe(texts())) if phone else None,
    )
    people = {role: draw(maybe(UNTYPED)) for role in ("DN", "P3")}
    people |= {"82": draw(maybe(PEOPLE)), "77": draw(maybe(FACILITIES)), "DQ": draw(maybe(UNTYPED))}
    return ClaimDraft(
        discipline=Discipline.PT,
        date_of_service=lines[0].date_of_service,
        part=1,
        sequence=order[0],
        payer=draw(payers(ids[0])),
        billing_provider=provider,
        subscriber=subscriber,
        patient=patient,
        place_of_service=draw(st.sampled_from(["11", "12", "31"])),
        frequency=frequency,
        total_charge=total,
        diagnoses=tuple(Icd10(code) for code in diagnoses),
        lines=tuple(lines),
        pay_to_address=draw(maybe(ADDRESSES)),
        service_facility=people["77"],
        rendering=people["82"],
        supervising=people["DQ"],
        referring=people["DN"],
        primary_care=people["P3"],
        provider_numbers=draw(numbers_beside(["85", *(role for role, who in people.items() if who)])),
        special_program=draw(maybe(st.sampled_from(["02", "03", "05", "09"]))),
        provider_signature=draw(st.sampled_from("NY")),
        assignment=draw(st.sampled_from("ABC")),
        benefits_assigned=draw(st.sampled_from("NWY")),
        release_of_information=draw(st.sampled_from("IY")),
        authorization_number=draw(maybe(IDS.map(lambda text: f"Z{text}"))),
        referral_number=draw(maybe(IDS.map(lambda text: f"Z{text}"))),
        medical_record_number=draw(maybe(IDS)),
        payer_control_number=draw(IDS if frequency is not Frequency.ORIGINAL else st.none()),
        onset_on=draw(maybe(DAYS)),
        initial_treatment_on=draw(maybe(DAYS)),
        accident=draw(maybe(accident)),
        patient_paid=draw(maybe(CENTS)),
        note=note,
        note_kind=draw(st.sampled_from(["ADD", "CER", "DCP", "DGN", "TPO"])) if note else "ADD",
        insurance_type=draw(maybe(st.sampled_from(INSURANCE_TYPES))),
        signature_source=draw(maybe(st.just("P"))),
        delay_reason=draw(maybe(st.sampled_from(["1", "11", "15"]))),
        property_casualty_number=draw(maybe(IDS)),
        authorization_exception=draw(maybe(st.sampled_from("1234567"))),
        last_seen_on=draw(maybe(DAYS)),
        disabled_from=draw(maybe(DAYS)),
        disabled_to=draw(maybe(DAYS)),
        last_worked_on=draw(maybe(DAYS)),
        returned_to_work_on=draw(maybe(DAYS)),
        admitted_on=draw(maybe(DAYS)),
        discharged_on=draw(maybe(DAYS)),
        first_contact_on=draw(maybe(DAYS)),
        attachments=draw(ATTACHMENTS),
        contract=draw(
            maybe(st.builds(Contract, kind=st.sampled_from(["01", "09"]), amount=maybe(CENTS), code=maybe(IDS)))
        ),
        other_payers=tuple(others),
    )
