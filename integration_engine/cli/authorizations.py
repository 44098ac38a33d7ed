"""Commands on authorizations: what is left of each, what is booked without cover, existing ones from a file, and the
stage of a hold.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import adjudicate_again, import_authorizations, open_store, read_rules
from integration_engine.cli.output import print_json, print_table, progress
from integration_engine.core.money import ZERO
from integration_engine.domain.hold import HoldStage
from integration_engine.rules.authorization.hold_stages import STEPS, Evidence
from integration_engine.settings import Settings
from integration_engine.stages import authorizations
from integration_engine.stages.authorizations import PatientBalance, RowOutcome, RowResult, UncoveredBooking

FINDINGS = 1
WRONG_USE = 2
UNKNOWN = "unknown"


def show_balances(settings: Settings, patient: str | None, as_of: date | None, *, as_json: bool) -> int:
    """Authorized, used, billed, in flight, scheduled and left, of every authorization or those of one patient."""
    parameters = read_rules(settings).parameters
    with open_store(settings) as store:
        try:
            found = list(authorizations.balances(store, parameters, patient=patient, as_of=as_of))
        except LookupError as error:
            sys.stderr.write(f"{error}\n")
            return WRONG_USE
    if as_json:
        print_json([_balance(one) for one in found])
        return 0
    columns = ("patient", "number", "basis", "to", "authorized", "outside", "billed", "in flight", "scheduled", "left")
    print_table(
        "Authorizations" + (f" as of {as_of}" if as_of else ""),
        columns,
        [
            (
                one.patient,
                b.number,
                b.basis or UNKNOWN,
                b.ends_on or "open",
                _known(b.authorized),
                _known(b.used_before),
                b.billed,
                b.in_flight,
                b.scheduled,
                _known(b.left),
            )
            for one in found
            for b in (one.balance,)
        ],
    )
    if patient is not None:
        for one in found:
            print_table(
                f"What draws on {one.balance.number}",
                ("date", "discipline", "state", "what", "quantity"),
                [(c.date, c.discipline, c.state, c.what, _known(c.quantity)) for c in one.balance.consumers],
            )
    return 0


def show_uncovered(settings: Settings, days: int, first: date | None, *, as_json: bool) -> int:
    """The next days' bookings without cover, by day and location, with the money at risk; exit 1 when there are any."""
    if days < 1:
        sys.stderr.write("--days is at least 1: today alone\n")
        return WRONG_USE
    parameters = read_rules(settings).parameters
    today = first or system_clock().date()
    with open_store(settings) as store:
        found = authorizations.uncovered(store, parameters, first=today, days=days)
    if as_json:
        print_json(
            {
                "from": today,
                "days": days,
                "visits": [_visit(one) for one in found],
                "by_day_and_location": _by_day_and_location(found),
                "money_at_risk": sum((one.visit.at_risk or ZERO for one in found), ZERO),
                "visits_of_unknown_worth": sum(one.visit.at_risk is None for one in found),
            }
        )
    else:
        print_table(
            f"Booked without cover, {days} days from {today}",
            ("date", "location", "patient", "appointment", "discipline", "payer", "stage", "at risk", "reason"),
            [
                (
                    v.date,
                    v.location or UNKNOWN,
                    one.patient,
                    v.appointment,
                    v.discipline,
                    v.payer or UNKNOWN,
                    one.stage,
                    _known(v.at_risk),
                    v.reason,
                )
                for one in found
                for v in (one.visit,)
            ],
        )
        print_table(
            "Money at risk",
            ("date", "location", "visits", "at risk", "of unknown worth"),
            [tuple(row.values()) for row in _by_day_and_location(found)],
        )
    return FINDINGS if found else 0


