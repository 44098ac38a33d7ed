"""The ``scrub`` command: what is wrong with 837P files, whoever wrote them; nothing is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import read_rules
from integration_engine.cli.output import print_json, print_table, progress
from integration_engine.core.errors import MappingError
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_file.results import ClaimFileCheck, PlacedFinding
from integration_engine.settings import Settings

FINDINGS = 1
WRONG_USE = 2


def scrub_files(settings: Settings, files: list[Path], *, as_json: bool) -> int:
    """Exit 1 when any file has an error; warnings and information alone leave it at 0."""
    try:
        rules = read_rules(settings)
    except MappingError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    today = rules.today(system_clock())
    checked: list[tuple[Path, ClaimFileCheck]] = []
    with progress("scrubbing", len(files)) as advance:
        for file in files:
            checked.append((file, check_claim_file(file.read_bytes(), rules.claim_file, rules.parameters, today)))
            advance()
    if as_json:
        print_json([{"file": str(file), "findings": [_told(one) for one in check.placed]} for file, check in checked])
    else:
        _show(checked)
    return FINDINGS if any(not check.accepted for _, check in checked) else 0


def _told(one: PlacedFinding) -> dict[str, Any]:
    finding = one.finding
    return {
        "edit": finding.id,
        "severity": finding.severity.value,
        "position": finding.position,
        "text": finding.text,
        "fix": finding.fix,
        "why": finding.why,
        "expected": finding.expected,
        "owner": finding.owner,
        "source": str(finding.citation) if finding.citation else "",
        "outcome": finding.outcome.value,
        "claims": list(one.claim_numbers),
        "line": one.line_number,
        "segment": one.segment_number,
        "offset": one.offset,
        "acknowledgment_code": one.code,
    }


def _show(checked: list[tuple[Path, ClaimFileCheck]]) -> None:
    rows = [
        (
            file.name,
            one.finding.severity.value,
            one.finding.position,
            one.segment_number,
            _some(one.claim_numbers),
            one.finding.text,
            one.finding.fix,
        )
        for file, check in checked
        for one in check.placed
    ]
    print_table("Findings", ("file", "severity", "position", "segment", "claim", "text", "fix"), rows)
    for file, check in checked:
        sys.stderr.write(f"{file}: {check.claims} claims, {len(check.placed)} findings\n")


def _some(numbers: tuple[str, ...]) -> str:
    return numbers[0] + (f" and {len(numbers) - 1} more" if len(numbers) > 1 else "") if numbers else ""
