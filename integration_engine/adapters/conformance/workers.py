"""Verdicts from worker processes, each with a time limit, so that no message can stop the others."""

from __future__ import annotations

import io
import logging
import multiprocessing
import os
import sys
import warnings
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from integration_engine.adapters.conformance.verdicts import Verdict, judge_text, not_judged

START_SECONDS: Final = 60.0  # a worker has this long to import hl7apy before its first message counts
MOST_WORKERS: Final = 4


class _Worker:
    """One process that judges message after message, and can be ended in the middle of one."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        theirs_in, self._ours_out = context.Pipe(duplex=False)
        self._ours_in, theirs_out = context.Pipe(duplex=False)
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs_in, theirs_out), daemon=True)
        self._process.start()
        theirs_in.close()
        theirs_out.close()
        self.started = self._answer(START_SECONDS) is not None

    def judge(self, text: str, limit: float) -> Verdict | None:
        """The verdict on one message; None when it did not come in time, or the process is gone."""
        with suppress(OSError):
            self._ours_out.send(text)
            return self._answer(limit)
        return None

    def _answer(self, limit: float) -> Verdict | None:
        with suppress(EOFError, OSError):
            if self._ours_in.poll(limit):
                answer: Verdict = self._ours_in.recv()
                return answer
        return None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._ours_out.close()
        self._process.terminate()
        self._process.join()
        self._ours_in.close()


def verdicts_on(texts: Sequence[str], limit: float, count: int | None) -> list[Verdict]:
    """A verdict for each text, in order; at most ``count`` processes at a time."""
    verdicts = [not_judged("no process could be started to judge it")] * len(texts)
    waiting = deque(range(len(texts)))

    def drive() -> None:
        worker: _Worker | None = None
        try:
            with suppress(IndexError):  # raised by popleft when nothing waits any more
                while True:
                    worker = worker or _Worker()
                    if not worker.started:
                        return
                    index = waiting.popleft()
                    verdict = worker.judge(texts[index], limit)
                    if verdict is None:
                        worker.end()
                        worker = None
                    verdicts[index] = verdict or not_judged(f"hl7apy gave no verdict within {limit:g} seconds")
        finally:
            if worker is not None:
                worker.end()

    drivers = min(count or min(os.cpu_count() or 1, MOST_WORKERS), len(texts))
    if drivers:
        with ThreadPoolExecutor(drivers) as pool:
            for driver in [pool.submit(drive) for _ in range(drivers)]:
                driver.result()
    return verdicts


def _work(questions: Connection, answers: Connection) -> None:
    """The worker process: texts in, verdicts out, nothing else ever written anywhere."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = io.StringIO()  # whatever a library prints may hold field values
    import hl7apy.parser  # noqa: F401, PLC0415 - half a second that only a worker should pay

    answers.send(Verdict(()))
    with suppress(EOFError):
        while True:
            answers.send(judge_text(questions.recv()))
