"""The databases that tests are given are real, fresh, durable, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import PostgresServer, PostgresUnavailableError, SupervisedServer, _start_any, wanted


def _ask(url: str, question: str) -> str:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.execute(text(question)).scalar_one())
    finally:
        engine.dispose()


def test_database_answers_on_both_kinds(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        assert int(_ask(database_url, "SELECT sqlite_version()").split(".")[0]) >= 3
    else:
        assert _ask(database_url, "SELECT version()").startswith("PostgreSQL")


@pytest.mark.postgres
def test_server_syncs_to_disk(postgres_url: str) -> None:
    assert _ask(postgres_url, "SHOW fsync") == "on"
    assert _ask(postgres_url, "SHOW synchronous_commit") == "on"


@pytest.mark.postgres
def test_template_is_filled_once_and_copied_with_its_rows(postgres_server: PostgresServer) -> None:
    filled = []

    def fill(url: str) -> None:
        filled.append(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE mark AS SELECT 42 AS n"))
        engine.dispose()

    name = f"template_{os.getpid()}"
    assert postgres_server.template(name, fill) == postgres_server.template(name, fill) == name
    copy = postgres_server.create_database(name)
    assert _ask(postgres_server.url(copy), "SELECT n FROM mark") == "42"
    assert len(filled) == 1
    postgres_server.drop_database(copy)
    postgres_server.drop_database(name)


@pytest.mark.postgres
def test_server_and_its_files_are_gone_when_the_owner_is_killed() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        folder = Path(owner.stdout.readline().strip().split("host=")[1]).parent
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_server_never_wanted_is_never_started() -> None:
    supervised = SupervisedServer()
    supervised.stop()
    assert not supervised.folder.exists()


def test_absence_of_postgres_is_a_failure_that_says_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tests.postgres._binaries", lambda: iter(()))
    with pytest.raises(PostgresUnavailableError, match="may not be skipped"):
        _start_any(tmp_path, threading.Event())


def test_failure_of_the_server_reaches_every_process_that_wants_it(tmp_path: Path) -> None:
    (tmp_path / "outcome").write_text('{"failure": "no initdb found"}')
    with pytest.raises(PostgresUnavailableError, match="no initdb found"):
        wanted(tmp_path)
