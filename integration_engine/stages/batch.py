"""Batch: from ready claim drafts to 837P files in outbound/, each judged before it is released.

Three transactions. First the claims are locked, numbered and rendered, and the bytes are committed to the journal of what
leaves. Then our own check and pyx12 judge the file, and the verdict is kept. Only an accepted file is published, by a
no-clobber link, and marked, while its row is locked: of two processes that took up one file, one publishes it. A crash
anywhere is taken up again by ``recover``: the bytes are the committed ones, a file that already lies there with the same
hash is adopted, and no number is ever used twice.
Source  X12.md §3.1-3.2 (control numbers, write protocol).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path

import structlog

from integration_engine.core.errors import OutboundError
from integration_engine.core.findings import Finding
from integration_engine.core.money import ZERO, from_cents
from integration_engine.crosswalk.claim_writer import Rendered, refusal, render
from integration_engine.domain.claim import Claim, Envelope, Receiver, numbered
from integration_engine.domain.hold import NOT_ENROLLED
from integration_engine.rules.batching import (
    BatchPlan,
    PlannedFile,
    RouteTotal,
    due,
    not_enrolled,
    over_limit,
    preview,
    route_totals,
    split,
    unanswered_totals,
    unroutable_totals,
    unwritable_finding,
    within_limit,
)
from integration_engine.rules.enrollment import may_be_missing, waiting_for_enrollment
from integration_engine.stages.departing import Departing
from integration_engine.stages.judging import Gate, Judgment, judge, words_of
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.batches import PendingBatch
from integration_engine.store.kept_back import HeldBack, Stop

REFUSED = "refused by the check"
ELSEWHERE = "taken up by another process"
UNNUMBERED = "C"  # stands in for the number of a claim that is only asked whether it can be written
log = structlog.get_logger(__name__)


Publish = Callable[[Path, str, bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """One 837P file as billing staff want to hear of it."""

    file: str
    claims: int
    total: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the next files would hold, what is kept from leaving, and what has left and waits for an answer.

    Shapes   ready, unanswered: by receiver and payer. unroutable: claims whose receiver receivers.yaml does not have.
    """

    files: tuple[PlannedFile, ...]
    ready: tuple[RouteTotal, ...]
    unanswered: tuple[RouteTotal, ...]
    unroutable: tuple[RouteTotal, ...]
    stops: tuple[Stop, ...]
    held_back: tuple[HeldBack, ...]


