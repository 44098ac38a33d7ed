"""What commands print: tables for people, JSON for machines, a progress bar only where someone watches."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SHORT = 16  # characters: what is longer and has spaces may wrap
SENTENCE = 20  # characters: a column of sentences is never narrower
BETWEEN = 2  # spaces between two columns


def print_json(value: Any) -> None:
    """One JSON document on standard output; amounts and dates as text."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    sys.stdout.write(orjson.dumps(value, default=str, option=options).decode())


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table: drawn for a terminal, tab-separated when piped."""
    if not sys.stdout.isatty():
        sys.stdout.write("\t".join(columns) + "\n")
        for row in rows:
            sys.stdout.write("\t".join("" if cell is None else str(cell) for cell in row) + "\n")
        return
    from rich.console import Console

    draw_table(Console(), title, columns, [tuple("" if cell is None else str(cell) for cell in row) for row in rows])


def print_note(text: str) -> None:
    """A sentence beside a table, on standard error: what is piped on is the table, and its last row is a row."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def draw_table(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as the terminal: sentences wrap; numbers, names and dates stay whole.

    Why      A claim number cut to ``C00000…`` cannot be asked for. Where sentences do not fit beside them, they stand
             below their row; where even the whole values do not fit, each row is written as a list, a column a line.
    """
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    needed = 0
    sentences: set[int] = set()
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        longest = max(map(len, cells), default=0)
        wraps = longest > SHORT and any(" " in cell for cell in cells)
        if wraps:
            sentences.add(place)
        heading = name if wraps else name.replace(" ", "\n")
        words = heading.split() + [word for cell in cells for word in (cell.split() if wraps else [cell])]
        narrowest = max(SENTENCE if longest > 2 * SENTENCE else 1, *map(len, words))
        table.add_column(heading, no_wrap=not wraps, overflow="fold", min_width=narrowest)
        needed += narrowest + BETWEEN
    if needed > console.width and rows:
        if not _draw_with_sentences_below(console, title, columns, rows, sentences):
            _draw_as_lists(console, title, columns, rows)
        return
    for row in rows:
        table.add_row(*(_literal(cell) for cell in row))
    console.print(table)


def _draw_with_sentences_below(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], sentences: Collection[int]
) -> bool:
    """The short values of a row beside each other, its sentences below; False when even the short ones do not fit."""
    short = [place for place in range(len(columns)) if place not in sentences]
    short = [place for place in short if any(row[place] for row in rows)]
    wide = {place: max(len(columns[place]), *(len(row[place]) for row in rows)) for place in short}
    if not short or len(short) == len(columns) or sum(wide.values()) + BETWEEN * len(short) > console.width:
        return False

    def line(cells: Sequence[str]) -> str:
        return "".join(f"{cells[place]:<{wide[place] + BETWEEN}}" for place in short).rstrip()

    console.print(_literal(title))
    console.print(_literal(line(columns)), style="bold")
    for row in rows:
        console.print(_literal(line(row)))
        for place in sorted(sentences):
            if row[place]:
                text = f"{columns[place]}: {row[place]}"
                console.print(_literal(fill(text, console.width, initial_indent=" " * 4, subsequent_indent=" " * 6)))
    return True


def _draw_as_lists(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console.print(_literal(title))
    wide = max(map(len, columns))
    for row in rows:
        console.print()
        for name, cell in zip(columns, row, strict=True):
            if cell:
                console.print(_literal(f"{name:<{wide}}  {cell}"), overflow="fold")


def _literal(text: str) -> Text:
    """Brackets in a cell are no markup."""
    from rich.text import Text

    return Text(text)


@contextmanager
def progress(what: str, total: int) -> Iterator[Any]:
    """A progress bar on standard error when attended; ``advance()`` on what it yields, nothing when piped."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
