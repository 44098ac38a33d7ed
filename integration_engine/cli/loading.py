"""Commands that turn official code files into dated mapping files; zips are read where they lie, nothing is unpacked.

Which rows are kept is decided in rules/official_files. A file is written whole or not at all, and one that is there
already is replaced only when told so.
"""

from __future__ import annotations

import csv
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from integration_engine.rules.official_files.mapping_texts import (
    MappingText,
    icd10_mapping,
    most_units_mapping,
    pairs_mapping,
)
from integration_engine.rules.official_files.reading import read_icd10_order, read_mue, read_ptp
from integration_engine.rules.official_files.rows import OfficialFileError
from integration_engine.rules.official_files.spans import icd10_span, quarter_span
from integration_engine.settings import Settings

FINDINGS = 1
WRONG_USE = 2
MEMBER_BYTES = 500_000_000
TEXT = frozenset({".txt", ".csv", ".tsv"})
WORKBOOK = ".xlsx"
HOSPITAL_PAIRS = "ccioph"  # CMS names its pair files ccipra (practitioner) and ccioph (hospital); rows look the same
UNREADABLE = (OSError, EOFError, UnicodeError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)

Row = TypeVar("Row")
Names = Sequence[str]


class _WrongUse(Exception):
    """What was asked cannot be done; the text says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A file, or a member of a zip, that can be opened as often as needed."""

    name: str
    is_workbook: bool
    open: Callable[[], IO[bytes]]


def load_pairs(
    settings: Settings, files: Sequence[Path], quarter: date, *, replace: bool = False, all_codes: bool = False
) -> int:
    """The quarter's NCCI pairs as codes/ncci_pairs/<quarter>.yaml."""

    def mapping() -> MappingText:
        known = None if all_codes else _known_codes(settings)
        return pairs_mapping(_rows(files, read_ptp, _all_names), quarter=quarter, known=known)

    return _load(settings, "ncci_pairs", quarter, quarter_span, mapping, replace=replace)


def load_most_units(
    settings: Settings, files: Sequence[Path], quarter: date, *, replace: bool = False, all_codes: bool = False
) -> int:
    """The quarter's most units a day as codes/most_units/<quarter>.yaml."""

    def mapping() -> MappingText:
        known = None if all_codes else _known_codes(settings)
        return most_units_mapping(_rows(files, read_mue, _all_names), quarter=quarter, known=known)

    return _load(settings, "most_units", quarter, quarter_span, mapping, replace=replace)


def load_icd10(settings: Settings, files: Sequence[Path], first_day: date, *, replace: bool = False) -> int:
    """The year's ICD-10-CM codes as codes/icd10_cm/<first day>.yaml."""

    def mapping() -> MappingText:
        return icd10_mapping(_rows(files, read_icd10_order, _order_names), first_day=first_day)

    return _load(settings, "icd10_cm", first_day, icd10_span, mapping, replace=replace)


