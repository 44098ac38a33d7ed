"""Every edit looks at every draft, with the claim and the clinical facts before it.

Most edits are data in mappings/edits/, in the closed grammar of conditions.py. Three kinds are tables: code pairs
(NCCI), most units a day (MUE) and ICD-10-CM validity. Each edit answers pass, fail, bypassed or *not checked*, and not
checked says why: a fact is unknown, or the quarter is not loaded. Edits never change a claim; repairs.py does.
Authority: each edit's own citation; NCCI, MUE and ICD-10-CM files of CMS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import permutations
from typing import Any

from integration_engine.core.dated import Dated, DatedValue
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.edit_facts import edit_facts
from integration_engine.rules.modifiers.marks import SEPARATE
from integration_engine.rules.parameters.codes import PairEdits
from integration_engine.rules.parameters.edits import PLAIN_FIELDS, Edit, EditsInForce
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.payment_order import same_day
from integration_engine.rules.separate_services import Blocks, Evidence, blocks_of

PAIRS, MOST_UNITS, DIAGNOSES = "edits.ncci_pairs", "edits.most_units", "edits.icd10_cm"
EDITS = Citation(
    document="the edits of mappings/edits and their tables",
    section="each by its own source, told where it finds something",
)
NOTHING_FOUND = ("a claim with a fault that one of these edits looks for would have been held or told",)
_WORST = {Outcome.FAIL: 0, Outcome.NOT_CHECKED: 1, Outcome.BYPASSED: 2, Outcome.PASS: 3}


class _Results:
    """The outcome of each edit on one draft: the worst of its lines, with why it is not a plain pass."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.told: dict[str, tuple[Outcome, str]] = {}  # those that are not a plain pass
        self.findings: list[Finding] = []
        self.uses: dict[str, ParameterUse] = {}  # tables that were looked into, and edits that found something

    def note(self, edit: str, outcome: Outcome, why: str = "") -> None:
        if outcome is Outcome.PASS:
            return
        before = self.told.get(edit)
        if before is None or _WORST[outcome] < _WORST[before[0]]:
            self.told[edit] = (outcome, why)


def scrub(
    drafts: Sequence[ClaimDraft],
    day: TreatmentDay,
    history: History,
    entry: PayerEntry,
    parameters: Parameters,
) -> tuple[tuple[Decision, ...], tuple[Finding, ...]]:
    """Run every edit in force over the drafts of one treatment day."""
    decisions: list[Decision] = []
    findings: list[Finding] = []
    for draft in drafts:
        results = _Results()
        last_day = filing_last_day(entry, draft.date_of_service, parameters)
        _written(draft, day, history, parameters, last_day, results)
        _pairs(draft, day, history, parameters, results)
        _most_units(draft, day, history, parameters, results)
        _diagnoses(draft, parameters, results)
        decisions.append(_concluded(draft, last_day, results, parameters))
        findings.extend(results.findings)
    return tuple(decisions), tuple(findings)


def filing_last_day(entry: PayerEntry, on: date, parameters: Parameters) -> date | None:
    """The last day a claim may be filed: the contract's days, else the payer profile's limit."""
    if entry.timely_filing_days is not None:
        return date.fromordinal(on.toordinal() + entry.timely_filing_days)
    limit = parameters.profiles[entry.payer.profile].filing_limit.find(on)
    return limit.last_day(on) if limit is not None else None


# --- edits as data ---------------------------------------------------------------------------------------------------


def _written(
    draft: ClaimDraft,
    day: TreatmentDay,
    history: History,
    parameters: Parameters,
    last_day: date | None,
    results: _Results,
) -> None:
    facts = edit_facts(draft, day, history, parameters, last_day)
    segment = parameters.profiles[draft.payer.profile].segment
    edits = parameters.edits_for(draft.payer, segment, draft.date_of_service)
    results.ran.extend(edits.ids)
    for holds, edit in edits.of_claim:
        found = holds(facts.claim)
        if found is not False:
            _tell(edit, facts.claim, 0, results, draft.date_of_service, unknown=found is None)
    whole = dict(facts.claim)
    for line, line_facts in zip(draft.lines, facts.lines, strict=True):
        whole.update(line_facts)
        for found, edit in _of_plain_line(whole, edits, draft, parameters):
            _tell(edit, whole, line.number, results, draft.date_of_service, unknown=found is None)
        for holds, edit in edits.of_code.get(line.code, edits.of_any_line):
            found = holds(whole)
            if found is not False:
                _tell(edit, whole, line.number, results, draft.date_of_service, unknown=found is None)


