"""Deliberate defects, one at a time, in a good claim file of our own writer: what each is, and what must be said of it.

The good file holds two claims, one with everything and one that another payer has decided, once for a subscriber and
once for a dependent. ``edit`` names what must fire; for a deviation from the guide it is ``structure`` with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from integration_engine.core.codes import parse_npi
from integration_engine.domain.claim import ClaimDraft, LineAdjudication, OtherPayer, Payer
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.parties import Address, Organization, PersonName
from integration_engine.domain.remit import Adjustment
from tests.crosswalk.claim_drafts import CHILD, FULL, SIMPLE, line, written

Change = Callable[[str], str]

EAST = Address(line1="200 Sample Avenue", city="Springfield", state="NY", postal_code="100010002")
GRANITE = Payer(key="G", name="Granite Health", payer_id="GRAN1", claim_filing="CI", profile="x", receiver="CLEARPATH")


def _decided(number: int, charge: str, paid: str, contractual: str, patient: str) -> LineAdjudication:
    return LineAdjudication(
        payer_id="GRAN1",
        paid=Decimal(paid),
        code=line().code,
        units=Decimal(2),
        adjudicated_on=date(2026, 11, 2),
        modifiers=line(number, 2, charge, "GP", "KX").modifiers,
        adjustments=(
            Adjustment(group="CO", reason="45", amount=Decimal(contractual)),
            Adjustment(group="PR", reason="2", amount=Decimal(patient)),
        ),
    )


WHOLE = replace(
    FULL,
    service_facility=Organization(key="F", name="East", npi=parse_npi("1999902012"), address=EAST),
)
SECOND = replace(
    SIMPLE,
    sequence="S",
    date_of_service=date(2026, 10, 5),
    lines=(
        replace(line(1, 2, "120.00", "GP", "KX"), adjudications=(_decided(1, "120.00", "80.00", "20.00", "20.00"),)),
        replace(line(2, 2, "120.00", "GP"), adjudications=(_decided(2, "120.00", "90.00", "20.00", "10.00"),)),
    ),
    other_payers=(
        OtherPayer(
            payer=GRANITE,
            sequence="P",
            subscriber=replace(
                SIMPLE.subscriber, name=PersonName(last="Testspouse", first="Cy"), relationship=Relationship.SPOUSE
            ),
            paid=Decimal("170.00"),
            claim_number="ICN9",
        ),
    ),
)


def for_child(draft: ClaimDraft) -> ClaimDraft:
    """The same claim for a dependent."""
    return replace(draft, subscriber=CHILD.subscriber)


GOOD = {
    "subscriber": written(WHOLE, SECOND),
    "dependent": written(for_child(WHOLE), for_child(SECOND)),
}


def recount(text: str) -> str:
    """SE01 as it should be, so that a defect is the only one."""
    segments = text.split("~")
    start = next(n for n, segment in enumerate(segments) if segment.startswith("ST*"))
    end = next(n for n, segment in enumerate(segments) if segment.startswith("SE*"))
    return re.sub(r"~SE\*\d+\*", f"~SE*{end - start + 1}*", text)


def put(old: str, new: str) -> Change:
    """One text for another, the first time it stands there."""

    def change(text: str) -> str:
        if old not in text:
            raise LookupError(old)
        return recount(text.replace(old, new, 1))

    return change


def pattern(old: str, new: str) -> Change:
    """The same by a regular expression."""

    def change(text: str) -> str:
        changed, count = re.subn(old, new, text, count=1)
        if not count:
            raise LookupError(old)
        return recount(changed)

    return change


def leave_out(start: str) -> Change:
    """The first segment that begins so."""
    return pattern(rf"(?<=~){re.escape(start)}[^~]*~", "")


def twice(start: str) -> Change:
    """The first segment that begins so, a second time after itself."""
    return pattern(rf"(?<=~)({re.escape(start)}[^~]*~)", r"\1\1")


def after(start: str, segment: str) -> Change:
    """A segment after the first one that begins so."""
    return pattern(rf"(?<=~)({re.escape(start)}[^~]*~)", rf"\g<1>{segment}~")


def raw(old: str, new: str) -> Change:
    """Like put, but the count of segments is left as it was."""

    def change(text: str) -> str:
        if old not in text:
            raise LookupError(old)
        return text.replace(old, new, 1)

    return change


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One defect. position: end of the place that must be told. harmless: why it is no error, "" when it is one."""

    name: str
    change: Change
    edit: str
    position: str = ""
    harmless: str = ""
    branches: tuple[str, ...] = ("subscriber", "dependent")


def _d(name: str, change: Change, edit: str, position: str = "", **more: object) -> Defect:
    return Defect(name=name, change=change, edit=edit, position=position, **more)  # type: ignore[arg-type]


