"""``make bench``: whole-process figures as a table, the median of several runs, beside two listeners for scale."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from benchmarks.answers import KINDS, AnswerFile, answers_to, claims_sent, later_claims, posting_of
from benchmarks.claim_files import claim_file
from benchmarks.messages import message
from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.bootstrap import collect_seldom
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.crosswalk.claim_writer import render
from integration_engine.domain.claim import Claim, Envelope
from integration_engine.rules.adjudicate import adjudicate
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.settings import PREFIX
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.batch import Batch
from integration_engine.stages.read_back import ReadBack
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.stages.taking_in import read_message, take_in
from integration_engine.store import Store
from tests.postgres import running_postgres

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
RECEIVED = int(os.environ.get("BENCH_MESSAGES", "4000"))
ENCOUNTERS = int(os.environ.get("BENCH_ENCOUNTERS", "1500"))
CLAIMS = int(os.environ.get("BENCH_CLAIMS", "1500"))
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())


class Accept:
    """A gate that lets everything through: pyx12 is measured apart, it works in its own process."""

    accepted, findings, claim_numbers = True, (), frozenset()

    def check(self, text: str) -> Accept:
        return self


@contextmanager
def listening(command: tuple[str, ...], settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environment |= {PREFIX + k: v for k, v in settings.items()}
    process = subprocess.Popen((sys.executable, *command), env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.wait(20)


def load(port: int, connections: int, messages: int, salt: str) -> dict:
    command = (sys.executable, "-m", "benchmarks.load", "127.0.0.1", str(port), str(connections), str(messages), salt)
    return orjson.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def receive_figures(name: str, command: tuple[str, ...], url: str, connections: int) -> None:
    rates = []
    for run in range(RUNS):
        with TemporaryDirectory() as home:
            settings = {"HOME": home, "MLLP_PORT": "0", "LOG_LEVEL": "error"} | ({"DATABASE_URL": url} if url else {})
            if command[1] != "integration_engine":
                settings = {}
            count = RECEIVED if connections > 1 else RECEIVED // 4
            if "python-hl7" in command:
                count = 400
            with listening(command, settings) as (process, port):
                before = _cpu(process.pid)
                answer = load(port, connections, count, f"R{run}{os.getpid() % 1000}{connections}")
                answer["cpu"] = (_cpu(process.pid) - before) / answer["answered"] * 1e6
                answer["memory"] = _memory(process.pid)
            rates.append(answer)
    row(name, sorted(rates, key=lambda r: r["rate"])[len(rates) // 2])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def row(name: str, figures: dict) -> None:
    def cell(key: str, form: str) -> str:
        return format(figures[key], form) if key in figures else "-"

    cells = (
        cell("rate", ",.0f"),
        cell("p50_ms", ".2f"),
        cell("p99_ms", ".2f"),
        cell("cpu", ".0f"),
        cell("memory", ".0f"),
    )
    print(f"{name:<58}" + "".join(f"{text:>12}" for text in cells), flush=True)


def repeated(name: str, count: int, work: Callable[[], object]) -> None:
    seconds, cpu = [], []
    for _ in range(RUNS):
        began, used = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row(
        name,
        {"rate": count / statistics.median(seconds), "cpu": statistics.median(cpu) / count * 1e6, "memory": memory},
    )


def journey(url: str) -> dict[str, float]:
    """Journal to staged 837P in one process: receive, crosswalk, adjudicate, save, batch, publish."""
    if not url.startswith("sqlite"):
        Store.upgrade(url)
    store = Store.open(url, migrate=True)
    now = datetime.now(UTC)
    salt = f"J{time.time_ns() % 10**9}"
    raws = [Incoming(message(number, salt), "bench") for number in range(ENCOUNTERS)]
    receive = Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: now)
    stage = Adjudicate(store=store, rules=lambda: RULES)
    with TemporaryDirectory() as folder:
        writer = Batch(store=store, rules=lambda: RULES, gate=Accept(), publish=_write, outbound=Path(folder))
        marks = [time.perf_counter()]
        for start in range(0, len(raws), 64):
            receive(raws[start : start + 64])
        marks.append(time.perf_counter())
        while stage.run_once(now):
            pass
        marks.append(time.perf_counter())
        writer.run_once(now)
        marks.append(time.perf_counter())
    store.close()
    parts = [b - a for a, b in pairwise(marks)]
    return {"all": sum(parts), "receive": parts[0], "adjudicate": parts[1], "batch": parts[2]}


def _write(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)


def journey_figures(name: str, urls: Callable[[], str]) -> None:
    runs = [journey(urls()) for _ in range(RUNS)]
    middle = sorted(runs, key=lambda r: r["all"])[len(runs) // 2]
    row(f"journey, {name}: encounters/s", {"rate": ENCOUNTERS / middle["all"]})
    for part in ("receive", "adjudicate", "batch"):
        row(f"    of which {part}", {"rate": ENCOUNTERS / middle[part]})


def main() -> None:
    collect_seldom()  # as a worker does
    print(f"{'':<58}" + "".join(f"{text:>12}" for text in ("per second", "p50 ms", "p99 ms", "cpu us", "memory MB")))
    engine = ("-m", "integration_engine", "listen")
    with running_postgres() as url:
        Store.upgrade(url)
        for connections in (1, 32):
            several = f"{connections} connection{'s' if connections > 1 else ''}"
            receive_figures(
                f"MLLP echo, nothing read or stored, {several}", ("-m", "benchmarks.servers", "echo"), "", connections
            )
            receive_figures(
                f"python-hl7 server, nothing stored, {several}",
                ("-m", "benchmarks.servers", "python-hl7"),
                "",
                connections,
            )
            receive_figures(f"durable receive, SQLite FULL, {several}", engine, "", connections)
            receive_figures(f"durable receive, PostgreSQL, {several}", engine, url, connections)
        pure_figures()
        with TemporaryDirectory() as folder:
            numbers = iter(range(1000))
            journey_figures("SQLite", lambda: f"sqlite:///{folder}/{next(numbers)}.db")

    with running_postgres() as url:  # a server of its own: what the listener took in above would be taken through here
        journey_figures("PostgreSQL", lambda: url)


def pure_figures() -> None:
    """One core, nothing stored."""
    ids = iter(range(1, 10**9))
    raws = [message(number, "P") for number in range(300)]
    reads = [read_message(number, raw, RULES) for number, raw in enumerate(raws, start=10**9)]
    taken = take_in(reads, {}, {}, {}, RULES, lambda: next(ids))
    days = [outcome for _, outcome in taken.outcomes]
    repeated("crosswalk, three-line DFT to statement", len(raws), lambda: [read_message(1, raw, RULES) for raw in raws])
    repeated(
        "adjudicate, three-line treatment day",
        len(days),
        lambda: [adjudicate(d.facts, RULES.parameters, d.history) for d in days],
    )
    drafts = [draft for day in days for draft in day.adjudication.drafts]
    claims = tuple(
        Claim(
            id=n,
            number=f"C{n}",
            draft=replace(draft, lines=tuple(replace(x, line_control=f"C{n}L{x.number}") for x in draft.lines)),
        )
        for n, draft in enumerate((drafts * 10)[:3000], start=1)
    )
    numbers = Envelope(interchange=1, group=1, transaction=1, reference="B1", created="20261124120000")
    receiver = RULES.receivers["CLEARPATH"]
    repeated(
        "837P writing, three-line claims", len(claims), lambda: render(claims, receiver, numbers, RULES.claim_table)
    )
    later = later_claims(2000)
    repeated(
        "837P writing with the first payer's decisions",
        len(later),
        lambda: render(later, receiver, numbers, RULES.claim_table),
    )
    claim_file_figures()
    answer_figures()


def answer_figures() -> None:
    """Answers to the claims of one file: the 835 read and posted in memory, then every kind through the stage."""
    runs: list[dict[str, float]] = []
    for run in range(RUNS):
        with TemporaryDirectory() as home:
            folder = Path(home)
            (folder / "outbound").mkdir()
            store = Store.open(f"sqlite:///{folder}/engine.db", migrate=True)
            claims_sent(store, RULES, Accept(), _write, folder, CLAIMS)
            files = answers_to(folder)
            if not run:
                remit = max((file for file in files if file.kind == "835"), key=lambda file: file.claims)
                repeated("reading an 835", remit.claims, lambda remit=remit: read_answers(remit.data))
                repeated("posting an 835, nothing stored", remit.claims, posting_of(store, RULES, remit))
            runs.append(read_back_rates(store, files))
            store.close()
    for kind in KINDS:
        rate = statistics.median(rates[kind] for rates in runs)
        row(f"read-back stage, {kind}, SQLite: claims/s", {"rate": rate})


def read_back_rates(store: Store, files: list[AnswerFile]) -> dict[str, float]:
    """Claims a second that each kind of answer speaks of."""
    stage = ReadBack(store=store, rules=lambda: RULES)
    seconds: Counter[str] = Counter()
    claims: Counter[str] = Counter()
    for file in files:
        began = time.perf_counter()
        stage.take(file.name, file.data, datetime.now(UTC))
        seconds[file.kind] += time.perf_counter() - began
        claims[file.kind] += file.claims
    return {kind: claims[kind] / seconds[kind] for kind in KINDS}


def claim_file_figures() -> None:
    """Reading and checking 837P files, structure and questions together, on one core."""
    for name, segments, data in claim_file():
        repeated(
            f"837P check, {segments} segments a claim, {name}",
            data.count(b"~CLM*"),
            lambda data=data: check_claim_file(data, RULES.claim_file, RULES.parameters, date(2026, 11, 24)),
        )


if __name__ == "__main__":
    main()