@dataclass(slots=True)
class Batch:
    """The stage. gate: pyx12 in its own process. publish: no-clobber writing into outbound/."""

    store: Store
    rules: Callable[[], RulesInForce]
    gate: Gate
    publish: Publish
    outbound: Path

    def run_once(self, now: datetime, *, on_demand: bool = False) -> list[WrittenFile]:
        """Write every file that is due; claims the gate refuses go to the edits queue and the others go on.

        Shapes   on_demand: receivers' schedules are not waited for.
        """
        written = self.recover(now)
        with self.store.database.read() as connection:
            last = {} if on_demand else self.store.batches.last_created(connection)
        before: list[WrittenFile] = []
        while batches := self._plan(now, last, on_demand=on_demand):
            told = [self._finish(batch, now) for batch in batches]
            written.extend(told)
            if _alike(told, before):
                break  # refused as before, and nothing of it was held: a person has overridden that very hold
            before = told
        self._tell_limits(now)
        return written

    def preview(self, now: datetime) -> Outlook:
        """The files that would be written now, with their totals; nothing is locked, numbered or written."""
        rules = self.rules()
        local = rules.local(now)
        batches = self.store.batches
        with self.store.database.read() as connection:
            ready = batches.preview(connection, aside=NOT_ENROLLED)
            waiting = set(waiting_for_enrollment(ready, rules.receivers, local.date()))
            waiting -= {one.id for one in batches.preview(connection)} if waiting else set()
            last = batches.last_created(connection)
            made_today = batches.made_since(connection, midnight(local))
            stops = tuple(self.store.kept_back.stops(connection))
            held_back = tuple(self.store.kept_back.held_back(connection))
            silent = self.store.submissions.silent(connection)
        most = rules.claim_table.on(local.date()).most_claims
        plans = split([one for one in ready if one.id not in waiting], rules.receivers, most)
        files = preview(plans, local, last, made_today, {stop.receiver for stop in stops})
        files += not_enrolled(split([one for one in ready if one.id in waiting], rules.receivers, most))
        return Outlook(
            files=files,
            ready=route_totals(files),
            unanswered=unanswered_totals(silent),
            unroutable=unroutable_totals(ready, rules.receivers),
            stops=stops,
            held_back=held_back,
        )

    def recover(self, now: datetime) -> list[WrittenFile]:
        """Take up batches that a crash left behind, from their committed bytes."""
        return [self._finish(batch, now) for batch in self.store.batches.unfinished()]

    def adopt(self, now: datetime, published: Callable[[PendingBatch], bool]) -> int:
        """Note as left the files that lie in outbound/ though whoever put them there ended before it could say so.

        Shapes   published: whether a file with these bytes lies there. Answers to such a file may have come already.
        """
        left = [batch for batch in self.store.batches.unfinished() if batch.checked and published(batch)]
        for batch in left:
            self.store.database.transact(partial(self._departing(now).left, batch=batch))
        return len(left)

    def _plan(self, now: datetime, last: Mapping[str, datetime], *, on_demand: bool) -> list[PendingBatch]:
        """Lock, number and render what is ready; all of it committed before anything leaves."""
        return self.store.database.transact(
            lambda connection: self._planned(connection, now, last, on_demand=on_demand)
        )

    def _planned(
        self, connection: Connection, now: datetime, last: Mapping[str, datetime], *, on_demand: bool
    ) -> list[PendingBatch]:
        rules = self.rules()
        local = rules.local(now)
        receivers = [r for r in rules.receivers.values() if on_demand or due(r, local, last.get(r.key))]
        self.store.batches.plan_alone(connection)
        self.store.versions.keep(connection, "mappings", rules.version, rules.files, now)
        made_today = self.store.batches.made_since(connection, midnight(local))
        closed = self.store.kept_back.stopped(connection) | _at_limit(receivers, made_today)
        waiting = self._tell_enrollment(connection, rules, now)
        ready = self.store.batches.ready_claims(connection, [r.key for r in receivers if r.key not in closed])
        ready = [one for one in ready if one.id not in waiting]
        plans = split(ready, rules.receivers, rules.claim_table.on(local.date()).most_claims)
        pending = (self._writable(connection, plan, rules, now, local) for plan in within_limit(plans, made_today))
        return [whole for whole in pending if whole is not None]

    def _tell_enrollment(self, connection: Connection, rules: RulesInForce, now: datetime) -> set[int]:
        """Hold the claims that wait for an enrollment, let those go that wait no more; which ones wait."""
        today = rules.today(now)
        missing = may_be_missing(rules.receivers.values(), today)
        if not missing and not self.store.kept_back.waits_for_enrollment(connection):
            return set()
        ready = self.store.batches.preview(connection, aside=NOT_ENROLLED)
        waiting = waiting_for_enrollment(ready, rules.receivers, today)
        return self.store.kept_back.tell_enrollment(connection, waiting, now)

    def _writable(
        self, connection: Connection, plan: BatchPlan, rules: RulesInForce, now: datetime, local: datetime
    ) -> PendingBatch | None:
        """The file of a plan; claims that cannot be written wait with the reason, and the others go without them."""
        try:
            with connection.begin_nested():  # numbers that were counted for nothing are taken back, and leave no gap
                return self._render(connection, plan, rules, now, local)
        except OutboundError:
            wrong = {}
            for ready in plan.claims:
                claim = Claim(id=ready.id, number=UNNUMBERED, draft=numbered(ready.draft, UNNUMBERED))
                error = refusal(claim, plan.receiver, rules.claim_table.on(local.date()))
                if error is not None:
                    wrong[ready.id] = (unwritable_finding(error, UNNUMBERED),)
            if not wrong:
                raise
            self.store.departures.unwritable(connection, wrong, now)
        rest = replace(plan, claims=tuple(ready for ready in plan.claims if ready.id not in wrong))
        return self._render(connection, rest, rules, now, local) if rest.claims else None

    def _tell_limits(self, now: datetime) -> None:
        """Claims that a receiver's files of the day have no room for show in the rejections queue, until they have."""
        rules = self.rules()
        limited = [receiver for receiver in rules.receivers.values() if receiver.files_per_day is not None]
        batches = self.store.batches
        over: dict[str, Finding] = {}
        if limited:
            with self.store.database.read() as connection:
                closed = _at_limit(limited, batches.made_since(connection, midnight(rules.local(now))))
                ready = batches.preview(connection) if closed else []
            for receiver in limited:
                waiting = [one.draft for one in ready if one.draft.payer.receiver == receiver.key]
                if receiver.key in closed and waiting:
                    total = sum((draft.total_charge for draft in waiting), ZERO)
                    over[receiver.key] = over_limit(receiver, len(waiting), total)
        with self.store.database.write() as connection:
            self.store.kept_back.tell_limits(connection, over, now)

    def _render(
        self, connection: Connection, plan: BatchPlan, rules: RulesInForce, now: datetime, local: datetime
    ) -> PendingBatch:
        numbers = self.store.batches.allot(connection, plan.receiver.key, len(plan.claims))
        claims = tuple(
            Claim(id=ready.id, number=number, draft=numbered(ready.draft, number))
            for ready, number in zip(plan.claims, numbers.claims, strict=True)
        )
        rendered, name = written_under(claims, plan.receiver, numbers.interchange, rules, local)
        return self.store.batches.create(
            connection,
            receiver=plan.receiver.key,
            payer=plan.payer,
            claims=claims,
            interchange=numbers.interchange,
            data=rendered.text.encode("ascii"),
            content_digest=rendered.content_digest,
            file_name=name,
            mappings_version=rules.version,
            now=now,
        )

    def _finish(self, batch: PendingBatch, now: datetime) -> WrittenFile:
        """Judge and publish one rendered batch; what is refused goes to the edits queue, the rest is freed.

        Why      An accepted file that a crash left is not judged again: it may lie in outbound/ already, and a mapping that
                 was changed since must not free its claims for a second file.
        """
        told = ""
        if not batch.checked:
            rules = self.rules()
            judgment = judge(batch.data, rules, self.gate, rules.today(now))
            if judgment.errors:
                return self._refused(batch, judgment, now)
            told = words_of(judgment.told)
            with self.store.database.write() as connection:
                self.store.batches.mark_checked(connection, batch, told)
        if not self.store.database.transact(partial(self._leave, batch=batch, now=now)):
            return told_of(batch, ELSEWHERE)
        log.info("batch.published", batch_id=batch.id, file=batch.file_name, claims=batch.claims, stage="batch")
        return told_of(batch, "published", told)

    def _leave(self, connection: Connection, batch: PendingBatch, now: datetime) -> bool:
        """Publish the file and note that it left; False when another process was first."""
        if not self.store.batches.may_leave(connection, batch):
            return False
        self.publish(self.outbound, batch.file_name, batch.data)
        self._departing(now).left(connection, batch)
        return True

    def _refused(self, batch: PendingBatch, judgment: Judgment, now: datetime) -> WrittenFile:
        refuse = partial(self.store.departures.refuse, batch=batch, findings=judgment.errors, bad=judgment.bad, now=now)
        if not self.store.database.transact(refuse):
            return told_of(batch, ELSEWHERE)
        log.warning("batch.refused", batch_id=batch.id, claims=batch.claims, stage="batch")
        return told_of(batch, REFUSED, words_of(judgment.errors))

    def _departing(self, now: datetime) -> Departing:
        rules = self.rules()
        return Departing(store=self.store, parameters=rules.parameters, on=rules.today(now), now=now)


