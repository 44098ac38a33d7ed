"""The rows of the files as CMS publishes them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, islice

from integration_engine.core.codes import Hcpcs, parse_hcpcs, parse_icd10
from integration_engine.rules.official_files.rows import DiagnosisRow, MostUnitsRow, OfficialFileError, PairRow

SEPARATORS = ("\t", ",")
HEADING_LINES = 200  # more than any file has: past them the file is of another kind
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_COUNT = re.compile(r"[0-9]{1,7}")
_MUE_INDICATOR = re.compile(r"([123])(?: .*)?")
_ORDER_ROW = re.compile(r"[0-9]{5} ")
_FIRST_WORD = re.compile(r"\S+")
_OTHER_MUE_FILE = re.compile(r"(outpatient hospital|supplier) services mue", re.IGNORECASE)


def read_ptp(text_rows: Iterable[str]) -> Iterator[PairRow]:
    """Every pair row of a CMS NCCI PTP practitioner file, heading lines passed over.

    Shapes   text_rows: the lines of the file, tab or comma separated.
    Raises   OfficialFileError at the first row that is not one.
    Source   THERAPY_RULES §5.1; columns as the file heads them.
    """
    for row, cells in _data_rows(text_rows, _begins_pairs):
        if len(cells) < 6:  # noqa: PLR2004 - the columns named here
            text = (
                f"has {len(cells)} columns; column 1, column 2, before 1996, effective, deletion and modifier are due"
            )
            raise OfficialFileError(text, row=row)
        first, second, old, effective, deletion, indicator = cells[:6]
        if old not in {"", "*"}:
            raise _wrong(row, "the mark for before 1996", old, "is * or empty")
        if indicator not in {"0", "1", "9"}:
            raise _wrong(row, "the modifier indicator", indicator, "is 0, 1 or 9")
        yield PairRow(
            column1=_procedure(row, "column 1", first),
            column2=_procedure(row, "column 2", second),
            before_1996=old == "*",
            effective_from=_day(row, "the effective date", effective, "is YYYYMMDD"),
            effective_to=None if deletion == "*" else _day(row, "the deletion date", deletion, "is YYYYMMDD or *"),
            indicator=int(indicator),
        )


def read_mue(text_rows: Iterable[str]) -> Iterator[MostUnitsRow]:
    """Every row of a CMS MUE practitioner file, heading lines passed over.

    Shapes   text_rows: the lines of the file, tab or comma separated.
    Raises   OfficialFileError at the first row that is not one, and for the hospital's or supplier's file.
    Source   THERAPY_RULES §5.2; columns as the file heads them.
    """
    for row, cells in _data_rows(text_rows, _begins_most_units, _OTHER_MUE_FILE):
        if len(cells) < 3:  # noqa: PLR2004 - the columns named here
            raise OfficialFileError(f"has {len(cells)} columns; code, value and indicator are due", row=row)
        code, most, indicator = cells[:3]
        if not _COUNT.fullmatch(most):
            raise _wrong(row, "the MUE value", most, "is a whole number")
        judged = _MUE_INDICATOR.fullmatch(indicator)
        if not judged:
            raise _wrong(row, "the MUE adjudication indicator", indicator, "begins with 1, 2 or 3")
        yield MostUnitsRow(code=_procedure(row, "the code", code), most=int(most), indicator=int(judged[1]))


def read_icd10_order(text_rows: Iterable[str]) -> Iterator[DiagnosisRow]:
    """Every code of an ICD-10-CM order file, or of the plain codes file, which holds valid codes only.

    Shapes   text_rows: the lines of the file, no heading. Order file: 1-5 order number, 7-13 code, 15 flag; the
             first row decides which of the two layouts all rows have.
    Raises   OfficialFileError at the first row that is not one.
    Source   ICD-10-CM order file, its readme: fixed columns.
    """
    ordered: bool | None = None
    for row, line in enumerate(text_rows, start=1):
        if not line.strip():
            continue
        if ordered is None:
            ordered = bool(_ORDER_ROW.match(line))
        yield _order_row(row, line.rstrip("\r\n")) if ordered else _codes_row(row, line)
    if ordered is None:
        raise OfficialFileError("holds no row")


def _order_row(row: int, line: str) -> DiagnosisRow:
    number, code, flag = line[:5], line[6:13].rstrip(), line[14:15]
    if not (number.isascii() and number.isdigit()):
        raise _wrong(row, "the order number", number, "is five digits in columns 1 to 5")
    if any(line[column : column + 1].strip() for column in (5, 13, 15)):
        raise OfficialFileError("columns 6, 14 and 16 are blank in an order file", row=row)
    if flag not in {"0", "1"}:
        raise _wrong(row, "column 15", flag, "is 1 for a valid code or 0 for a header")
    return DiagnosisRow(code=_diagnosis(row, code), valid=flag == "1")


def _codes_row(row: int, line: str) -> DiagnosisRow:
    word = _FIRST_WORD.match(line)
    return DiagnosisRow(code=_diagnosis(row, word[0] if word else ""), valid=True)


def _data_rows(
    text_rows: Iterable[str], begins: Callable[[Sequence[str]], bool], refused: re.Pattern[str] | None = None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows of data with their line numbers; ``begins`` knows the first, which also shows the separator."""
    lines = iter(text_rows)
    heading = -1
    for heading, line in enumerate(islice(lines, HEADING_LINES)):
        separators = [s for s in SEPARATORS if begins([cell.strip(' "\r\n') for cell in line.split(s)])]
        if separators:
            break
        if refused and refused.search(line):
            raise OfficialFileError("this is the file of other providers, not the practitioners'", row=heading + 1)
    else:
        raise OfficialFileError(f"none of its first {heading + 1} lines is a row of data")
    reader = csv.reader(chain((line,), lines), delimiter=separators[0])
    row = heading
    try:
        for cells in reader:
            began, row = row + 1, heading + reader.line_num
            stripped = tuple(cell.strip() for cell in cells)
            if row > began:
                raise OfficialFileError("a quotation mark is opened and not closed", row=began)
            if any(stripped):
                yield row, stripped
    except csv.Error as error:
        raise OfficialFileError(f"cannot be split into columns ({error})", row=row + 1) from None


