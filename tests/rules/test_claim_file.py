"""The edits of a claim file: each fires on its case and is silent on a good file, for subscriber and dependent."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_engine.core.errors import MappingError, OutboundError
from integration_engine.core.findings import Outcome, Severity
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_file.compiling import EDITS_FILE, LISTS_FILE, compile_claim_file, json_schemas
from integration_engine.rules.claim_file.questions import IDS
from integration_engine.rules.claim_file.records import ClaimFileRules
from integration_engine.rules.claim_file.results import ClaimFileCheck
from integration_engine.rules.claim_file.values import amount_fault
from integration_engine.rules.rule_files.compiling import compile_rules
from tests.crosswalk.claim_drafts import FILES, SIMPLE, drafts, written
from tests.wire.defects import DEFECTS, GOOD, after, leave_out, pattern, put, raw, recount, twice

RULES, PARAMETERS = compile_claim_file(FILES), compile_rules(FILES)
TODAY = date(2026, 11, 24)
BOTH = ("subscriber", "dependent")


def checked(data: str | bytes, rules: ClaimFileRules = RULES, as_of: date = TODAY) -> ClaimFileCheck:
    return check_claim_file(data.encode() if isinstance(data, str) else data, rules, PARAMETERS, as_of)


def told(data: str | bytes, rules: ClaimFileRules = RULES) -> set[tuple[str, str]]:
    return {(f.id.removeprefix("claim_file."), f.position) for f in checked(data, rules).findings}


def medicare(text: str) -> str:
    return re.sub(r"(~SBR\*P\*[^~]*\*)CI~", r"\g<1>MB~", text, count=1)


def both(*changes):
    def change(text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    return change


def _two_sets(text: str) -> str:
    start, end = text.index("ST*"), text.index("GE*")
    whole = text[start:end]
    return (
        text[:end]
        + whole.replace("*0001*", "*0002*").replace("*0001~", "*0002~")
        + text[end:].replace("GE*1*", "GE*2*")
    )


def _many(text: str, claims: int) -> str:
    start, end = text.index("CLM*C1*"), text.index("HL*3**20")
    claim = text[start:end]
    return recount(text[:start] + "".join(claim.replace("C1", f"D{n}") for n in range(claims)) + text[end:])


MEDICARE_SECOND = pattern(r"(~SBR\*S\*[^~]*\*)CI~", r"\g<1>MB~")

# edit, what is changed, where it is told, and the branches on which the case can stand
CASES = [
    ("address_incomplete", put("N4*SPRINGFIELD*NY*10001~NM1*PR*2*GRANITE", "NM1*PR*2*GRANITE"), "2330A/N3", BOTH),
    ("address_incomplete", put("N3*12 SAMPLE STREET~N4*SPRINGFIELD*NY*10001~NM1*PR*2*GRANITE", "N4*SPRINGFIELD*NY*10001~NM1*PR*2*GRANITE"), "2330A/N4", BOTH),
    ("referrer_repeats", twice("NM1*DN*"), "2310A/NM1*DN-01", BOTH),
    ("procedure_form", put("SVD*GRAN1*80*HC:97110", "SVD*GRAN1*80*HC:9711"), "2430/SVD-03-2", BOTH),
    ("organization_with_first_name", put("*****XX*1999902004", "****JR*XX*1999902004"), "2010AA/NM1*85-07", BOTH),
    ("adjustment_reason_form", put("CAS*CO*45*20", "CAS*CO*4-5*20"), "2430/CAS-02", BOTH),
    ("charge_zero", both(put("CLM*C1*240*", "CLM*C1*120*"), put("*120*UN*2***1:2:12", "*0*UN*2***1:2:12")), "SV1-02", BOTH),
    ("claim_filing", pattern(r"~SBR\*P\*([^~]*?)\*+CI~", r"~SBR*P*\g<1>~"), "2000B/SBR-09", ("subscriber",)),
    ("claim_filing", pattern(r"~SBR\*P\*+CI~", "~SBR*P~"), "2000B/SBR-09", ("dependent",)),
    ("discipline_modifier", both(medicare, put("HC:97110:GP:KX", "HC:97110:KX")), "2400/SV1-01-3", BOTH),
    ("email", put("TE*5555550100~NM1*40", "TE*5555550100*EM*BILLING~NM1*40"), "1000A/PER*IC-06", BOTH),
    ("facility_at_home", put("**11:B:1*", "**12:B:1*"), "2310C/NM1*77", BOTH),
    ("foreign_currency", after("PRV*BI*", "CUR*85*CAD"), "2000A/CUR*85-02", BOTH),
    ("frequency_rare", put("**11:B:1*", "**11:B:6*"), "2300/CLM-05-3", BOTH),
    ("group_name_and_number", pattern(r"~SBR\*P\*(18|)\*\*\*", r"~SBR*P*\g<1>*G1*GROUP*"), "2000B/SBR-04", BOTH),
    ("injury_claim_number", pattern(r"(~SBR\*P\*[^~]*\*)CI~", r"\g<1>WC~"), "2000B/SBR-09", BOTH),
    ("line_renderer_repeats", after("REF*6R*C1L01", "NM1*82*1*TESTTHERAPIST*A****XX*1999900016"), "2420A/NM1*82-09", BOTH),
    ("medicare_dependent", medicare, "2000B/SBR-02", ("dependent",)),
    ("medicare_type", MEDICARE_SECOND, "2000B/SBR-05", BOTH),
    ("medicare_type", pattern(r"~SBR\*P\*(18|)\*\*\*\*", r"~SBR*P*\g<1>***12*"), "2000B/SBR-05", BOTH),
    ("modifier_form", put(":GP:CQ:KX:59*", ":GP:CQ:KX:5-*"), "2400/SV1-01-6", BOTH),
    ("one_day_period", put("DTP*472*D8*20261005", "DTP*472*RD8*20261005-20261005"), "2400/DTP*472-03", BOTH),
    ("organization_with_first_name", put("NM1*PR*2*SUMMIT COMMERCIAL**", "NM1*PR*2*SUMMIT COMMERCIAL*X*"), "2010BB/NM1*PR-04", BOTH),
    ("payer_paid_claim", both(put("AMT*D*170", "AMT*D*160"), put("SVD*GRAN1*80*", "SVD*GRAN1*70*")), "2320/AMT*D-02", BOTH),
    ("payer_paid_missing", leave_out("AMT*D*170"), "2320/SBR", BOTH),
    ("phone_extension", put("TE*5555550100~NM1*40", "FX*5555550100*EX*12~NM1*40"), "1000A/PER*IC-05", BOTH),
    ("place_of_service_repeats", put("*UN*2***1:2:12", "*UN*2*11**1:2:12"), "2400/SV1-05", BOTH),
    ("procedure_not_checked", put("HC:97110", "HC:99999"), "2400/SV1-01-2", BOTH),
    ("reference_repeats", both(after("PRV*PE*", "REF*G2*A1"), twice("REF*G2*")), "2310B/REF*G2-01", BOTH),
    ("remark_form", after("OI*", "MOA***X99"), "2320/MOA-03", BOTH),
    ("diagnosis_not_checked", put("ABK:M5450", "ABK:M5481"), "2300/HI*ABK-01-2", BOTH),
    ("separator_in_data", put("NTE*ADD*SEEN", "NTE*ADD*SE^EN"), "2300/NTE*ADD-02", BOTH),
    ("several_interchanges", lambda text: text + text.replace("000000007", "000000008"), "ISA", BOTH),
    ("subscriber_demographics", leave_out("DMG*"), "2010BA/NM1*IL", ("subscriber",)),
    ("tolerated_bytes", lambda text: "\ufeff" + text, "file", BOTH),
    ("transmission_repeats", _two_sets, "BHT-03", BOTH),
    ("unreadable", lambda text: "some words\n" + text, "ISA", BOTH),
    ("not_a_claim_file", raw("ST*837*0001*005010X222A1", "ST*837*0001*005010X223A2"), "ST-01", BOTH),
    ("claims_in_set", lambda text: _many(text, 5001), "ST", ("subscriber",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "change", "position", "branch"),
    [(edit, change, position, branch) for edit, change, position, branches in CASES for branch in branches],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edit_fires_on_its_case_and_not_on_the_good_file(edit, change, position, branch) -> None:
    text = change(GOOD[branch])
    assert text != GOOD[branch]
    found = told(text)
    assert any(name == edit and where.endswith(position) for name, where in found), found
    if edit != "diagnosis_not_checked":
        assert edit not in {name for name, _ in told(GOOD[branch])}


def test_every_edit_has_a_case() -> None:
    with_cases = {edit for edit, *_ in CASES} | {defect.edit for defect in DEFECTS}
    assert with_cases - {""} >= IDS - {"diagnosis_known"}  # that one needs a whole code file; it has a test of its own


@pytest.mark.parametrize("edit", RULES.edits.values(), ids=lambda edit: edit.id)
def test_edit_explains_itself(edit) -> None:
    assert all((edit.text, edit.why, edit.fix, edit.owner, str(edit.citation)))
    assert edit.in_force.values


def test_diagnosis_outside_a_complete_code_file_is_refused() -> None:
    files = FILES | {
        "codes/icd10_cm/2026-10-01.yaml": FILES["codes/icd10_cm/2026-10-01.yaml"].replace(
            "    codes: >-", "    complete: true\n    codes: >-"
        )
    }
    text = GOOD["subscriber"].replace("ABK:M5450", "ABK:M5481")
    check = check_claim_file(text.encode(), RULES, compile_rules(files), TODAY)
    assert ("claim_file.diagnosis_known", "2300/HI*ABK-01-2") in {(f.id, f.position) for f in check.findings}


def test_what_was_not_checked_says_so_and_is_told_once_a_code() -> None:
    text = GOOD["subscriber"].replace("HC:97110", "HC:99999")
    found = [f for f in checked(text).findings if f.id == "claim_file.procedure_not_checked"]
    assert [(f.outcome, f.severity) for f in found] == [(Outcome.NOT_CHECKED, Severity.INFORMATION)]


# --- whose claim it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "numbers"),
    [
        ("CLM*C1*240*", "CLM*C1*250*", {"C1"}),
        ("*120*UN*2***1:2:12", "*120*XX*2***1:2:12", {"C1"}),
        ("DMG*D8*19600101", "DMG*D8*20300101", {"C1"}),
        ("NM1*PR*2*SUMMIT", "NM1*PR*1*SUMMIT", {"C1"}),
        ("XX*1999902004", "XX*1999902005", {"C1"}),
        ("SVD*GRAN1*80*", "SVD*GRAN1*70*", {"C2"}),
        ("TE*5555550100~NM1*40", "TE*555~NM1*40", set()),
        ("*00501*", "*00502*", set()),
    ],
)
@pytest.mark.parametrize("branch", BOTH)
def test_error_holds_the_claims_it_lies_over(branch: str, old: str, new: str, numbers: set[str]) -> None:
    assert old in GOOD[branch]
    check = checked(GOOD[branch].replace(old, new, 1))
    assert not check.accepted
    assert check.claim_numbers == numbers
    assert check.stops_all is (not numbers)


@pytest.mark.parametrize(
    ("ours", "other", "good"),
    [("S", "P", True), ("S", "U", True), ("U", "P", True), ("S", "S", False), ("P", "P", False), ("S", "T", False)],
)
def test_one_payer_is_primary_unless_the_order_is_unknown(ours: str, other: str, good: bool) -> None:
    text = GOOD["subscriber"].replace("~SBR*S*", f"~SBR*{ours}*").replace("~SBR*P*01", f"~SBR*{other}*01")
    assert ("one_primary_payer" not in {name for name, _ in told(text)}) is good


def test_texts_hold_no_values_of_the_file() -> None:
    text = GOOD["subscriber"].replace("NM1*IL*1*TESTPATIENT*ALDA", "NM1*QQ*1*TESTPATIENT *ALDA", 1)
    for finding in checked(text).findings:
        assert not any(word in f"{finding.text}{finding.subject}{finding.expected}" for word in ("TESTPATIENT", "ALDA"))


# --- switches, payers and dates ----------------------------------------------------------------------------------------


def changed(name: str, old: str, new: str) -> ClaimFileRules:
    assert old in FILES[name]
    return compile_claim_file(FILES | {name: FILES[name].replace(old, new, 1)})


def test_edit_that_is_off_says_nothing() -> None:
    text = GOOD["subscriber"].replace("CLM*C1*240*", "CLM*C1*250*")
    off = changed(EDITS_FILE, "id: claim_file.total_charge\n", "id: claim_file.total_charge\n    off: true\n")
    assert "total_charge" in {name for name, _ in told(text)}
    assert "total_charge" not in {name for name, _ in told(text, off)}


@pytest.mark.parametrize(("payer", "fires"), [("SUMM1", True), ("OTHER", False)])
def test_edit_limited_to_payers_is_asked_of_their_claims(payer: str, fires: bool) -> None:
    text = GOOD["subscriber"].replace("CLM*C1*240*", "CLM*C1*250*")
    rules = changed(
        EDITS_FILE, "id: claim_file.total_charge\n", f"id: claim_file.total_charge\n    payers: [{payer}]\n"
    )
    assert ("total_charge" in {name for name, _ in told(text, rules)}) is fires


@pytest.mark.parametrize(
    ("place", "year", "known"), [("10", "2021", False), ("10", "2026", True), ("27", "2022", False)]
)
def test_code_list_is_asked_by_date_of_service(place: str, year: str, known: bool) -> None:
    text = GOOD["subscriber"].replace("**11:B:1*", f"**{place}:B:1*").replace("*D8*2026", f"*D8*{year}")
    assert ("place_of_service" not in {name for name, _ in told(text)}) is known


def test_edit_is_not_asked_before_its_first_day() -> None:
    old = GOOD["subscriber"].replace("ABK:M5410", "BK:7242").replace("*D8*2026", "*D8*2015")
    assert "diagnosis_version" not in {name for name, _ in told(old.replace("*D8*20151005", "*D8*20150905"))}
    assert "diagnosis_version" in {name for name, _ in told(old)}


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        (EDITS_FILE, "id: claim_file.total_zero", "id: claim_file.total_nil", "nothing asks for claim_file.total_nil"),
        (EDITS_FILE, "id: claim_file.total_zero", "id: claim_file.total_nil", "claim_file.total_zero is missing"),
        (EDITS_FILE, "id: claim_file.total_zero", "id: claim_file.total_charge", "stands here twice"),
        (EDITS_FILE, "severity: error", "severity: grave", "Input should be"),
        (EDITS_FILE, "owner: biller", "owners: biller", "Extra inputs"),
        (LISTS_FILE, "  provinces:", "  province:", "the list 'provinces' is missing"),
        (LISTS_FILE, "effective_from: 2016-01-01", "effective_from: 2016-13-01", "month must be"),
    ],
)
def test_wrong_file_is_refused_with_its_line(name: str, old: str, new: str, problem: str) -> None:
    with pytest.raises(MappingError) as caught:
        changed(name, old, new)
    assert any(problem in str(p) and p.file == name and p.line > 0 for p in caught.value.problems), str(caught.value)


@pytest.mark.parametrize("name", [EDITS_FILE, LISTS_FILE])
def test_missing_file_is_refused(name: str) -> None:
    with pytest.raises(MappingError, match="this file is missing"):
        compile_claim_file({other: text for other, text in FILES.items() if other != name})


def test_schemas_describe_both_files() -> None:
    assert set(json_schemas()) == {"claim_file_edits", "claim_file_codes"}


# --- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("45", ""), ("45.5", ""), ("45.05", ""), ("0", ""), (".5", ""), ("0.5", ""), ("99999999.99", ""),
        ("045", "zeros"), ("45.50", "zeros"), ("45.00", "zeros"), ("00", "zeros"),
        ("45.123", "form"), ("100000000", "form"), ("-45", "negative"), ("-45.5", "negative"),
        ("", ""), ("4,5", ""), ("abc", ""),
    ],
)  # fmt: skip
def test_amount_is_judged_by_how_it_is_written(text: str, fault: str) -> None:
    assert amount_fault(text) == fault


# --- properties --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(draft=drafts())
def test_no_written_claim_deviates_from_the_guide(draft) -> None:
    try:
        text = written(draft)
    except OutboundError:
        return
    found = [f for f in checked(text).findings if f.id == "claim_file.structure"]
    assert found == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_crashes_the_check(data: st.DataObject) -> None:
    content = bytearray(GOOD[data.draw(st.sampled_from(BOTH))].encode())
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(
            st.sampled_from([b"~", b"*", b":", b"^", b"HL*1**20*1~", b"CLM*", b"ISA", b"\xff", b"", b"LX*1~"])
        )
        content[place : place + data.draw(st.integers(0, 40))] = piece
        if not content:
            break
    check = checked(bytes(content))
    assert all(f.text and f.position for f in check.findings)


@given(st.binary(max_size=300))
def test_any_bytes_are_told_about(data: bytes) -> None:
    assert not checked(data).accepted


def test_same_file_gives_the_same_findings() -> None:
    text = GOOD["subscriber"].replace("CLM*C1*240*", "CLM*C1*250*")
    assert checked(text) == checked(text)


def test_claim_of_tomorrow_is_refused_today_and_not_the_day_after() -> None:
    text = written(SIMPLE)
    assert not checked(text, as_of=date(2026, 10, 4)).accepted
    assert checked(text).accepted
