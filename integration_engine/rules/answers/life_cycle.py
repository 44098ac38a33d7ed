"""Where a submitted claim stands: a fold over its events that does not care in which order they arrived.

The furthest station that has spoken decides: interchange, transaction, clearinghouse, payer, adjudication. Within a
station the latest word by its own date counts, and on the same date a refusal. So an acknowledgment that comes late
never moves a claim back, and a file backfilled weeks later gives the standing it would have given in order.
Source  X12.md §3.3 (late or out-of-order answers); 005010X214 STC01; 005010X221A1 CLP02.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.claim import Receiver
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind


class Standing(StrEnum):
    """Where a submission stands, in the words of the claim screen."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"  # the 999 took it
    AT_CLEARINGHOUSE = "at_clearinghouse"
    AT_PAYER = "at_payer"
    REFUSED = "refused"  # TA1, 999 or 277CA: the payer never adjudicated it
    PAID = "paid"
    DENIED = "denied"
    REVERSED = "reversed"
    FORWARDED = "forwarded"
    REPLACED = "replaced"
    VOIDED = "voided"


# kind → (station, standing, how much it outweighs another word of the same station and date)
_WORDS: Mapping[ClaimEventKind, tuple[int, Standing, int]] = {
    ClaimEventKind.SUBMITTED: (0, Standing.SENT, 0),
    ClaimEventKind.INTERCHANGE_ACCEPTED: (1, Standing.SENT, 0),
    ClaimEventKind.INTERCHANGE_REFUSED: (1, Standing.REFUSED, 1),
    ClaimEventKind.TRANSACTION_ACCEPTED: (2, Standing.ACKNOWLEDGED, 0),
    ClaimEventKind.TRANSACTION_REFUSED: (2, Standing.REFUSED, 1),
    ClaimEventKind.CLEARINGHOUSE_ACCEPTED: (3, Standing.AT_CLEARINGHOUSE, 0),
    ClaimEventKind.CLEARINGHOUSE_REJECTED: (3, Standing.REFUSED, 1),
    ClaimEventKind.PAYER_ACCEPTED: (4, Standing.AT_PAYER, 0),
    ClaimEventKind.PAYER_REJECTED: (4, Standing.REFUSED, 1),
    # A correction comes as a reversal and a new decision in one remit: the decision is what stands.
    ClaimEventKind.REVERSED: (5, Standing.REVERSED, 0),
    ClaimEventKind.PAYMENT_REVERSED: (5, Standing.REVERSED, 0),
    ClaimEventKind.FORWARDED: (5, Standing.FORWARDED, 1),
    ClaimEventKind.DENIED: (5, Standing.DENIED, 2),
    ClaimEventKind.PAID: (5, Standing.PAID, 3),
    ClaimEventKind.REPLACED: (6, Standing.REPLACED, 0),
    ClaimEventKind.VOIDED: (6, Standing.VOIDED, 1),
    # It says nothing of this claim but that it was sent; it takes back the word of the correction that it names.
    ClaimEventKind.CORRECTION_REFUSED: (0, Standing.SENT, 0),
}
REFUSALS = frozenset(kind for kind, (_, standing, _) in _WORDS.items() if standing is Standing.REFUSED)
TAKEN_OVER = frozenset({ClaimEventKind.REPLACED, ClaimEventKind.VOIDED})
ADJUDICATED = frozenset(kind for kind, (station, _, _) in _WORDS.items() if station == 5)  # noqa: PLR2004 - the station


def standing(events: Iterable[ClaimEvent]) -> Standing:
    """Where the claim stands after these events, in whatever order they are given.

    Raises   ValueError without any event: a claim that was never sent has no standing.
    """
    told = _without_refused_corrections(events)
    own = [event for event in told if event.kind not in TAKEN_OVER]
    if own and _furthest(own) is Standing.REFUSED:
        return Standing.REFUSED  # it was never there, so nothing took its place
    return _furthest(told)


