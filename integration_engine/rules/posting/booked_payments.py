"""Whether a payment is in the books already, although its remit comes again in other words.

Payers issue a remit again with a claim number mended, in other case, or with another identifier of their own; the bank
has the money once. What makes the payment is payer, trace and amount; what makes its claim is the claim of ours.
Source  005010X221A1 TRN02 (reassociation trace), BPR02; house rule, a payment takes effect once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.core.money import ZERO, to_cents
from integration_engine.domain.booked_payment import BookedClaim, BookedPayment
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.rules.answers.remit_matching import Match

BOOKED_BEFORE = "remittance.booked_before"
CLAIMS_NAMED = 5  # of claims that the earlier remit did not have; the file lists them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What of a remit is in the books.

    Shapes   claims: places in the remit of those that took effect. payment: the earlier payment that it is; None where
             the bank may have it for the first time.
    """

    claims: frozenset[int] = frozenset()
    payment: BookedPayment | None = None


def booked(remit: Remit, matches: Sequence[Match], payments: Iterable[BookedPayment], known: Collection[str]) -> Booked:
    """Which earlier payment a remit is, and which of its claims took effect with it.

    Shapes   matches: one for each claim. payments: those posted with the same amount. known: identifiers of the
             practice's payers. A remit without a trace is no payment that could be recognised.
    """
    same = [payment for payment in payments if _trace(remit) and _same_payment(remit, payment.remit, known)]
    left = [claim for payment in same for claim in payment.claims]
    places = []
    for place, (claim, match) in enumerate(zip(remit.claims, matches, strict=True)):
        before = next((one for one in left if _same_claim(claim, match, one)), None)
        if before is not None:
            left.remove(before)
            places.append(place)
    return Booked(claims=frozenset(places), payment=same[0] if same else None)


def booked_before(remit: Remit, payment: BookedPayment, claims: Sequence[RemitClaim]) -> Finding | None:
    """The bank has this payment once, and the remit says it again with other claims: told instead of posted twice.

    Shapes   claims: of the remit, none of which took effect before. None where they move no money.
    """
    new = [claim for claim in claims if claim.paid != ZERO]
    if not new:
        return None
    named = ", ".join(f"{one.number or 'without a number'} {one.paid}" for one in new[:CLAIMS_NAMED])
    rest = f" and {len(new) - CLAIMS_NAMED} more" if len(new) > CLAIMS_NAMED else ""
    waiting = any(one.ours is None and one.paid != ZERO for one in payment.claims)
    fix = (
        f"Give the money of answer file {payment.answer_id} to its claims (`answers assign {payment.answer_id}`), then"
        " `answers accept` this file: it posts only what is still not in the books."
        if waiting
        else "Look at the bank: only if it has the amount twice, `answers accept` this file; else ask the payer which"
        " remit stands."
    )
    return Finding(
        id=BOOKED_BEFORE,
        severity=Severity.ERROR,
        text=f"Payment {remit.trace} of {remit.amount} came before with {payment.file_name}, without these claims:"
        f" {named}{rest}. Nothing of it is posted, or the bank would have it twice.",
        fix=fix,
        owner="biller",
        subject=f"835 {remit.transaction}, payment {remit.trace}",
        position=f"segment {new[0].position}, 2100/CLP",
        observed=str(sum((one.paid for one in new), ZERO)),
        queue=Queue.REMITTANCE,
    )


def _same_payment(one: Remit, other: Remit, known: Collection[str]) -> bool:
    if (_trace(one), to_cents(one.amount)) != (_trace(other), to_cents(other.amount)):
        return False
    ours, theirs = _payer(one), _payer(other)
    # By a payer of ours where both name one; several identifiers of one payer are common, and they come and go.
    named, told = ours & frozenset(known), theirs & frozenset(known)
    return bool(named & told) if named and told else bool(ours & theirs)


def _same_claim(claim: RemitClaim, match: Match, before: BookedClaim) -> bool:
    if to_cents(claim.paid) != to_cents(before.paid):
        return False
    if match.claim is not None and before.ours is not None:
        return match.claim.number == before.ours
    names = {_spelled(claim.number), *([match.claim.number] if match.claim is not None else [])} - {""}
    return bool(names & {_spelled(before.number), before.ours})


def _trace(remit: Remit) -> str:
    return _spelled(remit.trace)


def _payer(remit: Remit) -> frozenset[str]:
    return frozenset(_spelled(one) for one in (remit.payer_id, *remit.payer_ids)) - {""}


def _spelled(text: str) -> str:
    """An identifier as we write it: payers return it in small letters or padded."""
    return text.strip().upper()