def _of_plain_line(
    facts: Mapping[str, Any], edits: EditsInForce, draft: ClaimDraft, parameters: Parameters
) -> tuple[tuple[bool | None, Edit], ...]:
    """The plain edits that do not pass for these facts: found or not known."""
    key = ("plain", draft.payer.key, draft.date_of_service, *map(facts.__getitem__, PLAIN_FIELDS))

    def answer() -> tuple[tuple[bool | None, Edit], ...]:
        asked = ((holds(facts), edit) for holds, edit in edits.of_plain_line)
        return tuple((found, edit) for found, edit in asked if found is not False)

    return parameters.remember(key, answer)


def _tell(edit: Edit, facts: Mapping[str, Any], line: int, results: _Results, on: date, *, unknown: bool) -> None:
    if unknown:
        results.note(edit.id, Outcome.NOT_CHECKED, f"not known: {', '.join(edit.when.unknown(facts))}")
        return
    since = edit.in_force.on(on).effective_from
    results.note(edit.id, Outcome.FAIL, f"{edit.text} [{edit.citation}]")
    results.uses[edit.id] = ParameterUse(name=edit.id, value=edit.when.text, in_force_from=since)
    results.findings.append(_finding(edit, line, facts))


def _finding(edit: Edit, line: int, facts: Mapping[str, Any]) -> Finding:
    looked_at = [name for name in sorted(edit.when.fields) if name not in {"line.code", "claim.profile"}]
    return Finding(
        id=edit.id,
        severity=edit.severity,
        text=edit.text,
        fix=edit.fix,
        owner=edit.owner,
        subject=f"claim.lines[{line}] {facts['line.code']}" if line else "claim",
        observed="; ".join(f"{name} {_shown(facts[name])}" for name in looked_at),
        expected=f"not: {edit.when.text}",
        queue=Queue(edit.queue),
        citation=edit.citation,
        why=edit.why,
    )


def _shown(fact: Any) -> str:
    return (" ".join(fact) or "none") if isinstance(fact, tuple) else "unknown" if fact is None else str(fact)


# --- code pairs ------------------------------------------------------------------------------------------------------


def _pairs(draft: ClaimDraft, day: TreatmentDay, history: History, parameters: Parameters, results: _Results) -> None:
    """Pairs among the lines, and with the same day's other claims of this billing provider."""
    tables = parameters.profiles[draft.payer.profile].code_pairs.at(draft.date_of_service)
    if not tables:
        return
    others = same_day(day, history)
    results.ran.append(PAIRS)
    for name in tables:
        in_force = parameters.code_pairs[name].latest(draft.date_of_service)
        if in_force is None:
            results.note(PAIRS, Outcome.NOT_CHECKED, f"no quarter of {name} is loaded for this date")
            continue
        results.uses[PAIRS + name] = parameters.table_use(f"ncci_pairs {name}", in_force)
        results.note(PAIRS, *_loaded(in_force, in_force.value.complete, draft.date_of_service))
        _pairs_of_claim(draft, day, in_force, results)
        for prior in others:
            _pairs_across(draft, prior, in_force, results)


def _pairs_of_claim(draft: ClaimDraft, day: TreatmentDay, in_force: DatedValue[PairEdits], results: _Results) -> None:
    by_code = {line.code: line for line in draft.lines}
    for first, second in permutations(by_code.values(), 2):
        indicator = in_force.value.pairs.get((first.code, second.code))
        if indicator is None:
            continue
        treatments = [treatment for encounter in day.encounters for treatment in encounter.treatments]
        blocks = blocks_of(treatments, first.code, second.code)
        marked = any(
            not SEPARATE.isdisjoint(line.modifiers) for line in draft.lines if line.code in (first.code, second.code)
        )
        if indicator and marked and blocks.evidence is Evidence.SEPARATE:
            results.note(PAIRS, Outcome.BYPASSED, f"{first.code} with {second.code}: done apart, {blocks.text}")
            continue
        results.note(PAIRS, Outcome.FAIL, f"{first.code} with {second.code}")
        results.findings.append(_pair(first.code, second.code, second.number, indicator, marked, blocks, in_force))


