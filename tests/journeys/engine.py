"""The engine as its users run it: real processes, a real port, a real database; for the journey tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from integration_engine.adapters.clock import days_to, shift, system_clock
from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.bootstrap import open_batch, open_store
from integration_engine.settings import PREFIX, Settings
from integration_engine.stages.batch import WrittenFile
from integration_engine.store.queries.conserve import conserve

PATIENCE = 60
DAY = date(2026, 11, 24)  # the samples are of the weeks before; else their filing limits would pass one day
shift(days_to(DAY))


@dataclass
class Engine:
    """A listener and workers that can be started, stopped and killed."""

    home: Path
    database_url: str = ""
    settings_given: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    port: int = 0

    @property
    def settings(self) -> Settings:
        more = {name.lower(): value for name, value in self.settings_given.items()}
        return Settings(home=str(self.home), database_url=self.database_url, **more)  # type: ignore[arg-type]

    def start(self, part: str, *command: str) -> subprocess.Popen[str]:
        given = {
            "HOME": str(self.home),
            "DATABASE_URL": self.database_url,
            "MLLP_PORT": str(self.port),
            "LOG_LEVEL": "warning",
            "CLOCK_DAYS": str(days_to(DAY)),
            **self.settings_given,
        }
        environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
        environment |= {PREFIX + name: value for name, value in given.items() if value}
        with (self.home / f"{part}.log").open("a") as log:
            process = subprocess.Popen(
                (sys.executable, "-m", "integration_engine", *(command or (part,))),
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes[part] = process
        return process

    def listen(self) -> int:
        process = self.start("listen")
        assert process.stdout is not None
        line = process.stdout.readline()
        assert ":" in line, (self.home / "listen.log").read_text()
        self.port = int(line.rsplit(":", 1)[1])
        return self.port

    def work(self, name: str = "work") -> None:
        self.start(name, "work")

    def kill(self, part: str) -> None:
        self.processes[part].kill()
        self._reap(part)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for part in list(self.processes):
            self._reap(part)

    def _reap(self, part: str) -> None:
        process = self.processes.pop(part)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()

    def send(self, *messages: bytes) -> list[str]:
        with MllpClient("127.0.0.1", self.port) as client:
            return [client.send(raw).code for raw in messages]

    def counts(self) -> dict:
        with open_store(self.settings) as store, store.database.read() as connection:
            return conserve(connection)

    def wait_until_taken_in(self) -> dict:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            counts = self.counts()
            if not counts["messages"]["pending"]:
                return counts
            time.sleep(0.1)
        raise AssertionError("".join(path.read_text() for path in self.home.glob("*.log")))

    def batch(self) -> list[WrittenFile]:
        with open_store(self.settings) as store, open_batch(self.settings, store) as stage:
            return stage.run_once(system_clock())


@contextmanager
def running(home: Path, database_url: str = "", *, workers: int = 1, **settings: str) -> Iterator[Engine]:
    """A listening, working engine; ended for certain."""
    engine = Engine(home, database_url, settings)
    try:
        engine.listen()
        for number in range(workers):
            engine.work(f"work-{number}")
        yield engine
    finally:
        engine.stop()
