"""The structure of an 837P against its guide: each kind of deviation with its place and code, on both branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_engine.wire.x12.envelope_check import check_group, check_interchange, check_set
from integration_engine.wire.x12.faults import Fault
from integration_engine.wire.x12.guide_check import GuideCheck
from integration_engine.wire.x12.guide_compiled import compile_guide
from integration_engine.wire.x12.guides.x222a1 import GUIDE
from integration_engine.wire.x12.reading import read_interchanges

GOLDEN = Path(__file__).parents[1] / "crosswalk" / "golden"
SUBSCRIBER, DEPENDENT, FULL = (
    (GOLDEN / f"{name}.x12").read_text().replace("\n", "") for name in ("subscriber", "dependent", "everything")
)


def faults(text: str) -> list[Fault]:
    found: list[Fault] = []
    for interchange in read_interchanges(text.encode()).interchanges:
        guide = compile_guide(GUIDE, interchange.separators)
        found += check_interchange(interchange, guide)
        for group in interchange.groups:
            found += check_group(group, guide)
            for transaction in group.transactions:
                found += check_set(transaction, group, guide, set())
                check = GuideCheck(guide, transaction)
                for _ in check.loops():
                    pass
                found += check.faults
    return found


def told(text: str) -> set[tuple[str, str]]:
    return {(fault.position, f"{fault.level} {fault.code}") for fault in faults(text)}


@pytest.mark.parametrize("text", [SUBSCRIBER, DEPENDENT, FULL, FULL.replace("*", "|").replace("~", "\n")])
def test_written_file_is_as_the_guide_has_it(text: str) -> None:
    assert faults(text) == []


CASES = [
    # elements
    ("NM1*PR*2*", "NM1*PR*1*", "2010BB/NM1*PR-02", "IK403 7"),
    ("NM1*PR*2*", "NM1*PR**", "2010BB/NM1*PR-02", "IK403 1"),
    ("*11:B:1*Y*A", "*11:B:1**A", "2300/CLM-06", "IK403 1"),
    ("*11:B:1*", "*11:C:1*", "2300/CLM-05-2", "IK403 7"),
    ("*11:B:1*", "*11:B*", "2300/CLM-05-3", "IK403 1"),
    ("*11:B:1*", "*11:B:1:9*", "2300/CLM-05-4", "IK403 13"),
    ("*11:B:1*", "*11:B:1:*", "2300/CLM-05-4", "IK403 13"),
    ("REF*EI*990000001", "REF*EI*990000001*", "2010AA/REF*EI-03", "IK403 3"),
    ("REF*EI*990000001", "REF*EI*990000001*X", "2010AA/REF*EI-03", "IK403 3"),
    ("CLM*C1*240***", "CLM*C1*240*X**", "2300/CLM-03", "IK403 I10"),
    ("CLM*C1*", f"CLM*{'C' * 21}*", "2300/CLM-01", "IK403 5"),
    ("CLM*C1*240*", "CLM*C1*2,40*", "2300/CLM-02", "IK403 6"),
    ("DTP*472*D8*20261005", "DTP*472*D8*20261305", "2400/DTP*472-03", "IK403 8"),
    ("DTP*472*D8*20261005", "DTP*472*RD8*20261005", "2400/DTP*472-03", "IK403 8"),
    ("DTP*472*D8*20261005", "DTP*472*D8*20261005-20261006", "2400/DTP*472-03", "IK403 8"),
    ("*UN*4***1~", "*UN*4***13~", "2400/SV1-07-1", "IK403 7"),
    ("N4*SPRINGFIELD*NY*10001~", "N4*S*NY*10001~", "N4-01", "IK403 4"),
    ("PER*IC*BILLING OFFICE*TE*5555550100", "PER*IC*BILLING OFFICE*TE*5555550100*EX", "1000A/PER*IC-06", "IK403 2"),
    ("NM1*40*2*CLEARPATH*****46*CLEARPATH", "NM1*40*2*CLEARPATH*****46", "1000B/NM1*40-09", "IK403 1"),
    ("*20261124*1200*CH~", "*20261124*2560*CH~", "BHT-05", "IK403 9"),
    # segments
    ("REF*EI*990000001~", "", "2010AA/REF", "IK304 3"),
    ("HI*ABK:M5450~", "", "2300/HI", "IK304 3"),
    ("DTP*472*D8*20261005~", "", "2400/DTP*472", "IK304 3"),
    ("DTP*472*D8*20261005~", "DTP*472*D8*20261005~DTP*472*D8*20261005~", "2400/DTP*472", "IK304 5"),
    ("HI*ABK:M5450~", "QQQ*1~HI*ABK:M5450~", "2300/QQQ", "IK304 1"),
    ("HI*ABK:M5450~", "REF*ZZ*1~HI*ABK:M5450~", "2300/REF", "IK304 2"),
    ("HI*ABK:M5450~", "HI*ABK:M5450~REF*G1*A1~", "2300/REF*G1", "IK304 7"),
    ("LX*1~", "LX*1~NM1*82*1*X*Y****XX*1999900016~REF*9F*1~", "2400/REF*9F", "IK304 7"),
    ("LX*1~", "", "2400/LX", "IK304 3"),
    ("NM1*40*2*CLEARPATH*****46*CLEARPATH~", "", "1000B/NM1*40", "IK304 I7"),
    # hierarchy
    ("HL*2*1*22", "HL*3*1*22", "2000B/HL-01", "IK403 7"),
    ("HL*2*1*22", "HL*2*2*22", "2000B/HL-02", "IK403 7"),
    # envelope
    ("GE*1*7~", "GE*2*7~", "GE-01", "AK905 5"),
    ("GE*1*7~", "GE*1*8~", "GE-02", "AK905 4"),
    ("IEA*1*", "IEA*2*", "IEA-01", "TA105 021"),
    ("IEA*1*000000007", "IEA*1*000000008", "IEA-02", "TA105 001"),
    ("*00501*", "*00401*", "ISA-12", "TA105 017"),
    ("ISA*00*          ", "ISA*00*         ", "ISA", "TA105 024"),
    ("*1*T*:~", "*1*X*:~", "ISA-15", "TA105 020"),
    ("*7*X*005010X222A1~", "*07*X*005010X222A1~", "GS-06", "AK905 6"),
    ("ST*837*0001*005010X222A1", "ST*837*0001*005010X222A2", "ST-03", "IK502 I6"),
    ("ST*837*0001*005010X222A1", "ST*837*0001", "ST-03", "IK403 1"),
    ("*0001~GE", "*0002~GE", "SE-02", "IK502 3"),
    ("GS*HC*", "GS*HX*", "GS-01", "IK403 7"),
]


@pytest.mark.parametrize("file", [SUBSCRIBER, DEPENDENT], ids=["subscriber", "dependent"])
@pytest.mark.parametrize(("old", "new", "position", "code"), CASES, ids=lambda value: str(value)[:40])
def test_fault_is_told_with_its_place_and_code(file: str, old: str, new: str, position: str, code: str) -> None:
    assert old in file
    found = told(file.replace(old, new, 1))
    assert any(where.startswith(position) or where.endswith(position) for where, said in found if said == code), found


def test_wrong_segment_count_is_told_with_the_right_one() -> None:
    (fault,) = faults(SUBSCRIBER.replace("~SE*", "~SE*9"))
    assert (fault.position, fault.code) == ("SE-01", "4")


@pytest.mark.parametrize(("old", "new"), [("*22*1~", "*22*0~"), ("*23*0~", "*23*1~")])
def test_hierarchy_code_is_refused_when_it_tells_children_wrongly(old: str, new: str) -> None:
    assert any(position.endswith("HL-04") for position, _ in told(DEPENDENT.replace(old, new, 1)))


def test_fault_names_claim_and_line_but_no_value() -> None:
    text = FULL.replace("HC:97110:GP:KX*", "HC:97110:GPX:KX*", 1)
    (fault,) = faults(text)
    assert (fault.claim_number, fault.line_number, fault.position) == ("C1", "2", "2400/SV1-01-3")
    assert "GPX" not in fault.text


def test_loops_are_repeated_no_more_often_than_the_guide_allows() -> None:
    line = "LX*1~SV1*HC:97110:GP*1*UN*1***1~DTP*472*D8*20261005~"
    text = SUBSCRIBER.replace("LX*1~", line * 50 + "LX*1~")
    assert ("2400/LX", "IK304 4") in told(text)
    assert ("2300/CLM", "IK304 4") in told(
        SUBSCRIBER.replace("CLM*", "CLM*", 1).replace(
            SUBSCRIBER[SUBSCRIBER.index("CLM*") : SUBSCRIBER.index("SE*")],
            SUBSCRIBER[SUBSCRIBER.index("CLM*") : SUBSCRIBER.index("SE*")] * 101,
        )
    )


def test_missing_claim_segment_is_said_once_and_the_rest_is_read_on() -> None:
    start = SUBSCRIBER.index("CLM*")
    text = SUBSCRIBER[:start] + SUBSCRIBER[SUBSCRIBER.index("~", start) + 1 :]
    assert [f.position for f in faults(text) if f.position != "SE-01"] == ["2300/CLM"]
