"""Departing: what follows when a file lies in outbound/: claims submitted, days billed, receivables opened, denials answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from integration_engine.domain.claim import Claim, ClaimDraft, Frequency
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.ledger import Entry
from integration_engine.domain.submission import submitted
from integration_engine.rules.answers.life_cycle import standing
from integration_engine.rules.claims.parties import FIRST
from integration_engine.rules.later_payers.books import taken_over_anew
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.posting.ledger import opening_entries
from integration_engine.rules.posting.write_offs import given_back, owed_after_all
from integration_engine.rules.scrubber.scrubbing import filing_last_day
from integration_engine.stages.later_payers import SettleLaterPayers
from integration_engine.store import Connection, Store
from integration_engine.store.batches import PendingBatch
from integration_engine.store.departures import LeftClaim
from integration_engine.store.submissions import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Departing:
    """Notes one departure. on: the date in the practice's zone."""

    store: Store
    parameters: Parameters
    on: date
    now: datetime

    def left(self, connection: Connection, batch: PendingBatch) -> None:
        """The claims of a published file are submitted: days billed, events appended, receivables opened."""
        on, now = self.on, self.now
        left = self.store.departures.mark_published(connection, batch, now, on)
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
        self._open_books(connection, left)
        later = {one.id for one in left if one.draft.sequence != FIRST} | taken_over.keys()
        settling = SettleLaterPayers(store=self.store, parameters=self.parameters, on=on, now=now)
        settling.settle(connection, later)
        self.store.submissions.filing_clock(
            connection, {one.id: last for one in left if (last := _file_by(one.draft, self.parameters)) is not None}
        )

    def _open_books(self, connection: Connection, left: Sequence[LeftClaim]) -> None:
        """What a submission posts: charges owed, what a correction takes back, what a later payer takes over."""
        followed = self.store.submissions.numbers(connection, {one.follows_id for one in left if one.follows_id})
        books = self.store.ledger.entries(connection, followed)
        entries: list[Entry] = []
        for one in left:
            claim = submitted(Claim(id=one.id, number=one.number, draft=one.draft))
            before = followed.get(one.follows_id or 0, "")
            entries.extend(opening_entries(claim, self.on, followed=before, earlier=books.get(before, ())))
        corrected = [
            one for one in left if one.draft.sequence != FIRST and one.draft.frequency is not Frequency.ORIGINAL
        ]
        if corrected:
            more, named = self._books_of_later(connection, corrected)
            entries.extend(more)
            followed |= named
        numbers = {one.number: one.id for one in left} | {number: c for c, number in followed.items()}
        # A correction takes away what was owed, so nothing of it is left that could have been given up.
        corrected_ids = {
            one.follows_id
            for one in left
            if one.follows_id is not None and one.draft.frequency is not Frequency.ORIGINAL
        }
        for claim_id in sorted(corrected_ids):
            number = followed[claim_id]
            entries.extend(given_back(number, [*books.get(number, ()), *entries], self.on))
        self.store.denials.worked_again(connection, {numbers[number] for number in owed_after_all(entries)})
        self.store.ledger.append(connection, entries, numbers, self.now)

    def _books_of_later(
        self, connection: Connection, corrected: Sequence[LeftClaim]
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
            entries.extend(taken_over_anew(one.number, self.on, rank, postings, source, books.get(source, ())))
        return entries, numbers


def _file_by(draft: ClaimDraft, parameters: Parameters) -> date | None:
    known = parameters.practice.payers.values()  # by what the EMR sends in IN1-3, which is not the payer's key
    entry = next((entry for entry in known if entry.payer.key == draft.payer.key), None)
    return filing_last_day(entry, draft.date_of_service, parameters) if entry is not None else None
