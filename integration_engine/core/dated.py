"""Effective-dated values: one value for each stretch of time, and a clear refusal outside it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from integration_engine.core.errors import NotInForce
from integration_engine.core.findings import Citation

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue(Generic[T]):
    """A value in force from ``effective_from`` to ``effective_to``, both included (None: open)."""

    value: T
    effective_from: date
    effective_to: date | None = None
    citation: Citation | None = None


class Dated(Generic[T]):
    """The whole history of one named value, asked by date of service.

    Raises   ValueError when two stretches overlap; NotInForce when asked outside all of them.
    """

    __slots__ = ("_always", "_starts", "name", "values")

    def __init__(self, name: str, values: tuple[DatedValue[T], ...]) -> None:
        self.name = name
        self.values = tuple(sorted(values, key=lambda dated: dated.effective_from))
        self._starts = [dated.effective_from for dated in self.values]
        open_ended = len(self.values) == 1 and self.values[0].effective_to is None
        self._always = self.values[0] if open_ended and self._starts[0] == date.min else None
        for earlier, later in zip(self.values, self.values[1:], strict=False):
            if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
                msg = f"{name}: the value from {earlier.effective_from} runs into the one from {later.effective_from}"
                raise ValueError(msg)

    def on(self, as_of: date) -> DatedValue[T]:
        """The value in force on ``as_of``, with its dates and citation."""
        index = bisect_right(self._starts, as_of) - 1
        if index >= 0:
            found = self.values[index]
            if found.effective_to is None or as_of <= found.effective_to:
                return found
        raise NotInForce(self.name, as_of, self._covered())

    def find(self, as_of: date) -> T | None:
        """The bare value in force on ``as_of``, or None outside its dates."""
        index = bisect_right(self._starts, as_of) - 1
        if index < 0:
            return None
        found = self.values[index]
        return found.value if found.effective_to is None or as_of <= found.effective_to else None

    def latest(self, as_of: date) -> DatedValue[T] | None:
        """The value that began last on or before ``as_of``, whether or not it still is in force."""
        index = bisect_right(self._starts, as_of) - 1
        return self.values[index] if index >= 0 else None

    def at(self, as_of: date) -> T:
        """The bare value in force on ``as_of``."""
        return self._always.value if self._always is not None else self.on(as_of).value

    def gaps(self) -> tuple[tuple[date, date], ...]:
        """Stretches between the first and the last value that no value covers."""
        found = []
        for earlier, later in zip(self.values, self.values[1:], strict=False):
            if earlier.effective_to is not None and earlier.effective_to + timedelta(days=1) < later.effective_from:
                found.append((earlier.effective_to + timedelta(days=1), later.effective_from - timedelta(days=1)))
        return tuple(found)

    def _covered(self) -> str:
        stretches = (f"{v.effective_from} to {v.effective_to or 'further notice'}" for v in self.values)
        return ", ".join(stretches)
