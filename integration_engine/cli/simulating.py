"""``simulate-payer``: the clearinghouse and the payers on this machine."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.adapters.payer_simulator import Answered, PayerSimulator
from integration_engine.bootstrap import read_rules, repeat
from integration_engine.cli.output import print_json, print_table
from integration_engine.settings import Settings
from integration_engine.simulator.scenario import Scenario
from integration_engine.simulator.scenario_files import compile_scenario

FINDINGS, WRONG_USE = 1, 2
SHIPPED = Path("samples") / "simulator" / "everyday.yaml"


def simulate_payer(
    settings: Settings,
    outbound: Path | None,
    inbound: Path | None,
    scenario: Path | None,
    seed: int | None,
    as_of: date | None,
    every: int,
    *,
    as_json: bool,
) -> int:
    """Exit 1 when a file could not be answered.

    Why      The payers' clock goes by the practice's zone: an answer of tomorrow is one that no later payer may be told.
    Raises   MappingError for a scenario file that is wrong.
    """
    chosen = _read_scenario(scenario or shipped_folder().parent / SHIPPED, seed)
    sent = outbound or settings.outbound_folder
    if not sent.is_dir():
        sys.stderr.write(f"{sent} is no folder: write 837P files first, with `integration-engine batch`\n")
        return WRONG_USE
    simulator = PayerSimulator(sent, inbound or settings.inbound_folder, chosen)
    rules = read_rules(settings)
    problems = False
    for _ in repeat(every):
        results = simulator.run_once(rules.local(system_clock()), as_of)
        problems = problems or any(result.problem for result in results)
        _tell(results, as_json=as_json)
    return FINDINGS if problems else 0


def _read_scenario(path: Path, seed: int | None) -> Scenario:
    chosen = compile_scenario(path.name, path.read_text("utf-8"))
    return chosen if seed is None else replace(chosen, seed=seed)


def _tell(results: list[Answered], *, as_json: bool) -> None:
    if as_json:
        print_json([_summary(result) for result in results])
        return
    print_table(
        "Answered",
        ("file", "claims", "answers", "outcomes"),
        [
            (
                result.file,
                len(result.truth),
                " ".join(result.answers),
                result.problem or ", ".join(f"{name} {count}" for name, count in _outcomes(result)),
            )
            for result in results
        ],
    )


def _outcomes(result: Answered) -> list[tuple[str, int]]:
    return sorted(Counter(truth.outcome for truth in result.truth).items())


def _summary(result: Answered) -> dict[str, Any]:
    """The truth of every claim, for whoever compares it with what was read back."""
    return {
        "file": result.file,
        "answers": list(result.answers),
        "problem": result.problem or None,
        "claims": [
            {
                "number": truth.number,
                "outcome": truth.outcome,
                "ending": truth.ending,
                "set_code": truth.set_code,
                "clearinghouse": truth.clearinghouse,
                "payer": truth.payer,
                "payer_control_number": truth.payer_control_number,
                "category": truth.category,
                "paid": str(truth.paid),
                "payments": [
                    {"trace": payment.trace, "status": payment.claim.status, "paid": str(payment.claim.paid)}
                    for payment in truth.payments
                ],
            }
            for truth in result.truth
        ],
    }
