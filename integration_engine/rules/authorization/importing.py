"""Existing authorizations from a spreadsheet: which rows can be taken, and what is wrong with each of the others.

A row says everything that counting needs, or is refused with line, column and what to do; nothing is filled in for it.
It decides nothing about patients: who a record number is, is found in the store. Columns are described in README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from integration_engine.core.codes import Hcpcs, Npi, parse_hcpcs, parse_npi
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import Basis
from integration_engine.domain.parties import Discipline
from integration_engine.rules.authorization.on_file import is_placeholder
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.spreadsheet import Cell, QuoteUnclosed, RowProblem, RowReading, cells_of, read_header

REQUIRED = ("patient", "payer", "number", "basis", "allowed", "used", "disciplines", "codes", "from", "to", "status")
OPTIONAL = ("scope", "rendering_npi")
# As a feed's table of statuses names them; what is requested, pended, denied or cancelled covers nothing.
STATUSES = ("approved", "approved_modified", "partially_approved", "requested", "pended", "denied", "cancelled")
LARGEST = Decimal(1_000_000)
_QUANTITY = re.compile(r"\d+(\.\d{1,2})?")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRow:
    """One row that can be taken. patient: record number; scope: sender scope, None where the number decides alone.

    Shapes   payer: a sender's payer id or a payer's key of mappings/practice.yaml, as written; the authorization's
             payer_id still is that text.
    """

    line: int
    patient: str
    payer: str
    scope: str | None
    authorization: Authorization


def read_authorizations(
    text: str, parameters: Parameters
) -> tuple[tuple[AuthorizationRow, ...], tuple[RowProblem, ...]]:
    """The rows of a CSV file, and every problem of every other row.

    Shapes   first line: column names, in any order. Comma-separated, UTF-8, quoted where a value holds a comma.
             disciplines, codes: separated by spaces; empty: every one.
    """
    try:
        lines = list(cells_of(text.removeprefix("\ufeff")))
    except QuoteUnclosed as error:
        return (), (error.problem,)
    if not lines:
        return (), (RowProblem(line=1, column=1, field="file", text=f"the file is empty: write {', '.join(REQUIRED)}"),)
    header, problems = read_header(lines[0], REQUIRED, OPTIONAL)
    if problems:
        return (), tuple(problems)
    taken: list[AuthorizationRow] = []
    first_at: dict[tuple[str | None, str, str, str], AuthorizationRow] = {}
    for cells in lines[1:]:
        if len(cells) == 1 and not cells[0].text.strip():
            continue
        row, wrong = _row(cells, header, parameters)
        problems.extend(wrong)
        if row is None:
            continue
        key = (row.scope, row.patient, row.payer, row.authorization.number or "")
        before = first_at.setdefault(key, row)
        if before.authorization == row.authorization:
            taken.append(row)
        else:
            said = f"this authorization stands on line {before.line} with other values: keep one of them"
            problems.append(RowProblem(line=row.line, column=cells[0].column, field="number", text=said))
    return tuple(taken), tuple(problems)


def _row(
    cells: Sequence[Cell], header: Mapping[str, int], parameters: Parameters
) -> tuple[AuthorizationRow | None, list[RowProblem]]:
    first = cells[0]
    if len(cells) != len(header):
        said = f"this line has {len(cells)} values and the header {len(header)}: quote values that hold a comma"
        return None, [RowProblem(line=first.line, column=cells[-1].column, field="line", text=said)]
    reader = RowReading({name: cells[place] for name, place in header.items()}, NEEDED)
    authorization = Authorization(
        number=reader.value("number", lambda text: _number(text, parameters)),
        payer_id=reader.value("payer", lambda text: _payer(text, parameters)),
        basis=(basis := reader.value("basis", _basis)),
        allowed=None if basis is Basis.EPISODE else reader.value("allowed", _quantity),
        used_before=reader.value("used", _quantity),
        codes=reader.value("codes", _codes, required=False) or (),
        disciplines=reader.value("disciplines", _disciplines, required=False) or (),
        effective_on=reader.value("from", _day),
        ends_on=reader.value("to", _day),
        status=reader.value("status", _status),
        rendering_npi=reader.value("rendering_npi", _npi, required=False),
    )
    patient = reader.value("patient", str)
    start, end = authorization.effective_on, authorization.ends_on
    if start is not None and end is not None and end < start:
        reader.refuse("to", "it ends before it begins: exchange from and to, or correct one")
    if basis is Basis.EPISODE and reader.text("allowed"):
        reader.refuse("allowed", "an authorization for the episode counts nothing: leave allowed empty")
    if reader.problems or patient is None:
        return None, reader.problems
    row = AuthorizationRow(
        line=first.line,
        patient=patient,
        payer=authorization.payer_id or "",
        scope=reader.text("scope") or None,
        authorization=authorization,
    )
    return row, []


NEEDED = {
    "patient": "give the record number the EMR sends in PID-3",
    "payer": "give the payer id the EMR sends in IN1-3",
    "number": "give the payer's own number",
    "basis": f"give one of {', '.join(Basis)}",
    "allowed": "give the quantity authorized; without it nothing can be counted",
    "used": "give what was used before this engine, 0 if nothing was",
    "from": "give the first day as 2026-01-31",
    "to": "give the last day as 2026-12-31",
    "status": f"give one of {', '.join(STATUSES)}",
}


def _number(text: str, parameters: Parameters) -> str:
    if is_placeholder(text, parameters):
        raise ValueError("this is a placeholder, not a number of a payer: give the payer's own number")
    return text


def _payer(text: str, parameters: Parameters) -> str:
    payers = parameters.practice.payers
    if text not in payers and all(entry.payer.key != text for entry in payers.values()):
        raise ValueError(
            "no such payer in mappings/practice.yaml: give an id listed under sender_ids, or add the payer"
        )
    return text


def _basis(text: str) -> Basis:
    try:
        return Basis(text.lower())
    except ValueError:
        raise ValueError(f"this is no basis: {NEEDED['basis']}") from None


def _quantity(text: str) -> Decimal:
    try:
        value = Decimal(text) if _QUANTITY.fullmatch(text) else None
    except InvalidOperation:
        value = None
    if value is None or value > LARGEST:
        raise ValueError("this is no quantity: give a plain number such as 12, or 1500.00 for dollars")
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no date: write it as 2026-01-31") from None


def _codes(text: str) -> tuple[Hcpcs, ...]:
    return tuple(dict.fromkeys(parse_hcpcs(code) for code in text.split()))


def _disciplines(text: str) -> tuple[Discipline, ...]:
    try:
        return tuple(dict.fromkeys(Discipline(name.upper()) for name in text.split()))
    except ValueError:
        raise ValueError(f"this is no discipline: give {', '.join(Discipline)}, separated by spaces") from None


def _status(text: str) -> str:
    if text.lower() not in STATUSES:
        raise ValueError(f"this is no status: {NEEDED['status']}")
    return text.lower()


def _npi(text: str) -> Npi:
    return parse_npi(text)