def _furthest(told: Sequence[ClaimEvent]) -> Standing:
    # A payment and its reversal may bear one date: what counts is whether any payment was never taken back.
    kinds = Counter(event.kind for event in told)
    if kinds[ClaimEventKind.PAID] <= kinds[ClaimEventKind.PAYMENT_REVERSED]:
        last_back = max((e.on for e in told if e.kind is ClaimEventKind.PAYMENT_REVERSED), default=date.min)
        told = [event for event in told if event.kind is not ClaimEventKind.PAID or event.on > last_back]
    elif _decisions(kinds) > _takebacks(kinds):
        # One of several payments was taken back, such as a later payer's on the first payer's claim: the other stands.
        told = [event for event in told if event.kind is not ClaimEventKind.PAYMENT_REVERSED]
    if _decisions(kinds) <= _takebacks(kinds):
        # A denial and its takeback may bear one date too, in files of their own: nothing is decided any more.
        told = [event for event in told if event.kind not in _WITHOUT_MONEY]
    last = max(told, key=lambda e: (_WORDS[e.kind][0], e.on, _WORDS[e.kind][2]), default=None)
    if last is None:
        msg = "a claim without events was never sent"
        raise ValueError(msg)
    return _WORDS[last.kind][1]


_WITHOUT_MONEY = frozenset({ClaimEventKind.DENIED, ClaimEventKind.FORWARDED})


def _decisions(kinds: Counter[ClaimEventKind]) -> int:
    return kinds[ClaimEventKind.PAID] + kinds[ClaimEventKind.DENIED] + kinds[ClaimEventKind.FORWARDED]


def _takebacks(kinds: Counter[ClaimEventKind]) -> int:
    return kinds[ClaimEventKind.PAYMENT_REVERSED] + kinds[ClaimEventKind.REVERSED]


def _without_refused_corrections(events: Iterable[ClaimEvent]) -> list[ClaimEvent]:
    """The events without replacements and voids that were refused before adjudication: they took the place of nothing."""
    listed = list(events)
    taken = Counter(event.code for event in listed if event.kind in TAKEN_OVER)
    refused = Counter(event.code for event in listed if event.kind is ClaimEventKind.CORRECTION_REFUSED)
    # A correction may be refused and then taken all the same: what counts is whether it was refused as often as told.
    return [e for e in listed if not (e.kind in TAKEN_OVER and taken[e.code] <= refused[e.code])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many days an answer may take before someone is told; one set a receiver."""

    acknowledgment_days: int
    claim_status_days: int
    remit_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A submitted claim as the alerts see it. file_by: last day on which it may be filed, None if not known."""

    claim_id: int
    number: str
    submitted_on: date
    kinds: frozenset[ClaimEventKind]
    file_by: date | None = None


def patience_of(receiver: Receiver) -> Patience:
    """How long answers of this receiver may take."""
    return Patience(
        acknowledgment_days=receiver.acknowledgment_days,
        claim_status_days=receiver.claim_status_days,
        remit_days=receiver.remit_days,
    )


ANSWER_MISSING = "remittance.answer_missing"
_CLEARED = ADJUDICATED | REFUSALS
HOUSE = Citation(document="house rule", section="missing answers; mappings/claims/receivers.yaml")


def missing_answer(waiting: Waiting, patience: Patience, today: date) -> Finding | None:
    """The one alert a silent claim deserves today: the first answer that is overdue, or None."""
    replaced = waiting.kinds & TAKEN_OVER and ClaimEventKind.CORRECTION_REFUSED not in waiting.kinds
    if replaced or waiting.kinds & _CLEARED:
        return None
    past = (today - waiting.submitted_on).days
    heard = max((_WORDS[kind][0] for kind in waiting.kinds - TAKEN_OVER), default=0)
    steps = (
        (2, patience.acknowledgment_days, "acknowledgment (999)", "Ask the clearinghouse whether the file arrived."),
        (3, patience.claim_status_days, "claim status (277CA)", "Look the claim up at the clearinghouse."),
        (5, patience.remit_days, "remit (835)", "Ask the payer for the claim's status before the filing limit."),
    )
    for station, days, what, fix in steps:
        if heard < station and past > days:
            return _late(waiting, what, fix, past, days)
    return None


def _late(waiting: Waiting, what: str, fix: str, past: int, days: int) -> Finding:
    left = ""
    if waiting.file_by is not None:
        left = f" It may be filed until {waiting.file_by}."
    return Finding(
        id=ANSWER_MISSING,
        severity=Severity.ERROR,
        text=f"No {what} has come {past} days after submission; {days} are usual.{left}",
        fix=fix,
        owner="biller",
        subject=f"claim {waiting.number}",
        observed=what,
        expected=f"within {days} days, by {waiting.submitted_on + timedelta(days=days)}",
        queue=Queue.REMITTANCE,
        citation=HOUSE,
        due_in_days=1,
    )