def _begins_pairs(cells: Sequence[str]) -> bool:
    """Any of three columns looks like data: a slip in one of them must not pass for a heading."""
    return any(map(_is_procedure, cells[:2])) or (len(cells) > 3 and bool(_EIGHT_DIGITS.fullmatch(cells[3])))  # noqa: PLR2004


def _begins_most_units(cells: Sequence[str]) -> bool:
    return _is_procedure(cells[0]) or (
        len(cells) > 2 and bool(_COUNT.fullmatch(cells[1]) and _MUE_INDICATOR.fullmatch(cells[2]))  # noqa: PLR2004
    )


@lru_cache(maxsize=65_536)
def _is_procedure(text: str) -> bool:
    try:
        return parse_hcpcs(text) == text
    except ValueError:
        return False


def _procedure(row: int, what: str, text: str) -> Hcpcs:
    if not _is_procedure(text):
        raise _wrong(row, what, text, "is a five-character code (a spreadsheet may have dropped its zeros)")
    return Hcpcs(text)


def _diagnosis(row: int, text: str) -> str:
    try:
        if parse_icd10(text).replace(".", "") == text:
            return text
    except ValueError:
        pass
    raise _wrong(row, "the code", text, "is an ICD-10-CM code without its dot")


def _day(row: int, what: str, text: str, due: str) -> date:
    day = _parse_day(text)
    if day is None:
        raise _wrong(row, what, text, due)
    return day


@lru_cache(maxsize=4_096)
def _parse_day(text: str) -> date | None:
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _wrong(row: int, what: str, text: str, due: str) -> OfficialFileError:
    seen = repr(text[:12]) if text else "nothing"  # short: never a rationale or a description
    return OfficialFileError(f"{what} {due}; here it is {seen}", row=row)
