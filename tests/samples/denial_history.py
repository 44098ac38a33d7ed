"""The sample history: 835 files of three months, written by the simulated payers for claims that nobody of ours sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import count, product

from integration_engine.simulator.answering import answer
from integration_engine.simulator.truth import ClaimTruth
from integration_engine.simulator.writing import AnswerNumbers, Kind
from tests.simulator.claims import Claim, Line, everyday, text_837

MONTHS = (date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31))
PAYERS = (("MEDB1", "MB"), ("SUMM1", "CI"))
CLAIMS_A_MONTH = 48
# Some tell whose treatment they are by a modifier, some by a code of one discipline, some not at all.
PROCEDURES = ("97110:GP", "97530:GO", "92507:GN", "97112:GP", "97161", "97140:GP", "97535:GO", "97110")
ISA_TEST, ISA_PRODUCTION = "*1*T*:", "*1*P*:"


def history() -> tuple[dict[str, str], tuple[ClaimTruth, ...]]:
    """File name → text, and what happened to each claim."""
    numbers, files, truth, interchange = count(1), {}, [], 1
    for paid_on in MONTHS:
        claims = [
            replace(_claim(next(numbers), paid_on), payer=payer, filing=filing)
            for _, (payer, filing) in product(range(CLAIMS_A_MONTH // len(PAYERS)), PAYERS)
        ]
        text = text_837(*claims).replace(ISA_TEST, ISA_PRODUCTION)
        allotted = AnswerNumbers(interchange=interchange, created=f"{paid_on:%Y%m%d}090000")
        told = answer(text, everyday(), paid_on, allotted)
        interchange = told.next_interchange
        truth += told.truth
        remits = [one.text for one in told.files if one.kind is Kind.REMIT]
        files |= {f"{paid_on:%Y-%m}_{place}.835": remit for place, remit in enumerate(remits, start=1)}
    return files, tuple(truth)


def _claim(number: int, paid_on: date) -> Claim:
    day = f"{paid_on:%Y%m}{1 + number % 20:02d}"
    first = PROCEDURES[number % len(PROCEDURES)]
    lines = [Line(procedure=first, charge="120", day=day)]
    if number % 3 == 0 and ":" in first:
        lines.append(Line(procedure=f"97150:{first[-2:]}", charge="60", units="1", day=day))
    return Claim(number=f"H{number:04d}", member=f"HM{number:04d}", lines=tuple(lines))
