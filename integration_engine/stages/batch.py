"""Batch: from ready claim drafts to 837P files in outbound/, each judged before it is released.

Three transactions around two outside effects. First the claims are locked, numbered and rendered, and the bytes are
committed to the journal of what leaves. Then our own check and pyx12 judge the file. Only an accepted file is published,
by a no-clobber rename, and then marked. A crash anywhere is taken up again by ``recover``: the bytes are the committed
ones, a file that already lies there with the same hash is adopted, and no number is ever used twice.
Source  X12.md §3.1-3.2 (control numbers, write protocol).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from integration_engine.core.errors import OutboundError
from integration_engine.core.findings import Finding, Severity
from integration_engine.core.money import ZERO, from_cents
from integration_engine.crosswalk.claim_writer import Rendered, refusal, render
from integration_engine.domain.claim import Claim, ClaimDraft, Envelope, Frequency, Receiver, numbered
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.ledger import Entry
from integration_engine.domain.submission import submitted
from integration_engine.rules.batching import (
    BatchPlan,
    PlannedFile,
    RouteTotal,
    due,
    over_limit,
    preview,
    route_totals,
    split,
    unanswered_totals,
    unroutable_totals,
    unwritable_finding,
    within_limit,
)
from integration_engine.rules.claim_file.check import check_claim_file
from integration_engine.rules.claim_parties import FIRST
from integration_engine.rules.later_books import taken_over_anew
from integration_engine.rules.ledger import opening_entries
from integration_engine.rules.life_cycle import standing
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber import filing_last_day
from integration_engine.stages.later_payers import SettleLaterPayers
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.batches import HeldBack, LeftClaim, PendingBatch, Stop
from integration_engine.store.submissions import NewEvent

UNNUMBERED = "C"  # stands in for the number of a claim that is only asked whether it can be written
log = structlog.get_logger(__name__)


class Gate(Protocol):
    """Whoever judges an 837P before it leaves."""

    def check(self, text: str) -> Verdict:
        """Accepted or not, with findings that name claims."""


class Verdict(Protocol):
    """What the gate said; not checked is never accepted."""

    @property
    def accepted(self) -> bool:
        """True only when the file may leave."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, and where."""

    @property
    def claim_numbers(self) -> frozenset[str]:
        """The claims the findings lie in."""


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
        while batches := self._plan(now, last, on_demand=on_demand):
            written.extend(self._finish(batch, now) for batch in batches)
        self._tell_limits(now)
        return written

    def preview(self, now: datetime) -> Outlook:
        """The files that would be written now, with their totals; nothing is locked, numbered or written."""
        rules = self.rules()
        local = self._local(rules, now)
        batches = self.store.batches
        with self.store.database.read() as connection:
            ready = batches.preview(connection)
            last = batches.last_created(connection)
            made_today = batches.made_since(connection, _midnight(local))
            stops = tuple(batches.stops(connection))
            held_back = tuple(batches.held_back(connection))
            silent = self.store.submissions.silent(connection)
        plans = split(ready, rules.receivers, rules.claim_table.most_claims)
        files = preview(plans, local, last, made_today, {stop.receiver for stop in stops})
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
            with self.store.database.write() as connection:
                self._left(connection, batch, now)
        return len(left)

    def _plan(self, now: datetime, last: Mapping[str, datetime], *, on_demand: bool) -> list[PendingBatch]:
        """Lock, number and render what is ready; all of it committed before anything leaves."""
        rules = self.rules()
        local = self._local(rules, now)
        receivers = [r for r in rules.receivers.values() if on_demand or due(r, local, last.get(r.key))]
        pending = []
        with self.store.database.write() as connection:
            made_today = self.store.batches.made_since(connection, _midnight(local))
            closed = self.store.batches.stopped(connection) | _at_limit(receivers, made_today)
            ready = self.store.batches.ready_claims(connection, [r.key for r in receivers if r.key not in closed])
            plans = split(ready, rules.receivers, rules.claim_table.most_claims)
            for plan in within_limit(plans, made_today):
                whole = self._writable(connection, plan, rules, now, local)
                if whole is not None:
                    pending.append(whole)
        return pending

    def _writable(
        self, connection: Connection, plan: BatchPlan, rules: RulesInForce, now: datetime, local: datetime
    ) -> PendingBatch | None:
        """The file of a plan; claims that cannot be written wait with the reason, and the others go without them."""
        try:
            return self._render(connection, plan, rules, now, local)
        except OutboundError:
            wrong = {}
            for ready in plan.claims:
                claim = Claim(id=ready.id, number=UNNUMBERED, draft=numbered(ready.draft, UNNUMBERED))
                error = refusal(claim, plan.receiver, rules.claim_table)
                if error is not None:
                    wrong[ready.id] = (unwritable_finding(error, UNNUMBERED),)
            if not wrong:
                raise
            self.store.batches.unwritable(connection, wrong, now)
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
                closed = _at_limit(limited, batches.made_since(connection, _midnight(self._local(rules, now))))
                ready = batches.preview(connection) if closed else []
            for receiver in limited:
                waiting = [one.draft for one in ready if one.draft.payer.receiver == receiver.key]
                if receiver.key in closed and waiting:
                    total = sum((draft.total_charge for draft in waiting), ZERO)
                    over[receiver.key] = over_limit(receiver, len(waiting), total)
        with self.store.database.write() as connection:
            batches.tell_limits(connection, over, now)

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
        """Judge and publish one rendered batch; what is refused goes to the edits queue, the rest is freed."""
        batches = self.store.batches
        findings, bad = self.judge(batch, now)
        if findings:
            with self.store.database.write() as connection:
                batches.refuse(connection, batch, findings, bad, now)
            log.warning("batch.refused", batch_id=batch.id, claims=batch.claims, stage="batch")
            return told_of(batch, "refused by the check", words_of(findings))
        with self.store.database.write() as connection:
            batches.mark_checked(connection, batch)
        self.publish(self.outbound, batch.file_name, batch.data)
        with self.store.database.write() as connection:
            self._left(connection, batch, now)
        log.info("batch.published", batch_id=batch.id, file=batch.file_name, claims=batch.claims, stage="batch")
        return told_of(batch, "published")

    def judge(
        self, batch: PendingBatch, now: datetime
    ) -> tuple[tuple[Finding, ...], Mapping[str, tuple[Finding, ...]]]:
        """Our own check of the file first, then pyx12's: what is wrong, and with which claims; empty when it may leave.

        Shapes   an empty mapping beside findings: the fault lies in no claim, and the whole file waits.
        """
        rules = self.rules()
        own = check_claim_file(batch.data, rules.claim_file, rules.parameters, self.today(now))
        if not own.accepted:
            found: dict[str, tuple[Finding, ...]] = {}
            for one in own.placed:
                if one.finding.severity is Severity.ERROR:
                    for number in one.claim_numbers:
                        found[number] = (*found.get(number, ()), one.finding)
            errors = tuple(f for f in own.findings if f.severity is Severity.ERROR)
            return errors, {} if own.stops_all else found
        verdict = self.gate.check(batch.text)
        if verdict.accepted:
            return (), {}
        return verdict.findings, dict.fromkeys(verdict.claim_numbers, verdict.findings)

    @staticmethod
    def _local(rules: RulesInForce, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(rules.parameters.practice.time_zone))

    def today(self, now: datetime) -> date:
        """The date in the practice's zone."""
        return self._local(self.rules(), now).date()

    def _left(self, connection: Connection, batch: PendingBatch, now: datetime) -> None:
        """The claims of a published file are submitted: days billed, events appended, receivables opened."""
        rules = self.rules()
        on = self.today(now)
        left = self.store.batches.mark_published(connection, batch, now, on)
        events = [
            NewEvent(claim_id=one.id, batch_id=batch.id, event=ClaimEvent(kind=ClaimEventKind.SUBMITTED, on=on))
            for one in left
        ]
        taken_over: dict[int, str] = {}
        for one in left:
            if one.follows_id is not None and one.draft.frequency is not Frequency.ORIGINAL:
                void = one.draft.frequency is Frequency.VOID
                kind = ClaimEventKind.VOIDED if void else ClaimEventKind.REPLACED
                event = ClaimEvent(kind=kind, on=on, code=one.number)
                events.append(NewEvent(claim_id=one.follows_id, batch_id=batch.id, event=event))
                taken_over[one.follows_id] = standing([event]).value
        self.store.submissions.append(connection, events, now)
        self.store.submissions.stand(connection, taken_over)
        self.store.denials.resubmitted(connection, taken_over, now)
        self._open_books(connection, left, on, now)
        later = {one.id for one in left if one.draft.sequence != FIRST} | taken_over.keys()
        settling = SettleLaterPayers(store=self.store, parameters=rules.parameters, on=on, now=now)
        settling.settle(connection, later)
        self.store.submissions.filing_clock(
            connection, {one.id: last for one in left if (last := _file_by(one.draft, rules.parameters)) is not None}
        )

    def _open_books(self, connection: Connection, left: Sequence[LeftClaim], on: date, now: datetime) -> None:
        """What a submission posts: charges owed, what a correction takes back, what a later payer takes over."""
        followed = self.store.submissions.numbers(connection, {one.follows_id for one in left if one.follows_id})
        books = self.store.ledger.entries(connection, followed)
        entries: list[Entry] = []
        for one in left:
            claim = submitted(Claim(id=one.id, number=one.number, draft=one.draft))
            before = followed.get(one.follows_id or 0, "")
            entries.extend(opening_entries(claim, on, followed=before, earlier=books.get(before, ())))
        corrected = [
            one for one in left if one.draft.sequence != FIRST and one.draft.frequency is not Frequency.ORIGINAL
        ]
        if corrected:
            more, named = self._books_of_later(connection, corrected, on)
            entries.extend(more)
            followed |= named
        numbers = {one.number: one.id for one in left} | {number: c for c, number in followed.items()}
        self.store.ledger.append(connection, entries, numbers, now)

    def _books_of_later(
        self, connection: Connection, corrected: Sequence[LeftClaim], on: date
    ) -> tuple[list[Entry], dict[int, str]]:
        """What corrections at later payers post, and the numbers of the claims that it names."""
        store = self.store
        ids = [one.id for one in corrected]
        ranks, sources = store.later_claims.ranks(connection, ids), store.later_claims.sources(connection, ids)
        numbers = store.submissions.numbers(
            connection, {*sources.values(), *(c for rank in ranks.values() for c in rank)}
        )
        books = store.ledger.entries(connection, set(sources.values()))
        entries: list[Entry] = []
        for one in corrected:
            postings, named = store.ledger.postings_of(connection, ranks[one.id])
            numbers |= {claim_id: number for number, claim_id in named.items()}
            void = one.draft.frequency is Frequency.VOID
            source = "" if void or one.id not in sources else numbers[sources[one.id]]
            rank = {numbers[claim_id] for claim_id in ranks[one.id]}
            entries.extend(taken_over_anew(one.number, on, rank, postings, source, books.get(source, ())))
        return entries, numbers