def _pair(
    first: str,
    second: str,
    number: int,
    indicator: int,
    marked: bool,
    blocks: Blocks,
    in_force: DatedValue[PairEdits],
) -> Finding:
    if not indicator:
        identity, text = "edits.ncci_never", f"{second} is part of {first} on the same day; no modifier separates them."
        fix = f"Do not bill {second} with {first}."
    elif marked:
        identity = "edits.separate_services_not_on_record"
        text = f"{second} is marked as done apart from {first}, and the record does not show it: {blocks.text}."
        fix = "Enter start and stop of both, or take the modifier and the code out."
    else:
        identity, text = "edits.ncci_pair", f"{second} is part of {first} on the same day unless done apart."
        fix = (
            f"The note shows separate blocks ({blocks.text}): if both were needed, add 59 to {second} in the EMR."
            if blocks.evidence is Evidence.SEPARATE
            else f"Do not bill {second}: on record {blocks.text}."
        )
    return Finding(
        id=identity,
        severity=Severity.ERROR,
        text=text,
        fix=fix,
        owner="treating clinician" if marked else "biller",
        subject=f"claim.lines[{number}] {second}",
        observed=f"{first} with {second}",
        queue=Queue.EDITS,
        citation=in_force.citation,
    )


def _pairs_across(draft: ClaimDraft, prior: PriorDay, in_force: DatedValue[PairEdits], results: _Results) -> None:
    """A pair over two claims of one day: PT and OT by the same billing provider count together."""
    for line in draft.lines:
        for code, _ in prior.codes:
            here, there = str(line.code), str(code)
            pairs = in_force.value.pairs
            indicator = pairs.get((here, there), pairs.get((there, here)))
            if indicator is None:
                continue
            if indicator and (code in prior.separated or not SEPARATE.isdisjoint(line.modifiers)):
                results.note(
                    PAIRS, Outcome.BYPASSED, f"{here} with {there} of {prior.discipline}: marked as done apart"
                )
                continue
            results.note(PAIRS, Outcome.FAIL, f"{here} with {there} of {prior.discipline}")
            results.findings.append(
                Finding(
                    id="edits.ncci_pair_across_claims" if indicator else "edits.ncci_never",
                    severity=Severity.ERROR,
                    text=f"{here} and {there}, billed for {prior.discipline} on the same day, are one service"
                    + (" unless done apart." if indicator else "; no modifier separates them."),
                    fix="If both disciplines treated apart, add 59 in the EMR; else bill one of the two.",
                    owner="biller",
                    subject=f"claim.lines[{line.number}] {here}",
                    observed=f"{here} with {there} of {prior.discipline}",
                    queue=Queue.EDITS,
                    citation=in_force.citation,
                )
            )


# --- most units a day ------------------------------------------------------------------------------------------------


def _most_units(
    draft: ClaimDraft, day: TreatmentDay, history: History, parameters: Parameters, results: _Results
) -> None:
    """Units of a code on one day, those of the same day's other claims included."""
    name = parameters.profiles[draft.payer.profile].most_units.at(draft.date_of_service)
    if name is None:
        return
    results.ran.append(MOST_UNITS)
    in_force = parameters.most_units[name].latest(draft.date_of_service)
    if in_force is None:
        results.note(MOST_UNITS, Outcome.NOT_CHECKED, f"no quarter of {name} is loaded for this date")
        return
    results.uses[MOST_UNITS] = parameters.table_use(f"most_units {name}", in_force)
    results.note(MOST_UNITS, *_loaded(in_force, in_force.value.complete, draft.date_of_service))
    units: dict[str, int] = {}
    for line in draft.lines:
        units[line.code] = units.get(line.code, 0) + line.units
    for prior in same_day(day, history):
        for code, count in prior.codes:
            if code in units:
                units[code] += count
    for billed, total in units.items():
        most, indicator = in_force.value.values.get(billed, (None, 0))
        if most is None:
            results.note(MOST_UNITS, Outcome.NOT_CHECKED, f"{billed} has no value in the quarter loaded")
        elif total > most:
            results.note(MOST_UNITS, Outcome.FAIL, f"{total} of {billed}, {most} a day")
            results.findings.append(_too_many_units(billed, total, most, indicator, in_force))


