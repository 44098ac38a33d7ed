"""Many claims through their whole life by real processes, some of them killed on the way; for the claim loop journey.

encounters ─► 837P ─► simulated payer ─► TA1, 999, 277CA, 835 ─► read back ─► later payer's claim, refused claims again
  in rounds    └─ killed ─┘                                       └─ killed ─┘
"""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.messages import message
from integration_engine.adapters.clock import system_clock
from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.bootstrap import open_store, read_rules
from integration_engine.settings import PREFIX, Settings, read_settings
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.receive import Incoming, Receive
from tests.journeys.engine import Engine

ROUNDS = 2
KILLS_A_ROUND = {"batch": 3, "read-back": 2}
MOST_ROUNDS = 15  # also those that only send again what was refused with others, and bill later payers
PAYERS = 3  # a file each, in a round
EARLY = 0.2  # how often answers are taken in before a killed batch is started again
PATIENCE = 1800
LOOK_EVERY = 0.005
TOGETHER = 64
MEDICARE = "IN1|1|PARTB|MEDB|MEDICARE PART B||||||||20260101|||||SEL|||||1||||||||||||||{member}"
GRANITE = "IN1|{rank}|PPO1|GRANITE|GRANITE MUTUAL||||GRP100||||20260101|||||SEL|||||{rank}||||||||||||||G{number:06d}"
SUMMIT = (
    "IN1|1|PPO1|SUMMITCOM|SUMMIT COMMERCIAL||||GRP100||||20260101||AUTH{number:06d}|||SEL|||||1||||||||||||||S{number:06d}\r"
    "AUT||SUMMITCOM||20260901|20261231|AUTH{number:06d}|||20^V\rZAU|1|V||A"
)
COVERAGES = (MEDICARE, MEDICARE, SUMMIT, GRANITE, f"{MEDICARE}\r{GRANITE}")  # the last: one payer after the other
ALREADY_COVERED = "IN1|1|PARTB|MEDB|MEDICARE PART B||||||||20260101|||||SEL|||||1||||||||||||||1T44T44TT44"
FILE_SHARES = (
    ("{outcome: set_refused, of_1000: 10}", "{outcome: set_refused, of_1000: 120}"),
    ("{outcome: interchange_refused, of_1000: 5}", "{outcome: interchange_refused, of_1000: 60}"),
)


def encounter(number: int) -> bytes:
    """One visit of one patient; every fifth patient has a second payer."""
    digits = f"{number:06d}"
    member = f"1T{digits[0]}{digits[1]}T{digits[2]}{digits[3]}TT{digits[4:]}"
    rank = 2 if number % len(COVERAGES) == len(COVERAGES) - 1 else 1
    coverage = COVERAGES[number % len(COVERAGES)].format(member=member, number=number, rank=rank)
    text = message(number, "L").decode()
    assert ALREADY_COVERED in text
    return text.replace(ALREADY_COVERED, coverage).replace("TESTPATIENT^LOAD", f"TESTPATIENT^LOAD{number}").encode()


def restless_payer(folder: Path) -> Path:
    """The everyday scenario, but whole files are refused more often."""
    text = (shipped_folder().parent / "samples" / "simulator" / "everyday.yaml").read_text(encoding="utf-8")
    for everyday, restless in FILE_SHARES:
        assert everyday in text
        text = text.replace(everyday, restless)
    path = folder / "restless.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass
