"""The therapy model as columns: each domain record is a row, its nested parts are columns with a prefix.

The schema follows the domain records by introspection, so that a field a mapping can reach always has its column and
comes back equal: ``treatment.assistant.npi`` is the column ``assistant_npi`` of the table ``treatment``. Amounts are
integer cents (``charge_cents``), quantities are exact decimal text, short lists of codes are JSON text.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from sqlalchemy import Boolean, Column, Date, Integer, Text
from sqlalchemy.types import TypeEngine

from integration_engine.core.money import from_cents, to_cents

T = TypeVar("T")
MONEY = frozenset({"charge", "unit_charge"})
Convert = Callable[[Any], Any]


class RecordColumns(Generic[T]):
    """Columns for one record type, and the way to and from a row.

    Shapes   leave_out: fields that have a table of their own. ``names`` are the columns in order; ``row(record)``
             gives their values in that order; ``record(values)`` builds the record back.
    """

    def __init__(self, kind: type[T], leave_out: Sequence[str] = ()) -> None:
        self.kind = kind
        self._parts: list[tuple[str, str, Convert | None, Convert | None, TypeEngine[Any] | None, Any]] = []
        hints = get_type_hints(kind)
        for item in fields(kind):  # type: ignore[arg-type]
            if item.name in leave_out:
                continue
            inner = _bare(hints[item.name])
            if isinstance(inner, type) and is_dataclass(inner):
                nested = RecordColumns(inner)
                self._parts.append((item.name, "", None, None, None, nested))
            else:
                name, to_row, from_row, column = _scalar(item.name, inner)
                self._parts.append((item.name, name, to_row, from_row, column, None))

    def columns(self, prefix: str = "") -> list[Column[Any]]:
        """Fresh SQLAlchemy columns, in row order."""
        found: list[Column[Any]] = []
        for field_name, name, _, _, kind, nested in self._parts:
            if nested is not None:
                found.append(Column(f"{prefix}{field_name}_stated", Boolean))
                found.extend(nested.columns(f"{prefix}{field_name}_"))
            else:
                found.append(Column(prefix + name, kind))
        return found

    @property
    def width(self) -> int:
        """How many columns the record takes."""
        return sum(1 + part[5].width if part[5] is not None else 1 for part in self._parts)

    def row(self, record: T | None) -> list[Any]:
        """The record's values in column order; all None for no record."""
        if record is None:
            return [None] * self.width
        values: list[Any] = []
        for field_name, _, to_row, _, _, nested in self._parts:
            value = getattr(record, field_name)
            if nested is not None:
                values.append(value is not None)
                values.extend(nested.row(value))
            else:
                values.append(value if value is None or to_row is None else to_row(value))
        return values

    def record(self, values: Sequence[Any]) -> T:
        """The record that ``row`` was made from."""
        record, _ = self._read(values, 0, {})
        return record

    def read(self, values: Sequence[Any], start: int, **more: Any) -> T:
        """The record that begins at ``start`` of a wider row; ``more`` gives the fields that were left out."""
        record, _ = self._read(values, start, more)
        return record

    def _read(self, values: Sequence[Any], at: int, more: dict[str, Any]) -> tuple[T, int]:
        arguments = more
        for field_name, _, _, from_row, _, nested in self._parts:
            if nested is not None:
                stated = values[at]
                inner, at = nested._read(values, at + 1, {})  # noqa: SLF001 - the same class
                arguments[field_name] = inner if stated else None
            else:
                value = values[at]
                at += 1
                if from_row is not None and value is not None:
                    value = from_row(value)
                arguments[field_name] = value
        return self.kind(**arguments), at


def _bare(hint: Any) -> Any:
    """The type without ``| None``."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return inner[0]
    return hint


def _scalar(  # noqa: C901 - one branch a type
    name: str, kind: Any
) -> tuple[str, Convert | None, Convert | None, TypeEngine[Any]]:
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if is_dataclass(item):  # records of texts alone
            record: Callable[..., Any] = item  # type: ignore[assignment]
            return name, _tuple_text, lambda text: tuple(record(**value) for value in orjson.loads(text)), Text()
        make = item if isinstance(item, type) and issubclass(item, Enum) else str
        return name, _tuple_text, lambda text: tuple(make(value) for value in orjson.loads(text)), Text()
    if isinstance(kind, NewType):
        return name, None, None, Text()
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return name, lambda value: value.value, kind, Text()
        if kind is Decimal:
            if name in MONEY:
                return f"{name}_cents", to_cents, from_cents, Integer()
            return name, str, Decimal, Text()
        if kind is bool:
            return name, None, bool, Boolean()
        if kind is int:
            return name, None, None, Integer()
        if kind is datetime:
            return name, datetime.isoformat, datetime.fromisoformat, Text()
        if kind is date:
            return name, None, None, Date()
        if kind is str:
            return name, None, None, Text()
    msg = f"{name}: no column for {kind}"
    raise TypeError(msg)


def _tuple_text(values: tuple[Any, ...]) -> str:
    return orjson.dumps(list(values), default=str).decode()
