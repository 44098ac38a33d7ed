"""Commands on denials: the queue, what was done about one, the report, history as a baseline, and what changed since."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import open_store, read_rules
from integration_engine.cli.output import print_json, print_note, print_table, progress
from integration_engine.domain.baseline import Baseline, Coverage
from integration_engine.domain.denial import DenialCategory
from integration_engine.domain.denial_outcome import DenialState
from integration_engine.rules.denials.comparison import ALL, TARGETED, Change, Classified, Rate, classified
from integration_engine.settings import Settings
from integration_engine.stages.denial_history import DenialHistory, HistoryProblem, Imported, Outcome
from integration_engine.stages.denial_work import Moved, move_denial
from integration_engine.store import Store
from integration_engine.store.baselines import BaselineAltered, BaselineFrozen
from integration_engine.store.denials import DenialRow

FINDINGS = 1
WRONG_USE = 2
EVERY = "all"
UNKNOWN = "unknown"
PAYER = "payer"
SHOWN = 3  # gates and edits named beside a category


def list_denials(
    settings: Settings,
    state: str,
    category: str | None,
    payer: str | None = None,
    discipline: str | None = None,
    *,
    as_json: bool,
) -> int:
    """Denied lines, the nearest deadline first."""
    if state not in (*DenialState, EVERY):
        return _wrong(f"--state is one of {', '.join(DenialState)}, or {EVERY}")
    if category is not None and category not in set(DenialCategory):
        return _wrong(f"--category is one of {', '.join(DenialCategory)}")
    with open_store(settings) as store, store.database.read() as connection:
        found = store.denials.list(
            connection,
            state=None if state == EVERY else state,
            category=category,
            payer=payer,
            discipline=discipline.upper() if discipline else None,
        )
    if as_json:
        print_json(found)
        return 0
    columns = (
        "denial",
        "claim",
        "line",
        "category",
        "amount",
        "state",
        "follow up",
        "appeal by",
        "owner",
        "next action",
    )
    print_table("Denials", columns, [_denial(row) for row in found])
    late = [row for row in found if row.state == "open" and row.appeal_by is not None]
    if late:
        print_note(f"{len(late)} open denials can be appealed, the first until {late[0].appeal_by}")
    if found:
        print_note(
            "`denials move DENIAL --to resubmitted, appealed or written_off` records what was done; `explain CLAIM` has the rest"
        )
    return 0


def _denial(row: DenialRow) -> tuple[object, ...]:
    return (
        row.id,
        row.claim,
        "whole" if row.line_number is None else row.line_number,
        row.category,
        row.amount,
        row.state,
        row.follow_up_on,
        row.appeal_by or "not known",
        row.owner,
        _what_next(row),
    )


def _what_next(row: DenialRow) -> str:
    """The next step while there is one, else what became of it."""
    match row.state:
        case DenialState.RECOVERED:
            if row.recovered is None:
                return "paid by an answer that came before the denial did"
            return f"{row.recovered} paid by the answer on {row.answered_by or row.claim}, {row.rest} still open"
        case DenialState.DENIED_AGAIN:
            return f"denied again by the answer on {row.answered_by or row.claim}: work that denial"
        case DenialState.WRITTEN_OFF:
            return "nothing; `ledger restore CLAIM` takes the write-off back"
        case DenialState.RESUBMITTED:
            return "wait for the answer on the corrected claim"
        case DenialState.APPEALED:
            return "wait for the payer's decision on the appeal"
    again = f"Denied before (denial {row.earlier_id}). " if row.earlier_id is not None else ""
    return f"{again}{row.next_action}"


def move(settings: Settings, denial: int, to: str, *, by: str, reason: str) -> int:
    """Say what was done about a denial; a write-off goes to the ledger at once."""
    rules = read_rules(settings)
    with open_store(settings) as store:
        try:
            done = move_denial(store, rules, denial, to, by=by, reason=reason, now=system_clock())
        except (ValueError, LookupError) as error:
            return _wrong(str(error))
    told = [f"denial {denial} of claim {done.claim}: {done.state} recorded for {by}"]
    if done.state == "written_off":
        told += _written_off(done)
    told += [f"hold {hold} resolved" for hold in done.holds]
    if done.left:
        told.append(f"{done.left} further denials of the claim are open")
    print("; ".join(told))
    return 0


def _written_off(done: Moved) -> list[str]:
    """What was given up; where the payer owes nothing, that nothing was, and how the patient's share is given up."""
    if not done.written_off:
        return [
            f"nothing was written off: the payer owes nothing of the {done.not_open} denied",
            f"`ledger write-off {done.claim} --amount AMOUNT --side patient` gives up what the patient owes",
        ]
    told = [f"written off {done.written_off}"]
    if done.not_open:
        told.append(f"{done.not_open} of the denied amount was not open any more")
    return told