def import_file(settings: Settings, path: Path, by: str, *, dry_run: bool, as_json: bool) -> int:
    """Take existing authorizations from a CSV file; exit 1 when a row was not taken."""
    if not by.strip():
        sys.stderr.write("--by must not be empty: it is kept in the audit\n")
        return WRONG_USE
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        sys.stderr.write(f"{path}:{line}:{column}: this is not UTF-8: save the file as CSV in UTF-8\n")
        return WRONG_USE
    with open_store(settings) as store, progress("authorizations", text.count("\n")) as advance:
        results = import_authorizations(settings, store, raw, text, by=by, dry_run=dry_run, advance=advance)
    not_taken = [r for r in results if r.outcome in {RowOutcome.REFUSED, RowOutcome.PATIENT_UNKNOWN}]
    if as_json:
        print_json(_report(path, results, dry_run=dry_run))
    else:
        for result in results:
            if result.text:
                print(f"{path}:{result.line}:{result.column}: {result.field}: {result.text}")
        counts = _counts(results)
        would = "would be " if dry_run else ""
        print(f"rows {would}{', '.join(f'{name}: {count}' for name, count in counts.items())}")
    return FINDINGS if not_taken else 0


def move_hold(settings: Settings, hold_id: int, to: str, evidence: Evidence) -> int:
    """Take a hold of the authorization queue to another stage, with what proves it."""
    try:
        stage = HoldStage(to)
    except ValueError:
        sys.stderr.write(f"--to is one of {', '.join(dict.fromkeys(step.after for step in STEPS))}\n")
        return WRONG_USE
    parameters = read_rules(settings).parameters
    with open_store(settings) as store:
        try:
            patient = authorizations.move_hold(store, parameters, hold_id, stage, evidence, system_clock())
        except (ValueError, LookupError) as error:
            sys.stderr.write(f"{error}\n")
            return WRONG_USE
        if patient is not None:
            adjudicate_again(settings, store, patient)
    print(f"hold {hold_id}: {stage} recorded for {evidence.by}")
    return 0


# --- as plain values -----------------------------------------------------------------------------------------------------


def _known(value: Decimal | None) -> object:
    return UNKNOWN if value is None else value


def _balance(one: PatientBalance) -> dict[str, Any]:
    b = one.balance
    return {
        "patient": one.patient,
        "number": b.number,
        "payer_id": b.payer_id,
        "basis": b.basis,
        "status": b.status,
        "from": b.effective_on,
        "to": b.ends_on,
        "authorized": b.authorized,
        "used_before": b.used_before,
        "billed": b.billed,
        "in_flight": b.in_flight,
        "scheduled": b.scheduled,
        "not_counted": b.not_counted,
        "left": b.left,
        "consumers": b.consumers,
    }


def _visit(one: UncoveredBooking) -> dict[str, Any]:
    v = one.visit
    return {
        "date": v.date,
        "location": v.location,
        "patient": one.patient,
        "appointment": v.appointment,
        "discipline": v.discipline,
        "payer": v.payer,
        "covered": v.covered,
        "reason": v.reason,
        "stage": one.stage,
        "at_risk": _known(v.at_risk),
        "at_risk_from": v.at_risk_from,
    }


def _by_day_and_location(found: Sequence[UncoveredBooking]) -> list[dict[str, Any]]:
    """Rows in the order of ``found``; visits whose worth is unknown are counted, never taken as nothing."""
    groups: dict[tuple[date, str], list[Decimal | None]] = {}
    for one in found:
        groups.setdefault((one.visit.date, one.visit.location or UNKNOWN), []).append(one.visit.at_risk)
    return [
        {
            "date": day,
            "location": location,
            "visits": len(worth),
            "money_at_risk": sum((amount for amount in worth if amount is not None), ZERO),
            "of_unknown_worth": sum(amount is None for amount in worth),
        }
        for (day, location), worth in groups.items()
    ]


def _counts(results: Sequence[RowResult]) -> dict[str, int]:
    """Rows by outcome; a row with several problems is one refused row."""
    rows = Counter(outcome for outcome, _ in {(r.outcome, r.line) for r in results})
    return {outcome.value: rows[outcome] for outcome in RowOutcome}


def _report(path: Path, results: Sequence[RowResult], *, dry_run: bool) -> dict[str, Any]:
    return {
        "file": path.name,
        "dry_run": dry_run,
        "counts": _counts(results),
        "rows": [
            {
                "line": r.line,
                "column": r.column,
                "field": r.field,
                "outcome": r.outcome,
                "patient": r.patient,
                "text": r.text,
            }
            for r in results
        ],
    }