# A group that holds nothing but bears the number of the one before.
_GROUP_AGAIN = "GS*HC*TESTREHAB01*CLEARPATH*20261124*1200*7*X*005010X222A1~GE*0*7~IEA*2*"


def _second_of_one_id(found: re.Match[str]) -> str:
    """The other payer again, as the third in the order of payment."""
    return found[1] + re.sub(r"AMT\*D\*170~|REF\*F8\*ICN9~", "", found[1]).replace("SBR*P", "SBR*T", 1)


S, E = "structure", "envelope"
LINE = "2400/SV1"
DEFECTS: tuple[Defect, ...] = (
    # envelope
    _d("ISA of 105 characters", raw("*ZZ*TESTREHAB01    *", "*ZZ*TESTREHAB01   *"), E, "ISA"),
    _d("ISA usage neither P nor T", raw("*1*T*:~", "*1*X*:~"), E, "ISA-15"),
    _d("ISA qualifier unknown", raw("*ZZ*TESTREHAB01", "*QQ*TESTREHAB01"), E, "ISA-05"),
    _d("ISA version 00401", raw("*00501*", "*00401*"), E, "ISA-12"),
    _d("ISA names no receiver", raw("CLEARPATH      *261124", "               *261124"), E, "ISA-08"),
    _d("ISA control number with a letter", raw("*000000007*1*", "*00000000A*1*"), E, "ISA-13"),
    _d("ISA date of no calendar", raw("*261124*1200*^", "*261344*1200*^"), E, "ISA-09"),
    _d("GS functional code", raw("GS*HC*", "GS*HP*"), E, "GS-01"),
    _d("GS guide", raw("*X*005010X222A1~ST", "*X*005010X222~ST"), E, "GS-08"),
    _d("GS control number with leading zeros", raw("*1200*7*X*", "*1200*0007*X*"), E, "GS-06"),
    _d("GE counts wrong", raw("GE*1*", "GE*2*"), E, "GE-01"),
    _d("GE control number differs", raw("GE*1*7~", "GE*1*8~"), E, "GE-02"),
    _d("GE missing", raw("GE*1*7~", ""), E, "GE"),
    _d("IEA counts wrong", raw("IEA*1*", "IEA*3*"), E, "IEA-01"),
    _d("IEA control number differs", raw("IEA*1*000000007", "IEA*1*000000008"), E, "IEA-02"),
    _d("IEA missing", raw("IEA*1*000000007~", ""), E, "IEA"),
    _d("SE counts wrong", raw("~SE*", "~SE*9"), E, "SE-01"),
    _d("SE control number differs", raw("*0001~GE", "*0002~GE"), E, "SE-02"),
    _d("SE missing", lambda text: re.sub(r"~SE\*\d+\*0001~", "~", text), E, "SE"),
    _d("ST03 missing", raw("ST*837*0001*005010X222A1", "ST*837*0001"), E, "ST-03"),
    _d("ST03 differs from GS08", raw("ST*837*0001*005010X222A1", "ST*837*0001*005010X222A2"), E, "ST-03"),
    _d("BHT structure code", put("BHT*0019*", "BHT*0018*"), S, "BHT-01"),
    _d("BHT missing", leave_out("BHT*"), S, "BHT"),
    _d("BHT date in the future", put("*20261124*1200*CH~", "*20301124*1200*CH~"), "header_date", "BHT-04"),
    # header and provider
    _d("submitter missing", leave_out("NM1*41*"), S, "1000A/NM1*41"),
    _d("submitter contact missing", leave_out("PER*IC*BILLING"), S, "1000A/PER*IC"),
    _d("receiver missing", leave_out("NM1*40*"), S, "1000B/NM1*40"),
    _d("phone with dashes", put("TE*5555550100", "TE*555-555-0100"), "phone", "1000A/PER*IC-04"),
    _d(
        "area code begins with 0",
        put("TE*5555550100", "TE*0555550100"),
        "phone_area",
        "1000A/PER*IC-04",
        harmless="some clearinghouses refuse it",
    ),
    _d("contact qualifier without number", put("TE*5555550100~NM1*40", "TE*5555550100*EM~NM1*40"), S, "PER*IC-06"),
    _d("contact qualifier unknown", put("BILLING OFFICE*TE", "BILLING OFFICE*QQ"), S, "1000A/PER*IC-03"),
    _d("taxonomy without its X", put("PXC*261QR0400X", "PXC*261QR0400"), "taxonomy", "2000A/PRV*BI-03"),
    _d("billing provider missing", leave_out("NM1*85*"), S, "2010AA/NM1*85"),
    _d("billing street missing", leave_out("N3*100"), S, "2010AA/N3"),
    _d("billing city missing", leave_out("N4*SPRINGFIELD*NY*100010001"), S, "2010AA/N4"),
    _d("billing tax number missing", leave_out("REF*EI*"), S, "2010AA/REF"),
    _d("billing tax number of 8 digits", put("REF*EI*990000001", "REF*EI*99000000"), "tax_number", "REF*EI-02"),
    _d("billing PO box", put("N3*100 SAMPLE AVENUE", "N3*PO BOX 100"), "post_box", "2010AA/N3-01"),
    _d("billing ZIP of five digits", put("NY*100010001", "NY*10001"), "postal_code_nine", "2010AA/N4-03"),
    _d("NPI check digit", put("XX*1999902004", "XX*1999902005"), "npi", "2010AA/NM1*85-09"),
    _d("NPI of nine digits", put("XX*1999902004", "XX*199990200"), "npi", "2010AA/NM1*85-09"),
    _d("NPI qualifier of another kind", put("*XX*1999902004", "*24*1999902004"), S, "2010AA/NM1*85-08"),
    _d("state unknown", put("N4*SPRINGFIELD*NY*100010001", "N4*SPRINGFIELD*QQ*100010001"), "state", "N4-02"),
    _d("trailing separators", put("REF*EI*990000001~", "REF*EI*990000001***~"), S, "2010AA/REF*EI-05"),
    _d("currency unknown", after("PRV*BI*", "CUR*85*QQQ"), "currency", "2000A/CUR*85-02"),
    # hierarchy
    _d("HL number skipped", put("HL*2*1*22", "HL*5*1*22"), S, "2000B/HL-01"),
    _d("HL parent wrong", put("HL*2*1*22", "HL*2*2*22"), S, "2000B/HL-02"),
    _d("HL level unknown", put("HL*2*1*22", "HL*2*1*99"), S, "HL"),
    _d("HL04 denies a patient below", put("*22*1~", "*22*0~"), S, "2000B/HL-04", branches=("dependent",)),
    _d("HL04 promises a patient below", put("*22*0~", "*22*1~"), S, "2000B/HL-04", branches=("subscriber",)),
    # subscriber, payer, patient
    _d("SBR missing", leave_out("SBR*P*"), S, "2000B/SBR"),
    _d("SBR sequence unknown", put("~SBR*P*", "~SBR*X*"), S, "SBR-01"),
    _d("SBR filing unknown", pattern(r"(~SBR\*P\*[^~]*\*)CI~", r"\g<1>QQ~"), S, "SBR-09"),
    _d("two primary payers", put("~SBR*S*", "~SBR*P*"), "one_primary_payer", "SBR-01"),
    _d("no primary payer", put("~SBR*P*01", "~SBR*T*01"), "one_primary_payer", "SBR-01"),
    _d(
        "SBR02 18 with a patient loop", put("~SBR*P**", "~SBR*P*18*"), "subscriber_and_patient", branches=("dependent",)
    ),
    _d(
        "SBR02 empty without a patient loop",
        put("~SBR*P*18*", "~SBR*P**"),
        "subscriber_not_patient",
        branches=("subscriber",),
    ),
    _d("member id missing", put("*MI*M123~", "~"), S, "NM1*IL-08"),
    _d("person qualifier unknown", put("NM1*IL*1*", "NM1*IL*7*"), S, "2010BA/NM1*IL-02"),
    _d(
        "person without first name",
        pattern(r"(NM1\*IL\*1\*TEST[A-Z]+)\*[A-Z]+\*\*", r"\g<1>***"),
        "person_without_first_name",
        "NM1*IL-04",
        harmless="legitimate, if rare",
    ),
    _d("name of 61 letters", put("NM1*IL*1*TEST", f"NM1*IL*1*{'T' * 61}TEST"), S, "2010BA/NM1*IL-03"),
    _d("repetition separator in a name", put("NM1*IL*1*TEST", "NM1*IL*1*TE^ST"), S, "2010BA/NM1*IL-03"),
    _d("component separator in a name", put("NM1*IL*1*TEST", "NM1*IL*1*TE:ST"), S, "2010BA/NM1*IL-03"),
    _d("leading blank", put("NM1*IL*1*TEST", "NM1*IL*1* TEST"), "surrounding_blank", "2010BA/NM1*IL-03"),
    _d("trailing blank", pattern(r"NM1\*IL\*1\*(TEST[A-Z]+)\*", r"NM1*IL*1*\g<1> *"), "surrounding_blank", "NM1*IL-03"),
    _d("letter with an accent", put("NM1*IL*1*TEST", "NM1*IL*1*TÉST"), "character_not_allowed", "NM1*IL-03"),
    _d(
        "lower case",
        put("NM1*IL*1*TEST", "NM1*IL*1*Test"),
        "lower_case",
        "NM1*IL-03",
        harmless="belongs to the extended set",
    ),
    _d("street of the patient missing", leave_out("N3*12 SAMPLE"), "", "2010"),
    _d("birth date missing", leave_out("DMG*"), "", "2010"),
    _d("birth date in the future", put("DMG*D8*19600101", "DMG*D8*20300101"), "date_in_future", "DMG-02"),
    _d("birth date 160 years back", put("DMG*D8*19600101", "DMG*D8*18650101"), "birth_date_too_early", "DMG-02"),
    _d("birth after the service", put("DMG*D8*19600101", "DMG*D8*20261101"), "service_before_birth", "DTP*472-03"),
    _d("sex unknown", put("DMG*D8*19600101*F", "DMG*D8*19600101*X"), S, "DMG-03"),
    _d("ZIP of three digits", put("N4*SPRINGFIELD*NY*10001~", "N4*SPRINGFIELD*NY*100~"), "postal_code", "N4-03"),
    _d("country unknown", put("N4*SPRINGFIELD*NY*10001~", "N4*SPRINGFIELD**10001*QQ~"), "country", "N4-04"),
    _d("payer missing", leave_out("NM1*PR*"), S, "2010BB/NM1*PR"),
    _d("payer is a person", put("NM1*PR*2*", "NM1*PR*1*"), S, "2010BB/NM1*PR-02"),
    _d("patient name missing", leave_out("NM1*QC*"), S, "2010CA/NM1*QC", branches=("dependent",)),
    _d(
        "patient with a member id",
        put("NM1*QC*1*TESTPATIENT*ALDA", "NM1*QC*1*TESTPATIENT*ALDA****MI*M9"),
        S,
        "2010CA/NM1*QC-08",
        branches=("dependent",),
    ),
    _d("relationship unknown", put("PAT*19", "PAT*99"), S, "2000C/PAT-01", branches=("dependent",)),
    # claim
    _d("CLM missing", leave_out("CLM*C1*"), S, "2300/CLM"),
    _d("claim number of 21 characters", put("CLM*C1*", f"CLM*{'C' * 21}*"), S, "2300/CLM-01"),
    _d(
        "claim number of 18 characters",
        put("CLM*C1*", f"CLM*{'C' * 18}*"),
        "claim_number_form",
        "2300/CLM-01",
        harmless="allowed, but some payers cut it",
    ),
    _d("claim number given twice", put("CLM*C2*", "CLM*C1*"), "claim_number_repeats", "2300/CLM-01"),
    _d("total is not the sum of lines", put("CLM*C1*240*", "CLM*C1*250*"), "total_charge", "2300/CLM-02"),
    _d("total with three decimals", put("CLM*C1*240*", "CLM*C1*240.123*"), "amount_form", "2300/CLM-02"),
    _d(
        "total with a leading zero",
        put("CLM*C1*240*", "CLM*C1*0240*"),
        "amount_zeros",
        "2300/CLM-02",
        harmless="the same amount, written untidily",
    ),
    _d("total negative", put("CLM*C1*240*", "CLM*C1*-240*"), "amount_negative", "2300/CLM-02"),
    _d("total of letters", put("CLM*C1*240*", "CLM*C1*TWO*"), S, "2300/CLM-02"),
    _d(
        "total and lines zero",
        pattern(r"CLM\*C1\*240\*(.*?)\*120\*UN(.*?)\*120\*UN", r"CLM*C1*0*\g<1>*0*UN\g<2>*0*UN"),
        "total_zero",
        "2300/CLM-02",
    ),
    _d("place of service unknown", put("**11:B:1*", "**97:B:1*"), "place_of_service", "2300/CLM-05-1"),
    _d("facility code qualifier", put("**11:B:1*", "**11:A:1*"), S, "2300/CLM-05-2"),
    _d("frequency 9", put("**11:B:1*", "**11:B:9*"), "frequency", "2300/CLM-05-3"),
    _d(
        "frequency 7 without payer control number",
        put("**11:B:1*", "**11:B:7*"),
        "frequency_without_number",
        "CLM-05-3",
    ),
    _d("frequency 1 with payer control number", after("REF*G1*", "REF*F8*ICN1"), "original_with_number", "REF*F8-02"),
    _d("assignment unknown", put(":1*Y*A*Y*Y", ":1*Y*Q*Y*Y"), S, "2300/CLM-07"),
    _d("signature missing", put(":1*Y*A*Y*Y", ":1**A*Y*Y"), S, "2300/CLM-06"),
    _d("related cause unknown", put("AA:::NY", "QQ:::NY"), S, "2300/CLM-11-1"),
    _d("auto accident without state", put("AA:::NY", "AA"), "accident_state", "2300/CLM-11-4"),
    _d("accident state unknown", put("AA:::NY", "AA:::QQ"), "state", "2300/CLM-11-4"),
    _d(
        "accident without date",
        leave_out("DTP*439*"),
        "accident_date",
        "2300/CLM-11-1",
        harmless="payers ask for it; the guide's wording is not at hand",
    ),
    _d(
        "accident after the service",
        put("DTP*439*D8*20260830", "DTP*439*D8*20261020"),
        "event_after_service",
        "DTP*439-03",
    ),
    _d("onset twice", twice("DTP*431*"), S, "2300/DTP*431"),
    _d("date qualifier unknown", put("DTP*431*", "DTP*999*"), S, "2300/DTP"),
    _d("30 February", put("DTP*431*D8*20260901", "DTP*431*D8*20260230"), "date_not_real", "2300/DTP*431-03"),
    _d("month 13", put("DTP*431*D8*20260901", "DTP*431*D8*20261301"), S, "2300/DTP*431-03"),
    _d("paid by the patient twice", twice("AMT*F5*"), S, "2300/AMT*F5"),
    _d(
        "paid by the patient more than charged",
        put("AMT*F5*20", "AMT*F5*2000"),
        "patient_paid",
        "AMT*F5-02",
        harmless="odd, but the payer decides",
    ),
    _d("authorization twice", twice("REF*G1*"), S, "2300/REF*G1"),
    _d("reference qualifier unknown", put("REF*G1*", "REF*ZZ*"), S, "2300/REF"),
    _d("reference empty", pattern(r"REF\*G1\*[^~]*~", "REF*G1~"), S, "2300/REF*G1-02"),
    _d("two notes", twice("NTE*ADD*"), S, "2300/NTE*ADD"),
    _d("note of 81 characters", put("NTE*ADD*SEEN", f"NTE*ADD*{'S' * 81}SEEN"), S, "2300/NTE*ADD-02"),
    _d("attachment without number", after("DTP*439*", "PWK*OZ*BM"), "attachment_number", "2300/PWK-06"),
    _d("diagnoses missing", leave_out("HI*"), S, "2300/HI"),
    _d("thirteen diagnoses", put("*ABF:M6281~", "*ABF:M6281*ABF:M542~"), S, "2300/HI*ABK-13"),
    _d("diagnosis with a dot", put("ABK:M5410", "ABK:M54.10"), "diagnosis_dot", "HI*ABK-01-2"),
    _d("diagnosis of no form", put("ABK:M5410", "ABK:12345"), "diagnosis_form", "HI*ABK-01-2"),
    _d("diagnosis twice", put("ABF:M5411", "ABF:M5410"), "diagnosis_repeats", "HI*ABK-02-2"),
    _d("external cause first", put("ABK:M5410", "ABK:W1830XA"), "external_cause_first", "HI*ABK-01-2"),
    _d("ICD-9 qualifier", put("ABK:M5410", "BK:7242"), "diagnosis_version", "HI*BK-01-1"),
    _d("principal qualifier missing", put("HI*ABK:", "HI*ABF:"), S, "2300/HI"),
    # claim providers
    _d("referring provider is an organization", put("NM1*DN*1*", "NM1*DN*2*"), S, "2310A/NM1*DN-02"),
    _d("rendering NPI check digit", put("XX*1999900016", "XX*1999900017"), "npi", "2310B/NM1*82-09"),
    _d("rendering provider twice", pattern(r"(NM1\*82\*[^~]*~PRV\*PE\*[^~]*~)", r"\g<1>\g<1>"), S, "2310B/NM1"),
    _d(
        "rendering provider is the billing provider",
        put("XX*1999900016", "XX*1999902004"),
        "renderer_is_billing",
        "2310B/NM1*82-09",
        harmless="superfluous; some payers refuse it",
    ),
    _d(
        "supervisor is the renderer", put("XX*1999900024", "XX*1999900016"), "supervisor_is_renderer", "2310D/NM1*DQ-09"
    ),
    _d(
        "provider without NPI",
        put("*A****XX*1999900016", "*A"),
        "provider_without_npi",
        "2310B/NM1*82-09",
        harmless="atypical providers have none",
    ),
    _d(
        "facility at the billing address",
        put("N3*200 SAMPLE AVENUE~N4*SPRINGFIELD*NY*100010002", "N3*100 SAMPLE AVENUE~N4*SPRINGFIELD*NY*100010001"),
        "facility_is_billing",
        "2310C/NM1*77",
        harmless="superfluous; some payers refuse it",
    ),
    _d("facility address missing", leave_out("N3*200"), S, "2310C/N3"),
    _d(
        "facilities before renderer",
        pattern(r"(NM1\*82\*[^~]*~PRV\*PE\*[^~]*~)(NM1\*77\*[^~]*~N3\*[^~]*~N4\*[^~]*~)", r"\g<2>\g<1>"),
        "harmless_order",
        "2310B",
        harmless="loops of one position may come in any order",
    ),
    # lines
    _d("line number skipped", put("~LX*2~", "~LX*3~"), "line_numbers", "2400/LX-01"),
    _d("line without LX", leave_out("LX*1"), S, "2400/LX"),
    _d("line without SV1", leave_out("SV1*"), S, "2400/SV1"),
    _d("line without date", leave_out("DTP*472*"), S, "2400/DTP*472"),
    _d("line date twice", twice("DTP*472*"), S, "2400/DTP*472"),
    _d("line date in the future", put("DTP*472*D8*20261005", "DTP*472*D8*20291005"), "date_in_future", "DTP*472-03"),
    _d(
        "line period reversed",
        put("DTP*472*D8*20261005", "DTP*472*RD8*20261005-20261001"),
        "period_reversed",
        "DTP*472-03",
    ),
    _d("line period said to be a date", put("DTP*472*D8*20261005", "DTP*472*D8*20261005-20261006"), S, "DTP*472-03"),
    _d("line control number twice", put("REF*6R*C1L02", "REF*6R*C1L01"), "line_control_repeats", "REF*6R-02"),
    _d(
        "line control number missing",
        leave_out("REF*6R*"),
        "line_control_missing",
        "2400/LX",
        harmless="payments come back without their line",
    ),
    _d("line control number of 31 characters", put("REF*6R*C1L01", f"REF*6R*{'L' * 31}"), S, "REF*6R-02"),
    _d("procedure of four characters", put("HC:97110", "HC:9711"), "procedure_form", f"{LINE}-01-2"),
    _d("procedure qualifier unknown", put("HC:97110", "QQ:97110"), S, f"{LINE}-01-1"),
    _d("modifier of one character", put(":GP:CQ:KX:59*", ":GP:CQ:KX:5*"), S, f"{LINE}-01-6"),
    _d("modifier twice", put(":GP:CQ:KX:59*", ":GP:CQ:KX:KX*"), "modifier_repeats", f"{LINE}-01-3"),
    _d("fifth modifier", put(":GP:CQ:KX:59*", ":GP:CQ:KX:59:GA*"), "fifth_modifier", f"{LINE}-01-7"),
    _d(
        "assistant without discipline",
        put(":GP:CQ:KX:59*", ":CQ:KX:59*"),
        "assistant_without_discipline",
        f"{LINE}-01-3",
    ),
    _d("two disciplines", put(":GP:CQ:KX:59*", ":GP:CQ:KX:GO*"), "several_disciplines", f"{LINE}-01-3"),
    _d("charge negative", put("*120*UN*2***1:2:12", "*-120*UN*2***1:2:12"), "amount_negative", f"{LINE}-02"),
    _d("charge with three decimals", put("*120*UN*2***1:2:12", "*120.001*UN*2***1:2:12"), "amount_form", f"{LINE}-02"),
    _d("charge missing", put("*120*UN*2***1:2:12", "**UN*2***1:2:12"), S, f"{LINE}-02"),
    _d("units zero", put("*UN*2***1:2:12", "*UN*0***1:2:12"), "units", f"{LINE}-04"),
    _d("units of a half", put("*UN*2***1:2:12", "*UN*2.5***1:2:12"), "units", f"{LINE}-04"),
    _d("unit of measure unknown", put("*UN*2***1:2:12", "*XX*2***1:2:12"), S, f"{LINE}-03"),
    _d("minutes for therapy", put("*UN*2***1:2:12", "*MJ*30***1:2:12"), "minutes_unit", f"{LINE}-03"),
    _d("line place of service unknown", put("*UN*2***1:2:12", "*UN*2*97**1:2:12"), "place_of_service", f"{LINE}-05"),
    _d("pointer above twelve", put("***1:2:12~", "***1:2:13~"), S, f"{LINE}-07-3"),
    _d(
        "pointer beyond the diagnoses", pattern(r"(CLM\*C2\*.*?\*UN\*2\*\*\*)1~", r"\g<1>2~"), "pointer", f"{LINE}-07-1"
    ),
    _d("pointer twice", put("***1:2:12~", "***1:2:2~"), "pointer_repeats", f"{LINE}-07"),
    _d("pointer missing", put("*UN*2***1:2:12~", "*UN*2~"), S, f"{LINE}-07"),
    _d("five pointers", put("***1:2:12~", "***1:2:3:4:5~"), S, f"{LINE}-07-5"),
    _d(
        "51 lines",
        pattern(r"(LX\*2~SV1\*HC:97110:GP:KX\*120\*UN\*2\*\*\*1~DTP\*472[^~]*~)", r"\g<1>" * 50),
        S,
        "2400/LX",
    ),
    _d(
        "line referrer without claim referrer",
        lambda text: recount(
            re.sub(r"NM1\*DN\*[^~]*~", "", text, count=1).replace(
                "~REF*6R*C1L01~", "~REF*6R*C1L01~NM1*DN*1*TESTPHYSICIAN*A****XX*1999901014~", 1
            )
        ),
        "line_referrer_alone",
        "2420F/NM1*DN",
    ),
    _d("segment unknown", after("LX*1", "QQQ*1"), S, "2400/QQQ"),
    _d("segment of another loop", after("SV1*HC:97110:GP:CQ", "SBR*P*18"), S, "SBR"),
    _d("claim reference after the providers", after("PRV*PE*", "REF*EA*MRN2"), S, "2300/REF*EA"),
    # other payers
    _d("paid by the payer against the lines", put("AMT*D*170", "AMT*D*160"), "payer_paid_lines", "2320/AMT*D-02"),
    _d("line adjudication out of balance", put("SVD*GRAN1*80*", "SVD*GRAN1*70*"), "line_adjudication", "2430/SVD-02"),
    _d("adjudication by an unknown payer", put("SVD*GRAN1*", "SVD*OTHER*"), "adjudicating_payer", "2430/SVD-01"),
    _d("adjudication date missing", leave_out("DTP*573*"), S, "2430/DTP*573"),
    _d(
        "adjudication date on both levels",
        after("NM1*PR*2*GRANITE", "DTP*573*D8*20261102"),
        "adjudication_date",
        "2320/SBR",
    ),
    _d("adjustment group unknown", put("CAS*CO*45", "CAS*QQ*45"), S, "CAS-01"),
    _d("adjustment group twice", put("CAS*PR*2*20", "CAS*CO*2*20"), "adjustment_group_repeats", "2430/CAS-01"),
    _d("adjustment of zero", put("CAS*CO*45*20~", "CAS*CO*45*20**253*0~"), "adjustment_zero", "2430/CAS-06"),
    _d("adjustment reason without amount", put("CAS*CO*45*20~", "CAS*CO*45*20**253~"), S, "2430/CAS-06"),
    _d("other insurance information missing", leave_out("OI*"), S, "2320/OI"),
    _d("other subscriber missing", leave_out("NM1*IL*1*TESTSPOUSE"), S, "2330A/NM1*IL"),
    _d("other payer missing", leave_out("NM1*PR*2*GRANITE"), S, "2330B/NM1*PR"),
    _d("other payer's number twice", twice("REF*F8*ICN9"), S, "2330B/REF*F8"),
    _d(
        "two other payers of one id",
        lambda text: recount(re.sub(r"(SBR\*P\*01.*?REF\*F8\*ICN9~)", _second_of_one_id, text, count=1)),
        "adjudicating_payer_ambiguous",
        "2430/SVD-01",
    ),
    _d("bundled into no line", put("GP:KX**2~CAS", "GP:KX**2*7~CAS"), "bundled_line", "2430/SVD-06"),
    _d("bundled into itself", put("GP:KX**2~CAS", "GP:KX**2*1~CAS"), "bundled_line", "2430/SVD-06"),
    _d("adjudicated units negative", put("GP:KX**2~CAS", "GP:KX**-2~CAS"), "adjudicated_units", "2430/SVD-05"),
    _d("adjudicated units of four decimals", put("GP:KX**2~CAS", "GP:KX**2.0001~CAS"), "adjudicated_units", "SVD-05"),
    _d(
        "number of a payer not named",
        after("REF*6R*C1L01", "REF*9F*R7**2U:OTHER"),
        "reference_payer",
        "2400/REF*9F-04-2",
    ),
    _d(
        "other payer without filing code",
        put("SBR*P*01*******CI", "SBR*P*01"),
        "claim_filing",
        "2320/SBR-09",
        harmless="some payers take it without",
    ),
    _d(
        "Medicare type of a first other payer",
        put("SBR*P*01*******CI", "SBR*P*01***12****CI"),
        "medicare_type",
        "2320/SBR-05",
        harmless="the payer decides",
    ),
    _d(
        "group number and name of an other payer",
        put("SBR*P*01*******CI", "SBR*P*01*GRP7*BAKERY*****CI"),
        "group_name_and_number",
        "2320/SBR-04",
        harmless="payers read the number",
    ),
    _d(
        "not covered beside a decision", put("AMT*D*170", "AMT*D*170~AMT*A8*240"), "non_covered_total", "2320/AMT*A8-02"
    ),
    _d(
        "patient owes more than the charge",
        put("AMT*D*170", "AMT*D*170~AMT*EAF*241"),
        "remaining_over_charge",
        "2320/AMT*EAF-02",
    ),
    _d(
        "decided before the service",
        put("DTP*573*D8*20261102", "DTP*573*D8*20261004"),
        "decided_before_service",
        "2430/DTP*573-03",
    ),
    # the course of events
    _d(
        "service after death",
        after("SBR*P*18", "PAT*****D8*20261004"),
        "service_after_death",
        "2400/DTP*472-03",
        branches=("subscriber",),
    ),
    _d(
        "service after the patient's death",
        put("PAT*19~", "PAT*19****D8*20261004~"),
        "service_after_death",
        "2400/DTP*472-03",
        branches=("dependent",),
    ),
    _d(
        "pregnant man",
        lambda text: after("SBR*P*18", "PAT*********Y")(text.replace("*19600101*F~", "*19600101*M~", 1)),
        "pregnancy_of_man",
        "2000B/PAT-09",
        branches=("subscriber",),
    ),
    _d(
        "discharge before admission",
        after("DTP*439", "DTP*435*D8*20261001~DTP*096*D8*20260930"),
        "dates_out_of_order",
        "2300/DTP*096-03",
    ),
    _d(
        "return to work before the last day of work",
        after("DTP*439", "DTP*297*D8*20260910~DTP*296*D8*20260901"),
        "dates_out_of_order",
        "2300/DTP*296-03",
    ),
    _d(
        "admission after the service", after("DTP*439", "DTP*435*D8*20261101"), "event_after_service", "2300/DTP*435-03"
    ),
    _d(
        "last seen after the service", after("DTP*454", "DTP*304*D8*20261101"), "event_after_service", "2300/DTP*304-03"
    ),
    _d(
        "accident date without a cause",
        put("*Y*A*Y*Y**AA:::NY~", "*Y*A*Y*Y~"),
        "accident_without_cause",
        "2300/DTP*439-03",
        harmless="payers ask for it; the guide's wording is not at hand",
    ),
    _d(
        "state of an accident at work",
        put("**AA:::NY~", "**EM:::NY~"),
        "accident_state_alone",
        "2300/CLM-11-4",
        harmless="some payers take it",
    ),
    _d(
        "onset on the day of the service",
        put("DTP*431*D8*20260901", "DTP*431*D8*20261005"),
        "onset_is_service",
        "2300/DTP*431-03",
        harmless="superfluous",
    ),
    _d(
        "line of several days",
        put("DTP*472*D8*20261005", "DTP*472*RD8*20261005-20261007"),
        "several_days",
        "2400/DTP*472-03",
        harmless="units are counted by day; the payer decides",
    ),
    # providers, lines, and control numbers
    _d("primary care provider alone", put("NM1*DN*1", "NM1*P3*1"), "primary_care_alone", "2310A/NM1*P3-01"),
    _d(
        "primary care provider alone at a line",
        after("REF*6R*C1L01", "NM1*P3*1*TESTPHYSICIAN*A****XX*1999901014"),
        "primary_care_alone",
        "2420F/NM1*P3-01",
    ),
    _d(
        "unlisted code without description",
        put("HC:97110:GP:CQ:KX:59", "HC:97039:GP:CQ:KX:59"),
        "unlisted_without_description",
        "2400/SV1-01-7",
    ),
    _d(
        "two lines alike",
        put("HC:97110:GP:CQ:KX:59", "HC:97110:GP:KX"),
        "line_repeats",
        "2400/SV1-01",
        harmless="payers deny the second as a duplicate, some pay both",
    ),
    _d(
        "authorization of the claim at a line",
        put("REF*6R*C1L01", "REF*G1*AUTH1~REF*6R*C1L01"),
        "line_number_of_claim",
        "2400/REF*G1-02",
        harmless="superfluous",
    ),
    _d(
        "birth date of a subscriber who is not the patient",
        pattern(r"(?<=~)(NM1\*IL\*1\*TESTPARENT[^~]*~)", r"\1DMG*D8*19850203*M~"),
        "subscriber_demographics_needless",
        "2010BA/DMG",
        harmless="superfluous",
        branches=("dependent",),
    ),
    _d(
        "pay-to plan of a provider",
        after("PER*IC**TE", "NM1*PE*2*OTHER PLAN*****PI*OTHER~N3*1 PLAN WAY~N4*SPRINGFIELD*NY*10001~REF*EI*990000003"),
        "pay_to_plan",
        "2010AC/NM1*PE-01",
        harmless="the plan would decide",
    ),
    _d(
        "screening without referral that came to something",
        after("NTE*ADD", "CRC*ZZ*N*AV"),
        "screening_condition",
        "2300/CRC*ZZ-03",
    ),
    _d(
        "screening with referral that was not used",
        after("NTE*ADD", "CRC*ZZ*Y*NU"),
        "screening_condition",
        "2300/CRC*ZZ-03",
    ),
    _d("two groups of one control number", raw("IEA*1*", _GROUP_AGAIN), "control_number_repeats", "GS-06"),
    _d(
        "two interchanges of one control number",
        lambda text: text + text.replace("C1*240*", "C8*240*").replace("C2*240*", "C9*240*"),
        "control_number_repeats",
        "ISA-13",
    ),
)
