"""Who and what a case has where it says nothing: therapists, a physician, diagnoses, a charge."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from integration_engine.core.codes import Npi, Taxonomy
from integration_engine.domain.encounter import Modality
from integration_engine.domain.parties import (
    Address,
    Discipline,
    LicenceLevel,
    PersonName,
    Practitioner,
)

TELEHEALTH = frozenset({Modality.TELEHEALTH_VIDEO, Modality.TELEHEALTH_AUDIO})
NUMBER = "CASE"
UNIT_CHARGE = Decimal("60.00")
ADDRESS = Address(line1="1 SAMPLE AVENUE", city="SPRINGFIELD", state="NY", postal_code="100010001")
THERAPISTS: Mapping[Discipline, Practitioner] = {
    discipline: Practitioner(
        npi=Npi(npi),
        name=PersonName(last="TESTTHERAPIST", first=discipline.value),
        licence=LicenceLevel.THERAPIST,
        taxonomy=Taxonomy(taxonomy),
    )
    for discipline, npi, taxonomy in (
        (Discipline.PT, "1999900016", "225100000X"),
        (Discipline.OT, "1999900024", "225X00000X"),
        (Discipline.SLP, "1999900032", "235Z00000X"),
    )
}
PHYSICIAN = Practitioner(
    npi=Npi("1234567893"), name=PersonName(last="TESTPHYSICIAN", first="FAY"), licence=LicenceLevel.PHYSICIAN
)
DIAGNOSES: Mapping[Discipline, str] = {Discipline.PT: "M54.50", Discipline.OT: "M25.531", Discipline.SLP: "R47.01"}
