"""Rows become the text of a mapping file, with what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from integration_engine.rules.official_files.rows import (
    NEVER_ACTIVE,
    DiagnosisRow,
    MostUnitsRow,
    OfficialFileError,
    PairRow,
)
from integration_engine.rules.official_files.spans import icd10_span, quarter_span

CODES_A_LINE = 16
NOT_YET = "not yet in force on that day"
ENDED = "ended before that day"
NEVER = "indicator 9, never active"
OTHER_CODES = "a code that codes/procedures.yaml does not know"
REPEATED = "said again by another row"
HEADER = "a header, not valid for submission"


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