def _too_many_units(code: str, count: int, most: int, indicator: int, in_force: DatedValue[Any]) -> Finding:
    absolute = indicator == 2  # noqa: PLR2004 - adjudication indicator 2: policy, no appeal
    return Finding(
        id="edits.most_units",
        severity=Severity.ERROR,
        text=f"{count} units of {code} on one day; {most} are payable.",
        fix="This limit is policy and has no appeal: bill no more than it allows."
        if absolute
        else "Check the minutes; where they are right, override with a reason and keep the record for an appeal.",
        owner="biller",
        subject=f"claim {code}",
        observed=str(count),
        expected=f"at most {most}",
        queue=Queue.EDITS,
        citation=in_force.citation,
    )


# --- diagnoses -------------------------------------------------------------------------------------------------------


def _diagnoses(draft: ClaimDraft, parameters: Parameters, results: _Results) -> None:
    """ICD-10-CM codes are valid on the date of service; an excerpt can confirm a code, never refuse one."""
    results.ran.append(DIAGNOSES)
    in_force: DatedValue[Any] | None = _at(parameters.diagnosis_codes, draft.date_of_service)
    if in_force is None:
        results.note(DIAGNOSES, Outcome.NOT_CHECKED, "no ICD-10-CM year is loaded for this date")
        return
    results.uses[DIAGNOSES] = parameters.table_use("icd10_cm", in_force)
    missing = [code for code in draft.diagnoses if code.replace(".", "") not in in_force.value.valid]
    if not missing:
        results.note(DIAGNOSES, Outcome.PASS)
    elif not in_force.value.complete:
        why = f"{' '.join(missing)} not in the excerpt shipped; load the official file"
        results.note(DIAGNOSES, Outcome.NOT_CHECKED, why)
    else:
        results.note(DIAGNOSES, Outcome.FAIL, " ".join(missing))
        results.findings.extend(
            Finding(
                id="edits.diagnosis_not_valid",
                severity=Severity.ERROR,
                text=f"{code} is not valid for submission on this date.",
                fix="Use the full code that is valid on the date of service; the code set changes each October.",
                owner="treating clinician",
                subject=f"claim.diagnoses {code}",
                observed=code,
                queue=Queue.EDITS,
                citation=in_force.citation,
            )
            for code in missing
        )


def _at(dated: Dated[Any], on: date) -> DatedValue[Any] | None:
    found = dated.latest(on)
    return found if found is not None and (found.effective_to is None or on <= found.effective_to) else None


# --- what it came to -------------------------------------------------------------------------------------------------


def _loaded(in_force: DatedValue[Any], complete: bool, on: date) -> tuple[Outcome, str]:
    """A table of the date's own quarter can pass; an older one, or an excerpt, only finds faults."""
    if in_force.effective_to is not None and on > in_force.effective_to:
        return Outcome.NOT_CHECKED, f"the quarter is not loaded; looked at the one from {in_force.effective_from}"
    if not complete:
        return Outcome.NOT_CHECKED, f"only an excerpt of the quarter from {in_force.effective_from} is loaded"
    return Outcome.PASS, ""


def _concluded(draft: ClaimDraft, last_day: date | None, results: _Results, parameters: Parameters) -> Decision:
    """The same for all claims of a payer and day that no edit finds anything in, and that stay unchecked alike."""
    if results.findings:
        return _summary(draft, last_day, results)
    key = ("edits ran", draft.payer.key, draft.date_of_service, draft.part, last_day, *results.told.items())
    return parameters.remember(key, lambda: _summary(draft, last_day, results))


def _summary(draft: ClaimDraft, last_day: date | None, results: _Results) -> Decision:
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
