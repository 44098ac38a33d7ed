"""Resending: the claims of a file that nobody answers go to another receiver, under their numbers, and are owed once.

Like any file it is kept before it exists, judged, and published once. Before the new one appears the old one is taken
out of outbound/, so that nobody can pick both up. A crash anywhere is taken up again by ``recover``. Whatever the old
receiver says afterwards of the old file goes to the rejections queue and changes no claim.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from integration_engine.domain.claim import Claim, EnrollmentStatus, Receiver
from integration_engine.rules.enrollment import missing_enrollment
from integration_engine.stages.batch import ELSEWHERE, REFUSED, Batch, WrittenFile, midnight, told_of, written_under
from integration_engine.stages.judging import judge, words_of
from integration_engine.stages.outbound import Outbox
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection
from integration_engine.store.batches import PendingBatch
from integration_engine.store.sent_files import FileRow, NotRerouted

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerouted:
    """A file whose claims were to go elsewhere, and what became of them.

    Shapes   files: several where the new receiver takes fewer claims a file; all of them published, or all refused.
             withdrawn: the old file still lay in outbound/; False when someone has it already. enrollment: of the
             payer's claims at the new receiver, None when nobody has noted it.
    """

    files: tuple[WrittenFile, ...]
    instead_of: str
    withdrawn: bool
    enrollment: EnrollmentStatus | None

    @property
    def published(self) -> bool:
        """The claims are on their way to the new receiver."""
        return all(file.state == "published" for file in self.files)


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
        return Rerouted(files=tuple(written), instead_of=name, withdrawn=withdrawn, enrollment=enrollment)

    def recover(self, now: datetime) -> list[WrittenFile]:
        """Take up rerouted files that a crash left behind, from their committed bytes, those of one old file together."""
        store = self.batch.store
        together: dict[int, list[PendingBatch]] = {}
        left = store.batches.unfinished(rerouted=True)
        with store.database.read() as connection:
            for pending in left:
                together.setdefault(store.sent_files.earlier(connection, pending).id, []).append(pending)
        return [told for parts in together.values() for told in self._finish(parts, now)[0]]

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
    ) -> list[PendingBatch]:
        """Render the claims under new interchanges, in as many files as the receiver wants, and let them lie in those."""
        store = self.batch.store
        store.batches.plan_alone(connection)
        claims = store.sent_files.movable(connection, file)
        missing = missing_enrollment((claim.draft for claim in claims), to, rules.today(now))
        if missing is not None:
            msg = (
                f"claims of {file.payer} cannot go through {to.key}: enrollment is {missing.standing} in receivers.yaml"
            )
            raise NotRerouted(msg)
        store.versions.keep(connection, "mappings", rules.version, rules.files, now)
        most = rules.claim_table.on(rules.today(now)).most_claims(to, file.payer)
        parts = [claims[start : start + most] for start in range(0, len(claims), most)]
        self._room_today(connection, to, len(parts), rules, now)
        return [self._keep_part(connection, file, to, part, rules, now) for part in parts]

    def _room_today(self, connection: Connection, to: Receiver, files: int, rules: RulesInForce, now: datetime) -> None:
        """Refuse what the receiver would not take today any more."""
        made = self.batch.store.batches.made_since(connection, midnight(rules.local(now))).get(to.key, 0)
        if to.files_per_day is not None and made + files > to.files_per_day:
            raise NotRerouted(
                f"{to.key} takes {to.files_per_day} files a day and has had {made}; this needs {files}: try tomorrow"
            )

    def _keep_part(
        self,
        connection: Connection,
        file: FileRow,
        to: Receiver,
        claims: tuple[Claim, ...],
        rules: RulesInForce,
        now: datetime,
    ) -> PendingBatch:
        store = self.batch.store
        interchange = store.batches.allot(connection, to.key, 0).interchange
        rendered, name = written_under(claims, to, interchange, rules, rules.local(now))
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

    def _finish(self, parts: Sequence[PendingBatch], now: datetime) -> tuple[list[WrittenFile], bool]:
        """Judge the new files; take the old one away and publish all of them, or let the claims lie in the old one again.

        Why      Were some published and others refused, the old file would hold claims that left and claims that did not.
        """
        store = self.batch.store
        rules = self.batch.rules()
        fresh = [part for part in parts if not part.checked]  # what was accepted before a crash is not judged again
        judgments = {part.id: judge(part.data, rules, self.batch.gate, rules.today(now)) for part in fresh}
        errors = tuple(error for judgment in judgments.values() for error in judgment.errors)
        with store.database.write() as connection:
            for part in fresh:
                if errors:
                    store.sent_files.put_back(connection, part, words_of(errors))
                else:
                    store.batches.mark_checked(connection, part, words_of(judgments[part.id].told))
        if errors:
            log.warning("batch.reroute_refused", count=len(fresh), stage="batch")
            return [told_of(part, REFUSED, words_of(errors)) for part in fresh], False
        left, withdrawn = store.database.transact(lambda connection: self._leave(connection, parts, now))
        told = {key: words_of(judgment.told) for key, judgment in judgments.items()}
        log.info("batch.rerouted", count=len(left), stage="batch")
        return [
            told_of(part, "published", told.get(part.id, "")) if part.id in left else told_of(part, ELSEWHERE)
            for part in parts
        ], withdrawn

    def _leave(self, connection: Connection, parts: Sequence[PendingBatch], now: datetime) -> tuple[set[int], bool]:
        """Take the old file away, publish the new ones, and note that they left; which ones did, and whether it was there."""
        store = self.batch.store
        leaving = [part for part in parts if store.batches.may_leave(connection, part)]
        withdrawn = False
        for part in leaving:
            earlier = store.sent_files.earlier(connection, part)
            withdrawn |= self.outbox.withdraw(self.batch.outbound, earlier.file, earlier.digest)
            self.batch.publish(self.batch.outbound, part.file_name, part.data)
            self._sent_again(connection, part, earlier, now)
        return {part.id for part in leaving}, withdrawn

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
    return found
