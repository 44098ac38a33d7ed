"""Code pairs (NCCI): among the lines, and with the same day's other claims."""

from __future__ import annotations

from itertools import permutations

from integration_engine.core.dated import DatedValue
from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.treatment_day import History, PriorDay, TreatmentDay
from integration_engine.rules.claims.payment_order import same_day
from integration_engine.rules.modifiers.marks import SEPARATE
from integration_engine.rules.modifiers.separate_services import Blocks, Evidence, blocks_of
from integration_engine.rules.parameters.codes import PairEdits
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.results import Results, loaded

PAIRS = "edits.ncci_pairs"


def check_pairs(
    draft: ClaimDraft, day: TreatmentDay, history: History, parameters: Parameters, results: Results
) -> None:
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
        results.note(PAIRS, *loaded(in_force, in_force.value.complete, draft.date_of_service))
        _pairs_of_claim(draft, day, in_force, results)
        for prior in others:
            _pairs_across(draft, prior, in_force, results)


def _pairs_of_claim(draft: ClaimDraft, day: TreatmentDay, in_force: DatedValue[PairEdits], results: Results) -> None:
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


def _pairs_across(draft: ClaimDraft, prior: PriorDay, in_force: DatedValue[PairEdits], results: Results) -> None:
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
