"""What came back, for people: answer files, where claims stand, the ledger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import decide_again, open_store, read_back, rules_in_force
from integration_engine.cli.output import print_json, print_table
from integration_engine.settings import Settings
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.assigning_money import AssignMoney, UnmatchedClaim, UnmatchedStatus
from integration_engine.stages.read_back import ReadBack

FINDINGS = 1
WRONG_USE = 2
UNKNOWN = "unknown"


def take_in(settings: Settings, every: int, *, as_json: bool) -> int:
    """Take in what lies in inbound/; 1 when something of it waits for a person or was no answer."""
    waits = False
    for files in read_back(settings, every):
        waits = waits or any(file.state in {"held", "rejected", "waiting"} for file in files)
        if as_json:
            print_json(files)
        elif files or not every:
            columns = ("file", "holds", "state", "claims", "refused", "denied", "paid", "reason")
            rows = [(f.file, f.kinds, f.state, f.claims, f.refused, f.denied, f.paid, f.reason) for f in files]
            print_table("Answers", columns, rows)
    return FINDINGS if waits else 0


def list_answers(settings: Settings, state: str | None, *, as_json: bool) -> int:
    """The answer files that were taken in, newest first."""
    with open_store(settings) as store, store.database.read() as connection:
        files = store.answers.files(connection, state)
    if as_json:
        print_json(files)
    else:
        columns = (
            "id", "file", "holds", "state", "taken in", "not ours", "unapplied", "remarks", "tolerances", "reason",
        )  # fmt: skip
        rows = [
            (
                f.id,
                f.file_name,
                f.kinds,
                f.state,
                f.taken_at,
                f.unmatched,
                f.unmatched_amount,
                sum(remark.count for remark in f.remarks),
                f.tolerances,
                f.reason,
            )
            for f in files
        ]
        print_table("Answer files", columns, rows)
    return 0


def _wrong_use(error: Exception) -> int:
    """Say what was asked wrongly.

    Raises   the error when it is a fault of the engine that only looks like one of use.
    """
    if isinstance(error, KeyError | IndexError | UnicodeError):
        raise error
    sys.stderr.write(f"{error}\n")
    return WRONG_USE


def show_answer(settings: Settings, answer_id: int, *, as_json: bool) -> int:
    """One answer file with the claims of it that fit none of ours; 1 when something of it waits."""
    with open_store(settings) as store, store.database.read() as connection:
        try:
            file = store.answers.file(connection, answer_id)
        except LookupError as error:
            return _wrong_use(error)
        waits = store.answers.told(connection, answer_id)
        stage = AssignMoney(store=store, rules=rules_in_force(settings))
        unmatched = stage.unmatched(connection, answer_id)
        statuses = stage.unmatched_statuses(connection, answer_id) if file.state != "rejected" else ()
    if as_json:
        told = {"waits": waits, "unmatched_claims": unmatched, "unmatched_statuses": statuses}
        print_json({**asdict(file), **told})
        return FINDINGS if waits or unmatched else 0
    print(f"answer file {file.id}: {file.file_name}, {file.kinds}, {file.state}")
    for text in waits or ([file.reason] if file.state == "rejected" else []):
        print(f"  {'waits' if waits else 'rejected'}: {text}")
    for remark in file.remarks:
        times = f"{remark.count} times, first " if remark.count > 1 else ""
        print(f"  {remark.severity}: {remark.text} ({times}{'; '.join(remark.places)}) {remark.fix}")
    _tell_unmatched(unmatched)
    _tell_statuses(statuses)
    return FINDINGS if waits or unmatched else 0


def _tell_unmatched(unmatched: Sequence[UnmatchedClaim]) -> None:
    if not unmatched:
        return
    columns = (
        "claim of file", "number", "payer's number", "payer", "payment", "date", "charge", "paid", "money", "codes",
    )  # fmt: skip
    rows = [
        (
            u.claim_of_file,
            u.number,
            u.payer_control_number,
            u.payer,
            u.trace,
            u.date_of_service or UNKNOWN,
            u.charge,
            u.paid,
            "unapplied" if u.posted else "not posted",
            " ".join(u.codes),
        )
        for u in unmatched
    ]
    print_table("Claims not known to be ours", columns, rows)


def _tell_statuses(statuses: Sequence[UnmatchedStatus]) -> None:
    if not statuses:
        return
    columns = ("number", "payer's number", "clearinghouse's number", "date", "charge", "says")
    rows = [
        (
            one.number or UNKNOWN,
            one.payer_control_number,
            one.clearinghouse_number,
            one.date_of_service or UNKNOWN,
            one.charge or UNKNOWN,
            one.says or "neither taken nor refused",
        )
        for one in statuses
    ]
    print_table("Claims of a claim status (277CA) not known to be ours", columns, rows)


def assign_money(
    settings: Settings, answer_id: int, claim_of_file: int, to: str, by: str, reason: str, *, anyway: bool
) -> int:
    """Give one claim of an answer file to a claim of ours, with all that follows from its payment."""
    if not by.strip() or not reason.strip():
        sys.stderr.write("--by and --reason must not be empty: they are kept in the audit\n")
        return WRONG_USE
    with open_store(settings) as store:
        rules = rules_in_force(settings)
        stage = AssignMoney(store=store, rules=rules)
        try:
            done = stage.assign(answer_id, claim_of_file, to, by=by, reason=reason, now=system_clock(), anyway=anyway)
        except (LookupError, ValueError) as error:
            return _wrong_use(error)
        decide_again(Adjudicate(store=store, rules=rules))
    if done.repeated:
        print(f"{done.claim}: had this payment before; nothing was changed")
    else:
        unsure = "" if done.payer_checked else "; whether its payer paid it was not checked"
        print(f"{done.claim}: given {done.paid}, now {done.standing}{unsure}")
    return 0


def take_again(settings: Settings, answer_id: int, by: str, reason: str) -> int:
    """Take a file in that the engine failed on, now that the fault is mended."""
    if not by.strip() or not reason.strip():
        sys.stderr.write("--by and --reason must not be empty: they are kept in the audit\n")
        return WRONG_USE
    with open_store(settings) as store:
        rules = rules_in_force(settings)
        try:
            taken = ReadBack(store=store, rules=rules).again(answer_id, by=by, reason=reason, now=system_clock())
        except LookupError as error:
            return _wrong_use(error)
        decide_again(Adjudicate(store=store, rules=rules))
    print(f"{taken.file}: {taken.state}, {taken.claims} claims, {taken.paid} paid")
    return FINDINGS if taken.state != "done" else 0


def accept_answer(settings: Settings, answer_id: int, by: str, reason: str) -> int:
    """Post a payment although it does not balance: a named person accepts the difference, which goes to *unapplied*."""
    if not by.strip() or not reason.strip():
        sys.stderr.write("--by and --reason must not be empty: they are kept in the audit\n")
        return WRONG_USE
    with open_store(settings) as store:
        stage = ReadBack(store=store, rules=rules_in_force(settings))
        try:
            taken = stage.accept(answer_id, by=by, reason=reason, now=system_clock())
        except LookupError as error:
            return _wrong_use(error)
    print(f"{taken.file}: {taken.claims} claims, {taken.paid} paid")
    return 0


def enter_payer_number(settings: Settings, number: str, payer_number: str, by: str, reason: str) -> int:
    """Enter the payer's own number of a claim, as the payer told it; a correction that waits for it then goes."""
    if not by.strip() or not reason.strip() or not payer_number.strip():
        sys.stderr.write("the payer's number, --by and --reason must not be empty: they are kept in the audit\n")
        return WRONG_USE
    with open_store(settings) as store:
        now = system_clock()
        with store.database.write() as connection:
            claim = store.submissions.by_number(connection, [number]).get(number)
            if claim is None:
                sys.stderr.write(f"no claim with the number {number} has left\n")
                return WRONG_USE
            store.submissions.payer_numbers(connection, {claim.id: payer_number.strip()})
            store.submissions.decide_again(connection, [claim.patient_id], now)
            what = f"payer number {payer_number.strip()}"
            store.audit.append(connection, who=by, what=what, subject=f"claim {claim.id}", reason=reason, now=now)
        decide_again(Adjudicate(store=store, rules=rules_in_force(settings)))
    print(f"{number}: the payer's number is {payer_number.strip()}")
    return 0
