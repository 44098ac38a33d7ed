"""The outcome of each edit on one draft, and what they come to together."""

from __future__ import annotations

from datetime import date
from typing import Any

from integration_engine.core.dated import DatedValue
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse
from integration_engine.domain.claim import ClaimDraft
from integration_engine.rules.parameters.in_force import Parameters

EDITS = Citation(
    document="the edits of mappings/edits and their tables",
    section="each by its own source, told where it finds something",
)
NOTHING_FOUND = ("a claim with a fault that one of these edits looks for would have been held or told",)
_WORST = {Outcome.FAIL: 0, Outcome.NOT_CHECKED: 1, Outcome.BYPASSED: 2, Outcome.PASS: 3}


class Results:
    """The outcome of each edit on one draft: the worst of its lines, with why it is not a plain pass."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.told: dict[str, tuple[Outcome, str]] = {}  # those that are not a plain pass
        self.findings: list[Finding] = []
        self.uses: dict[str, ParameterUse] = {}  # tables that were looked into, and edits that found something

    def note(self, edit: str, outcome: Outcome, why: str = "") -> None:
        """An edit's outcome on one line; the worst of all lines stays."""
        if outcome is Outcome.PASS:
            return
        before = self.told.get(edit)
        if before is None or _WORST[outcome] < _WORST[before[0]]:
            self.told[edit] = (outcome, why)


def loaded(in_force: DatedValue[Any], complete: bool, on: date) -> tuple[Outcome, str]:
    """A table of the date's own quarter can pass; an older one, or an excerpt, only finds faults."""
    if in_force.effective_to is not None and on > in_force.effective_to:
        return Outcome.NOT_CHECKED, f"the quarter is not loaded; looked at the one from {in_force.effective_from}"
    if not complete:
        return Outcome.NOT_CHECKED, f"only an excerpt of the quarter from {in_force.effective_from} is loaded"
    return Outcome.PASS, ""


def concluded(draft: ClaimDraft, last_day: date | None, results: Results, parameters: Parameters) -> Decision:
    """The same for all claims of a payer and day that no edit finds anything in, and that stay unchecked alike."""
    if results.findings:
        return _summary(draft, last_day, results)
    key = ("edits ran", draft.payer.key, draft.date_of_service, draft.part, last_day, *results.told.items())
    return parameters.remember(key, lambda: _summary(draft, last_day, results))


def _summary(draft: ClaimDraft, last_day: date | None, results: Results) -> Decision:
    """One decision with the outcome of every edit."""
    told = results.told
    passed = [identity for identity in results.ran if identity not in told] if told else results.ran
    outcomes = [outcome for outcome, _ in told.values()]
    counts = [f"{len(passed)} pass"]
    working: list[str] = []
    for outcome in (Outcome.FAIL, Outcome.BYPASSED, Outcome.NOT_CHECKED):
        name = outcome.value.replace("_", " ")
        counts.append(f"{outcomes.count(outcome)} {name}")
        working.extend(f"{name}: {identity}: {why}" for identity, (one, why) in told.items() if one is outcome)
    if last_day is not None:
        working.append(f"file by {last_day}")
    return Decision(
        station="scrubber",
        subject=f"claim part {draft.part}",
        rule="scrubber.edits",
        value=", ".join(counts),
        outcome=Outcome.FAIL if Outcome.FAIL in outcomes else Outcome.PASS,
        inputs=(("pass", " ".join(passed)),),
        working=tuple(working),
        parameters=(ParameterUse(name="edits", value=f"{len(results.ran)} edits"), *results.uses.values()),
        citation=EDITS,
        otherwise=tuple(dict.fromkeys(finding.fix for finding in results.findings)) or NOTHING_FOUND,
    )
