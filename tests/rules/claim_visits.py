"""Invented visits and answers that claims are made from, by the shipped rules; and the claims themselves, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.codes import Hcpcs, Icd10, Modifier, parse_npi
from integration_engine.domain.claim import Claim, ClaimDraft, Payer
from integration_engine.domain.coverage import Coverage, Relationship
from integration_engine.domain.encounter import Accident, Diagnosis, Encounter, EncounterType, Modality
from integration_engine.domain.parties import Address, Discipline, Identifier, Patient, PersonName, Practitioner, Sex
from integration_engine.domain.remit import Adjustment, RemitClaim, RemitLine
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import ChargeReference, History, TreatmentDay
from integration_engine.rules.adjudicate import adjudicate
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.rule_files.compiling import compile_rules

DAY = date(2026, 10, 5)
DECIDED = date(2026, 10, 26)
SHIPPED = compile_rules(MappingFiles(shipped_folder()).read())
HOME = Address(line1="12 Sample Street", city="Springfield", state="NY", postal_code="10001")
PATIENT = Patient(
    identifiers=(Identifier(value="MRN1"),),
    name=PersonName(last="Testpatient", first="Alda"),
    birth_date=date(1960, 1, 1),
    sex=Sex.FEMALE,
    address=HOME,
)


def _compensation() -> PayerEntry:
    payer = Payer(
        key="WCOMP",
        name="STATE COMPENSATION",
        payer_id="WCOM1",
        claim_filing="WC",
        profile="workers_compensation_minutes",
        receiver="CLEARPATH",
        claim_office="OFFICE7",
    )
    return replace(SHIPPED.practice.payers["GRANITE"], payer=payer)


def _auto() -> PayerEntry:
    payer = replace(_compensation().payer, key="AUTO", name="AUTO MUTUAL", payer_id="AUTO1", claim_filing="AM")
    return replace(_compensation(), payer=payer)


PARAMETERS = replace(
    SHIPPED,
    practice=replace(
        SHIPPED.practice, payers={**SHIPPED.practice.payers, "WCOMP": _compensation(), "AUTOMUTUAL": _auto()}
    ),
)


def therapist(npi: str = "1999900016") -> Practitioner:
    return Practitioner(npi=parse_npi(npi))


PHYSICIAN = Practitioner(npi=parse_npi("1999901014"), name=PersonName(last="Testphysician", first="Maud"))


def coverage(payer: str, rank: int = 1, **more) -> Coverage:
    return Coverage(
        **({"rank": rank, "payer_id": payer, "member_id": f"{payer}01", "relationship": Relationship.SELF} | more)
    )


def treatment(code: str = "97110", minutes: int = 30, price: str = "60.00", **more) -> Treatment:
    return Treatment(
        **(
            {
                "code": Hcpcs(code),
                "minutes": minutes,
                "unit_charge": Decimal(price),
                "rendering": therapist(),
                "diagnoses": (Icd10("M54.50"),),
            }
            | more
        )
    )


def encounter(*treatments: Treatment, **more) -> Encounter:
    return Encounter(
        **(
            {
                "date_of_service": DAY,
                "discipline": Discipline.PT,
                "encounter_type": EncounterType.TREATMENT,
                "modality": Modality.IN_PERSON,
                "location": "MAIN",
                "rendering": therapist(),
                "referring": PHYSICIAN,
                "diagnoses": (Diagnosis(rank=1, code=Icd10("M54.50"), onset_on=date(2026, 8, 20)),),
                "treatments": treatments or (treatment(), treatment("97140", 24)),
            }
            | more
        )
    )


def visit(coverages: Iterable[Coverage], *encounters: Encounter, **more) -> TreatmentDay:
    several = encounters or (encounter(),)
    places = [(e, t) for e, one in enumerate(several) for t in range(len(one.treatments))]
    return TreatmentDay(
        **(
            {
                "date_of_service": DAY,
                "discipline": Discipline.PT,
                "patient": PATIENT,
                "coverages": tuple(coverages),
                "encounters": several,
                "charges": tuple(
                    ChargeReference(charge_id=n, encounter_index=e, treatment_index=t)
                    for n, (e, t) in enumerate(places, start=1)
                ),
            }
            | more
        )
    )


def drafts_of(day: TreatmentDay, parameters=PARAMETERS) -> tuple[ClaimDraft, ...]:
    """The drafts of a day; a story whose day gives none says why."""
    answer = adjudicate(day, parameters, History())
    assert answer.drafts, [f"{finding.id}: {finding.text}" for finding in answer.findings]
    return answer.drafts


def numbered(draft: ClaimDraft, number: str = "C1") -> ClaimDraft:
    lines = tuple(replace(line, line_control=f"{number}L{line.number:02d}") for line in draft.lines)
    return replace(draft, lines=lines)


def claim(draft: ClaimDraft, number: str = "C1") -> Claim:
    return Claim(id=1, number=number, draft=numbered(draft, number))


def cas(group: str, reason: str, amount: str) -> Adjustment:
    return Adjustment(group=group, reason=reason, amount=Decimal(amount))


def remit_of(draft: ClaimDraft, *decisions: tuple[str, tuple[Adjustment, ...]], **more) -> RemitClaim:
    """An answer to a numbered draft: for each line what was paid and how the rest was adjusted away."""
    lines = tuple(
        RemitLine(
            number=line.number,
            code=line.code,
            charge=line.charge,
            paid=Decimal(paid),
            modifiers=line.modifiers,
            units_paid=Decimal(line.units),
            line_control=line.line_control,
            adjustments=adjustments,
        )
        for line, (paid, adjustments) in zip(draft.lines, decisions, strict=False)
    )
    total = sum((line.paid for line in lines), Decimal("0.00"))
    return RemitClaim(
        **(
            {
                "number": "C1",
                "status": "1",
                "charge": draft.total_charge,
                "paid": total,
                "position": 9,
                "payer_control_number": "ICN0001",
                "lines": lines,
            }
            | more
        )
    )


INJURY = Accident(
    occurred_on=date(2026, 8, 18),
    kind="EM",
    claim_number="CASE77",
    disabled_from=date(2026, 8, 19),
    disabled_to=date(2026, 9, 30),
    last_worked_on=date(2026, 8, 18),
    returned_to_work_on=date(2026, 10, 1),
    first_contact_on=date(2026, 8, 20),
)
MODIFIER_59 = Modifier("59")
