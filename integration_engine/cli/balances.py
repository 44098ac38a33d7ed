"""Claims and what is owed on them, for people: the list with the next step, the ledger, balances given up and restored."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import open_store, read_rules
from integration_engine.cli.output import print_json, print_note, print_table
from integration_engine.core.money import from_cents, parse_money
from integration_engine.domain.ledger import Account
from integration_engine.rules.denials.deadlines import file_by_unknown
from integration_engine.settings import Settings
from integration_engine.stages.write_offs import Balance, Side, restore_balance, write_off_balance
from integration_engine.store.queries.claims import ClaimRow, claims

FINDINGS = 1
WRONG_USE = 2
KINDS = {"1": "", "7": "replaces", "8": "void"}
PAYERS = {"P": "", "S": "2nd", "T": "3rd"}  # which payer of the patient has it
NEXT = {
    "refused": "`queue list rejections` says what to correct",
    "denied": "`denials list` says what to do and by when",
    "reversed": "wait for the payer's new decision, or ask for it",
    "forwarded": "wait for the other payer's answer",
}


def list_claims(settings: Settings, standing: str | None, payer: str | None, *, as_json: bool) -> int:
    """Claims that have left: where each stands, what is owed, until when it may be filed or why that is not known."""
    parameters = read_rules(settings).parameters
    with open_store(settings) as store, store.database.read() as connection:
        rows = claims(connection, standing=standing, payer=payer)
    rows = [
        row
        if row.file_by is not None
        else replace(row, file_by_unknown=file_by_unknown(row.payer, row.date_of_service, parameters))
        for row in rows
    ]
    if as_json:
        print_json(rows)
        return 0
    columns = ("claim", "visits", "payer", "date", "kind", "standing", "total", "payer owes", "patient owes", "file by")
    print_table("Claims", columns, [_claim(row) for row in rows])
    _tell_next(rows)
    return 0


def show_ledger(settings: Settings, *, as_json: bool) -> int:
    """Every account with its debits and credits, then what payers and patients owe; 1 when the two sides differ."""
    with open_store(settings) as store, store.database.read() as connection:
        totals = store.ledger.totals(connection)
    balances = {total.account: total.debit - total.credit for total in totals}
    difference = from_cents(sum(balances.values()))
    owed = {
        "payers_owe": str(from_cents(balances.get(Account.RECEIVABLE_PAYER, 0))),
        "patients_owe": str(from_cents(balances.get(Account.RECEIVABLE_PATIENT, 0))),
        "written_off": str(from_cents(balances.get(Account.WRITE_OFF, 0))),
        "unapplied": str(from_cents(-balances.get(Account.UNAPPLIED, 0))),
    }
    rows = [
        {
            "account": total.account,
            "debits": str(from_cents(total.debit)),
            "credits": str(from_cents(total.credit)),
            "balance": str(from_cents(total.debit - total.credit)),
        }
        for total in totals
    ]
    if as_json:
        print_json({"accounts": rows, **owed, "difference": str(difference)})
    else:
        print_table("Ledger", ("account", "debits", "credits", "balance"), [tuple(row.values()) for row in rows])
        for name, amount in owed.items():
            print(f"{name.replace('_', ' ')}: {amount}")
        print(f"difference: {difference}")
    return FINDINGS if difference else 0


def give_up(settings: Settings, claim: str, amount: str, side: str, *, by: str, reason: str, as_json: bool) -> int:
    """Write a balance off, as a named person."""
    if side and side not in set(Side):
        return _wrong(f"--side is {' or '.join(Side)}")
    rules = read_rules(settings)
    with open_store(settings) as store:
        try:
            dollars = parse_money(amount)
            done = write_off_balance(
                store, rules, claim, dollars, Side(side) if side else None, by=by, reason=reason, now=system_clock()
            )
        except (ValueError, LookupError) as error:
            return _wrong(str(error))
    return _tell(done, f"written off {done.amount} that the {done.side} owed", "ended", by, as_json=as_json)


def take_back(settings: Settings, claim: str, *, by: str, reason: str, as_json: bool) -> int:
    """Take the newest write-off of a claim back, as a named person."""
    rules = read_rules(settings)
    with open_store(settings) as store:
        try:
            done = restore_balance(store, rules, claim, by=by, reason=reason, now=system_clock())
        except (ValueError, LookupError) as error:
            return _wrong(str(error))
    return _tell(done, f"{done.amount} is owed by the {done.side} again", "open again", by, as_json=as_json)


# --- as plain values --------------------------------------------------------------------------------------------------


def _claim(row: ClaimRow) -> tuple[object, ...]:
    kind = " ".join(part for part in (PAYERS[row.sequence], KINDS[row.frequency]) if part) or "first"
    return (
        row.number,
        row.visits,
        row.payer,
        row.date_of_service,
        kind,
        row.standing,
        row.total,
        row.payer_owes,
        row.patient_owes,
        row.file_by or row.file_by_unknown,
    )


def _tell_next(rows: list[ClaimRow]) -> None:
    """What there is to do about claims that stand as they do; what patients owe stands apart."""
    counts = Counter(row.standing for row in rows)
    for standing, step in NEXT.items():
        if counts[standing]:
            print_note(f"{standing}: {counts[standing]}; {step}")
    patients = [row for row in rows if not row.patient_owes.startswith("-") and parse_money(row.patient_owes)]
    if patients:
        total = sum((parse_money(row.patient_owes) for row in patients), start=parse_money("0.00"))
        print_note(
            f"patients owe {total} on {len(patients)} claims: bill them, or `ledger write-off CLAIM --amount AMOUNT --side patient`"
        )


def _tell(done: Balance, what: str, denials: str, by: str, *, as_json: bool) -> int:
    if as_json:
        told: dict[str, Any] = asdict(done)
        print_json(told | {"closed": done.closed})
        return 0
    print(f"claim {done.claim}: {what}, recorded for {by}")
    print(f"payer owes {done.payer_owes}, patient owes {done.patient_owes}{', closed' if done.closed else ''}")
    for denial in done.denials:
        print(f"denial {denial} {denials}")
    return 0


def _wrong(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return WRONG_USE
