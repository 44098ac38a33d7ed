"""One database, SQLite or PostgreSQL, behind the same few calls: read, write, bulk insert."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Date, Engine, Table, Text, bindparam, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

BUSY_SECONDS = 30
ATTEMPTS = 3
CONNECT_SECONDS = 10
LOCK_SECONDS = 300  # a remit of a whole month is posted in one transaction
IDLE_SECONDS = 600
ROWS_PER_STATEMENT = 500
T = TypeVar("T")


class Instant(TypeDecorator[datetime]):
    """An aware moment in UTC: TIMESTAMPTZ on PostgreSQL, sortable ISO text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of each database."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: D102
        return _instant_text(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: D102
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


class Database:
    """An engine with the manners both databases need.

    Why      SQLite: WAL with synchronous=FULL, so that a committed message survives a power cut; a writer takes the
             write lock at BEGIN, so that two never deadlock half-way. PostgreSQL: nobody waits for a lock for ever, a
             process that stands still in a transaction loses it, and a server that is gone is noticed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_pre_ping": True, "connect_args": _ALIVE}
        self.engine: Engine = create_engine(url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _sqlite_manners)
        else:
            event.listen(self.engine, "connect", _postgres_manners)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from, all of it as of one moment; nothing it does is kept."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back when anything is raised."""
        with self.engine.connect() as connection:
            # Said outright, because a bulk insert that goes past SQLAlchemy would not begin anything to commit.
            connection.begin()
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def transact(self, act: Callable[[Connection], T]) -> T:
        """One transaction, begun anew when another process was in its way.

        Shapes   act: may be called several times; whatever it does outside the database must be safe to repeat.
        Raises   what ``act`` raises; what was in the way, when it is so every time.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                with self.write() as connection:
                    return act(connection)
            except DBAPIError as error:
                if not may_pass(error):
                    raise
        with self.write() as connection:
            return act(connection)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def may_pass(error: Exception) -> bool:
    """True for a failure that the same statements may not meet again: a lock, a deadlock, a lost connection.

    Source  PostgreSQL error codes, appendix A: classes 08, 40, 53, 55 and 57.
    """
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error.orig, sqlite3.OperationalError):
        return True
    return str(getattr(error.orig, "sqlstate", None) or "")[:2] in _PASSING_CLASSES


_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57"})


# Source  PostgreSQL manual, "Database Connection Control Functions": without these a lost server is noticed in hours.
_ALIVE = {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


def _postgres_manners(connection: Any, _: Any) -> None:
    before, connection.autocommit = connection.autocommit, True
    connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    connection.autocommit = before


def _sqlite_manners(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # this module says BEGIN itself
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def bulk_insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows the fastest way the database has; values in the order of the table's columns.

    Why      COPY on PostgreSQL and the driver's executemany on SQLite are 4 to 7 times as fast as Core inserts.
    """
    if not rows:
        return
    names = [column.name for column in table.columns]
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        text_at = [i for i, c in enumerate(table.columns) if isinstance(c.type, Date | Instant)]
        marks = ", ".join("?" * len(names))
        statement = f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES ({marks})'  # noqa: S608 - our own names
        raw.executemany(statement, [_as_text(row, text_at) for row in rows] if text_at else rows)
        return
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({", ".join(names)}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def insert_if_absent(connection: Connection, table: Table, **values: Any) -> None:
    """Insert one row unless its key is there already, whoever else inserts it at the same time."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(table).values(**values).on_conflict_do_nothing())


def update_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Set whole rows, each known by its ``id``; all rows name the same columns."""
    if rows:
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        statement = table.update().where(table.c.id == bindparam("new_id")).values(columns)
        connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in rows])


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """``values`` in pieces that one statement can name."""
    for start in range(0, len(values), ROWS_PER_STATEMENT):
        yield values[start : start + ROWS_PER_STATEMENT]


def bulk_delete(connection: Connection, table: Table, column: str, values: Sequence[int]) -> None:
    """Delete the rows whose ``column`` is one of ``values``."""
    for part in parts(values):
        connection.execute(table.delete().where(table.c[column].in_(part)))


def _as_text(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    changed = list(row)
    for place in places:
        value = changed[place]
        if isinstance(value, datetime):
            changed[place] = _instant_text(value)
        elif isinstance(value, date):
            changed[place] = value.isoformat()
    return tuple(changed)


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
