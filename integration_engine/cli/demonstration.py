"""``demo``: the main job on the sample messages, over real MLLP, with its own database and its own processes.

The clearinghouse and the payers are simulated: they answer the 837P files, and the answers are read back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from integration_engine.adapters.clock import days_to, shift, system_clock
from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.adapters.payer_simulator import PayerSimulator
from integration_engine.bootstrap import (
    open_batch,
    open_outbound,
    open_store,
    rules_in_force,
    take_inbox,
    upgrade_database,
)
from integration_engine.cli.asking import messages_in
from integration_engine.cli.output import print_table
from integration_engine.core.money import ZERO
from integration_engine.settings import PREFIX, Settings
from integration_engine.simulator.scenario_files import compile_scenario
from integration_engine.stages.batch import WrittenFile
from integration_engine.stages.read_back import TakenBack
from integration_engine.store import Store
from integration_engine.store.queries.claims import ClaimRow, claims
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.overview import TreatmentDayRow, treatment_days

DEFAULT_FOLDER = Path("demo-home")
PATIENCE_SECONDS = 60
DAY = date(2026, 11, 24)  # the samples tell of the weeks before it; filing limits are counted from their dates


def run_demo(settings: Settings, folder: Path | None) -> int:
    """Exit 0 when every message was answered and nothing is unaccounted for."""
    began = time.monotonic()
    home = (folder or DEFAULT_FOLDER).absolute()
    if folder is None and home.exists():
        shutil.rmtree(home)  # our own earlier demonstration; a folder that was named is never cleared
    if (home / "engine.db").exists():
        sys.stderr.write(f"{home} holds a database already; name an empty folder\n")
        return 2
    shift(days_to(DAY))
    settings = replace(
        settings, home=str(home), database_url="", outbound="", inbound="", mllp_port=0, clock_days=days_to(DAY)
    )
    upgrade_database(settings)
    files = sorted((shipped_folder().parent / "samples" / "messages").glob("*.hl7"))
    messages = [named for file in files for named in messages_in(file)]
    listener, port = _start_listener(settings)
    worker = _start("work", settings)
    try:
        answers = _send(messages, port)
        with open_store(settings) as store:
            _wait_until_taken_in(store)
            with open_batch(settings, store) as batch:
                written = batch.run_once(system_clock())
            with store.database.read() as connection:
                days = treatment_days(connection)
            answered = _exchange(settings, store)
            open_outbound(settings, store).write_manifest()
            with store.database.read() as connection:
                counts = conserve(connection)
                left = claims(connection)
    finally:
        for process in (listener, worker):
            process.terminate()
        for process in (listener, worker):
            process.wait(15)
    _tell(messages, answers, days, written)
    _tell_answers(answered, left)
    _tell_where(home, days, counts, time.monotonic() - began)
    lost = counts["difference"] or counts["ledger"]["uneven_postings"]
    return 0 if not lost and len(answers) == len(messages) else 1


def _exchange(settings: Settings, store: Store) -> list[TakenBack]:
    """The simulated payers answer what lies in outbound/; the answers are read back."""
    scenario = shipped_folder().parent / "samples" / "simulator" / "everyday.yaml"
    plan = compile_scenario(scenario.name, scenario.read_text("utf-8"))
    rules = rules_in_force(settings)
    simulator = PayerSimulator(settings.outbound_folder, settings.inbound_folder, plan)
    simulator.run_once(rules().local(system_clock()))
    return take_inbox(settings, store, rules)


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    given = {
        "HOME": settings.home,
        "MLLP_PORT": "0",
        "LOG_LEVEL": "warning",
        "MAPPINGS": settings.mappings,
        "CLOCK_DAYS": str(settings.clock_days),
    }
    return kept | {PREFIX + name: value for name, value in given.items() if value}


def _start(command: str, settings: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and command
        (sys.executable, "-m", "integration_engine", command),
        env=_environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    )


def _start_listener(settings: Settings) -> tuple[subprocess.Popen[str], int]:
    process = _start("listen", settings)
    assert process.stdout is not None  # a pipe was asked for
    line = process.stdout.readline()
    if ":" not in line:
        msg = "the listener did not start; its log is above"
        raise SystemExit(msg)
    return process, int(line.rsplit(":", 1)[1])


def _send(messages: list[tuple[str, bytes]], port: int) -> list[str]:
    with MllpClient("127.0.0.1", port) as client:
        return [client.send(raw).code for _, raw in messages]


def _wait_until_taken_in(store: Store) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with store.database.read() as connection:
            if not conserve(connection)["messages"]["pending"]:
                return
        time.sleep(0.05)
    msg = f"messages still wait after {PATIENCE_SECONDS} s; the worker's log is above"
    raise SystemExit(msg)


def _tell(
    messages: list[tuple[str, bytes]], answers: list[str], days: list[TreatmentDayRow], written: list[WrittenFile]
) -> None:
    told = ", ".join(f"{count} {code}" for code, count in sorted(Counter(answers).items()))
    print(f"\nReceived  {len(messages)} HL7 messages over MLLP, acknowledged {told}")
    billed = [day for day in days if day.state == "billed"]
    held = [day for day in days if day.state == "held"]
    print(f"Decided   {len(days)} treatment days: {len(billed)} billed, {len(held)} held\n")
    print_table(
        "Billed",
        ("visit", "date", "payer", "claim", "lines", "charge"),
        [(d.visits, d.date_of_service, d.payer, d.claims, d.lines, d.charge) for d in billed],
    )
    print()
    print_table(
        "Held, each in its work queue",
        ("visit", "date", "payer", "queue", "reason", "next step"),
        [(d.visits, d.date_of_service, d.payer, h.queue, h.text, h.fix) for d in held for h in d.holds],
    )
    print()
    print_table(
        "837P files",
        ("file", "claims", "total", "state", "reason"),
        [(f.file, f.claims, f.total, f.state, f.reason) for f in written],
    )


def _tell_answers(answered: list[TakenBack], left: list[ClaimRow]) -> None:
    stands = Counter(claim.standing for claim in left)
    paid = sum((Decimal(file.paid) for file in answered), ZERO)
    print(f"\nRead back {len(answered)} answer files of the simulated payers: {paid} paid")
    print_table("Where the claims stand", ("standing", "claims"), sorted(stands.items()))


def _tell_where(home: Path, days: list[TreatmentDayRow], counts: dict[str, Any], seconds: float) -> None:
    charges = counts["charges"]
    parts = " + ".join(f"{charges[state]} {state}" for state in ("billed", "held", "void", "rejected", "pending"))
    print(f"\nCharge lines: {charges['received']} received = {parts}; difference {counts['difference']}")
    name = f"{PREFIX}HOME={home}"
    print("Ledger: debits {debits}, credits {credits}, difference {difference}".format(**counts["ledger"]))
    print(
        f"837P files lie in {home / 'outbound'}, their answers in {home / 'inbound' / 'done'}; ask on with, for example:"
    )
    print(f"  {name} integration-engine queue list")
    print(f"  {name} integration-engine claims list")
    billed = next((day.visits.split()[0] for day in days if day.state == "billed"), None)
    if billed is not None:
        print(f"  {name} integration-engine explain {billed}")
    print(f"Took {seconds:.1f} s")
