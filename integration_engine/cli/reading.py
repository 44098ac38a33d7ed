"""Commands that read the store, and the few that act on a hold."""

from __future__ import annotations

import sys
from typing import Any

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import adjudicate_again, mapping_files, open_store, read_rules
from integration_engine.cli.explaining import tell, tell_hold
from integration_engine.cli.output import print_json, print_note, print_table
from integration_engine.core.findings import Queue
from integration_engine.domain.hold import HoldStage, HoldState
from integration_engine.rules.denials.deadlines import DEADLINES
from integration_engine.settings import Settings
from integration_engine.stages.trace import trace
from integration_engine.store import Connection, Store
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.explain import explain

FINDINGS = 1
WRONG_USE = 2


def conserve_counts(settings: Settings, *, as_json: bool) -> int:
    """Exit 1 when anything is unaccounted for."""
    with open_store(settings) as store, store.database.read() as connection:
        counts = conserve(connection)
    if as_json:
        print_json(counts)
    else:
        for kind, what in (("messages", "messages"), ("charges", "charge lines")):
            print_table(what.capitalize(), ("state", what), counts[kind].items())
        print(f"difference: {counts['difference']}")
        print("ledger: debits {debits}, credits {credits}, difference {difference}".format(**counts["ledger"]))
    return FINDINGS if counts["difference"] or counts["ledger"]["uneven_postings"] else 0


def explain_identity(settings: Settings, identity: str, *, with_trace: bool, as_json: bool) -> int:
    """Everything about one encounter, claim or message; with_trace also field by field where each value came from."""
    with open_store(settings) as store, store.database.read() as connection:
        found = explain(connection, identity)
        if found is not None and with_trace:
            found["trace"] = _traces(settings, store, connection, found)
    if found is None:
        sys.stderr.write(f"nothing is known under {identity!r}: give a visit number, a claim number or an id\n")
        return WRONG_USE
    if as_json:
        print_json(found)
    else:
        print(tell(found))
    return 0


def _traces(settings: Settings, store: Store, connection: Connection, found: dict[str, Any]) -> list[dict[str, Any]]:
    messages = found.get("messages") or [found["message"]] if "message" in found or "messages" in found else []
    version = found.get("treatment_day", {}).get("mappings_version")
    in_force = mapping_files(settings).read()
    return [
        {"journal_id": message["id"], "field": entry.path, "value": entry.value, "position": entry.position}
        for message in messages
        for entry in trace(store, connection, message["id"], version, in_force)
    ]


def list_holds(settings: Settings, queue: str | None, state: str, *, as_json: bool) -> int:
    """Holds of one queue or of all, the most urgent first."""
    for option, value, known in (("the queue", queue or Queue.EDITS, Queue), ("--state", state, HoldState)):
        if value not in set(known):
            sys.stderr.write(f"{option} is one of {', '.join(known)}; {value!r} is none of them\n")
            return WRONG_USE
    with open_store(settings) as store, store.database.read() as connection:
        holds = store.holds.list(connection, queue=queue, state=state)
    # A limit that runs out comes first, whatever else has been due for longer.
    holds.sort(key=lambda hold: (hold.finding not in DEADLINES, hold.due_on, hold.id))
    if as_json:
        print_json(holds)
        return 0
    now = system_clock()
    print_table(
        "Holds",
        ("hold", "queue", "due", "age", "owner", "visit", "file", "stage", "reason", "next step"),
        [
            (
                h.id,
                h.queue,
                h.due_on,
                f"{(now - h.opened_at).days} d",
                h.assigned_to or h.owner,
                h.encounter,
                h.file,
                "" if h.stage == HoldStage.NONE else h.stage,
                h.text,
                h.fix,
            )
            for h in holds
        ],
    )
    if holds:
        print_note("`queue show HOLD` says why and where; `queue assign`, `resolve` and `override` take one further")
    return 0


def show_hold(settings: Settings, hold_id: int, *, as_json: bool) -> int:
    """One hold with its history, why it matters and where it is mended."""
    with open_store(settings) as store, store.database.read() as connection:
        hold = store.holds.show(connection, hold_id)
    if hold is None:
        sys.stderr.write(f"there is no hold {hold_id}: `queue list` shows their numbers\n")
        return WRONG_USE
    mending = read_rules(settings).parameters.mending.get(hold["finding"])
    if mending is not None:  # holds of answers and files are raised where the mappings' words are not at hand
        hold |= {"why": hold["why"] or mending.why, "screen": hold["screen"] or mending.screen}
    if as_json:
        print_json(hold)
    else:
        print(tell_hold(hold))
    return 0


def act_on_hold(settings: Settings, action: str, hold_id: int, *, by: str, to: str = "", reason: str = "") -> int:
    """Assign, resolve or override one hold, as a named person."""
    now = system_clock()
    patient: int | None = None
    with open_store(settings) as store:
        try:
            with store.database.write() as connection:
                if action == "assign":
                    store.holds.assign(connection, hold_id, to=to, by=by, now=now)
                elif action == "resolve":
                    store.holds.resolve(connection, hold_id, by=by, reason=reason, now=now)
                else:
                    patient = store.holds.override(connection, hold_id, by=by, reason=reason, now=now)
        except (ValueError, LookupError) as error:
            sys.stderr.write(f"{error}\n")
            return WRONG_USE
        if patient is not None:
            adjudicate_again(settings, store, patient)
    print(f"hold {hold_id}: {action} recorded for {by}")
    return 0


def verify_database(settings: Settings, *, as_json: bool) -> int:
    """Schema, audit chain and conservation."""
    with open_store(settings) as store:
        report = store.verify()
    if as_json:
        print_json(report)
    else:
        print_table("Verified", ("what", "result"), report.items())
    return 0 if all(value in (True, 0, "ok") for value in report.values()) else FINDINGS
