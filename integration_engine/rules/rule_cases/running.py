"""Cases run through adjudication, and what came out otherwise than they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration_engine.core.documents import read_document
from integration_engine.core.findings import Decision
from integration_engine.domain.treatment_day import Adjudication
from integration_engine.rules.adjudicate import adjudicate
from integration_engine.rules.parameters.edits import Edit
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.rule_cases.facts import case_facts
from integration_engine.rules.rule_cases.models import Expected
from integration_engine.rules.rule_cases.reading import RuleCase, read_cases
from integration_engine.rules.scrubber.conditions import Kind
from integration_engine.rules.scrubber.edit_facts import CLAIM_FIELDS, LINE_FIELDS

EDITS = "edits/"
CODING = frozenset({"payer", "repairs", "units", "modifiers"})
MOST_WORKING = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that came out otherwise than the case says."""

    what: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case went. working: of the decisions that explain what came, a step a line; empty where it passed."""

    file: str
    line: int
    name: str
    source: str
    differences: tuple[Difference, ...] = ()
    working: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True when nothing differed."""
        return not self.differences


def run_all(files: Mapping[str, str], parameters: Parameters) -> Iterator[CaseResult]:
    """Run every case of the folder, then the two cases of every edit.

    Raises   MappingError before the first result where a case file is wrong.
    """
    cases = read_cases(files)
    return (
        result for results in (map(_runner(parameters), cases), edit_results(files, parameters)) for result in results
    )


def run_case(case: RuleCase, parameters: Parameters) -> CaseResult:
    """Adjudicate one case and compare."""
    try:
        facts = case_facts(case.given, parameters)
    except ValueError as error:
        field, _, text = str(error).partition(": ")
        return _result(case, (Difference(what=field, expected="a complete case", got=text),), ())
    adjudication = adjudicate(facts.day, facts.parameters, facts.history)
    differences = tuple(_differences(case, adjudication))
    return _result(case, differences, _working(differences, adjudication) if differences else ())


def edit_results(files: Mapping[str, str], parameters: Parameters) -> Iterator[CaseResult]:
    """``fails`` must fire and ``passes`` must not, for every edit of mappings/edits/."""
    compiled = {edit.id: edit for edit in parameters.edits}
    for name in sorted(files):
        if not name.startswith(EDITS) or not name.endswith(".yaml"):
            continue
        document = read_document(name, files[name])
        for index, written in enumerate((document.value or {}).get("edits", ())):
            edit = compiled.get(written.get("id"))
            if edit is None:
                continue  # another kind of file, with cases of its own
            for case, expected in (("fails", True), ("passes", False)):
                line = document.place(("edits", index, case))[0]
                yield _edit_result(name, line, edit, case, written[case], expected=expected)


def _runner(parameters: Parameters) -> Callable[[RuleCase], CaseResult]:
    return lambda case: run_case(case, parameters)


def _result(case: RuleCase, differences: tuple[Difference, ...], working: tuple[str, ...]) -> CaseResult:
    return CaseResult(
        file=case.file,
        line=case.line,
        name=case.name,
        source=case.source,
        differences=differences,
        working=working,
    )


def _differences(case: RuleCase, got: Adjudication) -> Iterator[Difference]:
    expect = case.expect
    for what, wanted, came in _answers(expect, got):
        if wanted is not None and wanted != came:
            yield Difference(what=what, expected=_shown(wanted), got=_shown(came))
    ids = [finding.id for finding in got.findings]
    for identity in expect.findings:
        if identity not in ids:
            yield Difference(what="findings", expected=identity, got=_shown(sorted(set(ids))))
    yield from _decided(expect, got.decisions)
    yield from _unwanted(case.must_not_appear, got)


def _decided(expect: Expected, decisions: Sequence[Decision]) -> Iterator[Difference]:
    """Values, outcomes and working of the decisions."""
    values = [(decision.rule, decision.value) for decision in decisions]
    for rule, value in expect.decisions.items():
        if (rule, value) not in values:
            came = [one for name, one in values if name == rule]
            yield Difference(what=f"decisions.{rule}", expected=value, got=_shown(came))
    outcomes = _outcomes(decisions)
    for rule, outcome in expect.outcomes.items():
        if outcomes.get(rule) != outcome:
            yield Difference(what=f"outcomes.{rule}", expected=outcome, got=outcomes.get(rule, "not run"))
    steps = [step for decision in decisions for step in (*decision.working, *decision.otherwise)]
    for text in expect.working:
        if not any(text in step for step in steps):
            yield Difference(what="working", expected=text, got="no decision says so")


