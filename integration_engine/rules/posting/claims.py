"""One claim of a remit in the books: payments, adjustments, the patient's share, and the exact undoing of a reversal.

What a payer denies is posted nowhere: it stays owed until someone decides. Source  005010X221A1; what each reason code
means for the books is in mappings/responses/denials.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.core.money import ZERO, from_cents, to_cents
from integration_engine.domain.denial import Books, DenialContext
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.domain.remit import Adjustment, AdjustmentGroup, Remit, RemitClaim, RemitLine
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.answers.remit_matching import Match, of_another_payer
from integration_engine.rules.denials.categories import REVERSAL, claim_as_line, judge
from integration_engine.rules.posting.balance import all_adjustments
from integration_engine.rules.posting.ledger import open_balance, pair, standing, undo
from integration_engine.rules.posting.posted_answers import (
    PAID_AGAIN,
    are_opposite,
    bank_side,
    by_account,
    cash_of,
    in_detail,
    is_of_share,
    is_paid_again,
    may_be_capped,
    shares_of,
)
from integration_engine.rules.posting.write_offs import given_back, written_off
from integration_engine.rules.responses.in_force import Responses

FIRST_PAYER = "P"
LATER_PAYER = frozenset({"2", "3", "20", "21"})  # CLP02: processed as secondary or tertiary, passed on or not

# Where money that a payer takes off a charge is posted; what stays open is posted nowhere.
_ACCOUNTS: Mapping[Books, Account] = {
    Books.CONTRACTUAL: Account.CONTRACTUAL,
    Books.PAYER_ADJUSTMENT: Account.PAYER_ADJUSTMENT,
    Books.PATIENT: Account.RECEIVABLE_PATIENT,
}

ContextOf = Callable[[SubmittedClaim | None, SubmittedLine | None], DenialContext]


def nothing_known(_: SubmittedClaim | None, __: SubmittedLine | None) -> DenialContext:
    """The context where nobody looked anything up."""
    return DenialContext()


class ClaimBooks:
    """The claims of one remit while they are posted, one after another; entries and findings grow."""

    def __init__(
        self,
        remit: Remit,
        responses: Responses,
        on: date,
        earlier: tuple[Entry, ...],
        context_of: ContextOf,
        payers: Collection[str],
    ) -> None:
        self.remit = remit
        self.payers = payers
        self.responses = responses
        self.on = on
        self.as_of = remit.paid_on or remit.produced_on or on  # the day whose code lists count
        self.context_of = context_of
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self.paid_again: set[str] = set()  # numbers of claims
        self._of_claim: dict[str, list[Entry]] = {}
        self._remember(earlier)

    def add(self, legs: Iterable[Entry]) -> None:
        """Post some legs."""
        new = tuple(legs)
        self.entries.extend(new)
        self._remember(new)

    def of_claim(self, number: str) -> tuple[Entry, ...]:
        """All entries of one claim, earlier ones and those of this remit."""
        return tuple(self._of_claim.get(number, ()))

    def _remember(self, legs: Iterable[Entry]) -> None:
        for leg in legs:
            if leg.claim is not None:
                self._of_claim.setdefault(leg.claim, []).append(leg)

    def post(self, key: str, claim: RemitClaim, match: Match) -> bool:
        """Post payments and adjustments as the claim states them; what a later payer took back already, as it did then.

        Shapes   returns False where only the money counts, because the same decision stands already.
        """
        assert match.claim is not None
        back = self._taken_back_before(claim, match)
        if not back:
            stated = self._stated(key, claim, match)
            again = self._paid_again(key, claim, match, stated)
            self.add(again or stated)
            return not again
        legs = undo(back, self.on, key, remit=self.remit.trace)
        self.add(replace(leg, kind=was.kind) for leg, was in zip(legs, back, strict=True))
        return True

    def _taken_back_before(self, claim: RemitClaim, match: Match) -> list[Entry]:
        """The posting by which a later payer took this answer back before it was read; none where it did not.

        Why      What a later payer reduces is posted only as far as there is room, and after its takeback there is other
                 room than there was: only the two together leave nothing.
        """
        assert match.claim is not None
        if match.claim.sequence == FIRST_PAYER and claim.status not in LATER_PAYER:
            return []
        wanted = shares_of(self._stated("", claim, match, capped=False))
        return self._latest(match.claim.number, lambda legs: are_opposite(shares_of(legs), wanted)) if wanted else []

    def _paid_again(self, key: str, claim: RemitClaim, match: Match, stated: Sequence[Entry]) -> tuple[Entry, ...]:
        """The money alone of a decision that stands already and was not taken back; none where it is another decision.

        Why      A payer that decides a claim once more in the very same words has paid twice, but has reduced it once and
                 leaves the patient the same share once: only the money adds up.
        """
        ours = match.claim
        assert ours is not None
        first = ours.sequence == FIRST_PAYER and claim.status not in LATER_PAYER
        if not first or claim.paid <= ZERO or abs(claim.charge) != ours.total:
            return ()
        said = [in_detail(legs) for legs in self._answers(ours.number).values()]
        wanted = in_detail(stated)
        # A takeback that was read before its payment stands in the books as the opposite of it.
        if sum(one == wanted for one in said) <= sum(are_opposite(one, wanted) for one in said):
            return ()
        self.paid_again.add(ours.number)
        self.findings.append(self._paid_twice(claim, ours.number))
        sides, cents = (Account.CASH, Account.RECEIVABLE_PAYER), to_cents(claim.paid)
        kind, trace = EntryKind.PAYMENT, self.remit.trace
        return pair(key, *sides, cents, kind, self.on, claim=ours.number, code=PAID_AGAIN, remit=trace)

    def give_back(self, number: str, *, whole: bool) -> None:
        """Take write-offs of ours back where the payer paid what we gave up; all of them where it took a decision back."""
        self.add(given_back(number, self.of_claim(number), self.on, whole=whole))

    def _stated(self, key: str, claim: RemitClaim, match: Match, *, capped: bool = True) -> list[Entry]:
        """The legs of a claim's own amounts: line by line, and what it states beside its lines on the claim as a whole."""
        assert match.claim is not None
        handed = self._handed_over(claim, match.claim)
        legs = list(self._to_later_payer(key, handed, match.claim))
        room = self._room(claim, match.claim, handed) if capped else None
        for line in claim.lines:
            legs += self._pair(key, Account.CASH, line.paid, EntryKind.PAYMENT, match, line.number)
            room = self._adjustments(legs, key, line, line.adjustments, claim, match, room)
        rest = claim.paid - sum((line.paid for line in claim.lines), ZERO)
        legs += self._pair(key, Account.CASH, rest, EntryKind.PAYMENT, match, 0)
        self._adjustments(legs, key, claim_as_line(claim), claim.adjustments, claim, match, room)
        return legs

    def _handed_over(self, claim: RemitClaim, ours: SubmittedClaim) -> int:
        """What the patient owes on a first payer's claim that a later payer answers by itself, in cents.

        Why      Payers pass claims on to supplements (CLP02 19), whose remit names our claim to the first payer: what it
                 pays is the patient's share, not the first payer's money. Where it is read before the first payer's
                 answer, it takes over as much as it pays and leaves; the patient's share that is still to come covers it.
        """
        if ours.sequence != FIRST_PAYER or claim.status not in LATER_PAYER:
            return 0
        if self._ahead_of_first(ours):
            return max(0, to_cents(claim.paid) + _left_to_patient(claim))
        return max(0, open_balance(self.of_claim(ours.number), ours.number).patient)

    def _ahead_of_first(self, ours: SubmittedClaim) -> bool:
        """Whether another payer answers a first payer's claim on which no answer but later payers' stands: those hand over."""
        if not of_another_payer(self.remit, ours.payer_id, self.payers):
            return False
        stands = [entry for entry in standing(self.of_claim(ours.number)) if entry.remit is not None]
        handed = {entry.posting for entry in stands if entry.kind is EntryKind.TRANSFER}
        return all(entry.posting in handed for entry in stands)

    def _to_later_payer(self, key: str, cents: int, ours: SubmittedClaim) -> tuple[Entry, ...]:
        """The patient's share, owed by the later payer until its own answer says what is left."""
        owed = (Account.RECEIVABLE_PAYER, Account.RECEIVABLE_PATIENT)
        kind, trace = EntryKind.TRANSFER, self.remit.trace
        return pair(key, *owed, cents, kind, self.on, claim=ours.number, code="later payer", remit=trace)

    def _room(self, claim: RemitClaim, ours: SubmittedClaim, handed: int) -> int | None:
        """What a later payer can still write off, in cents; None for the first payer and for reversals.

        Why      Later payers state the whole contractual reduction again, of which the first payer's part is written off
                 already; only what was handed over to the later payer is left to reduce.
        """
        first = ours.sequence == FIRST_PAYER and claim.status not in LATER_PAYER
        if first or claim.status == REVERSAL:
            return None
        books = self.of_claim(ours.number)
        owed = open_balance(books, ours.number).payer + written_off(books, ours.number) + handed
        if ours.sequence == FIRST_PAYER and self._ahead_of_first(ours):
            owed = handed  # all else is the first payer's to decide
        return max(0, owed - to_cents(claim.paid) - _left_to_patient(claim))

    def _adjustments(
        self,
        legs: list[Entry],
        key: str,
        line: RemitLine,
        adjustments: tuple[Adjustment, ...],
        claim: RemitClaim,
        match: Match,
        room: int | None,
    ) -> int | None:
        """Add the legs of adjustments; gives back what is left of ``room``."""
        context = self.context_of(match.claim, match.line_of(line.number))
        for adjustment in adjustments:
            books = judge(adjustment, line, claim, context, self.responses, self.as_of).books
            account = _ACCOUNTS.get(books)
            if account is None:
                continue
            kind, amount = EntryKind.PATIENT_SHARE, adjustment.amount
            if books is not Books.PATIENT:
                kind = EntryKind.ADJUSTMENT
                if room is not None:
                    amount = min(amount, from_cents(room))
                    room -= to_cents(amount)
            code = f"{adjustment.group}-{adjustment.reason}"
            legs += self._pair(key, account, amount, kind, match, line.number, code)
        return room

    def _pair(
        self,
        key: str,
        debit: Account,
        amount: Decimal,
        kind: EntryKind,
        match: Match,
        number: int,
        code: str = "",
    ) -> tuple[Entry, ...]:
        """A debit against what the payer owes."""
        assert match.claim is not None
        line = match.line_of(number)
        return pair(
            key,
            debit,
            Account.RECEIVABLE_PAYER,
            to_cents(amount),
            kind,
            self.on,
            claim=match.claim.number,
            line=line.number if line is not None else None,
            code=code,
            remit=self.remit.trace,
        )

    # --- what is taken back -------------------------------------------------------------------------------------------

    def reverse(self, key: str, claim: RemitClaim, match: Match) -> None:
        """Undo the posting that a reversal takes back, leg by leg; without one that agrees, post what is stated."""
        assert match.claim is not None
        stated = self._stated(key, claim, match)
        if not stated:
            return  # a denial posted nothing, so there is nothing to take back
        number, later = match.claim.number, match.claim.sequence != FIRST_PAYER
        latest, agrees = self._taken_back(number, stated, later=later)
        if not latest and later:
            # Nobody knows how much of its reductions would have been posted, so none of them is taken back.
            stated = [leg for leg in stated if is_of_share(leg)]
        if not latest:
            if stated:
                self.findings.append(self._reversal_unknown(claim, number))
            self.add(stated)
            return
        if not agrees:
            self.findings.append(self._reversal_differs(claim, number))
        # Money that a person gave to the claim came from *unapplied*; the payer takes it from the bank.
        taken_back = undo(latest, self.on, key, remit=self.remit.trace)
        self.add(replace(leg, account=bank_side(leg.account)) for leg in taken_back)

    def _taken_back(self, number: str, stated: Sequence[Entry], *, later: bool) -> tuple[list[Entry], bool]:
        """The answer that a takeback means, and whether it agrees as far as it was posted; none where nothing agrees.

        Why      A later payer's reductions were posted only as far as there was room, so what they state tells nothing.
        """
        accounts, shares, cash = by_account(stated), shares_of(stated), cash_of(stated)
        if twice := self._latest(number, lambda legs: is_paid_again(legs) and cash_of(legs) == -cash):
            return twice, True
        if whole := self._latest(number, lambda legs: are_opposite(by_account(legs), accounts)):
            return whole, True
        if alike := self._latest(
            number, lambda legs: may_be_capped(legs, later=later) and are_opposite(shares_of(legs), shares)
        ):
            return alike, True
        return (self._latest(number, lambda legs: cash_of(legs) == -cash) if cash else []), False

    def _latest(self, number: str, agrees: Callable[[Sequence[Entry]], bool]) -> list[Entry]:
        """The latest answer on a claim that stands and agrees; none where none does."""
        answers = self._answers(number).values()
        return max((legs for legs in answers if agrees(legs)), key=lambda legs: legs[0].on, default=[])

    def _answers(self, number: str) -> dict[str, list[Entry]]:
        """The legs of each answer on a claim that stands, by posting."""
        answers: dict[str, list[Entry]] = {}
        for entry in standing(self.of_claim(number)):
            if entry.remit is not None:
                answers.setdefault(entry.posting, []).append(entry)
        return answers

    def unapplied(self, key: str, claim: RemitClaim) -> None:
        """Keep the money of a claim nobody knows apart, until someone says whose it is."""
        cents, code = to_cents(claim.paid), f"CLP {claim.status}"
        kind, trace = EntryKind.UNAPPLIED, self.remit.trace
        self.add(pair(key, Account.CASH, Account.UNAPPLIED, cents, kind, self.on, code=code, remit=trace))

    # --- findings -----------------------------------------------------------------------------------------------------

    def _paid_twice(self, claim: RemitClaim, number: str) -> Finding:
        return remit_finding(
            self.remit,
            "paid_twice",
            "The payer pays a decision that it paid before and has not taken back; only the money is posted again.",
            "Ask the payer which payment stands, and give the other back within its time limit.",
            f"segment {claim.position}, 2100/CLP-04",
            Severity.ERROR,
            observed=str(claim.paid),
            subject=f"claim {number}",
        )

    def _reversal_unknown(self, claim: RemitClaim, number: str) -> Finding:
        return remit_finding(
            self.remit,
            "reversal_unknown",
            "The payer takes back a payment that was not posted here in this amount.",
            "Compare with the earlier remit; the payment and the patient's share are taken back as the reversal states them.",
            f"segment {claim.position}, 2100/CLP-04",
            Severity.ERROR,
            observed=str(claim.paid),
            subject=f"claim {number}",
        )

    def _reversal_differs(self, claim: RemitClaim, number: str) -> Finding:
        return remit_finding(
            self.remit,
            "reversal_differs",
            "The payer takes a payment back with other adjustments than it was posted with; the posting is undone as it was.",
            "Compare with the earlier remit, above all the patient's share.",
            f"segment {claim.position}, 2100/CLP-04",
            Severity.WARNING,
            subject=f"claim {number}",
        )


def remit_finding(
    remit: Remit,
    what: str,
    text: str,
    fix: str,
    position: str,
    severity: Severity,
    observed: str = "",
    subject: str = "",
) -> Finding:
    """Something about a remit that a person in the remittance queue should know.

    Shapes   subject: what of the remit it is about; the whole of it where nothing is given.
    """
    return Finding(
        id=f"remittance.{what}",
        severity=severity,
        text=text,
        fix=fix,
        owner="biller",
        subject=subject or f"835 {remit.transaction}",
        position=position,
        observed=observed,
        queue=Queue.REMITTANCE,
    )


def _left_to_patient(claim: RemitClaim) -> int:
    """What an answer states as the patient's, in cents."""
    return to_cents(sum((a.amount for a in all_adjustments(claim) if a.group == AdjustmentGroup.PATIENT), ZERO))