def report(settings: Settings, baseline: str | None, *, as_json: bool) -> int:
    """Denials by category with their ranks, ours or a baseline's; exit 1 when more than the limit has no category."""
    rules = read_rules(settings)
    with open_store(settings) as store:
        try:
            found = DenialHistory(store=store, rules=rules).report(baseline)
            payers = _payers(store, (one.name for one in found.initial if one.by == PAYER))
        except BaselineAltered as error:
            sys.stderr.write(f"{error}\n")
            return FINDINGS
        except LookupError as error:
            return _wrong(str(error))
    if as_json:
        print_json(asdict(found) | {"unmapped_over_limit": found.unmapped.over_limit})
        return FINDINGS if found.unmapped.over_limit else 0
    print_table(
        "Denials by category",
        ("category", "lines", "claims", "amount", "open", "recovered", "by count", "by money", "queue", "prevented by"),
        [
            (
                c.category,
                c.lines,
                c.claims,
                c.amount,
                UNKNOWN if c.open_amount is None else c.open_amount,
                UNKNOWN if c.recovered is None else c.recovered,
                c.by_count,
                c.by_money,
                c.queue,
                _first_of(c.prevented_by),
            )
            for c in found.categories
        ],
    )
    print_table(
        f"Initial denial rate (reference: {found.reference_band})",
        ("of", "", "adjudicated", "denied", "rate %", "95 % interval"),
        [
            (i.by, payers.get(i.name, i.name), i.adjudicated, i.rate.claims, i.rate.percent, _interval(i.rate))
            for i in found.initial
        ],
    )
    print(
        "the rate counts a claim once, by its first answer; the categories count every denied line, of later answers too"
    )
    share = "none were denied" if found.unmapped.percent is None else f"{found.unmapped.percent} %"
    print(f"without a category: {found.unmapped.unmapped} of {found.unmapped.denied} lines, {share}", end="")
    print(f" (limit {found.unmapped.limit_percent} %)")
    for codes, count in found.unmapped.codes:
        print(f"  {codes}: {count}")
    return FINDINGS if found.unmapped.over_limit else 0


def import_history(
    settings: Settings, files: list[Path], name: str, *, by: str, supersedes: str | None, dry_run: bool, as_json: bool
) -> int:
    """Freeze what files of history come to; exit 1 when something of them could not be read or nothing counts."""
    if not dry_run and not by.strip():
        return _wrong("--by must say who freezes the baseline: it is kept in the audit; --dry-run needs no name")
    rules = read_rules(settings)
    with open_store(settings) as store, progress("files", len(files)) as advance:
        stage = DenialHistory(store=store, rules=rules)
        try:
            done = stage.take(
                _bytes_of(files),
                name,
                system_clock(),
                by=by,
                supersedes=supersedes,
                dry_run=dry_run,
                advance=advance,
            )
        except (BaselineFrozen, LookupError, ValueError) as error:
            return _wrong(str(error))
    if as_json:
        print_json(_imported(done))
    else:
        _tell_import(done)
    return FINDINGS if done.problems or done.outcome is Outcome.EMPTY else 0


def compare(settings: Settings, baseline: str | None, first: date | None, last: date | None, *, as_json: bool) -> int:
    """A baseline against our own claims since, category by category."""
    rules = read_rules(settings)
    with open_store(settings) as store:
        try:
            found = DenialHistory(store=store, rules=rules).compare(baseline, system_clock(), first, last)
            payers = _payers(store, (part.name for part in found.parts if part.by == PAYER))
        except BaselineAltered as error:
            sys.stderr.write(f"{error}\n")
            return FINDINGS
        except (LookupError, ValueError) as error:
            return _wrong(str(error))
    if as_json:
        print_json(found)
        return 0
    before = f"{found.baseline}, {found.baseline_from} to {found.baseline_to}, {found.baseline_claims} claims"
    after = f"{found.current_from} to {found.current_to}, {found.current_claims} claims"
    print_table(
        f"Baseline {before}; now {after}", ("category", *_CHANGES), [(r.category, *_changed(r)) for r in found.rows]
    )
    print_table(
        "By discipline and payer",
        ("by", "", "category", *_CHANGES),
        [
            (part.by, payers.get(part.name, part.name), row.category, *_changed(row))
            for part in found.parts
            for row in part.rows
            if row.category in {ALL, TARGETED} or row.baseline.claims or row.current.claims
        ],
    )
    print(f"baseline {before}")
    print(f"now {after}")
    _tell_classified("of the baseline", found.baseline_classified)
    _tell_classified("now", found.current_classified)
    for note in found.notes:
        print(f"note: {note}")
    return 0


