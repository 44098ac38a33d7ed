"""A remit posted to the ledger: payments, adjustments, the patient's share, reversals, provider adjustments, to the cent.

What a payer denies is not written off: it stays owed until someone decides. A reversal (CLP02 22) takes back the very
entries that it reverses. A remit that does not balance, was not read whole or came before is not posted. Money of a claim
that is not ours, or not known, waits on *unapplied*. Source  005010X221A1; CARC handling in mappings/responses/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from integration_engine.core.findings import Finding, Severity
from integration_engine.core.money import ZERO, to_cents
from integration_engine.domain.booked_payment import BookedPayment
from integration_engine.domain.denial import Books, DenialDecision
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.domain.posting import ClaimResult, LineResult, Posting
from integration_engine.domain.remit import Adjustment, ProviderAdjustment, Remit, RemitClaim, RemitLine
from integration_engine.rules.answers.remit_matching import Match
from integration_engine.rules.answers.strange import unmatched_claims
from integration_engine.rules.denials.categories import (
    PREDETERMINATION,
    REVERSAL,
    categorize,
    claim_as_line,
    judge,
    of_claim,
)
from integration_engine.rules.posting.balance import balance, payment_difference
from integration_engine.rules.posting.booked_payments import BOOKED_BEFORE, Booked, booked_before
from integration_engine.rules.posting.claims import ClaimBooks, ContextOf, nothing_known, remit_finding
from integration_engine.rules.posting.ledger import difference, open_balance, pair, refused_charge
from integration_engine.rules.responses.in_force import Responses

NOT_BOOKED = Booked()
NOT_OURS = "23"  # not the payer's claim; it was passed on, nothing was decided


def posting_keys(remit: Remit) -> tuple[str, ...]:
    """The key of each claim of a remit: payer, trace, claim, amount, and how often the same came before it in the remit.

    Why      One public sample repeats a claim number nine times in a remit; a reversal and its correction share one too.
    """
    seen: Counter[str] = Counter()
    keys = []
    for claim in remit.claims:
        number = claim.number or claim.payer_control_number or ""
        key = f"{remit.payer_id}|{remit.trace}|{number}|{to_cents(claim.paid)}"
        seen[key] += 1
        keys.append(f"{key}|{seen[key]}")
    return tuple(keys)


def remit_key(remit: Remit) -> str:
    """The key of a whole remit: payer, trace and amount. Provider adjustments are recognised by it."""
    return f"{remit.payer_id}|{remit.trace}||{to_cents(remit.amount)}"


def post(
    remit: Remit,
    matches: Sequence[Match],
    responses: Responses,
    on: date,
    *,
    earlier: Iterable[Entry] = (),
    already: Iterable[str] = (),
    context_of: ContextOf | None = None,
    payers: Collection[str] = (),
    before: Booked = NOT_BOOKED,
    accept_difference: bool = False,
) -> Posting:
    """What one remit posts.

    Shapes   matches: one for each claim of the remit, in its order. on: day of posting; code lists are asked by the
             day of the payment.
             earlier: the ledger entries of the matched claims, for reversals and credit balances. already: keys posted
             before (``posting_keys``, ``remit_key``); what they name is not posted again. context_of: what is known of
             a line. payers: the identifiers of the practice's payers. before: what of the remit is in the books, told in
             other words. accept_difference: a person has accepted that the remit does not balance, or is not one that
             came before; a difference goes to *unapplied*.
    """
    if len(matches) != len(remit.claims):
        msg = "post needs one match for each claim of the remit"
        raise ValueError(msg)
    known = frozenset(already) | _keys_of(remit, before)
    work = _Posting(remit, responses, on, tuple(earlier), known, context_of or nothing_known, payers)
    for index, (claim, match) in enumerate(zip(remit.claims, matches, strict=True)):
        work.claim(index, claim, match)
    work.provider_adjustments()
    work.findings.extend(balance(remit))
    if not remit.complete:
        work.findings.append(_incomplete(remit))
    work.said_again(before.payment)
    stopped = any(f.severity is Severity.ERROR and f.id in STOPPING for f in work.findings)
    work.findings.extend(unmatched_claims(remit, work.unmatched, posted=accept_difference or not stopped))
    if stopped and not accept_difference:
        return work.finished(posted=False)
    if stopped:
        work.accepted_difference()
    work.credit_balances()
    return work.finished(posted=True)


def assign(
    remit: Remit,
    index: int,
    match: Match,
    responses: Responses,
    on: date,
    *,
    earlier: Iterable[Entry] = (),
    context_of: ContextOf | None = None,
    payers: Collection[str] = (),
) -> Posting:
    """Money that waited on *unapplied* posted to the claim a person named for it; the bank's side is not posted again.

    Shapes   index: of the claim in the remit; match: with the claim it belongs to. earlier: the entries of that claim.
    """
    work = _Posting(remit, responses, on, tuple(earlier), frozenset(), context_of or nothing_known, payers)
    work.claim(index, remit.claims[index], match)
    work.credit_balances()
    posting = work.finished(posted=True)
    entries = tuple(
        replace(
            leg,
            posting=f"{leg.posting}|assigned",
            account=Account.UNAPPLIED if leg.account is Account.CASH else leg.account,
        )
        if leg.posting in work.keys
        else leg
        for leg in posting.entries
    )
    return replace(posting, entries=entries, keys=())


# Findings that stop a whole remit; those of one claim or line let the rest be posted.
STOPPING = frozenset(
    {
        "remittance.line_out_of_balance",
        "remittance.claim_out_of_balance",
        "remittance.claim_lines_differ",
        "remittance.payment_out_of_balance",
        "remittance.incomplete",
        BOOKED_BEFORE,
    }
)


class _Posting:
    """One remit while it is posted."""

    def __init__(
        self,
        remit: Remit,
        responses: Responses,
        on: date,
        earlier: tuple[Entry, ...],
        already: frozenset[str],
        context_of: ContextOf,
        payers: Collection[str],
    ) -> None:
        self.remit = remit
        self.responses = responses
        self.on = on
        self.charged = {entry.claim for entry in earlier if entry.kind is EntryKind.CHARGE}
        self.already = already
        self.context_of = context_of
        self.keys = posting_keys(remit)
        self.books = ClaimBooks(remit, responses, on, earlier, context_of, payers)
        self.findings = self.books.findings
        self.claims: list[ClaimResult] = []
        self.lines: list[LineResult] = []
        self.unmatched: list[RemitClaim] = []

    # --- one claim ----------------------------------------------------------------------------------------------------

    def claim(self, index: int, claim: RemitClaim, match: Match) -> None:
        key, ours = self.keys[index], match.claim
        if ours is not None:
            self.findings.extend(match.findings)
        results = self._results(index, claim, match)
        self.lines.extend(results)
        silent = claim.status in {PREDETERMINATION, NOT_OURS} and claim.paid == ZERO
        posted, decided = key not in self.already and not silent, True
        if key in self.already:
            self.findings.append(self._repeated(claim))
        elif silent:
            self.findings.append(self._undecided(claim))
        elif ours is None:
            self.books.unapplied(key, claim)
            self.unmatched.append(claim)
        elif claim.status == REVERSAL:
            self.books.reverse(key, claim, match)
            self.books.give_back(ours.number, whole=True)
        else:
            decided = self.books.post(key, claim, match)
            self.books.give_back(ours.number, whole=False)
            if claim.paid < ZERO:
                self.findings.append(self._negative(claim, ours.number))
        self.claims.append(
            ClaimResult(
                index=index,
                key=key,
                claim=ours,
                status=claim.status,
                paid=claim.paid,
                patient=sum((result.patient for result in results), ZERO) if decided else ZERO,
                reversal=claim.status == REVERSAL,
                posted=posted,
                denial=self._denial(claim, match, results),
            )
        )

    def _denial(self, claim: RemitClaim, match: Match, results: list[LineResult]) -> DenialDecision:
        decisions = tuple(result.denial for result in results if result.number)
        context = self.context_of(match.claim, None)
        return of_claim(claim, decisions, context, self.responses, self.books.as_of)

    def _results(self, index: int, claim: RemitClaim, match: Match) -> list[LineResult]:
        """What was decided on each line; the claim's own adjustments, if there are lines, as a result of number 0."""
        found = [self._result(index, line, line.adjustments, claim, match) for line in claim.lines]
        if not claim.lines or claim.adjustments:
            found.append(self._result(index, claim_as_line(claim), claim.adjustments, claim, match))
        return found

    def _result(
        self, index: int, line: RemitLine, adjustments: tuple[Adjustment, ...], claim: RemitClaim, match: Match
    ) -> LineResult:
        ours = match.line_of(line.number)
        context = self.context_of(match.claim, ours)
        sums = dict.fromkeys(Books, ZERO)
        for adjustment in adjustments:
            sums[judge(adjustment, line, claim, context, self.responses, self.books.as_of).books] += adjustment.amount
        of_whole = line.number == 0 and bool(claim.lines)  # the claim's own adjustments beside its lines
        return LineResult(
            claim=index,
            number=line.number,
            line=ours,
            charge=ZERO if of_whole else line.charge,
            paid=claim.paid - sum((one.paid for one in claim.lines), ZERO) if of_whole else line.paid,
            contractual=sums[Books.CONTRACTUAL],
            payer_adjusted=sums[Books.PAYER_ADJUSTMENT],
            patient=sums[Books.PATIENT],
            open=sums[Books.OPEN],
            denial=_ALREADY_TOLD if of_whole else categorize(line, claim, context, self.responses, self.books.as_of),
        )

    # --- what belongs to no claim -------------------------------------------------------------------------------------

    def provider_adjustments(self) -> None:
        key = remit_key(self.remit)
        if key in self.already:
            return
        for adjustment in self.remit.provider_adjustments:
            cents, code = to_cents(adjustment.amount), f"PLB {adjustment.reason}"
            self._outside(key, Account.PROVIDER_ADJUSTMENT, Account.CASH, cents, EntryKind.PROVIDER_ADJUSTMENT, code)
            if (finding := self._to_look_at(adjustment)) is not None:
                self.findings.append(finding)

    def _to_look_at(self, adjustment: ProviderAdjustment) -> Finding | None:
        """Money taken or given outside of claims that someone should look at; interest and the like need nobody."""
        known = self.responses.provider_adjustments.get(adjustment.reason)
        if known is not None and not known.fix:
            return None
        place, amount = f"segment {adjustment.position}, PLB", str(adjustment.amount)
        if known is not None:
            text = f"Money was taken or given outside of claims: {known.says}."
            return remit_finding(self.remit, "provider_adjustment", text, known.fix, place, Severity.WARNING, amount)
        code = adjustment.reason
        text = f"Money was taken or given outside of claims for a reason that no file maps: {code}."
        fix = "Ask the payer what it is, and add it to mappings/responses/provider_adjustments.yaml."
        finding = remit_finding(self.remit, "provider_adjustment", text, fix, place, Severity.ERROR, amount)
        return replace(finding, subject=f"{finding.subject}, PLB {code}")

    def said_again(self, payment: BookedPayment | None) -> None:
        """A payment that the bank has already, with claims that it did not have before."""
        new = [claim for key, claim in zip(self.keys, self.remit.claims, strict=True) if key not in self.already]
        finding = booked_before(self.remit, payment, new) if payment is not None else None
        if finding is not None:
            self.findings.append(finding)

    def accepted_difference(self) -> None:
        """What a person accepted although it does not add up: the bank has it, or lacks it, and nobody knows why."""
        key, cents = remit_key(self.remit), to_cents(payment_difference(self.remit))
        # A balanced copy may have been posted in the meantime: then the bank has what that one says, and nothing else.
        copied = bool(self.keys) and self.already.issuperset(self.keys)
        if key not in self.already and not copied:
            self._outside(key, Account.CASH, Account.UNAPPLIED, cents, EntryKind.UNAPPLIED, "BPR")

    def _outside(self, key: str, debit: Account, credit: Account, cents: int, kind: EntryKind, code: str) -> None:
        self.books.add(pair(key, debit, credit, cents, kind, self.on, code=code, remit=self.remit.trace))

    def credit_balances(self) -> None:
        """A claim on which more came in than was owed: the payer, or the patient, will want it back."""
        named = dict.fromkeys(entry.claim for entry in self.books.entries if entry.claim is not None)
        for number in named:
            books = self.books.of_claim(number)
            owed = open_balance(books, number)
            # What was refused has no charge until the payer is known to have it: money on it is no credit for that.
            owed = replace(owed, payer=owed.payer + refused_charge(books, number))
            # What a patient paid ahead is no credit while the payer still owes: its answer may yet leave a share.
            if number in self.books.paid_again:
                continue  # told as what it is
            if number in self.charged and (owed.payer < 0 or (owed.patient < 0 and owed.payer == 0)):
                self.findings.append(
                    replace(
                        remit_finding(
                            self.remit,
                            "credit_balance",
                            "More was paid or adjusted on the claim than was charged.",
                            "Find out who paid too much and give it back within the payer's time limit.",
                            f"claim {number}",
                            Severity.ERROR,
                            observed=f"payer {owed.payer} cents, patient {owed.patient} cents",
                        ),
                        subject=f"claim {number}",
                    )
                )

    def finished(self, *, posted: bool) -> Posting:
        assert difference(self.books.entries) == 0  # every pair sums to zero
        entries = tuple(self.books.entries) if posted else ()
        claims = tuple(self.claims) if posted else tuple(replace(claim, posted=False) for claim in self.claims)
        keys = tuple(dict.fromkeys(key for key in (*self.keys, remit_key(self.remit)) if key not in self.already))
        return Posting(
            posted=posted,
            entries=entries,
            claims=claims,
            lines=tuple(self.lines),
            patient_responsibility=sum((claim.patient for claim in claims), ZERO),
            findings=tuple(self.findings),
            keys=keys if posted else (),
        )

    # --- findings -----------------------------------------------------------------------------------------------------

    def _negative(self, claim: RemitClaim, number: str) -> Finding:
        return remit_finding(
            self.remit,
            "negative_payment",
            "The payer takes money back on the claim without calling it a reversal; it is posted as stated.",
            "Ask the payer which payment it takes back and why, and contest it in time if it is wrong.",
            f"segment {claim.position}, 2100/CLP-04",
            Severity.ERROR,
            observed=str(claim.paid),
            subject=f"claim {number}",
        )

    def _repeated(self, claim: RemitClaim) -> Finding:
        text = "This answer was posted before; it is not posted again."
        place = f"segment {claim.position}, 2100/CLP"
        return remit_finding(self.remit, "repeated", text, "Nothing to do.", place, Severity.INFORMATION)

    def _undecided(self, claim: RemitClaim) -> Finding:
        text = "The payer decided nothing: an estimate, or a claim that it passed on to another payer."
        fix = "Wait for the decision, or bill the payer it was passed on to."
        return remit_finding(
            self.remit, "undecided", text, fix, f"segment {claim.position}, 2100/CLP-02", Severity.INFORMATION
        )


def _keys_of(remit: Remit, before: Booked) -> frozenset[str]:
    """The keys of what is in the books in other words."""
    keys = posting_keys(remit)
    whole = {remit_key(remit)} if before.payment is not None else set()
    return frozenset({keys[index] for index in before.claims} | whole)


_ALREADY_TOLD = DenialDecision(denied=False, text="Told with the lines.", rule="of the claim")


def _incomplete(remit: Remit) -> Finding:
    return remit_finding(
        remit,
        "incomplete",
        "Part of this remit could not be read, so nothing of it is posted.",
        "Look at the problems of the file, and ask the payer to send it again.",
        f"segment {remit.position}, 835/BPR",
        Severity.ERROR,
    )
