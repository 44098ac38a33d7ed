"""The quarterly and yearly official files, read row by row, and the dated mapping file each of them becomes.

It decides what a row says, which rows are in force on a day, and how they are written below mappings/codes/. It opens
no file, and does not judge whether a file is the one of the quarter it is loaded for: the newest date is handed back for
a person to see. Only codes, dates and numbers are taken; descriptions and rationale texts are never kept.

Source   CMS Medicare NCCI procedure-to-procedure and medically unlikely edit files, practitioner services, layout as
         in THERAPY_RULES §5.1 and §5.2; ICD-10-CM order file of CMS and NCHS, THERAPY_RULES §5.7.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, islice

from integration_engine.core.codes import Hcpcs, parse_hcpcs, parse_icd10
from integration_engine.core.errors import EngineError

NEVER_ACTIVE = 9
SEPARATORS = ("\t", ",")
CODES_A_LINE = 16
HEADING_LINES = 200  # more than any file has: past them the file is of another kind

NOT_YET = "not yet in force on that day"
ENDED = "ended before that day"
NEVER = "indicator 9, never active"
OTHER_CODES = "a code that codes/procedures.yaml does not know"
REPEATED = "said again by another row"
HEADER = "a header, not valid for submission"

_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_COUNT = re.compile(r"[0-9]{1,7}")
_MUE_INDICATOR = re.compile(r"([123])(?: .*)?")
_ORDER_ROW = re.compile(r"[0-9]{5} ")
_FIRST_WORD = re.compile(r"\S+")
_OTHER_MUE_FILE = re.compile(r"(outpatient hospital|supplier) services mue", re.IGNORECASE)


class OfficialFileError(EngineError):
    """An official file does not say what its layout promises; the text names file, row and what is wrong.

    Shapes   row: one-based line of the file, heading lines counted. file: put in by whoever opened it.
    """

    def __init__(self, text: str, *, row: int | None = None, file: str | None = None) -> None:
        places = (file, None if row is None else f"row {row}")
        super().__init__(": ".join([*(place for place in places if place), text]))
        self.text = text
        self.row = row
        self.file = file


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One row of the pair file: column 2 is not paid beside column 1 while the row is in force.

    Shapes   effective_to: last day in force, None for no end. indicator: 0 never together, 1 a modifier may tell them
             apart, 9 treated as never active.
    """

    column1: Hcpcs
    column2: Hcpcs
    before_1996: bool
    effective_from: date
    effective_to: date | None
    indicator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MostUnitsRow:
    """One row of the MUE file: the most units of a code one practitioner may bill a patient a day.

    Shapes   indicator: 1 judged by line, 2 by day and absolute, 3 by day and open to appeal.
    """

    code: Hcpcs
    most: int
    indicator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisRow:
    """One code of the ICD-10-CM order file, without its dot; ``valid``: may stand on a claim."""

    code: str
    valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingText:
    """A mapping file ready to be written, and what became of the rows.

    Shapes   left_out: why and how many rows, most first; read is kept plus all of them. note: what a person should
             look at before trusting the file.
    """

    text: str
    read: int
    kept: int
    left_out: tuple[tuple[str, int], ...]
    note: str | None = None


# --- spans -----------------------------------------------------------------------------------------------------------


def quarter_span(first_day: date) -> tuple[date, date]:
    """The quarter that begins on this day, both ends included.

    Raises   ValueError for a day that begins no quarter.
    Source   CMS publishes NCCI files for quarters from 1 January, 1 April, 1 July and 1 October.
    """
    if first_day.day != 1 or first_day.month % 3 != 1:
        msg = f"{first_day.isoformat()} begins no quarter: give the 1st of January, April, July or October"
        raise ValueError(msg)
    following = (first_day + timedelta(days=95)).replace(day=1)  # 90 to 92 days on is the next quarter's first day
    return first_day, following - timedelta(days=1)


def icd10_span(first_day: date) -> tuple[date, date]:
    """From this day to the end of its ICD-10-CM year on 30 September, both ends included.

    Raises   ValueError for a day on which the code set does not change.
    Source   THERAPY_RULES §5.7: the year changes 1 October, with an update on 1 April.
    """
    if first_day.day != 1 or first_day.month not in {4, 10}:
        msg = (
            f"ICD-10-CM does not change on {first_day.isoformat()}: give the 1st of October, or of April for its update"
        )
        raise ValueError(msg)
    return first_day, date(first_day.year + (first_day.month == 10), 9, 30)  # noqa: PLR2004 - October


# --- reading ---------------------------------------------------------------------------------------------------------


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


# --- writing ---------------------------------------------------------------------------------------------------------


def pairs_mapping(rows: Iterable[PairRow], *, quarter: date, known: AbstractSet[str] | None) -> MappingText:
    """The pairs in force on the quarter's first day, as codes/ncci_pairs/<date>.yaml.

    Shapes   known: only pairs of two of these codes; None: all pairs. Codes come out sorted.
    Raises   ValueError when ``quarter`` begins none; OfficialFileError when two rows in force contradict each other.
    Source   THERAPY_RULES §5.1: indicator 9 is treated as never active; a pair is in force on its deletion date.
    """
    span = quarter_span(quarter)
    kept: dict[tuple[str, str], int] = {}
    left_out: Counter[str] = Counter()
    newest = date.min
    columns1: set[str] = set()
    for row in rows:
        newest = max(newest, row.effective_from)
        columns1.add(row.column1)
        pair = (row.column1, row.column2)
        why = _left_out(row, quarter, known)
        if why is None and pair in kept:
            if kept[pair] != row.indicator:
                raise OfficialFileError(f"{pair[0]} with {pair[1]} is in force with indicator 0 and with 1")
            why = REPEATED
        if why is None:
            kept[pair] = row.indicator
        else:
            left_out[why] += 1
    day = quarter.isoformat()
    text = _heading(
        f"Code pairs of the Medicare NCCI practitioner file in force on {day}, {_which_codes(known)}",
        "ncci_pairs",
        span,
        ("CMS Medicare NCCI PTP practitioner file", f"effective {day}"),
    )
    note = None
    if columns1:  # the wrong quarter, or a part that was forgotten, shows here
        note = f"newest effective date {newest.isoformat()}; column 1 runs from {min(columns1)} to {max(columns1)}"
    return _mapping_text(text + "    pairs:" + _pair_lines(kept), len(kept), left_out, note)