def _answers(expect: Expected, got: Adjudication) -> Iterator[tuple[str, Any, Any]]:
    """What the case expects (None: not looked at) and what came, answer by answer."""
    lines = [f"{line.code} x{line.units} {' '.join(line.modifiers)}".strip() for d in got.drafts for line in d.lines]
    billed: dict[str, int] = {}
    for code, count in got.codes:
        billed[code] = billed.get(code, 0) + count
    tie = next((decision for decision in got.decisions if decision.rule == "units.tie"), None)
    first = got.drafts[0] if got.drafts else None
    yield "lines", expect.lines, lines
    yield "units", expect.units, {code: billed.get(code, 0) for code in expect.units or ()}
    yield "tie", expect.tie, tie is not None
    yield "alternatives", expect.alternatives, list(tie.otherwise) if tie else []
    yield "holds", expect.holds, bool(got.holds)
    yield "claims", expect.claims, len(got.drafts)
    yield "diagnoses", expect.diagnoses, list(first.diagnoses) if first else []
    yield "place_of_service", expect.place_of_service, first.place_of_service if first else ""
    yield "authorization_number", expect.authorization_number, first.authorization_number if first else ""


def _unwanted(names: Iterable[str], got: Adjudication) -> Iterator[Difference]:
    """Finding ids, modifiers and codes that a case forbids."""
    lines = [line for draft in got.drafts for line in draft.lines]
    there: dict[str, str] = {finding.id: finding.text for finding in got.findings}
    there |= {str(modifier): f"on {line.code}" for line in lines for modifier in line.modifiers}
    there |= {str(line.code): f"x{line.units}" for line in lines}
    for name in names:
        if name in there:
            yield Difference(what="must_not_appear", expected=f"no {name}", got=f"{name}: {there[name]}")


def _outcomes(decisions: Sequence[Decision]) -> dict[str, str]:
    """Outcome of every rule, and of every edit as the scrubber tells it."""
    found: dict[str, str] = {}
    for decision in decisions:
        found[decision.rule] = decision.outcome.value
        if decision.rule == "scrubber.edits":
            found |= dict.fromkeys(dict(decision.inputs).get("pass", "").split(), "pass")
            for step in decision.working:
                outcome, _, rest = step.partition(": ")
                identity = rest.partition(":")[0]
                if identity.startswith(EDITS.rstrip("/")):
                    found[identity] = outcome.replace(" ", "_")
    return found


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} x{count}" for key, count in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return {True: "yes", False: "no", None: "none", "": "none"}.get(value, str(value))


def _working(differences: Sequence[Difference], got: Adjudication) -> tuple[str, ...]:
    """The working behind what came: of coding where lines differ, of everything that did not pass where findings do."""
    coding = any(
        d.what in {"lines", "units", "tie", "alternatives"} or d.what.startswith("decisions") for d in differences
    )
    steps: list[str] = []
    for decision in got.decisions:
        if (coding and decision.station in CODING) or decision.outcome.value != "pass":
            steps.append(f"{decision.rule} {decision.subject}: {decision.value} ({decision.outcome.value})")
            steps.extend(f"  {step}" for step in decision.working)
    for finding in got.findings:
        told = f" [{finding.observed}; expected {finding.expected}]" if finding.observed or finding.expected else ""
        steps.append(f"{'holds' if finding.holds else finding.severity.value} {finding.id}: {finding.text}{told}")
    return tuple(steps[:MOST_WORKING])


def _edit_result(
    file: str, line: int, edit: Edit, case: str, stated: Mapping[str, Any], *, expected: bool
) -> CaseResult:
    fields = LINE_FIELDS if edit.scope == "line" else CLAIM_FIELDS
    facts: dict[str, Any] = dict.fromkeys(fields)
    facts |= {name: tuple(value) if fields[name] is Kind.TEXTS else value for name, value in stated.items()}
    came = edit.when.holds(facts)
    differences: tuple[Difference, ...] = ()
    working: tuple[str, ...] = ()
    if came is not expected:
        told = {True: "fires", False: "does not fire", None: f"not checked: {', '.join(edit.when.unknown(facts))}"}
        differences = (Difference(what=case, expected=told[expected], got=told[came]),)
        working = (f"fires when {edit.when.text}",)
    return CaseResult(
        file=file,
        line=line,
        name=f"{edit.id} {case}",
        source=str(edit.citation),
        differences=differences,
        working=working,
    )
