"""Denials after a decision of a payer: the earlier ones answered, the new ones kept, each with its hold in the queue.

Part of the read-back stage: everything here happens inside that stage's transaction for the file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from integration_engine.domain.denial_outcome import DenialOutcome, DenialState
from integration_engine.domain.ledger import Account
from integration_engine.domain.posting import ClaimResult, LineResult
from integration_engine.rules.answers.hearing import denial_finding
from integration_engine.rules.answers.life_cycle import ANSWER_MISSING
from integration_engine.rules.denials.outcomes import denial_outcomes, taken_back_before
from integration_engine.rules.posting.late_payments import takebacks_known
from integration_engine.store import Connection, Store
from integration_engine.store.denial_answers import (
    answers_on,
    decided_later,
    earlier_denials,
    save_outcomes,
    settled_by_later,
    still_open,
    taken_back,
)
from integration_engine.store.denials import NewDenial

REVERSAL_UNKNOWN = "remittance.reversal_unknown"
ANSWERED = ("denials.", ANSWER_MISSING)  # the holds of a claim that a decision on it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One claim of ours that a payment decided.

    Shapes   row_id: of the stored answer. lines: all of its lines; denied: those that were denied, or the claim as a
             whole when it is denied although no line is.
    """

    claim_id: int
    number: str
    result: ClaimResult
    row_id: int
    lines: tuple[LineResult, ...]
    denied: tuple[LineResult, ...]


def keep_denials(
    store: Store,
    connection: Connection,
    decided: Sequence[Decided],
    reversed_claims: Collection[int],
    told: date,
    now: datetime,
    *,
    owed_again: Collection[int] = (),
) -> int:
    """Answer earlier denials, keep new ones and bring the denial queue up to date; returns how many claims were denied.

    Shapes   decided: in the order of the payment. reversed_claims: decisions that were
             taken back; those decided anew are among ``decided`` too. told: date of the payment. owed_again: claims of
             which a write-off was given back.
    """
    of_claim: dict[int, list[Decided]] = {}
    for one in decided:  # a payer may answer one claim in several parts
        of_claim.setdefault(one.claim_id, []).append(one)
    own = taken_back(connection, set(reversed_claims) - of_claim.keys())
    earlier = earlier_denials(connection, of_claim)
    outcomes: dict[int, list[DenialOutcome]] = {}
    new: list[NewDenial] = []
    superseded = taken_back_before([one.row_id for one in decided], answers_on(connection, of_claim), told)
    for one in decided:
        # A payment that the payer has taken back already recovers nothing, though it comes after the denial.
        answered = [] if one.row_id in superseded else earlier[one.claim_id]
        found = denial_outcomes(answered, one.result, one.lines, told)
        outcomes.setdefault(one.claim_id, []).extend(found)
        new += [
            NewDenial(
                claim_id=one.claim_id, remit_claim_id=one.row_id, line=line, on=told, earlier_id=_repeats(line, found)
            )
            for line in one.denied
        ]
    _end_takebacks(store, connection, [one for one in decided if one.row_id in superseded], now)
    save_outcomes(connection, outcomes, told)
    store.denials.append(connection, new, now)
    settled = _paid_since(store, connection, of_claim, told)
    held = store.holds.claims_held(connection, of_claim)
    others = still_open(connection, of_claim, [one.row_id for one in decided])
    for claim_id, parts in of_claim.items():
        denied = [line for part in parts for line in part.denied if claim_id not in settled]
        if denied or claim_id in held:
            findings = (denial_finding(parts[0].number, denied, told),) if denied else ()
            ends = (ANSWER_MISSING,) if claim_id in others else ANSWERED
            store.holds.sync(connection, findings, now, claim_id=claim_id, families=ends)
    for claim_id in sorted(set(reversed_claims) & set(owed_again)):  # what was given up of the decision taken back
        store.denials.owed_again(connection, claim_id, now)
    # A late answer on a claim that was corrected meanwhile: its denial is worked with the correction. A decision taken
    # back without a new one leaves its denial as it was before.
    store.denials.follow_corrections(connection, of_claim.keys() | own | set(owed_again), now)
    return sum(any(part.denied for part in parts) for parts in of_claim.values())


def _end_takebacks(store: Store, connection: Connection, late: Sequence[Decided], now: datetime) -> None:
    """A takeback that was read before its payment is no riddle any more once that payment is in the books."""
    books = store.ledger.entries(connection, {one.claim_id for one in late})
    for one in late:
        if takebacks_known(books.get(one.number, ())):
            store.holds.end(connection, REVERSAL_UNKNOWN, {f"claim {one.number}"}, now)


def _paid_since(store: Store, connection: Connection, claims: Collection[int], told: date) -> Collection[int]:
    """The claims of an older answer that came late: the payer has paid them since, and owes nothing more on them."""
    later = decided_later(connection, claims, told)
    owed = store.ledger.balances(connection, later)
    done = {
        claim_id: on for claim_id, on in later.items() if owed.get(claim_id, {}).get(Account.RECEIVABLE_PAYER, 0) <= 0
    }
    settled_by_later(connection, done)
    return done


def _repeats(line: LineResult, outcomes: Sequence[DenialOutcome]) -> int | None:
    """The earlier denial that a denied line repeats; None for a line that is denied for the first time."""
    for one in outcomes:
        if one.state is DenialState.DENIED_AGAIN and (line.number in one.lines or not one.lines):
            return one.denial
    return None
