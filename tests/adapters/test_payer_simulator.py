"""The simulator between two folders: each file answered once, also when it is killed; the past is computed again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from integration_engine.adapters import payer_simulator
from integration_engine.adapters.inbox import settle, waiting
from integration_engine.adapters.payer_simulator import JOURNAL, PayerSimulator, SimulatorJournalError
from integration_engine.simulator.scenario import Scenario
from tests.simulator.claims import TODAY, Claim, everyday, text_837

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


def always_paid() -> Scenario:
    return replace(everyday(), shares=(), file_shares=(), takes=())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    outbound, inbound = tmp_path / "outbound", tmp_path / "inbound"
    outbound.mkdir()
    return outbound, inbound


def simulator(folders: tuple[Path, Path]) -> PayerSimulator:
    return PayerSimulator(*folders, always_paid())


def answers_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("ANSWER_*"))


def test_each_file_is_answered_once_and_numbers_go_on(folders) -> None:
    outbound, inbound = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    first = simulator(folders).run_once(NOW)
    (outbound / "b.x12").write_text(text_837(Claim(number="C2")))
    (outbound / "manifest.csv").write_text("file,claims\n")
    second = simulator(folders).run_once(NOW)
    assert [result.file for result in (*first, *second)] == ["a.x12", "b.x12"]
    assert simulator(folders).run_once(NOW) == []
    assert answers_in(inbound) == sorted([*first[0].answers, *second[0].answers])
    assert second[0].answers[0] == "ANSWER_000000006_TA1.x12"


def test_numbers_stay_unused_when_the_journal_was_removed_and_answers_were_read(folders) -> None:
    outbound, inbound = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    simulator(folders).run_once(NOW)
    for file in waiting(inbound):
        settle(file, accepted=True, reason="")
    (inbound / JOURNAL).unlink()
    (again,) = simulator(folders).run_once(NOW)
    assert again.answers[0] == "ANSWER_000000006_TA1.x12"


def test_same_bytes_under_another_name_are_not_answered_again(folders) -> None:
    outbound, _ = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    (outbound / "b.x12").write_text(text_837(Claim()))
    assert [result.file for result in simulator(folders).run_once(NOW)] == ["a.x12"]


def test_file_that_cannot_be_answered_is_told_and_stops_no_other(folders) -> None:
    outbound, _ = folders
    (outbound / "a.x12").write_text(text_837(Claim()).replace("CLM*C1*120", "CLM*C1*x"))
    (outbound / "b.x12").write_text(text_837(Claim()))
    bad, good = simulator(folders).run_once(NOW)
    assert bad.problem.startswith("2300/CLM-02")
    assert good.answers


def test_half_written_answers_are_completed_with_the_same_bytes(folders, monkeypatch) -> None:
    outbound, inbound = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    publish, count = payer_simulator.publish, 0

    def broken(folder: Path, name: str, data: bytes) -> bool:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        return publish(folder, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(payer_simulator, "publish", broken)
        with pytest.raises(KeyboardInterrupt):
            simulator(folders).run_once(NOW)
    before = {name: (inbound / name).read_bytes() for name in answers_in(inbound)}
    (result,) = simulator(folders).run_once(NOW.replace(hour=20))
    assert len(before) == 2
    assert answers_in(inbound) == sorted(result.answers)
    assert all((inbound / name).read_bytes() == data for name, data in before.items())


def test_torn_line_of_the_journal_means_nothing_and_a_broken_one_is_told(folders) -> None:
    outbound, inbound = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    simulator(folders).run_once(NOW)
    journal = inbound / JOURNAL
    with journal.open("ab") as file:
        file.write(b'{"digest": "12')
    assert simulator(folders).run_once(NOW) == []
    assert all(json.loads(line) for line in journal.read_text().splitlines())
    journal.write_text("nonsense\n")
    with pytest.raises(SimulatorJournalError):
        simulator(folders)


def test_replacement_reverses_what_an_earlier_file_was_paid_after_a_restart(folders) -> None:
    outbound, _ = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    (first,) = simulator(folders).run_once(NOW, TODAY)
    (outbound / "archive").mkdir()
    (outbound / "a.x12").rename(outbound / "archive" / "a.x12")
    number = first.truth[0].payer_control_number or ""
    (outbound / "b.x12").write_text(text_837(Claim(number="C2", frequency="7", original=number)))
    (second,) = simulator(folders).run_once(NOW, TODAY)
    assert [payment.claim.status for payment in second.truth[0].payments] == ["22", "1"]
    assert second.truth[0].payments[0].claim.paid == -first.truth[0].paid
    # What the second file reversed no longer stands: the same number cannot be replaced twice.
    (outbound / "c.x12").write_text(text_837(Claim(number="C3", frequency="8", original=number)))
    (third,) = simulator(folders).run_once(NOW, TODAY)
    assert third.truth[0].outcome == "denied_unknown_original"


@pytest.mark.slow
def test_every_answer_is_there_once_when_the_simulator_is_killed(folders, tmp_path: Path) -> None:
    outbound, inbound = folders
    for number in range(30):
        (outbound / f"{number:02d}.x12").write_text(text_837(*(Claim(number=f"C{number}X{n}") for n in range(20))))
    command = [sys.executable, "-m", "integration_engine", "simulate-payer", "--as-of", "2026-11-24"]
    command += ["--outbound", str(outbound), "--inbound", str(inbound)]
    environment = os.environ | {"INTEGRATION_ENGINE_HOME": str(tmp_path / "home")}
    for attempt in range(4):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(0.75 + attempt / 10)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (inbound / JOURNAL).read_text().splitlines()]
    closed = {entry["file"]: entry for entry in entries if entry["closed"]}
    assert len(closed) == 30
    spans = sorted((entry["interchange"], entry["next_interchange"]) for entry in closed.values())
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    numbers = [int(name.split("_")[1]) for name in answers_in(inbound)]
    assert numbers == [number for first, last in spans for number in range(first, last)]


def test_command_tells_the_truth_as_json_and_refuses_a_wrong_scenario(folders, tmp_path: Path) -> None:
    outbound, inbound = folders
    (outbound / "a.x12").write_text(text_837(Claim()))
    command = [sys.executable, "-m", "integration_engine", "simulate-payer", "--outbound", str(outbound)]
    command += ["--inbound", str(inbound)]
    done = subprocess.run([*command, "--json", "--seed", "5"], check=False, capture_output=True, text=True)
    (told,) = json.loads(done.stdout)
    assert done.returncode == 0
    assert [claim["number"] for claim in told["claims"]] == ["C1"]
    assert sorted(told["answers"]) == answers_in(inbound)
    (tmp_path / "wrong.yaml").write_text("description: x\n")
    wrong = subprocess.run([*command, "--scenario", str(tmp_path / "wrong.yaml")], check=False, capture_output=True)
    assert wrong.returncode == 2
    assert b"wrong.yaml:1:1" in wrong.stderr
