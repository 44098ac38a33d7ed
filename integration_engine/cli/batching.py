"""What the commands on 837P files do and print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from integration_engine.adapters.clock import system_clock
from integration_engine.bootstrap import batch, open_batch, open_outbound, open_store, reroute, still_to_send
from integration_engine.cli.output import print_json, print_table
from integration_engine.rules.batching import RouteTotal, WaitsFor
from integration_engine.settings import Settings
from integration_engine.stages.batch import Outlook
from integration_engine.stages.outbound import Outbound

FINDINGS = 1
WRONG_USE = 2
NOT_NOTED = "not noted"


def write_due(settings: Settings, every: int, *, on_demand: bool, as_json: bool) -> None:
    """Write the files that are due, round after round."""
    for files in batch(settings, every, on_demand=on_demand):
        if as_json:
            print_json(files)
        else:
            columns = ("file", "claims", "total", "state", "reason")
            print_table("837P files", columns, [(f.file, f.claims, f.total, f.state, f.reason) for f in files])


def show_preview(settings: Settings, *, as_json: bool) -> int:
    """What the next files would hold; exit 1 when a receiver is stopped, has had its files, is not described,
    or a payer is not enrolled.
    """
    with open_store(settings) as store, open_batch(settings, store) as stage:
        outlook = stage.preview(system_clock())
    if as_json:
        print_json(outlook)
    else:
        _print_routes(outlook)
        _print_kept(outlook)
    kept = {WaitsFor.STOPPED, WaitsFor.LIMIT, WaitsFor.ENROLLMENT}
    return FINDINGS if outlook.unroutable or any(file.waits_for in kept for file in outlook.files) else 0


def _print_routes(outlook: Outlook) -> None:
    print_table(
        "Ready to leave",
        ("receiver", "payer", "files", "claims", "lines", "total", "oldest visit", "waits for", "enrollment"),
        [
            (t.receiver, t.payer, t.files, t.claims, t.lines, t.total, t.oldest, t.waits_for, t.enrollment or NOT_NOTED)
            for t in outlook.ready
        ],
    )
    if outlook.unroutable:
        _print_totals("Receiver not in receivers.yaml", "oldest visit", outlook.unroutable)
    if outlook.unanswered:
        _print_totals("Sent and not adjudicated", "oldest submission", outlook.unanswered)


def _print_totals(title: str, oldest: str, totals: Sequence[RouteTotal]) -> None:
    columns = ("receiver", "payer", "claims", "total", oldest, "nearest filing limit")
    print_table(title, columns, [(t.receiver, t.payer, t.claims, t.total, t.oldest, t.file_by or "") for t in totals])


def _print_kept(outlook: Outlook) -> None:
    if outlook.stops:
        print_table(
            "Stopped receivers: `queue resolve HOLD` lets them go on",
            ("receiver", "hold", "since", "file", "reason", "next step"),
            [(s.receiver, s.hold_id, s.since.date(), s.file, s.text, s.fix) for s in outlook.stops],
        )
    if outlook.held_back:
        print_table(
            "Held back: `batch let-go` lets them go",
            ("day", "visits", "total", "by", "since", "reason"),
            [(h.day_id, h.visits, h.total, h.who, h.since.date(), h.reason) for h in outlook.held_back],
        )


def keep_back(settings: Settings, identity: str, by: str, reason: str, *, back: bool) -> int:
    """Hold the days of a visit back, or let them go; all of them or none."""
    with open_store(settings) as store:
        try:
            with store.database.write() as connection:
                days = store.sent_files.days_named(connection, identity)
                act = store.kept_back.hold_back if back else store.kept_back.let_go
                for day in days:
                    act(connection, day, by=by, reason=reason, now=system_clock())
        except (ValueError, LookupError) as error:
            return _refused(error)
    listed = ", ".join(str(day) for day in days)
    print(f"treatment day {listed}: {'held back' if back else 'let go'}, recorded for {by}")
    return 0


def show_files(settings: Settings, *, as_json: bool) -> int:
    """Every file that was ever made."""
    with open_store(settings) as store:
        files = open_outbound(settings, store).files()
    if as_json:
        print_json(files)
    else:
        columns = ("file", "state", "where", "receiver", "payer", "claims", "lines", "total", "published", "reason")
        rows = [
            (f.file, f.state, f.where, f.receiver, f.payer, f.claims, f.lines, f.total, _minute(f.published), f.reason)
            for f in files
        ]
        print_table("837P files", columns, rows)
    return 0


def _minute(moment: object) -> str:
    return str(moment)[:16] if moment is not None else ""


def publish_again(settings: Settings, file: str) -> int:
    """Put a published file into outbound/ again."""

    def act(outbound: Outbound) -> str:
        fresh = outbound.again(file)
        outbound.write_manifest()
        return f"{file}: {'the same bytes lie in outbound/ again' if fresh else 'it lies in outbound/ as it was'}"

    return _acted(settings, act)


def export_file(settings: Settings, file: str, to: Path, by: str, reason: str) -> int:
    """Copy a published file and its manifest to a folder."""

    def act(outbound: Outbound) -> str:
        fresh = outbound.export(file, to.absolute(), by=by, reason=reason, now=system_clock())
        return f"{file}: {'copied to' if fresh else 'the same bytes lay there already:'} {to}, recorded for {by}"

    return _acted(settings, act)


def reroute_file(settings: Settings, file: str, receiver: str, by: str, reason: str, *, as_json: bool) -> int:
    """Send a file's claims to another receiver; exit 1 when the check refused the new file."""
    try:
        done = reroute(settings, file, receiver, by=by, reason=reason)
    except (ValueError, LookupError) as error:
        return _refused(error)
    if as_json:
        print_json(done)
    elif not done.published:
        print(f"{file} stays as it is:")
        for one in done.files:
            print(f"the file to {receiver} was {one.state}: {one.reason}")
    else:
        for one in done.files:
            print(f"{one.file}: {one.claims} claims over {one.total} to {receiver}, in place of {file}")
        if not done.withdrawn:
            print(
                f"{file} was no longer in outbound/: ask its receiver to drop it, or the payer may get its claims twice"
            )
        if done.enrollment is None:
            print(f"receivers.yaml does not note whether this payer is enrolled with {receiver}")
    return 0 if done.published else FINDINGS


def archive_files(settings: Settings, days: int | None, *, as_json: bool) -> int:
    """Move what was answered, or is old, to the archive."""
    old = settings.outbound_archive_days or None if days is None else days
    with open_store(settings) as store:
        outbound = open_outbound(settings, store)
        moved = outbound.archive(system_clock(), old, still_to_send(settings))
        outbound.write_manifest()
    if as_json:
        print_json(moved)
    else:
        print_table("Archived", ("file",), [(file,) for file in moved])
    return 0


def write_manifest(settings: Settings) -> int:
    """Write outbound/MANIFEST.csv."""
    return _acted(settings, lambda outbound: f"{outbound.folder / 'MANIFEST.csv'}: {outbound.write_manifest()} files")


def _acted(settings: Settings, act: Callable[[Outbound], str]) -> int:
    with open_store(settings) as store:
        try:
            print(act(open_outbound(settings, store)))
        except (ValueError, LookupError) as error:
            return _refused(error)
    return 0


def _refused(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return WRONG_USE
