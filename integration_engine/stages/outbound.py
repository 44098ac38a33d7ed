"""Outbound: what billing staff ask of 837P files that were made: list them, put one there again, carry one, archive.

Nothing here makes a file or changes its bytes: they are the ones kept before the file existed, and everything may be
repeated. The manifest is written anew from the store each time, so that it can be neither behind nor lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from integration_engine.stages.batch import reference_of
from integration_engine.store import Store
from integration_engine.store.sent_files import PUBLISHED, FileRow

log = structlog.get_logger(__name__)

COLUMNS = (
    "file",
    "state",
    "where",
    "receiver",
    "payer",
    "claims",
    "lines",
    "total",
    "created",
    "published",
    "interchange_ISA13",
    "group_GS06",
    "transaction_set_ST02",
    "reference_BHT03",
    "sha256",
    "remark",
)
TRANSACTION_SET = "0001"  # a file of ours holds one


class Outbox(Protocol):
    """The folder outbound/ and what may be done with a file in it."""

    def publish(self, folder: Path, name: str, data: bytes) -> bool:
        """Put a new file there; one that was there before is adopted."""

    def publish_again(self, folder: Path, name: str, data: bytes) -> bool:
        """Put the same bytes there once more; False when they are there."""

    def export(self, folder: Path, name: str, data: bytes, manifest: str) -> bool:
        """Put the same bytes and a manifest into another folder; False when they are there."""

    def place_of(self, folder: Path, name: str) -> str:
        """Where below outbound/ a file of this name lies, "" for nowhere."""

    def archive(self, folder: Path, name: str, digest: str, month: str) -> bool:
        """Move it to the archive; False when it is not there to be moved."""

    def withdraw(self, folder: Path, name: str, digest: str) -> bool:
        """Take it away from those who pick up; False when it is not there."""

    def write_manifest(self, folder: Path, text: str) -> None:
        """Write the list of files anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file as the list shows it.

    Shapes   state: on its way, published, refused by the check, rerouted to FILE, or what a TA1 or 999 said. where: the
             folder below outbound/, "" when it is in none (picked up by someone who moved it, or never published).
             reason: why a check refused it, or what a check that accepted it said all the same.
    """

    file: str
    state: str
    where: str
    receiver: str
    payer: str
    claims: int
    lines: int
    total: str
    created: datetime
    published: datetime | None
    interchange: str
    sha256: str
    reason: str


@dataclass(slots=True)
class Outbound:
    """The stage. zone: the practice's, in which days and months are told."""

    store: Store
    outbox: Outbox
    folder: Path
    zone: ZoneInfo

    def files(self) -> list[ListedFile]:
        """Every 837P file that was ever made, in that order."""
        with self.store.database.read() as connection:
            rows = self.store.sent_files.all(connection)
        return [self._listed(row) for row in rows]

    def write_manifest(self) -> int:
        """Write MANIFEST.csv anew from the store; says how many files it lists."""
        listed = [one for one in self.files() if one.published is not None]
        self.outbox.write_manifest(self.folder, manifest(listed))
        return len(listed)

    def again(self, name: str) -> bool:
        """Put the same bytes of a published file into outbound/ once more; False when they lie there.

        Raises   LookupError, ValueError for a file that cannot be published; OutboxConflict for other bytes there.
        """
        row, data = self._published(name)
        fresh = self.outbox.publish_again(self.folder, row.file, data)
        log.info("batch.published_again", batch_id=row.id, stage="batch", outcome="written" if fresh else "was there")
        return fresh

    def export(self, name: str, to: Path, *, by: str, reason: str, now: datetime) -> bool:
        """Copy a published file and its manifest to a folder, to be carried by hand; False when it lies there.

        Raises   LookupError, ValueError as ``again``, and for a folder that is not there or no name; OutboxConflict.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        if not to.is_dir():
            msg = f"there is no folder {to}: make it, or name another"
            raise ValueError(msg)
        row, data = self._published(name)
        with self.store.database.write() as connection:  # before the file is out of our hands
            self.store.audit.append(
                connection, who=by, what="export", subject=f"file {row.file}", reason=f"to {to}: {reason}", now=now
            )
        return self.outbox.export(to, row.file, data, manifest([self._listed(row)]))

    def archive(self, now: datetime, days: int | None, waits: Callable[[str], bool]) -> list[str]:
        """Move files to archive/ that were answered, or published more than so many days ago; says which.

        Shapes   days: None moves answered files only. waits: tells of a digest that it is still to be sent.
        """
        with self.store.database.read() as connection:
            rows = [row for row in self.store.sent_files.all(connection) if row.state == PUBLISHED]
        moved = []
        for row in rows:
            assert row.published_at is not None  # what is published has been published at some moment
            old = days is not None and row.published_at < now - timedelta(days=days) and not waits(row.digest)
            month = row.published_at.astimezone(self.zone).strftime("%Y-%m")
            if (row.answer or old) and self.outbox.archive(self.folder, row.file, row.digest, month):
                moved.append(row.file)
        if moved:
            log.info("batch.archived", stage="batch", count=len(moved))
        return moved

    def _published(self, name: str) -> tuple[FileRow, bytes]:
        with self.store.database.read() as connection:
            row = self.store.sent_files.named(connection, name)
            if row is None:
                msg = f"no 837P file is named {name!r}: `integration-engine batch list` has their names"
                raise LookupError(msg)
            if row.state != PUBLISHED or row.rerouted_to:
                msg = f"{name} may not go out: it is {_state(row)}"
                raise ValueError(msg)
            return row, self.store.sent_files.data(connection, row.id)

    def _listed(self, row: FileRow) -> ListedFile:
        return ListedFile(
            file=row.file,
            state=_state(row),
            where=self.outbox.place_of(self.folder, row.file) if row.state == PUBLISHED else "",
            receiver=row.receiver,
            payer=row.payer,
            claims=row.claims,
            lines=row.lines,
            total=str(row.total),
            created=row.created_at.astimezone(self.zone),
            published=row.published_at.astimezone(self.zone) if row.published_at else None,
            interchange=f"{row.interchange:09d}",
            sha256=row.digest,
            reason=row.reason,
        )


def manifest(files: Iterable[ListedFile]) -> str:
    """The list of files as CSV for people and spreadsheets; it names no patient."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in files:
        moments = (one.created, one.published)
        writer.writerow(
            (
                one.file,
                one.state,
                one.where,
                one.receiver,
                one.payer,
                one.claims,
                one.lines,
                one.total,
                *(moment.isoformat(sep=" ", timespec="seconds") if moment else "" for moment in moments),
                one.interchange,
                int(one.interchange),
                TRANSACTION_SET,
                reference_of(int(one.interchange)),
                one.sha256,
                one.reason,
            )
        )
    return text.getvalue()


def _state(row: FileRow) -> str:
    if row.state != PUBLISHED:
        return "refused by the check" if row.state == "refused" else "on its way"
    if row.rerouted_to:
        return f"rerouted to {row.rerouted_to}"
    return row.answer or "published"