class Loop:
    """A practice and its payers, one folder between them.

    Shapes   due: how often a process is still to be killed; killed: how often it was, by command. truth: claim number → what
             the simulated payers made of it. seen: every file that ever lay in outbound/, by name. seconds: by part.
    """

    engine: Engine
    chance: random.Random
    scenario: Path
    killed: Counter[str] = field(default_factory=Counter)
    truth: dict[str, dict[str, Any]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    taken: list[dict[str, Any]] = field(default_factory=list)
    starting: float = 0.0
    claims_a_round: int = 0
    due: int = 0

    @property
    def settings(self) -> Settings:
        """As the processes read them."""
        given = {"HOME": str(self.engine.home), "DATABASE_URL": self.engine.database_url, **self.engine.settings_given}
        return read_settings({PREFIX + name: value for name, value in given.items() if value})

    @property
    def outbound(self) -> Path:
        return self.settings.outbound_folder

    @property
    def inbound(self) -> Path:
        return self.settings.inbound_folder

    # --- the whole ---------------------------------------------------------------------------------------------------

    def run(self, encounters: int) -> None:
        """Every encounter to its end: rounds with new ones, then until nothing moves any more."""
        self.claims_a_round = -(-encounters // ROUNDS)
        began = time.monotonic()
        self._whole("batch")  # nothing is due yet: how long a process takes to start
        self.starting = time.monotonic() - began
        chunks = [range(n, min(n + self.claims_a_round, encounters)) for n in range(0, encounters, self.claims_a_round)]
        for number in range(MOST_ROUNDS):
            chunk = chunks[number] if number < len(chunks) else range(0)
            self.take_in(chunk)
            before = set(self.seen)
            self.due += KILLS_A_ROUND["batch"] if number < ROUNDS else 0
            self.batch()
            if not chunk and set(self.seen) == before:
                return
            self.simulate()
            self.due += KILLS_A_ROUND["read-back"] if number < ROUNDS else 0
            self.read_back()
            self.look_at_stopped_receivers()
        raise AssertionError("the loop does not come to rest")

    def take_in(self, numbers: Sequence[int]) -> None:
        """Encounters to claim drafts."""
        with self._timed("receive and adjudicate"), open_store(self.settings) as store:
            rules = read_rules(self.settings)
            receive = Receive(journal=store.journal, feeds=lambda: rules.feeds, clock=system_clock)
            for start in range(0, len(numbers), TOGETHER):
                receive([Incoming(encounter(number), "journey") for number in numbers[start : start + TOGETHER]])
            stage = Adjudicate(store=store, rules=lambda: rules)
            while stage.run_once(system_clock()):
                pass

    def batch(self) -> None:
        """Write what is due; killed once or oftener. Sometimes the answer is there before the engine is back."""
        with self._timed("batch"):
            steps = len(self.files()) + PAYERS
            while self._killed("batch", lambda: len(self.files()), steps):
                self.watch()
                if self.chance.random() < EARLY:
                    self.simulate()
                    self._read_back()
            self._whole("batch")
            self.watch()

    def simulate(self) -> None:
        """Let the payers answer what lies in outbound/, and keep what is true of each claim."""
        with self._timed("simulate-payer"):
            told = self._whole("simulate-payer", "--scenario", str(self.scenario))
        for file in told:
            assert file["problem"] is None, file
            for claim in file["claims"]:
                if claim["number"] in self.truth:
                    self.twice.append(claim["number"])
                self.truth[claim["number"]] = claim

    def read_back(self) -> None:
        """Take all answers in; killed once or oftener."""
        with self._timed("read-back"):
            steps = self.answers_taken() + len([path for path in self.inbound.iterdir() if path.suffix == ".x12"])
            while self._killed("read-back", self.answers_taken, steps):
                pass
            self._read_back()

    def _read_back(self) -> None:
        self.taken.extend(self._whole("read-back"))

    def look_at_stopped_receivers(self) -> None:
        """What a person does after a refused interchange: set it right, and let files go again."""
        with open_store(self.settings) as store, store.database.write() as connection:
            for hold in store.holds.list(connection, queue="rejections"):
                if hold.finding == "rejections.file_refused":
                    store.holds.resolve(connection, hold.id, by="J. Doe", reason="number set anew", now=system_clock())

    # --- files ---------------------------------------------------------------------------------------------------------

    def files(self) -> list[Path]:
        """The files in outbound/ and in its archive, by name."""
        below = (path for path in self.outbound.rglob("*.x12") if not path.parent.name.startswith("."))
        return sorted(below, key=lambda path: path.name)

    def watch(self) -> None:
        """Remember each file, and that none of those seen before is another one now or gone."""
        now = {path.name: (path.stat().st_ino, hashlib.sha256(path.read_bytes()).hexdigest()) for path in self.files()}
        assert self.seen.items() <= now.items()
        self.seen = now

    def answers_taken(self) -> int:
        """How many answer files have been settled."""
        return sum(len(list(self.inbound.glob(f"{folder}/*.x12"))) for folder in ("done", "rejected"))

    # --- processes -----------------------------------------------------------------------------------------------------

    def _whole(self, command: str, *more: str) -> list[dict[str, Any]]:
        """Run a command to its end; what it tells as JSON."""
        process = self.engine.start(command, command, *more, "--json")
        told, _ = process.communicate(timeout=PATIENCE)
        del self.engine.processes[command]
        assert process.returncode in {0, 1}, (self.engine.home / f"{command}.log").read_text()
        found: list[dict[str, Any]] = json.loads(told)
        return found

    def _killed(self, command: str, progress: Callable[[], int], steps: int) -> bool:
        """Start a command and kill it after some of its files and a moment more; False when none is to be killed now.

        Shapes   progress: files done; steps: files that will be done in the end. A process that was done before its
                 moment came does not count, and whoever comes next is killed once more.
        """
        left = steps - progress()
        if not self.due or left <= 0:
            return False
        process = self.engine.start(command, command, "--json")
        goal = progress() + self.chance.randrange(left)
        moment = self.chance.uniform(0, self._seconds_a_file(left))
        if goal == progress():
            moment += self.starting
        _wait(lambda: progress() >= goal, process, PATIENCE)
        _wait(lambda: progress() > max(goal, steps - 2), process, moment)
        alive = process.poll() is None
        process.kill()
        process.communicate()
        del self.engine.processes[command]
        self.killed[command] += alive
        self.due -= alive
        return alive

    def _seconds_a_file(self, left: int) -> float:
        return 0.1 + self.claims_a_round / 300 / max(1, left)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[part] += time.monotonic() - began


def _wait(until: Callable[[], bool], process: subprocess.Popen[str], seconds: float) -> None:
    """Until it is so, the process has ended, or the time is up."""
    deadline = time.monotonic() + seconds
    while not until() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
