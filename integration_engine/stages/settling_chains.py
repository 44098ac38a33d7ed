"""Claims that correct one another, after an answer: what each says of the others, what is owed, and what of a day stands.

Everything is decided from what is stored of the whole chain (rules/corrections/chain.py), never from the step that was told,
so that a correction refused, taken, and refused again comes out as if only the last had been said.
Part of the read-back stage: everything here happens inside that stage's transaction for the file.
Source  X12.md §3.3 (a rejected claim was never there); X222A1 2300 CLM05-3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain as joined

from integration_engine.core.findings import Finding
from integration_engine.domain.claim_event import ClaimEvent
from integration_engine.domain.claim_link import Link
from integration_engine.domain.sent_claim import SentClaim, SentState
from integration_engine.rules.answers.life_cycle import standing
from integration_engine.rules.claims.parties import FIRST
from integration_engine.rules.corrections.chain import Chain, chains, charges_due, day_stands, outdated, words_missing
from integration_engine.rules.later_payers.books import transfers_due
from integration_engine.rules.posting.write_offs import given_back, owed_after_all
from integration_engine.store import Connection, Store
from integration_engine.store.submissions import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What one file changed. refused: claim id → why; taken: refused before, and with the payer all the same."""

    refused: Mapping[int, tuple[Finding, ...]]
    taken: Collection[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleChains:
    """Settles chains. on: the date in the practice's zone."""

    store: Store
    on: date
    now: datetime

    def settle(self, connection: Connection, spoken_of: Collection[int], changed: Changed) -> set[int]:
        """Bring the chains of these claims to what their answers come to; returns the patients to decide again.

        Shapes   spoken_of: every claim that an answer spoke of, those of ``changed`` among them. Safe to repeat.
        """
        submissions = self.store.submissions
        moved = submissions.days(connection, {*changed.refused, *changed.taken})
        days = moved | submissions.corrected_days(connection, spoken_of)
        if not days:
            return set()
        sent = submissions.of_days(connection, days)
        found = self._chains(connection, sent)
        ids = {claim.number: claim.id for claim in sent}
        several = [chain for listed in found.values() for chain in listed if len(chain) > 1]
        told = self._tell(connection, several, ids)
        self._books(connection, found, ids)
        self._days(connection, sent, found, moved, changed)
        self._denials(connection, several, ids)
        return {claim.patient_id for claim in sent if claim.day_id in moved or claim.id in told}

    def _chains(self, connection: Connection, sent: Sequence[SentClaim]) -> dict[tuple[int, str], tuple[Chain, ...]]:
        """The chains of each day and rank of payer; with their events where something corrects something."""
        numbers = {claim.id: claim.number for claim in sent}
        correcting = {(c.day_id, c.draft.sequence) for c in sent if c.draft.frequency.value != "1"}
        events = self.store.submissions.events(
            connection, [c.id for c in sent if (c.day_id, c.draft.sequence) in correcting]
        )
        links: dict[tuple[int, str], list[Link]] = defaultdict(list)
        for claim in sent:
            link = Link(
                number=claim.number,
                frequency=claim.draft.frequency,
                follows=numbers.get(claim.follows_id or 0),
                refused=claim.state is SentState.REFUSED,
                charges=frozenset(joined.from_iterable(line.charges for line in claim.draft.lines)),
                events=tuple(events.get(claim.id, ())),
            )
            links[claim.day_id, claim.draft.sequence].append(link)
        return {key: chains(listed) for key, listed in links.items()}

    def _tell(self, connection: Connection, several: Sequence[Chain], ids: Mapping[str, int]) -> set[int]:
        """Append to each link what took its place, or did not; returns the claims that stand elsewhere for it."""
        known: dict[str, list[ClaimEvent]] = {link.number: list(link.events) for chain in several for link in chain}
        new: list[NewEvent] = []
        for chain in several:
            for number, event in words_missing(chain, self.on):
                known[number].append(event)
                new.append(NewEvent(claim_id=ids[number], event=event))
        self.store.submissions.append(connection, new, self.now)
        stand = {ids[number]: standing(events).value for number, events in known.items()}
        told = {one.claim_id for one in new}
        self.store.submissions.stand(connection, {claim_id: stand[claim_id] for claim_id in told})
        return told

    def _books(
        self, connection: Connection, found: Mapping[tuple[int, str], tuple[Chain, ...]], ids: Mapping[str, int]
    ) -> None:
        """What stands is owed, once, and nothing else of its chain."""
        several = {key: [chain for chain in listed if len(chain) > 1] for key, listed in found.items()}
        first = [chain for (_, rank), listed in several.items() if rank == FIRST for chain in listed]
        later = [chain for (_, rank), listed in several.items() if rank != FIRST for chain in listed]
        books = self.store.ledger.entries(connection, [ids[link.number] for chain in first for link in chain])
        entries = [entry for of_claim in books.values() for entry in of_claim]
        posted = [leg for chain in first for leg in charges_due(chain, entries, self.on)]
        for chain in later:
            moved, _ = self.store.ledger.postings_of(connection, [ids[link.number] for link in chain])
            posted.extend(transfers_due(chain, moved, self.on))
            entries.extend(moved)
        for link in (link for chain in (*first, *later) for link in chain):
            posted.extend(given_back(link.number, [*entries, *posted], self.on))
        self.store.denials.worked_again(connection, {ids[number] for number in owed_after_all(posted)})
        self.store.ledger.append(connection, posted, ids, self.now)

    def _days(
        self,
        connection: Connection,
        sent: Sequence[SentClaim],
        found: Mapping[tuple[int, str], tuple[Chain, ...]],
        moved: Collection[int],
        changed: Changed,
    ) -> None:
        """The days of what was refused or taken, as their first payer has them, and what waits of them."""
        first = {day: listed for (day, rank), listed in found.items() if rank == FIRST and day in moved}
        late = {number for listed in first.values() for chain in listed for number in outdated(chain)}
        waits: dict[int, tuple[int, list[Finding]]] = {}
        of_first = {c.id: c for c in sent if c.draft.sequence == FIRST and c.day_id in moved}
        for claim in of_first.values():
            reasons = waits.setdefault(claim.day_id, (claim.patient_id, []))[1]
            if claim.state is SentState.REFUSED and claim.number not in late and self._last_of_part(claim, sent):
                reasons.extend(changed.refused.get(claim.id, claim.refusal))
        touched = {of_first[c].day_id for c in (*changed.refused, *changed.taken) if c in of_first}
        self.store.refusals.settle_days(connection, [day_stands(day, first[day]) for day in sorted(touched)])
        self.store.refusals.wait(
            connection, [(day, patient, reasons) for day, (patient, reasons) in sorted(waits.items())], self.now
        )

    @staticmethod
    def _last_of_part(claim: SentClaim, sent: Sequence[SentClaim]) -> bool:
        """False where the part went again to that payer since."""
        where = claim.day_id, claim.draft.part, claim.draft.sequence, claim.draft.payer.payer_id
        return not any(
            other.id > claim.id
            and (other.day_id, other.draft.part, other.draft.sequence, other.draft.payer.payer_id) == where
            for other in sent
        )

    def _denials(self, connection: Connection, several: Sequence[Chain], ids: Mapping[str, int]) -> None:
        """A denial is worked with the correction that stands, or comes back where none does."""
        late = {ids[number] for chain in several for number in outdated(chain)}
        rest = {ids[link.number] for chain in several for link in chain} - late
        self.store.denials.follow_corrections(connection, rest, self.now)
        self.store.denials.resubmitted(connection, late, self.now)
