"""Run a command as a user does: arguments, settings and standard input in; exit code and what it printed out.

``run`` calls the command line in this process, which spares a start of Python and all imports each time. ``run_process``
starts it for real; for what only a process shows: the entry point, signals, ports.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from integration_engine.adapters.clock import days_to, shift
from integration_engine.cli import main

PREFIX = "INTEGRATION_ENGINE_"
DAY = date(2026, 11, 27)  # shortly after the samples, in every time zone; else their filing limits would pass one day
shift(days_to(DAY))


def _environment(home: Path, settings: dict[str, str]) -> dict[str, str]:
    given = {PREFIX + "HOME": str(home), PREFIX + "CLOCK_DAYS": str(days_to(DAY))}
    return given | {PREFIX + name: value for name, value in settings.items()}


def run(*arguments: str, home: Path, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patched.delenv(name)
        for name, value in _environment(home, settings).items():
            patched.setenv(name, value)
        patched.setattr(sys, "argv", ["integration-engine", *arguments])
        patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        code: object = 0
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        finally:
            shift(days_to(DAY))
    assert isinstance(code, int)  # a text would mean that a command left without an exit code of ours
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def run_process(*arguments: str, home: Path, text: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.run(
        (sys.executable, "-m", "integration_engine", *arguments),
        input=text,
        capture_output=True,
        text=True,
        env=environment | _environment(home, settings),
        check=False,
        timeout=120,
    )
