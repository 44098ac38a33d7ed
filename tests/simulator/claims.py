"""837P texts for the simulator, written by hand so that no writer of ours stands between test and payer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.simulator.scenario import Scenario
from integration_engine.simulator.scenario_files import compile_scenario
from integration_engine.simulator.writing import AnswerNumbers

TODAY = date(2026, 11, 24)
NUMBERS = AnswerNumbers(interchange=101, created="20261124130000")
EVERYDAY = "samples/simulator/everyday.yaml"


@cache
def everyday() -> Scenario:
    path: Path = shipped_folder().parent / EVERYDAY
    return compile_scenario(EVERYDAY, path.read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class Line:
    procedure: str = "97110:GP"
    charge: str = "120"
    units: str = "2"
    control: str = "6R"
    day: str = "20261005"
    adjudicated: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    number: str = "C1"
    lines: tuple[Line, ...] = (Line(),)
    payer: str = "SUMM1"
    filing: str = "CI"
    member: str = "M1"
    sequence: str = "P"
    frequency: str = "1"
    original: str = ""
    dependent: str = ""
    others: tuple[str, ...] = ()
    extra: tuple[str, ...] = field(default=())

    @property
    def total(self) -> str:
        return f"{sum(int(float(line.charge) * 100) for line in self.lines) / 100:g}"


def text_837(*claims: Claim, sets: Sequence[Sequence[Claim]] = (), requested: str = "1") -> str:
    parts = sets or (claims,)
    body = []
    for number, part in enumerate(parts, start=1):
        segments = _set(part, number)
        body += [*segments, f"SE*{len(segments) + 1}*{number:04d}"]
    isa = (
        "ISA*00*          *00*          *ZZ*TESTREHAB01    *ZZ*CLEARPATH      *261124*1200*^*00501*000000007"
        f"*{requested}*T*:"
    )
    gs = "GS*HC*TESTREHAB01*CLEARPATH*20261124*1200*7*X*005010X222A1"
    return "~".join([isa, gs, *body, f"GE*{len(parts)}*7", "IEA*1*000000007"]) + "~"


def _set(claims: Sequence[Claim], number: int) -> list[str]:
    segments = [
        f"ST*837*{number:04d}*005010X222A1",
        f"BHT*0019*00*B{number:09d}*20261124*1200*CH",
        "NM1*41*2*TEST REHABILITATION CENTER*****46*TESTREHAB01",
        "PER*IC*BILLING OFFICE*TE*5555550100",
        "NM1*40*2*CLEARPATH*****46*CLEARPATH",
        "HL*1**20*1",
        "NM1*85*2*TEST REHABILITATION CENTER*****XX*1999902004",
        "N3*100 SAMPLE AVENUE",
        "N4*SPRINGFIELD*NY*100010001",
        "REF*EI*990000001",
    ]
    level = 1
    for claim in claims:
        level += 1
        segments += [
            f"HL*{level}*1*22*{1 if claim.dependent else 0}",
            f"SBR*{claim.sequence}*{'' if claim.dependent else '18'}*******{claim.filing}",
            f"NM1*IL*1*TESTPATIENT*ALDA****MI*{claim.member}",
            "N3*12 SAMPLE STREET",
            "N4*SPRINGFIELD*NY*10001",
            "DMG*D8*19600101*F",
            f"NM1*PR*2*PAYER {claim.payer}*****PI*{claim.payer}",
        ]
        if claim.dependent:
            level += 1
            segments += [
                f"HL*{level}*{level - 1}*23*0",
                "PAT*19",
                f"NM1*QC*1*{claim.dependent}*BO",
                "N3*12 SAMPLE STREET",
                "N4*SPRINGFIELD*NY*10001",
                "DMG*D8*20150101*M",
            ]
        segments += _claim(claim)
    return segments


def _claim(claim: Claim) -> list[str]:
    segments = [f"CLM*{claim.number}*{claim.total}***11:B:{claim.frequency}*Y*A*Y*Y"]
    if claim.original:
        segments.append(f"REF*F8*{claim.original}")
    segments += ["HI*ABK:M5450", *claim.extra, "NM1*82*1*TESTTHERAPIST*A****XX*1999900016", *claim.others]
    for number, line in enumerate(claim.lines, start=1):
        segments += [
            f"LX*{number}",
            f"SV1*HC:{line.procedure}*{line.charge}*UN*{line.units}***1",
            f"DTP*472*D8*{line.day}",
            f"REF*6R*{claim.number}{line.control}{number}",
            *line.adjudicated,
        ]
    return segments
