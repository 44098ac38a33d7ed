"""Denial history from a spreadsheet: one row a service line, rows of one answer put together to a claim.

A claim is taken whole or not at all: one row of it that cannot be read leaves all of it out, and is told with line, column
and what to do. Nothing is filled in for anyone. Columns are described in README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TypeVar

from integration_engine.core.codes import Modifier, parse_modifier
from integration_engine.core.money import ZERO, parse_money
from integration_engine.domain.baseline import AnsweredClaim
from integration_engine.domain.remit import Adjustment, AdjustmentGroup, RemitClaim, RemitLine
from integration_engine.rules.spreadsheet import Cell, QuoteUnclosed, RowProblem, RowReading, cells_of, read_header

REQUIRED = ("payer", "claim", "remit_date", "status", "code", "charge", "paid", "adjustments")
OPTIONAL = ("date_of_service", "modifiers", "remarks", "payer_control_number", "frequency")
_CODE = re.compile(r"[0-9A-Z]{4,7}")
_REMARK = re.compile(r"[A-Z]{1,2}[0-9]{1,4}")
_NUMBER = re.compile(r"[0-9]{1,2}")
_ADJUSTMENT = re.compile(r"([A-Z]{2})-([0-9A-Z]{1,5}):(-?[0-9]+(?:\.[0-9]{1,2})?)")
T = TypeVar("T")
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRows:
    """What a spreadsheet holds. refused: claims left out because a row of theirs cannot be read."""

    answers: tuple[AnsweredClaim, ...]
    problems: tuple[RowProblem, ...]
    refused: int


def read_history(text: str, file: int = 0) -> HistoryRows:
    """The answers on claims that a CSV file lists, and every place in it that has to be mended.

    Shapes   first line: column names, in any order. file: index of the file in its import. Rows of one payer, claim, remit
             date, status and payer control number are one answer, wherever they stand.
    """
    try:
        lines = list(cells_of(text.removeprefix("\ufeff")))
    except QuoteUnclosed as error:
        return HistoryRows(answers=(), problems=(error.problem,), refused=0)
    if not lines:
        said = f"the file is empty: write {', '.join(REQUIRED)}"
        return HistoryRows(answers=(), problems=(RowProblem(line=1, column=1, field="file", text=said),), refused=0)
    header, wrong = read_header(lines[0], REQUIRED, OPTIONAL)
    if wrong:
        return HistoryRows(answers=(), problems=tuple(wrong), refused=0)
    problems: list[RowProblem] = []
    claims: dict[Key, list[_Row]] = {}
    refused: set[Key] = set()
    for cells in lines[1:]:
        if len(cells) == 1 and not cells[0].text.strip():
            continue
        row = _row(cells, header)
        problems.extend(row.problems)
        claims.setdefault(row.key, []).append(row)
        if row.problems:
            refused.add(row.key)
    answers = tuple(_answer(rows, file) for key, rows in claims.items() if key not in refused)
    return HistoryRows(answers=answers, problems=tuple(problems), refused=len(refused))


# --- one row ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One service line with what it says of its claim. line: None where it cannot be read."""

    key: Key
    paid_on: date | None
    frequency: str | None
    line: RemitLine | None
    problems: tuple[RowProblem, ...]


NEEDED = {
    "payer": "give the payer's id, as it stands in the remit",
    "claim": "give the claim number that the payer returned",
    "remit_date": "give the date of the payment as 2026-01-31",
    "status": "give the claim status code of the remit (CLP02), such as 1 or 4",
    "code": "give the procedure code",
    "charge": "give the charge of the line, such as 120.00",
    "paid": "give what was paid on the line, 0 if nothing was",
}


