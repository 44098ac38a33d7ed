"""kill -9 at random moments: every message that was acknowledged AA is there exactly once in effect."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.bootstrap import open_store
from integration_engine.store.queries.conserve import conserve
from tests.journeys.engine import Engine, running
from tests.journeys.messages import charge_message

MESSAGES = 2000
KILLS = 20
SENDERS = 4


def _send_all(engine: Engine, numbers: list[int], accepted: set[int]) -> None:
    """What an EMR does: send, wait for the answer, and send again on a new connection when none came."""
    for number in numbers:
        raw = charge_message(number)
        deadline = time.monotonic() + 60
        while True:
            try:
                with MllpClient("127.0.0.1", engine.port, timeout=5) as client:
                    answer = client.send(raw)
            except (OSError, TimeoutError, EOFError):
                assert time.monotonic() < deadline, "the listener did not come back"
                time.sleep(0.05)
                continue
            assert answer.code == "AA", answer
            accepted.add(number)
            break


def test_every_acknowledged_message_has_effect_once_when_processes_are_killed(
    tmp_path: Path, migrated_database_url: str
) -> None:
    url = "" if migrated_database_url.startswith("sqlite") else migrated_database_url
    chance = random.Random(20261124)
    accepted: set[int] = set()
    with running(tmp_path, url) as engine:
        senders = [
            threading.Thread(target=_send_all, args=(engine, list(range(start, MESSAGES, SENDERS)), accepted))
            for start in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.6))
            if kill % 2:
                engine.kill("work-0")
                engine.work("work-0")
            else:
                engine.kill("listen")
                engine.listen()
        for sender in senders:
            sender.join()
        counts = engine.wait_until_taken_in()
    assert accepted == set(range(MESSAGES))
    assert counts["messages"]["received"] == MESSAGES
    assert counts["charges"]["received"] == MESSAGES
    assert counts["difference"] == 0
    with open_store(engine.settings) as store, store.database.read() as connection:
        assert conserve(connection) == counts
