"""Fixtures that many tests share: databases of both kinds. One PostgreSQL server serves a whole run, all workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer, SupervisedServer, wanted

_SERVER = pytest.StashKey[SupervisedServer]()
_TEMPLATE = "migrated"


# --- one server a run ------------------------------------------------------------------------------------------------


def _supervised(config: pytest.Config) -> SupervisedServer:
    if _SERVER not in config.stash:
        config.stash[_SERVER] = SupervisedServer()
        config.add_cleanup(config.stash[_SERVER].stop)
    return config.stash[_SERVER]


class _WorkersShareOneServer:
    @staticmethod
    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(node) -> None:
        """The process that leads the xdist workers owns the server, so that it survives any of them."""
        node.workerinput["postgres_folder"] = str(_supervised(node.config).folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew; the diff is the review")


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_WorkersShareOneServer())


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    """The run's PostgreSQL server; ``.url(database)``, ``.create_database()``."""
    shared = getattr(pytestconfig, "workerinput", {}).get("postgres_folder")
    return wanted(Path(shared) if shared else _supervised(pytestconfig).folder)


# --- empty databases -------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'engine.db'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database: the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_url")


# --- migrated databases ----------------------------------------------------------------------------------------------


def _migrate(url: str) -> None:
    from integration_engine.bootstrap import upgrade_database  # noqa: PLC0415 - only tests of the store need it
    from integration_engine.settings import Settings  # noqa: PLC0415

    upgrade_database(Settings(database_url=url))


@pytest.fixture(scope="session")
def _migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "engine.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def migrated_sqlite_url(tmp_path: Path, _migrated_sqlite_file: Path) -> str:
    """A SQLite database with all tables and no rows."""
    for file in _migrated_sqlite_file.parent.glob("engine.db*"):  # with its write-ahead log, if one is left
        shutil.copy(file, tmp_path / file.name)
    return f"sqlite:///{tmp_path / 'engine.db'}"


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A PostgreSQL database with all tables and no rows: a copy of one that was migrated once a run."""
    name = postgres_server.create_database(postgres_server.template(_TEMPLATE, _migrate))
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def migrated_database_url(request: pytest.FixtureRequest) -> str:
    """A database with all tables and no rows: the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"migrated_{request.param}_url")
