"""The cells of a CSV file, each with the line and column it begins at, so that whoever wrote it finds the place.

It knows nothing of what a column means. Comma-separated, quoted where a value holds a comma. Source  RFC 4180.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One place in the file that has to be mended. The text never repeats what stands there."""

    line: int
    column: int
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as written, and where it begins."""

    text: str
    line: int
    column: int


class QuoteUnclosed(Exception):
    """A quote is opened and never closed; ``problem`` says where."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__("quote")
        self.problem = RowProblem(
            line=line, column=column, field="line", text="this quote is never closed: close it, or write it twice"
        )


_CELL = re.compile(r'"((?:[^"]|"")*)"[ \t]*(?=,|\r|\n|\Z)|([^,\r\n]*)')


def cells_of(text: str) -> Iterator[list[Cell]]:
    """The cells of each line; an empty line inside the file is one empty cell.

    Raises   QuoteUnclosed.
    """
    at, line, begins = 0, 1, 0
    cells: list[Cell] = []
    while True:
        found = _CELL.match(text, at)
        assert found is not None  # its second half matches anything
        quoted = found.group(1)
        cell = Cell(quoted.replace('""', '"') if quoted is not None else found.group(2), line, at - begins + 1)
        if quoted is None and cell.text.startswith('"'):
            raise QuoteUnclosed(line, cell.column)
        cells.append(cell)
        inside = found.group(0)
        if "\n" in inside:
            line += inside.count("\n")
            begins = at + inside.rindex("\n") + 1
        at = found.end()
        if at < len(text) and text[at] == ",":
            at += 1
            continue
        if len(cells) > 1 or cells[0].text or at < len(text):
            yield cells
        if at >= len(text):
            return
        cells = []
        at += 2 if text.startswith("\r\n", at) else 1
        line += 1
        begins = at


def read_header(
    cells: Sequence[Cell], required: Sequence[str], optional: Sequence[str]
) -> tuple[dict[str, int], list[RowProblem]]:
    """The place of each column by its name, and what is wrong with the names."""
    names = [cell.text.strip().lower() for cell in cells]
    problems = []
    for place, cell in enumerate(cells):
        known = names[place] in (*required, *optional)
        if not known or names[place] in names[:place]:
            said = "stands here twice" if known else f"is no column: there are {', '.join((*required, *optional))}"
            problems.append(RowProblem(line=cell.line, column=cell.column, field="header", text=f"this name {said}"))
    missing = [name for name in required if name not in names]
    if missing:
        said = f"columns are missing: add {', '.join(missing)}"
        problems.append(RowProblem(line=cells[0].line, column=1, field="header", text=said))
    return {name: place for place, name in enumerate(names)}, problems


class RowReading:
    """One row being read; collects what is wrong with it instead of stopping at the first thing.

    Shapes   needed: field → what to give where it is empty.
    """

    def __init__(self, cells: Mapping[str, Cell], needed: Mapping[str, str]) -> None:
        self.cells = cells
        self.needed = needed
        self.problems: list[RowProblem] = []

    def text(self, field: str) -> str:
        """What stands in a field; empty where the file has no such column."""
        return self.cells[field].text.strip() if field in self.cells else ""

    def value(self, field: str, read: Callable[[str], T], *, required: bool = True) -> T | None:
        """A field read by its kind; None where it is empty or cannot be read, which is told when it matters."""
        text = self.text(field)
        if not text:
            if required:
                self.refuse(field, f"{field} is empty: {self.needed[field]}")
            return None
        try:
            return read(text)
        except ValueError as error:
            self.refuse(field, str(error))
            return None

    def refuse(self, field: str, text: str) -> None:
        """Say what is wrong with a field."""
        cell = self.cells[field]
        self.problems.append(RowProblem(line=cell.line, column=cell.column, field=field, text=text))
