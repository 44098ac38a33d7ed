"""How a migration runs: one at a time, and never waiting for ever on a busy database."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, event, text

from integration_engine.store.tables import metadata

LOCK_SECONDS = 10
STATEMENT_SECONDS = 300
ONE_AT_A_TIME = 7_241_130_001  # any number, the same in every process


def run() -> None:
    """Upgrade the database that the caller named."""
    engine = create_engine(context.config.attributes["url"])
    if engine.dialect.name == "sqlite":
        _lock_at_begin(engine)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.configure(
            connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
        )
        context.run_migrations()
    engine.dispose()


def _lock_at_begin(engine: Engine) -> None:
    """Take SQLite's write lock before the revision is read, for two processes may meet a new database at once."""

    def without_own_begin(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin too late: never before a CREATE TABLE
        connection.execute(f"PRAGMA busy_timeout = {STATEMENT_SECONDS * 1000}")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", without_own_begin)
    event.listen(engine, "begin", begin)


run()
