"""One thread that owns the journal: it takes whatever has arrived, stores it in one commit, then lets the answers go.

The event loop never waits for the disk, and many connections share one flush. A batch that cannot be stored is
answered by ``refuse`` (AE, condition 207), never by AA.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)
D = TypeVar("D")
Waiting = tuple[D, "asyncio.Future[bytes | None]"]


class GroupCommit(Generic[D]):
    """Awaitable receiver over a batch function.

    Shapes   store: takes deliveries that arrived together, returns an answer for each in the same order, after they
             are committed. refuse: the answer to one delivery that could not be stored. One event loop only.
    """

    def __init__(
        self,
        store: Callable[[Sequence[D]], Sequence[bytes | None]],
        refuse: Callable[[D], bytes | None],
        *,
        largest_batch: int = 256,
    ) -> None:
        self._store = store
        self._refuse = refuse
        self._largest_batch = largest_batch
        self._queue: SimpleQueue[Waiting[D] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def __call__(self, delivery: D) -> asyncio.Future[bytes | None]:
        """Hand one delivery over; the future resolves once it is committed."""
        answer: asyncio.Future[bytes | None] = self._loop.create_future()
        self._queue.put((delivery, answer))
        return answer

    async def close(self) -> None:
        """Store what still waits, then stop the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            last = False
            while len(batch) < self._largest_batch:
                try:
                    waiting = self._queue.get_nowait()
                except Empty:
                    break
                if waiting is None:
                    last = True
                    break
                batch.append(waiting)
            self._settle(batch)
            if last:
                return

    def _settle(self, batch: list[Waiting[D]]) -> None:
        try:
            answers = self._store([delivery for delivery, _ in batch])
        except Exception as error:
            log.exception("journal.failed", outcome=type(error).__name__, count=len(batch))
            answers = [self._refuse(delivery) for delivery, _ in batch]
        self._loop.call_soon_threadsafe(_resolve, batch, answers)


def _resolve(batch: list[Waiting[D]], answers: Sequence[bytes | None]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if not future.done():
            future.set_result(answer)
