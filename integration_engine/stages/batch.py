"""Batch: from ready claim drafts to 837P files in outbound/, each judged before it is released.

Three transactions around two outside effects. First the claims are locked, numbered and rendered, and the bytes are
committed to the journal of what leaves. Then pyx12 gives its verdict. Only an accepted file is published, by a
no-clobber rename, and then marked. A crash anywhere is taken up again by ``recover``: the bytes are the committed
ones, a file that already lies there with the same hash is adopted, and no number is ever used twice.
Source  X12.md §3.1-3.2 (control numbers, write protocol).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from integration_engine.core.findings import Finding
from integration_engine.core.money import from_cents
from integration_engine.crosswalk.claim_writer import render
from integration_engine.domain.claim import Claim, ClaimDraft, Envelope
from integration_engine.rules.batching import BatchPlan, split
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.batches import PendingBatch

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


@dataclass(slots=True)
class Batch:
    """The stage. gate: pyx12 in its own process. publish: no-clobber writing into outbound/."""

    store: Store
    rules: Callable[[], RulesInForce]
    gate: Gate
    publish: Publish
    outbound: Path

    def run_once(self, now: datetime) -> list[WrittenFile]:
        """Write every file that is due; claims the gate refuses go to the edits queue and the others go on."""
        written = self.recover(now)
        while batches := self._plan(now):
            written.extend(self._finish(batch, now) for batch in batches)
        return written

    def recover(self, now: datetime) -> list[WrittenFile]:
        """Take up batches that a crash left behind, from their committed bytes."""
        return [self._finish(batch, now) for batch in self.store.batches.unfinished()]

    def _plan(self, now: datetime) -> list[PendingBatch]:
        """Lock, number and render what is ready; all of it committed before anything leaves."""
        rules = self.rules()
        zone = ZoneInfo(rules.parameters.practice.time_zone)
        pending = []
        with self.store.database.write() as connection:
            ready = self.store.batches.ready_claims(connection)
            for plan in split(ready, rules.receivers):
                pending.append(self._render(connection, plan, rules, now, now.astimezone(zone)))
        return pending

    def _render(
        self, connection: Connection, plan: BatchPlan, rules: RulesInForce, now: datetime, local: datetime
    ) -> PendingBatch:
        numbers = self.store.batches.allot(connection, plan.receiver.key, len(plan.claims))
        claims = tuple(
            Claim(id=ready.id, number=number, draft=_numbered(ready.draft, number))
            for ready, number in zip(plan.claims, numbers.claims, strict=True)
        )
        envelope = Envelope(
            interchange=numbers.interchange,
            group=numbers.interchange,
            transaction=1,
            reference=f"B{numbers.interchange:09d}",
            created=local.strftime("%Y%m%d%H%M%S"),
        )
        rendered = render(claims, plan.receiver, envelope, rules.claim_table)
        name = plan.receiver.file_name.format(
            sender=plan.receiver.submitter_id,
            created=local.strftime("%Y%m%dT%H%M%S"),
            interchange=f"{numbers.interchange:09d}",
        )
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
        """Judge and publish one rendered batch; what the gate names goes to the edits queue, the rest is freed."""
        verdict = self.gate.check(batch.text)
        batches = self.store.batches
        if not verdict.accepted:
            with self.store.database.write() as connection:
                batches.refuse(connection, batch, verdict.findings, verdict.claim_numbers, now)
            log.warning("batch.refused", batch_id=batch.id, claims=batch.claims, stage="batch")
            return _told(
                batch, "refused by the gate", "; ".join(sorted({finding.text for finding in verdict.findings}))
            )
        with self.store.database.write() as connection:
            batches.mark_checked(connection, batch)
        self.publish(self.outbound, batch.file_name, batch.data)
        with self.store.database.write() as connection:
            batches.mark_published(connection, batch, now)
        log.info("batch.published", batch_id=batch.id, file=batch.file_name, claims=batch.claims, stage="batch")
        return _told(batch, "published")


def _told(batch: PendingBatch, state: str, reason: str = "") -> WrittenFile:
    return WrittenFile(
        file=batch.file_name, claims=batch.claims, total=str(from_cents(batch.total_cents)), state=state, reason=reason
    )


def _numbered(draft: ClaimDraft, number: str) -> ClaimDraft:
    """The draft with a line control number (REF*6R) on every line: the claim number and the line's own."""
    lines = tuple(replace(line, line_control=f"{number}L{line.number:02d}") for line in draft.lines)
    return replace(draft, lines=lines)
