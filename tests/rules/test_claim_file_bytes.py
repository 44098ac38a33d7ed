"""The claim file check takes any file: broken envelopes, other delimiters, several interchanges, other encodings, thousands of claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from integration_engine.core.findings import Severity
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_file.compiling import compile_claim_file
from integration_engine.rules.claim_file.results import ClaimFileCheck
from integration_engine.rules.rule_files.compiling import compile_rules
from tests.crosswalk.claim_drafts import FILES, SIMPLE, written
from tests.wire.defects import GOOD

RULES, PARAMETERS = compile_claim_file(FILES), compile_rules(FILES)
TEXT = GOOD["subscriber"]
ISA = 106


def checked(data: bytes) -> ClaimFileCheck:
    return check_claim_file(data, RULES, PARAMETERS, date(2026, 11, 24))


def told(check: ClaimFileCheck) -> set[tuple[str, str]]:
    return {
        (finding.id.removeprefix("claim_file."), finding.position)
        for finding in check.findings
        if finding.severity is not Severity.INFORMATION
    }


def renumbered(text: str) -> str:
    """The file again as one that follows it: other control numbers, reference and claim numbers."""
    for old, new in (("000000007", "000000008"), ("B000000007", "B8"), ("CLM*C1", "CLM*C8"), ("CLM*C2", "CLM*C9")):
        text = text.replace(old, new)
    return text


def delimited(text: str) -> str:
    return text.replace("|", " ").replace("~", "\x1c").replace("*", "|").replace(":", ">").replace("|^|", "|!|")


@pytest.mark.parametrize(
    ("change", "claims", "findings"),
    [
        (lambda text: text, 2, set()),
        (lambda text: text.replace("~", "~\r\n"), 2, set()),
        (lambda text: text.replace("~", "~\n"), 2, set()),
        (lambda text: text.replace("~", "\n"), 2, set()),
        (lambda text: text.replace("~", "\r\n"), 2, set()),
        (delimited, 2, set()),
        (lambda text: text.replace("~GS*", "~TA1*000000001*261124*1200*A*000~GS*"), 2, set()),
        (lambda text: text + renumbered(text), 4, {("several_interchanges", "ISA")}),
        (lambda text: "\ufeff" + text, 2, {("tolerated_bytes", "file")}),
        (lambda text: "\n".join(text[at : at + 80] for at in range(0, len(text), 80)), 2, {("tolerated_bytes", "file")}),
    ],
    ids=["as is", "CRLF after segments", "LF after segments", "LF ends segments", "CRLF ends segments", "other separators", "TA1 inside", "two interchanges", "byte order mark", "wrapped lines"],
)  # fmt: skip
def test_readable_file_is_accepted_however_it_is_delimited(
    change: Callable[[str], str], claims: int, findings: set[tuple[str, str]]
) -> None:
    check = checked(change(TEXT).encode())
    assert (check.accepted, check.claims) == (True, claims)
    assert told(check) == findings


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"", ("unreadable", "file")),
        (b" \r\n", ("unreadable", "file")),
        (b"PK\x03\x04" + bytes(500), ("unreadable", "ISA")),
        (b"plain words\n" * 9, ("unreadable", "ISA")),
        (TEXT[: ISA - 1].encode(), ("unreadable", "ISA")),
        (TEXT[:60].encode(), ("unreadable", "ISA")),
        (TEXT[TEXT.index("GS*") :].encode(), ("unreadable", "ISA")),
        ((TEXT[:ISA] + TEXT[TEXT.index("ST*") :]).encode(), ("unreadable", "ST")),
        (TEXT.replace("ST*837*0001*005010X222A1~", "").encode(), ("unreadable", "BHT")),
        (TEXT[:900].encode(), ("envelope", "SE")),
        ((TEXT + "garbage" + renumbered(TEXT)).encode(), ("unreadable", "ISA")),
        ((TEXT + TEXT).encode(), ("control_number_repeats", "ISA-13")),
        (TEXT.replace("*1*T*:~", "*1*T**~").encode(), ("unreadable", "ISA")),
        (TEXT.replace("TESTPATIENT", "TESTP\u00c4TIENT").encode("latin-1"), ("character_not_allowed", "2010BA/NM1*IL-03")),
        (TEXT.encode("utf-16"), ("character_not_allowed", "file")),
        (TEXT.replace("TESTPATIENT", "TEST\x00PATIENT").encode(), ("character_not_allowed", "2010BA/NM1*IL-03")),
        (TEXT.replace("005010X222A1", "005010X223A2").encode(), ("not_a_claim_file", "ST-01")),
        (TEXT.replace("00501", "00401").replace("005010X222A1", "004010X098A1").encode(), ("envelope", "ISA-12")),
    ],
    ids=["empty", "blank", "zip", "words", "cut inside ISA", "cut early", "no ISA", "no GS", "no ST", "cut inside a claim", "garbage between", "the same twice", "blank separator", "accent", "UTF-16", "NUL", "institutional", "older version"],
)  # fmt: skip
def test_broken_file_is_refused_with_its_place(data: bytes, finding: tuple[str, str]) -> None:
    check = checked(data)
    assert not check.accepted
    assert finding in told(check), told(check)
    assert all(one.fix and one.text for one in check.findings)


def test_missing_header_is_told_once_and_not_for_each_segment_behind_it() -> None:
    check = checked(TEXT.replace("ST*837*0001*005010X222A1~", "").encode())
    outside = [f for f in check.findings if f.id == "claim_file.unreadable" and f.position == "BHT"]
    assert len(outside) == 1
    assert "after it" in outside[0].text
    assert len(check.findings) < 10


def test_file_of_five_thousand_claims_is_checked_whole() -> None:
    drafts = [replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id=f"M{n:05d}")) for n in range(5000)]
    text = written(*drafts)
    check = checked(text.encode())
    assert (check.accepted, check.claims) == (True, 5000)
    last = checked(text.replace("CLM*C5000*240*", "CLM*C5000*241*").encode())
    assert [one.claim_numbers for one in last.placed if one.finding.severity is Severity.ERROR] == [("C5000",)]


def test_capitated_encounter_may_be_for_nothing() -> None:
    free = TEXT.replace("*240*", "*0*").replace("*120*UN", "*0*UN").replace("AMT*F5*20~", "")
    assert ("total_zero", "2300/CLM-02") in told(checked(free.encode()))
    assert ("total_zero", "2300/CLM-02") not in told(checked(free.replace("*1200*CH~", "*1200*RP~").encode()))


def test_diagnoses_without_code_are_not_told_as_repeated() -> None:
    empty = TEXT.replace("HI*ABK:M5450~", "HI*ABK*ABF*ABF~")
    assert not any(edit == "diagnosis_repeats" for edit, _ in told(checked(empty.encode())))
