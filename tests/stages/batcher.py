"""A batcher as a process of its own, for tests: writes what is ready until nothing is left, over and over, and says so.

python -m tests.stages.batcher <database url> <outbound> <seconds>
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from integration_engine.adapters import outbox
from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.stages.batch import Batch
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.store import Store

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)


class Accepts:
    """A gate that lets everything through."""

    accepted, findings, claim_numbers = True, (), frozenset()

    def check(self, _: str) -> Accepts:
        return self


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(url: str, outbound: str, seconds: str) -> None:
    rules = compile_rules_in_force(MappingFiles(shipped_folder()).read())
    store = Store.open(url)
    say("ready")
    sys.stdin.readline()
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        outbox.recover(Path(outbound))
        stage = Batch(store=store, rules=lambda: rules, gate=Accepts(), publish=outbox.publish, outbound=Path(outbound))
        for file in stage.run_once(NOW, on_demand=True):
            say(f"{file.file} {file.state}")
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
