"""What all tables have in common: the schema they belong to, and how ids, references, texts and states are written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    MetaData,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def identity() -> Column[Any]:
    """The key of a table; made in Python, never by the database."""
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def reference_to(table: str, *, null: bool = False, name: str = "") -> Column[Any]:
    """A reference to another table's key."""
    return Column(name or f"{table}_id", BigInteger, ForeignKey(f"{table}.id"), nullable=null, index=True)


def text_column(name: str, *, null: bool = False) -> Column[Any]:
    """A text, of any length."""
    return Column(name, Text, nullable=null)


def one_of(name: str, *values: str) -> CheckConstraint:
    """Only these values, which a decision knows how to read."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")