def written_under(
    claims: Sequence[Claim], receiver: Receiver, interchange: int, rules: RulesInForce, local: datetime
) -> tuple[Rendered, str]:
    """The file of these claims under an interchange control number, and its name."""
    envelope = Envelope(
        interchange=interchange,
        group=interchange,
        transaction=1,
        reference=reference_of(interchange),
        created=local.strftime("%Y%m%d%H%M%S"),
    )
    name = receiver.file_name.format(
        sender=receiver.submitter_id,
        receiver=receiver.key,
        created=local.strftime("%Y%m%dT%H%M%S"),
        interchange=f"{interchange:09d}",
    )
    return render(claims, receiver, envelope, rules.claim_table.on(local.date())), name


def reference_of(interchange: int) -> str:
    """BHT03 of the file under this interchange control number."""
    return f"B{interchange:09d}"


def _alike(told: Sequence[WrittenFile], before: Sequence[WrittenFile]) -> bool:
    """Were the same claims refused for the same reason once more, and nothing else happened?"""
    one, other = ([(w.claims, w.total, w.reason) for w in files] for files in (told, before))
    return one == other and all(written.state == REFUSED for written in told)


def midnight(local: datetime) -> datetime:
    """When the practice's day began, in UTC."""
    return datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)


def _at_limit(receivers: Sequence[Receiver], made_today: Mapping[str, int]) -> set[str]:
    return {r.key for r in receivers if r.files_per_day is not None and made_today.get(r.key, 0) >= r.files_per_day}


def told_of(batch: PendingBatch, state: str, reason: str = "") -> WrittenFile:
    """A file and what became of it, as billing staff want to hear of it."""
    return WrittenFile(
        file=batch.file_name, claims=batch.claims, total=str(from_cents(batch.total_cents)), state=state, reason=reason
    )
