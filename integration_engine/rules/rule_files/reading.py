"""One reading of the rule files: every problem and every remark with its place, instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.documents import FileReading, Model
from integration_engine.rules.rule_files.dating import T, one_after_another, runs_into, value_in_force
from integration_engine.rules.rule_files.remarks import Remark, RemarkKind
from integration_engine.rules.rule_models.kinds import Source

MEDICARE = "medicare"  # the table that files directly in codes/ncci_pairs and codes/most_units belong to


class Reading(FileReading):
    """One reading of the rule files, with remarks on what is not wrong and still wants a look."""

    def __init__(self, files: Mapping[str, str]) -> None:
        others = ("hl7/", "claims/", "schema/", "cases/", "responses/")
        super().__init__(
            {name: text for name, text in files.items() if name.endswith(".yaml") and not name.startswith(others)}
        )
        self.remarks: list[Remark] = []

    def all_below(self, folder: str, model: type[Model], but: frozenset[str] = frozenset()) -> dict[str, Model]:
        """Every file below a folder that reads as its model."""
        names = [name for name in sorted(self.files) if name.startswith(folder) and name not in but]
        return {name: file for name in names if (file := self.one(name, model)) is not None}

    def remark(self, name: str, path: tuple[str | int, ...], kind: RemarkKind, text: str) -> None:
        """Note something that is not wrong at a place of a file."""
        self.remarks.append(Remark(file=name, line=self.documents[name].place(path)[0], text=text, kind=kind))

    def dated(
        self, name: str, path: tuple[str | int, ...], label: str, spans: Iterable[Any], value: Callable[[Any], T]
    ) -> Dated[T]:
        """Spans of a file as a dated value."""
        spans = list(spans)
        for index, span in enumerate(spans):
            self.doubts(name, (*path, index), label, span.source)
        return self.join(name, path, label, [value_in_force(span, value) for span in spans], one_a_place=True)

    def join(
        self,
        name: str,
        path: tuple[str | int, ...],
        label: str,
        values: list[DatedValue[T]],
        *,
        one_a_place: bool = False,
    ) -> Dated[T]:
        """One dated value. one_a_place: the values are the items of the list at ``path``, so that each has a line."""

        def place(of: DatedValue[T]) -> tuple[str | int, ...]:
            return (*path, values.index(of)) if one_a_place else path

        try:
            found = Dated(label, tuple(values))
        except ValueError as error:
            self.wrong(name, place(runs_into(values)), str(error))
            return Dated(label, tuple(values[:1]))
        for start, end in found.gaps():
            after = next(value for value in found.values if value.effective_from > end)
            self.remark(name, place(after), RemarkKind.GAP, f"{label}: nothing is in force from {start} to {end}")
        if found.values and (last := found.values[-1].effective_to) is not None:
            self.remark(
                name,
                place(found.values[-1]),
                RemarkKind.ENDS,
                f"{label}: ends on {last}; load what follows before that day",
            )
        return found

    def doubts(self, name: str, path: tuple[str | int, ...], label: str, source: Source) -> None:
        """Remark on a source that is unconfirmed, contradicted or cited without a section."""
        if source.status == "unconfirmed":
            text = f"{label}: the source is unconfirmed ({source.document})"
            self.remark(name, path, RemarkKind.UNCONFIRMED, text)
        if source.other_reading:
            self.remark(name, path, RemarkKind.DISAGREEMENT, f"{label}: sources disagree; {source.other_reading}")
        if not source.section and source.status != "house":
            self.remark(name, path, RemarkKind.NO_SECTION, f"{label}: {source.document} is cited without a section")

    def tables(
        self,
        files: Mapping[str, Any],
        folder: str,
        spans: Callable[[Any], Iterable[Any]],
        value: Callable[[Any], T],
    ) -> dict[str, Dated[T]]:
        """Tables that come in one file a quarter; a folder below ``folder`` names a table of its own."""
        found: dict[str, list[DatedValue[T]]] = {}
        last: dict[str, str] = {}
        for name, file in files.items():
            inner = name.removeprefix(folder).rpartition("/")[0]
            table = inner or MEDICARE
            last[table] = name
            found.setdefault(table, []).extend(value_in_force(span, value) for span in spans(file))
        return {
            table: self.join(last[table], (), f"{folder}{table}", one_after_another(values))
            for table, values in found.items()
        }


def stem(name: str) -> str:
    """The name of a file without its folder and ending."""
    return name.rsplit("/", 1)[-1].removesuffix(".yaml")
