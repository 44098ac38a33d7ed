"""A practice in a test: it takes messages, sends claims and reads the answers of a simulated payer back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.adapters.outbox import publish
from integration_engine.core.findings import Finding
from integration_engine.simulator.answering import AnswerNumbers, Simulation, answer
from integration_engine.simulator.scenario import Scenario
from integration_engine.simulator.scenario_files import compile_scenario
from integration_engine.simulator.truth import history_of
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch
from integration_engine.stages.read_back import ReadBack
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.overview import treatment_days
from integration_engine.wire.hl7 import split_messages

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
TODAY = date(2026, 11, 24)
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
SAMPLES = shipped_folder().parent / "samples"
EVERYDAY = SAMPLES / "simulator" / "everyday.yaml"


@dataclass
class Accepts:
    """A gate that lets everything through."""

    accepted: bool = True
    findings: tuple[Finding, ...] = ()
    claim_numbers: frozenset[str] = frozenset()

    def check(self, _: str) -> Accepts:
        return self


def scenario(text: str = "") -> Scenario:
    return compile_scenario("everyday.yaml", text or EVERYDAY.read_text(encoding="utf-8"))


@dataclass
class Office:
    """A practice that sends claims and takes the answers of the simulated payer back."""

    store: Store
    outbound: Path
    numbers: int = 1
    truth: list = field(default_factory=list)

    def receive(self, *messages: bytes) -> None:
        receive = Receive(journal=self.store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)
        receive([Incoming(raw, "peer") for raw in messages])
        self.work()

    def work(self) -> None:
        stage = Adjudicate(store=self.store, rules=lambda: RULES)
        while stage.run_once(NOW):
            pass

    def send(self) -> list[Path]:
        stage = Batch(store=self.store, rules=lambda: RULES, gate=Accepts(), publish=publish, outbound=self.outbound)
        return [self.outbound / one.file for one in stage.run_once(NOW, on_demand=True)]

    def answers(self, files: list[Path], plan: Scenario) -> list[tuple[str, bytes]]:
        found = []
        for file in files:
            numbers = AnswerNumbers(interchange=self.numbers, created="20261124130000")
            told: Simulation = answer(file.read_text(encoding="ascii"), plan, TODAY, numbers, history_of(self.truth))
            self.numbers = told.next_interchange
            self.truth.extend(told.truth)
            found += [(one.name, one.text.encode("ascii")) for one in told.files]
        return found

    def take(self, *answers: tuple[str, bytes]) -> list:
        stage = ReadBack(store=self.store, rules=lambda: RULES)
        taken = [stage.take(name, data, NOW) for name, data in answers]
        again = Adjudicate(store=self.store, rules=lambda: RULES)
        with self.store.database.read() as connection:
            patients = self.store.submissions.to_decide_again(connection)
        for patient in patients:
            assert again.again(patient, NOW)
        return taken

    def ledger(self) -> int:
        with self.store.database.read() as connection:
            return sum(total.debit - total.credit for total in self.store.ledger.totals(connection))

    def difference(self) -> int:
        with self.store.database.read() as connection:
            return conserve(connection)["difference"]

    def holds(self, queue: str) -> list:
        with self.store.database.read() as connection:
            return self.store.holds.list(connection, queue=queue)

    def days(self) -> dict[str, str]:
        with self.store.database.read() as connection:
            return {day.visits: day.state for day in treatment_days(connection)}

    def claims(self) -> dict[str, str]:
        with self.store.database.read() as connection:
            return {
                claim.number: claim.standing
                for claim in self.store.submissions.by_number(connection, [t.number for t in self.truth]).values()
            }


def messages(*names: str) -> list[bytes]:
    return [raw for name in names for raw in split_messages((SAMPLES / "messages" / name).read_bytes())]


def chosen(*choices: str) -> Scenario:
    """The everyday payer, but these outcomes for whom they name."""
    text = EVERYDAY.read_text(encoding="utf-8").replace(
        "\nshares:", "\nchoices:\n" + "\n".join(choices) + "\n\nshares:"
    )
    return scenario(text)


ALL_PAID = tuple(f"  - {{payer: {payer}, outcome: paid}}" for payer in ("MEDB1", "SUMM1", "GRAN1"))


def with_second_payer(raw: bytes) -> bytes:
    """The message with a second coverage, ranked after the first."""
    lines = []
    for line in raw.split(b"\r"):
        lines.append(line)
        if line.startswith(b"IN1|1|"):
            second = line.replace(b"IN1|1|", b"IN1|2|").replace(b"|GRANITE|", b"|SUMMITCOM|")
            lines.append(second.replace(b"|SEL|||||1|", b"|SEL|||||2|"))
    return b"\r".join(lines)


def visit(number: int) -> bytes:
    """A visit that may be billed, of another patient each, at an hour of the therapist's own."""
    day, hour = divmod(number, 9)
    raw = messages("01_pt_54_minutes_three_payers.hl7")[1]
    for old, new in (
        (b"S01-002", b"N%03d" % number),
        (b"S01A", b"N%03dA" % number),
        (b"ALDA", b"ALDA" + bytes(65 + int(digit) for digit in f"{number:03d}")),
        (b"2026101909", b"202610%02d%02d" % (day + 19, hour + 8)),
        (b"20261019", b"202610%02d" % (day + 19)),
    ):
        raw = raw.replace(old, new)
    return raw
