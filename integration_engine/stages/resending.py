"""Resending: the claims of a file that nobody answers go to another receiver, under their numbers, and are owed once.

Like any file it is kept before it exists, judged, and published once. Before the new one appears the old one is taken
out of outbound/, so that nobody can pick both up. A crash anywhere is taken up again by ``recover``. Whatever the old
receiver says afterwards of the old file goes to the rejections queue and changes no claim.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from integration_engine.domain.claim import EnrollmentStatus, Receiver
from integration_engine.stages.batch import Batch, WrittenFile, told_of, written_under
from integration_engine.stages.judging import judge, words_of
from integration_engine.stages.outbound import Outbox
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection
from integration_engine.store.batches import PendingBatch
from integration_engine.store.sent_files import FileRow, NotRerouted

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """A file whose claims were to go elsewhere, and what became of it.

    Shapes   withdrawn: the old file still lay in outbound/; False when someone has it already. enrollment: of the
             payer's claims at the new receiver, None when nobody has noted it.
    """

    file: WrittenFile
    instead_of: str
    withdrawn: bool
    enrollment: EnrollmentStatus | None


@dataclass(slots=True)
class Resending:
    """The stage, over the one that makes files."""

    batch: Batch
    outbox: Outbox

    def reroute(self, name: str, receiver: str, *, by: str, reason: str, now: datetime) -> Rerouted:
        """Send the claims of a file to another receiver.

        Raises   ValueError (NotRerouted among them) and LookupError with the reason why they stay where they are.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        rules = self.batch.rules()
        store = self.batch.store
        with store.database.write() as connection:
            file = store.sent_files.named(connection, name)
            if file is None:
                msg = f"no 837P file is named {name!r}: `integration-engine batch list` has their names"
                raise LookupError(msg)
            to = _receiver(rules.receivers, receiver, file, store.kept_back.stopped(connection))
            pending = self._keep(connection, file, to, rules, now)
            store.audit.append(
                connection, who=by, what="reroute", subject=f"file {name}", reason=f"to {receiver}: {reason}", now=now
            )
        written, withdrawn = self._finish(pending, now)
        enrollment = to.enrolled(file.payer).claims
        return Rerouted(file=written, instead_of=name, withdrawn=withdrawn, enrollment=enrollment)

    def recover(self, now: datetime) -> list[WrittenFile]:
        """Take up rerouted files that a crash left behind, from their committed bytes."""
        return [self._finish(batch, now)[0] for batch in self.batch.store.batches.unfinished(rerouted=True)]

    def adopt(self, now: datetime, published: Callable[[PendingBatch], bool]) -> int:
        """Note as sent the rerouted files that lie in outbound/ though whoever put them there ended before saying so.

        Shapes   published: whether a file with these bytes lies there. Answers to it may have come already.
        """
        store = self.batch.store
        left = [one for one in store.batches.unfinished(rerouted=True) if one.checked and published(one)]
        for pending in left:
            with store.database.write() as connection:
                self._sent_again(connection, pending, store.sent_files.earlier(connection, pending), now)
        return len(left)

    def _keep(
        self, connection: Connection, file: FileRow, to: Receiver, rules: RulesInForce, now: datetime
    ) -> PendingBatch:
        """Render the claims under a new interchange, and let them lie in the new file."""
        store = self.batch.store
        claims = store.sent_files.movable(connection, file)
        most = rules.claim_table.most_claims(to, file.payer)
        if len(claims) > most:
            raise NotRerouted(f"{file.file} holds {len(claims)} claims, and {to.key} takes {most} in one file")
        interchange = store.batches.allot(connection, to.key, 0).interchange
        local = rules.local(now)
        rendered, name = written_under(claims, to, interchange, rules, local)
        pending = store.batches.keep(
            connection,
            receiver=to.key,
            payer=file.payer,
            claims=claims,
            interchange=interchange,
            data=rendered.text.encode("ascii"),
            content_digest=rendered.content_digest,
            file_name=name,
            mappings_version=rules.version,
            now=now,
        )
        store.sent_files.move(connection, file, pending, to.key, claims)
        return pending

    def _finish(self, pending: PendingBatch, now: datetime) -> tuple[WrittenFile, bool]:
        """Judge the new file; take the old one away and publish the new one, or let the claims lie in the old one again."""
        store = self.batch.store
        rules = self.batch.rules()
        judgment = judge(pending.data, rules, self.batch.gate, rules.today(now))
        with store.database.write() as connection:
            earlier = store.sent_files.earlier(connection, pending)
            if judgment.errors:
                store.sent_files.put_back(connection, pending, words_of(judgment.errors))
            else:
                store.batches.mark_checked(connection, pending, words_of(judgment.told))
        if judgment.errors:
            log.warning("batch.reroute_refused", batch_id=pending.id, claims=pending.claims, stage="batch")
            return told_of(pending, "refused by the check", words_of(judgment.errors)), False
        with store.database.write() as connection:
            if not store.batches.may_leave(connection, pending):
                return told_of(pending, "taken up by another process"), False
            withdrawn = self.outbox.withdraw(self.batch.outbound, earlier.file, earlier.digest)
            self.batch.publish(self.batch.outbound, pending.file_name, pending.data)
            self._sent_again(connection, pending, earlier, now)
        log.info("batch.rerouted", batch_id=pending.id, file=pending.file_name, claims=pending.claims, stage="batch")
        return told_of(pending, "published", words_of(judgment.told)), withdrawn

    def _sent_again(self, connection: Connection, pending: PendingBatch, earlier: FileRow, now: datetime) -> None:
        text = f"sent again, in place of {earlier.file}"
        self.batch.store.sent_files.sent_again(connection, pending, text, now, self.batch.rules().today(now))


def _receiver(receivers: Mapping[str, Receiver], wanted: str, file: FileRow, stopped: Collection[str]) -> Receiver:
    """The receiver to send to.

    Raises   LookupError where there is none of this name; ValueError where it cannot take the file.
    """
    found = receivers.get(wanted)
    if found is None:
        msg = f"receivers.yaml has no receiver {wanted!r}; it has {', '.join(sorted(receivers))}"
        raise LookupError(msg)
    if wanted == file.receiver:
        msg = f"{file.file} went to {wanted} already: `integration-engine batch again` puts the same bytes there"
        raise ValueError(msg)
    if wanted in stopped:
        msg = f"{wanted} has refused a whole file: resolve its hold in the rejections queue first"
        raise ValueError(msg)
    enrollment = found.enrolled(file.payer).claims
    if enrollment not in {None, EnrollmentStatus.ACTIVE}:
        msg = f"claims of {file.payer} cannot go through {wanted}: enrollment is {enrollment} in receivers.yaml"
        raise ValueError(msg)
    return found
