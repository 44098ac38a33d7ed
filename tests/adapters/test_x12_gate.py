"""The pyx12 gate: how much of a file it judges under each policy, and what it says of what it did not judge."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integration_engine.adapters.x12_gate import GatePolicy, X12Gate
from integration_engine.core.findings import Outcome, Severity
from integration_engine.settings import GateMode
from tests.crosswalk.claim_drafts import CHILD, SIMPLE, written

MANY = written(
    *(replace(SIMPLE, subscriber=replace(SIMPLE.subscriber, member_id=f"M{n:03d}")) for n in range(60)),
    *(replace(CHILD, subscriber=replace(CHILD.subscriber, member_id=f"N{n:03d}")) for n in range(60)),
)
BAD = MANY.replace("DTP*472*D8*20261005~REF*6R*C1L01~SE*", "DTP*472*D8*20261305~REF*6R*C1L01~SE*")


@pytest.fixture
def gate() -> Iterator[Callable[[GateMode, int], X12Gate]]:
    gates: list[X12Gate] = []

    def make(mode: GateMode, above: int) -> X12Gate:
        gates.append(X12Gate(policy=GatePolicy(mode=mode, above=above)))
        return gates[-1]

    yield make
    for one in gates:
        one.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("mode", "above", "judged"),
    [
        (GateMode.ALL, 50, 120),
        (GateMode.SAMPLE, 200, 120),
        (GateMode.SAMPLE, 100, 60),
        (GateMode.OFF, 200, 120),
        (GateMode.OFF, 100, 0),
    ],
)
def test_policy_says_how_many_claims_are_judged(gate, mode: GateMode, above: int, judged: int) -> None:
    verdict = gate(mode, above).check(MANY)
    assert verdict.accepted
    assert (verdict.judged, verdict.claims) == (judged, 120)
    told = [f for f in verdict.findings if f.outcome is Outcome.NOT_CHECKED]
    assert bool(told) is (judged < 120)
    assert all(f.severity is Severity.INFORMATION and not f.holds for f in told)


def test_fault_in_a_portion_names_its_claim(gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration_engine.adapters.x12_gate.PORTION_CLAIMS", 50)
    assert BAD != MANY
    verdict = gate(GateMode.ALL, 50).check(BAD)
    assert not verdict.accepted
    assert len(verdict.claim_numbers) == 1


def test_file_that_pyx12_crashes_on_is_refused_as_not_checked(gate) -> None:
    verdict = gate(GateMode.ALL, 50).check(written(SIMPLE).replace("*00501*", "*00401*"))
    assert not verdict.accepted
    assert {f.outcome for f in verdict.findings} == {Outcome.NOT_CHECKED}


@pytest.mark.parametrize("text", ["", "hello"])
def test_what_is_no_x12_is_refused(gate, text: str) -> None:
    assert not gate(GateMode.OFF, 1).check(text).accepted


KILLED = """
import multiprocessing, sys, time
from integration_engine.adapters.x12_gate import X12Gate
gate = X12Gate()
gate.check("no X12")
print(multiprocessing.active_children()[0].pid, flush=True)
time.sleep(60)
"""


def test_no_process_is_left_behind_when_the_one_that_asked_is_killed() -> None:
    asking = subprocess.Popen((sys.executable, "-c", KILLED), stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    judge = int(asking.stdout.readline())
    asking.kill()
    asking.communicate(timeout=10)  # ends once nobody holds the other end of the pipe
    deadline = time.monotonic() + 10
    while Path(f"/proc/{judge}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{judge}").exists()
