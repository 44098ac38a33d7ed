"""What the answers of one file come to, saved: standings, books, work queues, and what has to be decided again.

Claims refused before adjudication open their days again and leave the books; what a payer decided settles the claims of
the payers behind it. Part of the read-back stage: everything here happens inside that stage's transaction for the file.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from integration_engine.core.findings import Finding, Severity
from integration_engine.domain.claim_event import ClaimEvent
from integration_engine.rules.answers.hearing import TAKEN_BACK, ClaimWord, answers_void
from integration_engine.rules.answers.life_cycle import ADJUDICATED, standing
from integration_engine.rules.corrections.after_submission import IDENTITY_CHANGED
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.posting.ledger import refusal_entries
from integration_engine.stages.later_payers import SettleLaterPayers
from integration_engine.stages.posting_remits import Gathered
from integration_engine.stages.settling_chains import Changed, SettleChains
from integration_engine.stages.taken_after_all import taken_after_all
from integration_engine.store import Connection, Store
from integration_engine.store.refusals import REJECTIONS
from integration_engine.store.submissions import NewEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was saved of one file. held: something of it waits for a person, and the reason says what."""

    held: bool
    reason: str
    claims: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAnswers:
    """Saves what the answers of one file say. on: the date in the practice's zone."""

    store: Store
    parameters: Parameters
    on: date
    now: datetime

    def settle(self, connection: Connection, answer_id: int, gathered: Gathered, ends: tuple[str, ...] = ()) -> Settled:
        """Save what one file says, all of it or, after a person accepted it, what had waited.

        Shapes   ends: the findings whose holds that acceptance ends; others of the file go on waiting. Empty: all of
                 them were told anew.
        """
        touched, refused = self.claims(connection, answer_id, gathered)
        return self._file(connection, answer_id, gathered, ends, touched, refused)

    def claims(self, connection: Connection, answer_id: int, gathered: Gathered) -> tuple[int, int]:
        """Save what is said of claims, with all that follows from it; returns how many were spoken of and refused."""
        store, submissions, on, now = self.store, self.store.submissions, self.on, self.now
        gathered.words.extend(self._voids_answered(connection, gathered))
        gathered.payer_numbers = gathered.status_numbers | store.answers.payer_numbers(
            connection, gathered.paid_claims | gathered.status_numbers.keys()
        )
        events = [
            NewEvent(claim_id=claim_id, answer_id=answer_id, batch_id=batch_id, event=word.event)
            for claim_id, word, batch_id in gathered.words
        ]
        touched = {claim_id for claim_id, _, _ in gathered.words}
        submissions.lock(connection, touched)
        known = submissions.events(connection, touched)
        submissions.append(connection, events, now)
        stops = _new_stops(gathered, known)
        for new in events:
            known.setdefault(new.claim_id, []).append(new.event)
        stands = {claim_id: standing(known[claim_id]).value for claim_id in touched}
        submissions.stand(connection, stands)
        submissions.payer_numbers(connection, gathered.payer_numbers)
        paid = submissions.numbers(connection, [one for one, stands_at in stands.items() if stands_at == "paid"])
        store.holds.end(connection, IDENTITY_CHANGED, {f"claim {number}" for number in paid.values()}, now)
        refused = {
            claim_id: word.refusal
            for claim_id, word, _ in gathered.words
            if word.refusal is not None and stands[claim_id] == "refused"
        }
        patients = set(store.refusals.refuse(connection, refused, now))
        self._close_books(connection, refused)
        taken, gave_way, theirs = taken_after_all(store, connection, touched, on, now)
        self._close_books(connection, gave_way, of_payer=False)
        refused |= dict.fromkeys(gave_way, ())
        chains = SettleChains(store=store, on=on, now=now)
        patients |= theirs | chains.settle(connection, touched | taken, Changed(refused=refused, taken=taken))
        decided = {claim_id for claim_id, word, _ in gathered.words if word.event.kind in ADJUDICATED}
        later = SettleLaterPayers(store=store, parameters=self.parameters, on=on, now=now)
        later.settle(connection, decided | refused.keys() | taken | gathered.payer_numbers.keys())
        patients |= set(submissions.waiting_for_number(connection, gathered.payer_numbers))
        submissions.decide_again(connection, patients, now)
        for batch_id, findings in stops.items():
            store.holds.sync(connection, findings, now, batch_id=batch_id, families=REJECTIONS)
        return len(touched), len(refused)

    def _file(
        self,
        connection: Connection,
        answer_id: int,
        gathered: Gathered,
        ends: tuple[str, ...],
        claims: int,
        refused: int,
    ) -> Settled:
        store = self.store
        store.holds.sync(connection, held_findings(gathered.findings), self.now, answer_id=answer_id, families=ends)
        held = store.holds.stops_answer(connection, answer_id)
        store.answers.remark(connection, answer_id, gathered.findings)
        warnings = [finding.text for finding in gathered.findings if finding.severity is Severity.WARNING]
        told = store.answers.told(connection, answer_id) if held else warnings
        reason = "; ".join(dict.fromkeys(told))[:2000]
        store.answers.settle(connection, answer_id, "held" if held else "done", reason)
        return Settled(held=held, reason=reason, claims=claims, refused=refused)

    def _voids_answered(self, connection: Connection, gathered: Gathered) -> list[tuple[int, ClaimWord, int | None]]:
        """A payer answers a void by taking its decision on the voided claim back: that is the word on the void, too."""
        back: dict[int, ClaimWord] = {}
        for claim_id, word, _ in gathered.words:
            if word.event.kind in TAKEN_BACK:
                back[claim_id] = word
            elif word.event.kind in ADJUDICATED:
                back.pop(claim_id, None)  # taken back to be decided anew: a correction of the payer's
        voids = self.store.submissions.voids_of(connection, back)
        numbers = self.store.submissions.numbers(connection, voids.values())
        return [(void, answers_void(back[claim_id], numbers[void]), None) for claim_id, void in sorted(voids.items())]

    def _close_books(self, connection: Connection, refused: Collection[int], *, of_payer: bool = True) -> None:
        """Nothing is owed on a claim that was refused before adjudication; what goes again is posted anew.

        Shapes   of_payer: also what payments posted; those of a claim that gave way the payer takes back itself.
        """
        numbers = self.store.submissions.numbers(connection, refused)
        earlier, ids = self.store.ledger.postings_of(connection, refused)
        posted = [entry for entry in earlier if of_payer or entry.remit is None]
        entries = refusal_entries(set(numbers.values()), self.on, posted)
        self.store.ledger.append(connection, entries, ids, self.now)


def held_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that wait for a person, told apart by where in the file they lie."""
    return tuple(replace(finding, subject=finding.subject or finding.position) for finding in findings if finding.holds)


def _new_stops(gathered: Gathered, known: Mapping[int, Sequence[ClaimEvent]]) -> Mapping[int, tuple[Finding, ...]]:
    """The files of ours whose refusal nobody has told before: the same acknowledgment in other bytes stops nothing again.

    Shapes   known: the events of each claim before this answer.
    """
    told = {claim_id: {(event.kind, event.code) for event in events} for claim_id, events in known.items()}
    new = {
        batch_id
        for claim_id, word, batch_id in gathered.words
        if batch_id is not None and (word.event.kind, word.event.code) not in told.get(claim_id, ())
    }
    return {batch_id: findings for batch_id, findings in gathered.stops.items() if batch_id in new}