def _left_out(row: PairRow, day: date, known: AbstractSet[str] | None) -> str | None:
    if row.indicator == NEVER_ACTIVE:
        return NEVER
    if row.effective_from > day:
        return NOT_YET
    if row.effective_to is not None and row.effective_to < day:
        return ENDED
    if known is not None and not (row.column1 in known and row.column2 in known):
        return OTHER_CODES
    return None


def _pair_lines(kept: dict[tuple[str, str], int]) -> str:
    columns: dict[str, dict[int, list[str]]] = {}
    for (first, second), indicator in sorted(kept.items()):
        columns.setdefault(first, {}).setdefault(indicator, []).append(second)
    lines = []
    for first, groups in columns.items():
        listed = ", ".join(f'"{indicator}": "{" ".join(groups[indicator])}"' for indicator in sorted(groups)[::-1])
        lines.append(f'\n      "{first}": {{{listed}}}')
    return "".join(lines) or " {}"


def most_units_mapping(rows: Iterable[MostUnitsRow], *, quarter: date, known: AbstractSet[str] | None) -> MappingText:
    """The most units a day of a quarter, as codes/most_units/<date>.yaml.

    Shapes   known: only these codes; None: all. Codes come out sorted; the note counts known codes without a row.
    Raises   ValueError when ``quarter`` begins none; OfficialFileError when a code has two different values.
    Source   THERAPY_RULES §5.2.
    """
    span = quarter_span(quarter)
    kept: dict[str, tuple[int, int]] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        value = (row.most, row.indicator)
        if kept.get(row.code, value) != value:
            raise OfficialFileError(f"{row.code} stands there with two different values")
        if known is not None and row.code not in known:
            left_out[OTHER_CODES] += 1
        elif row.code in kept:
            left_out[REPEATED] += 1
        else:
            kept[row.code] = value
    day = quarter.isoformat()
    text = _heading(
        f"Most units a day of the Medicare MUE practitioner file effective {day}, {_which_codes(known)}",
        "most_units",
        span,
        ("CMS Medicare MUE practitioner file", f"effective {day}"),
    )
    lines = [f'\n      "{code}": {{most: {most}, indicator: {mai}}}' for code, (most, mai) in sorted(kept.items())]
    missing = sorted(known - kept.keys()) if known else []
    note = f"{len(missing)} codes of codes/procedures.yaml have no row: {' '.join(missing)}" if missing else None
    return _mapping_text(text + "    most_units:" + ("".join(lines) or " {}"), len(kept), left_out, note)


def icd10_mapping(rows: Iterable[DiagnosisRow], *, first_day: date) -> MappingText:
    """The ICD-10-CM codes valid for submission from this day, as codes/icd10_cm/<date>.yaml.

    Raises   ValueError when the code set does not change that day; OfficialFileError when a code is both header and
             valid, as in the files of two years.
    Source   THERAPY_RULES §5.7.
    """
    span = icd10_span(first_day)
    seen: dict[str, bool] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.code in seen:
            left_out[REPEATED] += 1
        elif not row.valid:
            left_out[HEADER] += 1
        if seen.setdefault(row.code, row.valid) != row.valid:
            raise OfficialFileError(f"{row.code} is a header and valid too: these are files of different years")
    valid = sorted(code for code, is_valid in seen.items() if is_valid)
    text = _heading(
        f"ICD-10-CM codes valid for submission from {first_day.isoformat()}, without their dots",
        "icd10_cm",
        span,
        ("ICD-10-CM code file of CMS and NCHS", f"fiscal year {span[1].year}"),
    )
    lines = [" ".join(valid[start : start + CODES_A_LINE]) for start in range(0, len(valid), CODES_A_LINE)]
    listed = "".join(f"\n      {line}" for line in lines)
    return _mapping_text(text + "    codes: >-" + listed, len(valid), left_out, None)


def _which_codes(known: AbstractSet[str] | None) -> str:
    return "every code of the file" if known is None else "among the codes of codes/procedures.yaml"


def _heading(description: str, kind: str, span: tuple[date, date], source: tuple[str, str]) -> str:
    document, section = source
    first, last = (day.isoformat() for day in span)
    return (
        f"description: {description}\n"
        f"{kind}:\n"
        f"  - effective_from: {first}\n"
        f"    effective_to: {last}\n"
        f"    source: {{document: {document}, section: {section}, effective: {first}}}\n"
        f"    complete: true\n"
    )


def _mapping_text(text: str, kept: int, left_out: Counter[str], note: str | None) -> MappingText:
    counts = tuple((why, count) for why, count in left_out.most_common() if count)
    return MappingText(
        text=f"{text}\n", read=kept + sum(count for _, count in counts), kept=kept, left_out=counts, note=note
    )
