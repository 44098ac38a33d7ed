"""Claims that left, and the answers to them: what the benchmark of reading back and posting works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.messages import message, samples
from integration_engine.adapters.payer_simulator import PayerSimulator
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.domain.claim import Claim, numbered
from integration_engine.domain.posting import Posting
from integration_engine.rules.answers.remit_matching import match
from integration_engine.rules.posting.remits import post
from integration_engine.simulator.scenario_files import compile_scenario
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch, Publish
from integration_engine.stages.judging import Gate
from integration_engine.stages.posting_remits import Ours
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Store
from tests.wire.defects import SECOND

TOGETHER = 64
KINDS = ("TA1", "999", "277CA", "835")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """One answer. claims: how many it speaks of."""

    kind: str
    name: str
    data: bytes
    claims: int


def claims_sent(store: Store, rules: RulesInForce, gate: Gate, publish: Publish, folder: Path, count: int) -> None:
    """So many claims from message to outbound/, in one process."""
    now = datetime.now(UTC)
    receive = Receive(journal=store.journal, feeds=lambda: rules.feeds, clock=lambda: now)
    raws = [Incoming(message(number, "A"), "bench") for number in range(count)]
    for start in range(0, count, TOGETHER):
        receive(raws[start : start + TOGETHER])
    stage = Adjudicate(store=store, rules=lambda: rules)
    while stage.run_once(now):
        pass
    writer = Batch(store=store, rules=lambda: rules, gate=gate, publish=publish, outbound=folder / "outbound")
    writer.run_once(now, on_demand=True)


def answers_to(folder: Path) -> list[AnswerFile]:
    """What the everyday payer answers to all that lies in outbound/, in the order of its numbers."""
    text = (samples() / "simulator" / "everyday.yaml").read_text("utf-8")
    scenario = replace(compile_scenario("everyday.yaml", text), file_shares=())
    PayerSimulator(folder / "outbound", folder / "inbound", scenario).run_once(datetime.now(UTC))
    sent = sum(path.read_bytes().count(b"~CLM*") for path in (folder / "outbound").glob("*.x12"))
    found = []
    for path in sorted((folder / "inbound").glob("*.x12")):
        data, kind = path.read_bytes(), path.stem.rsplit("_", 1)[1]
        spoken = {"277CA": data.count(b"~TRN*2*"), "835": data.count(b"~CLP*")}
        found.append(AnswerFile(kind=kind, name=path.name, data=data, claims=spoken.get(kind, sent)))
    return found


def posting_of(store: Store, rules: RulesInForce, file: AnswerFile) -> Callable[[], Posting]:
    """Posting the first payment of an 835, its claims found beforehand: nothing is stored."""
    remit = read_answers(file.data).remits[0]
    with store.database.read() as connection:
        ours = Ours(store, connection, [claim.number for claim in remit.claims], [], [])
        matches = [match(claim, ours.candidates(claim.number, (), ())) for claim in remit.claims]
    on = datetime.now(UTC).date()
    return lambda: post(remit, matches, rules.responses, on)


def later_claims(count: int) -> tuple[Claim, ...]:
    """Claims to a second payer, each with what the first one decided of claim and lines."""
    return tuple(
        Claim(
            id=n,
            number=f"C{n}",
            draft=numbered(
                replace(SECOND, subscriber=replace(SECOND.subscriber, member_id=f"M{n:05d}")),
                f"C{n}",
            ),
        )
        for n in range(1, count + 1)
    )