def _load(
    settings: Settings,
    kind: str,
    first_day: date,
    check_day: Callable[[date], object],
    mapping: Callable[[], MappingText],
    *,
    replace: bool,
) -> int:
    from integration_engine.bootstrap import mapping_files

    try:
        target = _target(mapping_files(settings).folder, kind, first_day, check_day, replace=replace)
        made = mapping()
        _report(made)
        if made.kept:
            _write(target, made.text)
    except OfficialFileError as error:
        sys.stderr.write(f"{error}\n")
        return FINDINGS
    except (_WrongUse, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    if not made.kept:
        sys.stderr.write("no row is kept, so nothing is written; is it the right file and date?\n")
        return FINDINGS
    print(f"wrote {target}")
    return 0


def _target(folder: Path, kind: str, first_day: date, check_day: Callable[[date], object], *, replace: bool) -> Path:
    """Where the mapping file goes, once it is sure that it may go there."""
    try:
        check_day(first_day)
    except ValueError as error:
        raise _WrongUse(str(error)) from None
    if not folder.is_dir():
        raise _WrongUse(f"{folder}: there is no such folder; set MAPPINGS")
    target = folder / "codes" / kind / f"{first_day.isoformat()}.yaml"
    if target.exists() and not replace:
        raise _WrongUse(f"{target} is there already; --replace writes it anew")
    return target


def _report(made: MappingText) -> None:
    print(f"read {made.read} rows")
    print(f"kept {made.kept}")
    for why, count in made.left_out:
        print(f"left out {count}: {why}")
    if made.note:
        print(made.note)


def _known_codes(settings: Settings) -> frozenset[str]:
    from integration_engine.bootstrap import read_rules

    return frozenset(read_rules(settings).parameters.procedures)


def _write(target: Path, text: str) -> None:
    """Whole or not at all: a reader of the folder never sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}.{os.getpid()}.tmp")  # not .yaml: the engine reads those at once
    try:
        with staged.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


# --- files and what is in them ---------------------------------------------------------------------------------------


def _rows(
    files: Iterable[Path], read: Callable[[Iterable[str]], Iterator[Row]], choose: Callable[[Names], Names]
) -> Iterator[Row]:
    """The rows of all files one after the other; an error says in which file it is."""
    for path in files:
        with _opened(path, choose) as sources:
            for source in sources:
                print(f"reading {source.name}")
                if HOSPITAL_PAIRS in source.name.lower():
                    raise OfficialFileError("is the hospital's file, not the practitioners'", file=source.name)
                try:
                    yield from read(_lines(source))
                except OfficialFileError as error:
                    raise OfficialFileError(error.text, row=error.row, file=source.name) from None
                except UNREADABLE as error:
                    text = f"cannot be read ({type(error).__name__}: {error})"
                    raise OfficialFileError(text, file=source.name) from None


@contextmanager
def _opened(path: Path, choose: Callable[[Names], Names]) -> Iterator[tuple[_Source, ...]]:
    suffix = path.suffix.lower()
    with ExitStack() as stack:
        if suffix == ".zip":
            try:
                archive = stack.enter_context(zipfile.ZipFile(path))
            except zipfile.BadZipFile:
                raise OfficialFileError("is no zip file", file=path.name) from None
            yield tuple(_member(path, archive, name) for name in _members(path, archive, choose))
        elif suffix in TEXT or suffix == WORKBOOK:
            yield (_Source(name=path.name, is_workbook=suffix == WORKBOOK, open=lambda: path.open("rb")),)
        else:
            raise _WrongUse(f"{path.name}: give a .txt, .csv, .tsv, .xlsx or .zip file")


def _members(path: Path, archive: zipfile.ZipFile, choose: Callable[[Names], Names]) -> Names:
    """The members to read: text before workbooks, for a zip often holds the same rows as both."""
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    text = [name for name in names if PurePosixPath(name).suffix.lower() in TEXT]
    chosen = choose(text or [name for name in names if PurePosixPath(name).suffix.lower() == WORKBOOK])
    if not chosen:
        raise OfficialFileError("holds no .txt or .csv file", file=path.name)
    passed_over = [name for name in names if name not in chosen]
    if passed_over:
        print(f"not read in {path.name}: {', '.join(passed_over)}")
    return chosen


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> _Source:
    size = archive.getinfo(name).file_size
    if size > MEMBER_BYTES:
        text = f"has {size} bytes unpacked, more than the {MEMBER_BYTES} that are read"
        raise OfficialFileError(text, file=f"{path.name}/{name}")
    is_workbook = PurePosixPath(name).suffix.lower() == WORKBOOK
    return _Source(name=f"{path.name}/{name}", is_workbook=is_workbook, open=partial(archive.open, name))


def _all_names(names: Names) -> Names:
    return names


def _order_names(names: Names) -> Names:
    """The order file of the year; the addenda beside it list changes only, the codes file says the same again."""
    whole = [name for name in names if "addenda" not in name.lower()]
    return [name for name in whole if "order" in PurePosixPath(name).name.lower()] or whole


def _lines(source: _Source) -> Iterator[str]:
    """The lines of a text file or of a workbook's first sheet.

    Why      Latin-1 reads any bytes, and UTF-8 as well wherever only codes, dates and numbers are taken; a byte order
             mark, as spreadsheets leave one, tells the rest.
    """
    if source.is_workbook:
        with source.open() as file:
            yield from _sheet_lines(file)
        return
    with source.open() as file:
        mark = file.read(3)
    encoding = "latin-1"
    if mark.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif mark == b"\xef\xbb\xbf":
        encoding = "utf-8-sig"
    with source.open() as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield from text


def _sheet_lines(file: IO[bytes]) -> Iterator[str]:
    """One line a row, so that row numbers are the ones a spreadsheet shows."""
    try:
        openpyxl = import_module("openpyxl")
    except ImportError:
        raise OfficialFileError("workbooks are not read here: save it as text or CSV") from None
    workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
    for row in workbook.worksheets[0].iter_rows(values_only=True):
        line = io.StringIO()
        csv.writer(line, delimiter="\t").writerow([_cell(value) for value in row])
        yield line.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else " ".join(str(value).split())
