from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import inspect

from integration_engine.store import SchemaBehind, Store, schema
from integration_engine.store.database import Database


def test_migrations_make_exactly_the_tables_the_code_knows(store):
    assert schema.differences(store.database) == []


def test_upgrade_changes_nothing_when_run_again(store, database_url):
    assert schema.upgrade(database_url) == schema.current_revision(store.database) == schema.newest_revision()


def test_an_empty_database_is_refused_unless_it_may_be_migrated(database_url):
    with pytest.raises(SchemaBehind, match="db upgrade"):
        Store.open(database_url)


def test_the_difference_is_told_when_a_table_is_missing(store):
    with store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE service_line")
    assert any("service_line" in difference for difference in schema.differences(store.database))


def test_verify_is_all_zero_on_a_fresh_store(store):
    assert set(store.verify().values()) == {0}


def test_every_constraint_has_a_name(store):
    inspector = inspect(store.database.engine)
    for table in inspector.get_table_names():
        assert all(key["name"] for key in inspector.get_foreign_keys(table)), table


def test_sqlite_is_durable_and_checks_foreign_keys(sqlite_url):
    database = Database(sqlite_url)
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_processes_that_meet_a_new_database_at_once_all_open_it(database_url):
    code = "import sys; from integration_engine.store import Store; Store.open(sys.argv[1], migrate=True).close()"
    command = (sys.executable, "-c", code, database_url)
    starting = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate(timeout=120)[1] for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0, 0], told
    database = Database(database_url)
    assert schema.current_revision(database) == schema.newest_revision()
    database.close()
