"""Judging: may this 837P leave? Our own check of the whole file first, then pyx12's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from integration_engine.core.findings import Finding, Severity
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.stages.rules_in_force import RulesInForce


class Gate(Protocol):
    """Whoever judges an 837P before it leaves."""

    def check(self, text: str) -> Verdict:
        """Accepted or not, with findings that name claims."""


class Verdict(Protocol):
    """What the gate said; not checked is never accepted."""

    @property
    def accepted(self) -> bool:
        """True only when the file may leave."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, and where."""

    @property
    def claim_numbers(self) -> frozenset[str]:
        """The claims the findings lie in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """What both checks say of a file.

    Shapes   errors: what is wrong; empty when it may leave. bad: claim number → what is wrong with it; empty beside
             errors when the fault lies in no claim, and then the whole file waits. told: what stops nothing and is
             still to be known of the file, such as how much of it pyx12 did not judge.
    """

    errors: tuple[Finding, ...] = ()
    bad: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    told: tuple[Finding, ...] = ()


def judge(data: bytes, rules: RulesInForce, gate: Gate, today: date) -> Judgment:
    """Both checks of a file, the second only when the first has nothing against it."""
    own = check_claim_file(data, rules.claim_file, rules.parameters, today)
    if not own.accepted:
        found: dict[str, tuple[Finding, ...]] = {}
        for one in own.placed:
            if one.finding.severity is Severity.ERROR:
                for number in one.claim_numbers:
                    found[number] = (*found.get(number, ()), one.finding)
        errors = tuple(f for f in own.findings if f.severity is Severity.ERROR)
        return Judgment(errors=errors, bad={} if own.stops_all else found)
    verdict = gate.check(data.decode("ascii"))
    told = tuple(f for f in verdict.findings if f.severity is Severity.INFORMATION)
    if verdict.accepted:
        return Judgment(told=told)
    errors = tuple(f for f in verdict.findings if f.severity is not Severity.INFORMATION)
    return Judgment(errors=errors, bad=dict.fromkeys(verdict.claim_numbers, errors), told=told)


def words_of(findings: tuple[Finding, ...]) -> str:
    """What findings say, each once."""
    return "; ".join(sorted({finding.text for finding in findings}))