# --- as plain values --------------------------------------------------------------------------------------------------


def _payers(store: Store, identifiers: Iterable[str]) -> dict[str, str]:
    """What the practice calls a payer that its remits name by a number, beside that number."""
    with store.database.read() as connection:
        keys = {one: store.answers.payers_paid(connection, one) for one in identifiers}
    return {one: f"{', '.join(sorted(found))} ({one})" for one, found in keys.items() if found and found != {one}}


def _bytes_of(files: list[Path]) -> Iterator[tuple[str, bytes]]:
    return ((path.name, path.read_bytes()) for path in files)


_CHANGES = ("was", "is", "was %", "is %", "was money", "is money", "points", "significance")


def _changed(row: Change) -> tuple[object, ...]:
    return (
        row.baseline.claims,
        row.current.claims,
        f"{_shown(row.baseline.percent)} {_interval(row.baseline)}".rstrip(),
        f"{_shown(row.current.percent)} {_interval(row.current)}".rstrip(),
        row.baseline.amount,
        row.current.amount,
        _shown(row.points),
        row.note,
    )


def _shown(value: object) -> object:
    return "none" if value is None else value


def _tell_classified(what: str, share: Classified) -> None:
    told = "nothing was denied" if share.percent is None else f"{share.percent} %"
    print(f"denials with a category {what}: {share.with_category} of {share.denials}, {told}")
    print(f"claims whose discipline is told {what}: {share.told_discipline} of {share.claims}")


def _first_of(checks: tuple[str, ...]) -> str:
    """The first few; --json has all of them."""
    more = len(checks) - SHOWN
    return ", ".join(checks[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _interval(rate: Rate) -> str:
    return "" if rate.low is None else f"({rate.low} to {rate.high})"


def _imported(done: Imported) -> dict[str, Any]:
    told = asdict(done.baseline)
    told["coverage"] |= {
        "months_covered": done.baseline.coverage.months_covered,
        "enough_months": done.baseline.coverage.enough,
        "classified": asdict(classified(done.baseline.measured)),
    }
    return {"outcome": done.outcome, "same_as": done.same_as, **told, "problems": done.problems}


def _tell_import(done: Imported) -> None:
    baseline = done.baseline
    for problem in done.problems:
        print(_place(problem))
    _tell_coverage(baseline.coverage)
    print_table(
        "Denials by category",
        ("category", "claims", "lines", "amount"),
        [(c.category, c.claims, c.lines, c.amount) for c in baseline.measured.whole.categories],
    )
    whole = baseline.measured.whole
    print(
        f"denied: {whole.denied_claims} of {whole.adjudicated_claims} claims, "
        f"{whole.denied_lines} of {whole.adjudicated_lines} lines, {whole.denied} of {whole.charged}"
    )
    _tell_classified("of this history", classified(baseline.measured))
    for codes, count in baseline.measured.unmapped:
        print(f"no category for {codes}: {count}")
    print(_said(done, baseline))


def _tell_coverage(coverage: Coverage) -> None:
    print_table(
        "Files",
        ("file", "answers", "counted", "used", "reason"),
        [(f.name, f.read, f.used_answers, "yes" if f.used else "no", f.reason) for f in coverage.files],
    )
    print(f"claims counted: {coverage.claims_counted}, from {coverage.answers_used} of {coverage.answers_read} answers")
    print(f"lines counted: {coverage.lines_used} of {coverage.lines_read}")
    for reason, count in coverage.not_usable:
        print(f"  not counted: {count}, {reason}")
    if coverage.unbalanced:
        print(f"  counted, but do not add up: {coverage.unbalanced}")
    if coverage.frequency_unknown:
        print(f"  counted as original claims although the payer did not say so: {coverage.frequency_unknown}")
    print("months: " + (", ".join(f"{month} ({claims})" for month, claims in coverage.months) or "none"))
    if not coverage.enough:
        print(
            f"only {coverage.months_covered} of at least {coverage.months_wanted} months are covered: add older files"
        )


def _said(done: Imported, baseline: Baseline) -> str:
    days = f"{baseline.measured.first_on} to {baseline.measured.last_on}"
    match done.outcome:
        case Outcome.FROZEN:
            return f"baseline {baseline.name} frozen: {days}, data {baseline.data_digest[:12]}"
        case Outcome.REPEATED:
            return f"nothing stored: baseline {done.same_as} holds these very files under the same definitions"
        case Outcome.TRIED:
            return f"nothing stored: would be frozen as {baseline.name}, {days}"
        case Outcome.EMPTY:
            return "nothing stored: nothing of these files counts"


def _place(problem: HistoryProblem) -> str:
    return f"{problem.file}:{problem.place}: {problem.text}"


def _wrong(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return WRONG_USE
