"""The payer simulator between two folders: reads what lies in outbound/, answers into inbound/, each file once.

What was answered, and under which numbers, stands in a small journal in inbound/. An entry is written before the answers
and closed after them; one that was never closed is answered again with the same numbers, which gives the same bytes. The
past of a claim is not stored: it is computed again from the earlier files, when a replacement or void asks for it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import orjson

from integration_engine.adapters.inbox import DONE, REJECTED, InboxFile, waiting
from integration_engine.adapters.outbox import publish
from integration_engine.core.errors import EngineError
from integration_engine.domain.remit import RemitClaim
from integration_engine.simulator.answering import answer
from integration_engine.simulator.scenario import Scenario
from integration_engine.simulator.truth import ClaimTruth, Simulation, history_of
from integration_engine.simulator.writing import AnswerNumbers

JOURNAL = ".simulator.jsonl"
_NAME = re.compile(r"ANSWER_(\d{9})_")
_ORIGINAL = re.compile(r"\WREF\WF8\W")


class SimulatorJournalError(EngineError):
    """The simulator's journal cannot be read: remove the file to start over, with an empty inbound/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What happened to one file of outbound/. answers: names of the files written. problem: why there are none."""

    file: str
    answers: tuple[str, ...] = ()
    truth: tuple[ClaimTruth, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of the journal."""

    digest: str
    file: str
    as_of: str
    created: str
    interchange: int
    next_interchange: int
    closed: bool


class PayerSimulator:
    """Answers files; holds the journal and, once asked for, the past."""

    def __init__(self, outbound: Path, inbound: Path, scenario: Scenario) -> None:
        self.outbound = outbound
        self.inbound = inbound
        self.scenario = scenario
        self._entries = {entry.digest: entry for entry in self._read_journal()}
        self._past: dict[str, Mapping[str, tuple[RemitClaim, ...]]] = {}

    def run_once(self, now: datetime, as_of: date | None = None) -> list[Answered]:
        """Answer every file that is new, in the order of their names.

        Shapes   now: the instant the answers are written under. as_of: their dates; None: the day of ``now``.
        """
        self.inbound.mkdir(parents=True, exist_ok=True)
        results: list[Answered] = []
        passed = {entry.file for entry in self._entries.values() if entry.closed}
        while new := waiting(self.outbound, known=passed):
            passed.update(file.name for file in new)
            results += [self._take(file, now, as_of or now.date()) for file in new if self._is_new(file)]
        return results

    def _is_new(self, file: InboxFile) -> bool:
        """Not answered under another name, and no manifest or note."""
        entry = self._entries.get(file.digest)
        answered = entry is not None and entry.closed
        return not answered and file.data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"ISA")

    def _take(self, file: InboxFile, now: datetime, as_of: date) -> Answered:
        text = file.data.decode("utf-8", errors="replace")
        entry = self._entries.get(file.digest) or _Entry(
            digest=file.digest,
            file=file.name,
            as_of=as_of.isoformat(),
            created=now.strftime("%Y%m%d%H%M%S"),
            interchange=self._next_number(),
            next_interchange=0,
            closed=False,
        )
        try:
            simulation = self._simulate(text, entry, self._history(text, entry))
        except EngineError as error:
            return Answered(file=file.name, problem=str(error))
        self._append(entry)
        for one in simulation.files:
            publish(self.inbound, one.name, one.text.encode())
        closed = {**asdict(entry), "next_interchange": simulation.next_interchange, "closed": True}
        self._append(_Entry(**closed))
        return Answered(file=file.name, answers=tuple(one.name for one in simulation.files), truth=simulation.truth)

    def _simulate(self, text: str, entry: _Entry, history: Mapping[str, tuple[RemitClaim, ...]]) -> Simulation:
        numbers = AnswerNumbers(interchange=entry.interchange, created=entry.created)
        return answer(text, self.scenario, date.fromisoformat(entry.as_of), numbers, history)

    # --- the past ----------------------------------------------------------------------------------------------------

    def _history(self, text: str, entry: _Entry) -> Mapping[str, tuple[RemitClaim, ...]]:
        """What stands decided before ``entry``; nothing is computed for a file that names no earlier claim."""
        if not _ORIGINAL.search(text):
            return {}
        earlier = sorted(
            (one for one in self._entries.values() if one.closed and one.interchange < entry.interchange),
            key=lambda one: one.interchange,
        )
        history: Mapping[str, tuple[RemitClaim, ...]] = {}
        missing = {one.digest for one in earlier} - self._past.keys()
        texts = {digest: text for digest, text in self._texts() if digest in missing} if missing else {}
        for one in earlier:
            if one.digest not in self._past and one.digest in texts:
                simulation = self._simulate(texts[one.digest], one, history)
                self._past[one.digest] = history_of(simulation.truth, history)
            history = self._past.get(one.digest, history)
        return history

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Every file below outbound/, archived ones too, with its digest."""
        for path in sorted(self.outbound.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                data = path.read_bytes()
                yield hashlib.sha256(data).hexdigest(), data.decode("utf-8", errors="replace")

    # --- the journal -------------------------------------------------------------------------------------------------

    def _next_number(self) -> int:
        """Above every number that was ever used here, also by answers that were read and moved."""
        folders = (self.inbound, self.inbound / DONE, self.inbound / REJECTED)
        names = (path.name for folder in folders if folder.is_dir() for path in folder.iterdir())
        used = [int(found[1]) for name in names if (found := _NAME.match(name))]
        used += [max(entry.interchange, entry.next_interchange - 1) for entry in self._entries.values()]
        return max(used, default=0) + 1

    def _read_journal(self) -> list[_Entry]:
        path = self.inbound / JOURNAL
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:  # broken off while it was written: that line means nothing, and nothing may be added to it
            os.truncate(path, len(whole))
        try:
            return [_Entry(**orjson.loads(line)) for line in whole.splitlines()]
        except (orjson.JSONDecodeError, TypeError) as error:
            raise SimulatorJournalError(f"{path} cannot be read") from error

    def _append(self, entry: _Entry) -> None:
        self._entries[entry.digest] = entry
        path = self.inbound / JOURNAL
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640)
        with os.fdopen(descriptor, "ab") as file:
            file.write(orjson.dumps(asdict(entry)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
