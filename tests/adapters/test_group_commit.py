"""Many arrivals, one commit; and no AA when the commit fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from integration_engine.adapters.group_commit import GroupCommit


def test_deliveries_share_a_batch_when_they_arrive_while_the_journal_is_busy() -> None:
    batches: list[int] = []
    gate = threading.Event()

    def store(deliveries: Sequence[bytes]) -> list[bytes | None]:
        if not batches:
            gate.wait(5)
        batches.append(len(deliveries))
        return [b"AA" + delivery for delivery in deliveries]

    async def run() -> list[bytes | None]:
        commit = GroupCommit(store, lambda delivery: b"AE" + delivery)
        answers = [commit(b"0")]
        await asyncio.sleep(0.05)
        answers += [commit(b"%d" % number) for number in range(1, 20)]
        gate.set()
        result = list(await asyncio.gather(*answers))
        await commit.close()
        return result

    assert asyncio.run(run()) == [b"AA%d" % number for number in range(20)]
    assert batches == [1, 19]


def test_every_delivery_of_a_batch_is_refused_when_its_commit_fails() -> None:
    def store(_: Sequence[bytes]) -> list[bytes | None]:
        raise OSError

    async def run() -> list[bytes | None]:
        commit = GroupCommit(store, lambda delivery: b"AE" + delivery)
        result = list(await asyncio.gather(*[commit(b"%d" % number) for number in range(3)]))
        await commit.close()
        return result

    assert asyncio.run(run()) == [b"AE0", b"AE1", b"AE2"]