def _row(cells: Sequence[Cell], header: Mapping[str, int]) -> _Row:
    first = cells[0]
    if len(cells) != len(header):
        said = f"this line has {len(cells)} values and the header {len(header)}: quote values that hold a comma"
        problem = RowProblem(line=first.line, column=cells[-1].column, field="line", text=said)
        alone: Key = ("", "", "", "", f"line {first.line}")  # nobody can say which claim it belongs to
        return _Row(key=alone, paid_on=None, frequency=None, line=None, problems=(problem,))
    reader = RowReading({name: cells[place] for name, place in header.items()}, NEEDED)
    charge, paid = reader.value("charge", _money), reader.value("paid", _money)
    code = reader.value("code", _code)
    adjustments = reader.value("adjustments", _adjustments, required=False) if reader.text("adjustments") else ()
    modifiers = reader.value("modifiers", _modifiers, required=False) or ()
    remarks = reader.value("remarks", _remarks, required=False) or ()
    served = reader.value("date_of_service", _day, required=False)
    paid_on = reader.value("remit_date", _day)
    for field in ("payer", "claim"):
        reader.value(field, str)
    status = reader.value("status", _number) or ""
    frequency = reader.value("frequency", _number, required=False)
    line = None
    if charge is not None and paid is not None and code is not None and adjustments is not None:
        line = RemitLine(
            number=1,
            code=code,
            charge=charge,
            paid=paid,
            modifiers=modifiers,
            date_of_service=served,
            adjustments=adjustments,
            remarks=remarks,
            position=first.line,
        )
        if line.charge - sum((a.amount for a in adjustments), ZERO) != line.paid:
            reader.refuse("adjustments", "charge less adjustments is not what was paid: complete the adjustments")
    payer, claim, day, number = (reader.text(n) for n in ("payer", "claim", "remit_date", "payer_control_number"))
    return _Row(
        key=(payer, claim, day, status, number),
        paid_on=paid_on,
        frequency=frequency,
        line=line,
        problems=tuple(reader.problems),
    )


def _answer(rows: Sequence[_Row], file: int) -> AnsweredClaim:
    payer, claim, _, status, number = rows[0].key
    read = (row.line for row in rows if row.line is not None)
    lines = tuple(replace(line, number=place) for place, line in enumerate(read, start=1))
    frequencies = {row.frequency for row in rows if row.frequency is not None}
    return AnsweredClaim(
        payer_id=payer,
        paid_on=rows[0].paid_on,
        claim=RemitClaim(
            number=claim,
            status=status,
            charge=sum((line.charge for line in lines), ZERO),
            paid=sum((line.paid for line in lines), ZERO),
            position=lines[0].position,
            payer_control_number=number or None,
            frequency=min(frequencies) if len(frequencies) == 1 else None,
            lines=lines,
        ),
        file=file,
    )


# --- values -----------------------------------------------------------------------------------------------------------


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no date: write it as 2026-01-31") from None


def _money(text: str) -> Decimal:
    try:
        return parse_money(text)
    except ValueError:
        raise ValueError("this is no amount: write it as 120.00, without a currency sign") from None


def _code(text: str) -> str:
    if not _CODE.fullmatch(text.upper()):
        raise ValueError("this is no procedure or revenue code: modifiers have a column of their own")
    return text.upper()


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("this is no code of one or two digits")
    return text.lstrip("0") or "0"


def _modifiers(text: str) -> tuple[Modifier, ...]:
    return tuple(parse_modifier(one) for one in text.split())


def _remarks(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.upper().split()))
    if not all(_REMARK.fullmatch(one) for one in found):
        raise ValueError("these are no remark codes: write them as N362 M53, separated by spaces")
    return found


def _adjustments(text: str) -> tuple[Adjustment, ...]:
    """``CO-45:20.00 PR-3:25.00``."""
    found = []
    for one in text.upper().split():
        parts = _ADJUSTMENT.fullmatch(one)
        if parts is None or parts[1] not in set(AdjustmentGroup):
            groups = ", ".join(AdjustmentGroup)
            raise ValueError(f"these are no adjustments: write them as CO-45:20.00 PR-3:25.00, group one of {groups}")
        found.append(Adjustment(group=parts[1], reason=parts[2], amount=parse_money(parts[3])))
    return tuple(found)
