"""A group of child processes that live and die together; one that dies by itself is started again."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence

import structlog

log = structlog.get_logger(__name__)
LOOK_EVERY = 0.2
LONGEST_PAUSE = 30.0
STOP_SECONDS = 15


class ProcessGroup:
    """Runs named commands.

    Shapes   parts: (name, command) pairs. A part that ends is restarted after a pause that doubles up to 30 s, and
             shrinks back once it has lived for a minute.
    """

    def __init__(self, parts: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._parts = [_Part(name, tuple(command)) for name, command in parts]

    def run(self, stop: threading.Event) -> int:
        """Run until ``stop``; then end every part and wait for it. Returns 0."""
        for part in self._parts:
            part.start()
        try:
            while not stop.wait(LOOK_EVERY):
                for part in self._parts:
                    part.look()
        finally:
            for part in self._parts:
                part.ask_to_stop()
            for part in self._parts:
                part.wait()
        return 0


class _Part:
    def __init__(self, name: str, command: tuple[str, ...]) -> None:
        self.name = name
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 1.0
        self._restart_at: float | None = None

    def start(self) -> None:
        # The command is this engine's own, built from sys.executable.
        self._process = subprocess.Popen(self._command)  # noqa: S603
        self._started = time.monotonic()
        self._restart_at = None

    def look(self) -> None:
        now = time.monotonic()
        if self._restart_at is not None:
            if now >= self._restart_at:
                self.start()
            return
        if self._process is None or self._process.poll() is None:
            return
        if now - self._started > 60:  # noqa: PLR2004 - lived long enough to be called healthy
            self._pause = 1.0
        log.error("process.ended", process=self.name, status=self._process.returncode)
        self._restart_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