def _file_by(draft: ClaimDraft, parameters: Parameters) -> date | None:
    known = parameters.practice.payers.values()  # by what the EMR sends in IN1-3, which is not the payer's key
    entry = next((entry for entry in known if entry.payer.key == draft.payer.key), None)
    return filing_last_day(entry, draft.date_of_service, parameters) if entry is not None else None


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
    return render(claims, receiver, envelope, rules.claim_table), name


def reference_of(interchange: int) -> str:
    """BHT03 of the file under this interchange control number."""
    return f"B{interchange:09d}"


def words_of(findings: Sequence[Finding]) -> str:
    """What findings say, each once."""
    return "; ".join(sorted({finding.text for finding in findings}))


def _midnight(local: datetime) -> datetime:
    return datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)


def _at_limit(receivers: Sequence[Receiver], made_today: Mapping[str, int]) -> set[str]:
    return {r.key for r in receivers if r.files_per_day is not None and made_today.get(r.key, 0) >= r.files_per_day}


def told_of(batch: PendingBatch, state: str, reason: str = "") -> WrittenFile:
    """A file and what became of it, as billing staff want to hear of it."""
    return WrittenFile(
        file=batch.file_name, claims=batch.claims, total=str(from_cents(batch.total_cents)), state=state, reason=reason
    )
