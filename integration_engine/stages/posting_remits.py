"""One remit of an answer file: matched, posted to the ledger, its denials opened.

Part of the read-back stage: everything here happens inside that stage's transaction for the file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from integration_engine.core.findings import Finding
from integration_engine.core.money import ZERO
from integration_engine.domain.claim import Claim
from integration_engine.domain.denial import DenialContext
from integration_engine.domain.posting import ClaimResult, LineResult, Posting
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine, submitted
from integration_engine.rules.answers.hearing import ClaimWord, of_payment
from integration_engine.rules.answers.remit_matching import Match, match, named, remit_payer
from integration_engine.rules.answers.strange import REPEATED, said_before
from integration_engine.rules.denials.context import denial_context
from integration_engine.rules.posting.booked_payments import booked
from integration_engine.rules.posting.remits import assign, post, posting_keys, remit_key
from integration_engine.rules.posting.write_offs import owed_after_all
from integration_engine.stages.denial_outcomes import Decided, keep_denials
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.answers import KeptClaim, PostedClaim


@dataclass(slots=True)
class Gathered:
    """What the answers of one file say, before it is saved."""

    words: list[tuple[int, ClaimWord, int | None]] = field(default_factory=list)  # claim id, word, batch id
    payer_numbers: dict[int, str] = field(default_factory=dict)  # what holds in the end
    status_numbers: dict[int, str] = field(default_factory=dict)  # REF*1K of a 277CA
    status_days: dict[int, date] = field(default_factory=dict)  # of the 277CA that gave it
    paid_claims: set[int] = field(default_factory=set)  # those that a remit speaks of
    findings: list[Finding] = field(default_factory=list)
    stops: dict[int, tuple[Finding, ...]] = field(default_factory=dict)  # batch id
    denied: int = 0
    paid: Decimal = ZERO
    held: bool = False


class Ours:
    """The claims of ours that one transaction set may speak of, loaded at once and looked up by any number it gives."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        numbers: Iterable[str],
        controls: Iterable[str],
        payer_numbers: Iterable[str],
    ) -> None:
        wanted = {_spelled(number) for number in numbers if number} | {_of_control(control) for control in controls}
        self._by_number = store.submissions.by_number(connection, wanted)
        self._by_payer_number = store.submissions.by_payer_number(connection, set(payer_numbers))
        self._sent: dict[int, SentClaim] = {claim.id: claim for claim in self._by_number.values()}
        for claims in self._by_payer_number.values():
            self._sent.update((claim.id, claim) for claim in claims)
        self._submitted: dict[int, SubmittedClaim] = {}

    def candidates(
        self, number: str, payer_numbers: Sequence[str | None], controls: Sequence[str | None]
    ) -> list[SubmittedClaim]:
        """The claims that any of these numbers names."""
        found = [self._by_number.get(name) for name in (_spelled(number), *(_of_control(c) for c in controls if c))]
        found += [claim for name in payer_numbers if name for claim in self._by_payer_number.get(name, ())]
        ids = dict.fromkeys(claim.id for claim in found if claim is not None)
        return [self._as_submitted(claim_id) for claim_id in ids]

    def sent(self, claim_id: int) -> SentClaim:
        """The claim as it left."""
        return self._sent[claim_id]

    def _as_submitted(self, claim_id: int) -> SubmittedClaim:
        if claim_id not in self._submitted:
            self._submitted[claim_id] = as_submitted(self._sent[claim_id])
        return self._submitted[claim_id]


def as_submitted(sent: SentClaim) -> SubmittedClaim:
    """A claim that has left as answers are compared with it."""
    plain = submitted(Claim(id=sent.id, number=sent.number, draft=sent.draft))
    return replace(plain, payer_control_number=sent.payer_control_number)


def matches_of(store: Store, connection: Connection, rules: RulesInForce, remit: Remit) -> list[Match]:
    """Which claims of ours the claims of a payment are, in its order."""
    ours = Ours(
        store,
        connection,
        [claim.number for claim in remit.claims],
        [line.line_control for claim in remit.claims for line in claim.lines if line.line_control],
        [n for claim in remit.claims for n in (claim.payer_control_number, claim.original_reference) if n],
    )
    payer = remit_payer(remit, payer_ids(rules))
    return [match(claim, ours.candidates(*_names(claim)), payer) for claim in remit.claims]


def _names(claim: RemitClaim) -> tuple[str, tuple[str | None, ...], tuple[str | None, ...]]:
    return (
        claim.number,
        (claim.payer_control_number, claim.original_reference),
        tuple(line.line_control for line in claim.lines),
    )


def _whole(result: ClaimResult, claim: RemitClaim) -> LineResult:
    """A claim that is denied although no line is: status 4 with all of it left to the patient still wants work."""
    return LineResult(
        claim=result.index,
        number=0,
        line=None,
        charge=claim.charge,
        paid=claim.paid,
        contractual=ZERO,
        payer_adjusted=ZERO,
        patient=result.patient,
        open=ZERO,
        denial=result.denial,
    )


def _of_control(control: str) -> str:
    """The claim number inside a line control number of ours."""
    return _spelled(control).rpartition("L")[0]


def _spelled(number: str) -> str:
    """A claim number as we write it: payers return it in small letters or padded."""
    return number.strip().upper()


def _context(
    rules: RulesInForce, again: Collection[int]
) -> Callable[[SubmittedClaim | None, SubmittedLine | None], DenialContext]:
    """What is known of a line. again: the claims whose visit went to the payer before, under a number that was refused."""
    return lambda claim, line: denial_context(
        claim, line, rules.parameters, sent_before=claim.id in again if claim is not None else None
    )


def payer_ids(rules: RulesInForce) -> frozenset[str]:
    """The identifiers of the practice's payers, as claims name them."""
    return frozenset(entry.payer.payer_id for entry in rules.parameters.practice.payers.values())


@dataclass(slots=True, kw_only=True)
class PostRemits:
    """Posts the remits of one file. on: the date in the practice's zone."""

    store: Store
    rules: RulesInForce
    gathered: Gathered
    on: date
    now: datetime

    def post(
        self, connection: Connection, answer_id: int, position: int, remit: Remit, accepted: int | None = None
    ) -> None:
        """Post one payment, or keep it for a person.

        Shapes   position: its place in the file. accepted: the stored remit whose difference a person accepted.
        """
        store, gathered = self.store, self.gathered
        matches = matches_of(store, connection, self.rules, remit)
        numbers = {m.claim.number: m.claim.id for m in matches if m.claim is not None}
        books = store.ledger.entries(connection, numbers.values())
        already = store.answers.posted_keys(connection, posting_keys(remit))
        already |= store.ledger.posted(connection, [remit_key(remit)])
        same_amount = store.booked_payments.of_amount(connection, remit.amount)
        posting = post(
            remit,
            matches,
            self.rules.responses,
            self.on,
            earlier=[entry for entries in books.values() for entry in entries],
            already=already,
            context_of=_context(self.rules, store.refusals.before(connection, numbers.values())),
            payers=payer_ids(self.rules),
            before=booked(remit, matches, same_amount, payer_ids(self.rules)),
            accept_difference=accepted is not None,
        )
        if accepted is not None:
            remit_id = accepted
            store.answers.release(connection, remit_id)
        else:
            state = "posted" if posting.posted else "held"
            remit_id = store.answers.keep_remit(connection, answer_id, position, remit, state, self.now)
        gathered.findings.extend(posting.findings)
        gathered.held = gathered.held or any(finding.holds for finding in posting.findings)
        if remit.claims and sum(finding.id == REPEATED for finding in posting.findings) == len(remit.claims):
            gathered.findings.append(said_before(remit, store.answers.file_of(connection, posting_keys(remit)[0])))
        if posting.posted:
            store.ledger.append(connection, posting.entries, numbers, self.now, remit_id)
            kept = [result for result in posting.claims if result.posted]
            rows = self._rows(connection, remit_id, remit, kept)
            self._tell(connection, remit, posting, kept, rows)

    def assign(self, connection: Connection, row: KeptClaim, remit: Remit, index: int, ours: SentClaim) -> None:
        """Post one claim of a payment that fitted none of ours to the claim that a person names for it.

        Shapes   row: as it was kept; index: its place in the remit.
        """
        store, rules = self.store, self.rules
        named_claim = named(remit.claims[index], as_submitted(ours))
        books = store.ledger.entries(connection, [ours.id])
        posting = assign(
            remit,
            index,
            named_claim,
            rules.responses,
            self.on,
            earlier=[entry for entries in books.values() for entry in entries],
            context_of=_context(rules, store.refusals.before(connection, [ours.id])),
            payers=payer_ids(rules),
        )
        self.gathered.findings.extend(posting.findings)
        store.ledger.append(connection, posting.entries, {ours.number: ours.id}, self.now, row.remit_id)
        store.answers.assign(connection, row.id, ours.id, posting.patient_responsibility)
        self._tell(connection, remit, posting, posting.claims, [row.id])

    def _rows(self, connection: Connection, remit_id: int, remit: Remit, kept: Sequence[ClaimResult]) -> Sequence[int]:
        rows = [
            PostedClaim(
                claim_id=result.claim.id if result.claim else None,
                key=result.key,
                claim=remit.claims[result.index],
                state="posted" if result.claim else "unmatched",
                patient_share=result.patient,
            )
            for result in kept
        ]
        return self.store.answers.keep_claims(connection, remit_id, rows, self.now)

    def _tell(
        self, connection: Connection, remit: Remit, posting: Posting, kept: Sequence[ClaimResult], ids: Sequence[int]
    ) -> None:
        """What each claim of the payment is told, and which lines are denied."""
        store, gathered = self.store, self.gathered
        told = remit.paid_on or remit.produced_on or self.on
        denied: dict[int, list[LineResult]] = {}
        lines: dict[int, list[LineResult]] = {}
        for line in posting.lines:
            lines.setdefault(line.claim, []).append(line)
            if line.denial.denied:
                denied.setdefault(line.claim, []).append(line)
        for result in kept:
            if result.denial.denied and result.index not in denied:
                denied[result.index] = [_whole(result, remit.claims[result.index])]
        decided: list[Decided] = []
        reversed_claims: set[int] = set()
        for result, row_id in zip(kept, ids, strict=True):
            word = of_payment(result, told)
            if word is None or result.claim is None:
                continue
            gathered.words.append((result.claim.id, word, None))
            gathered.paid_claims.add(result.claim.id)
            if result.reversal:
                reversed_claims.add(result.claim.id)
                continue
            decided.append(
                Decided(
                    claim_id=result.claim.id,
                    number=result.claim.number,
                    result=result,
                    row_id=row_id,
                    lines=tuple(lines.get(result.index, ())),
                    denied=tuple(denied.get(result.index, ())),
                )
            )
        again = owed_after_all(posting.entries)
        given_back = {one.claim.id for one in kept if one.claim is not None and one.claim.number in again}
        gathered.denied += keep_denials(
            store, connection, decided, reversed_claims, told, self.now, owed_again=given_back
        )
        gathered.paid += sum((result.paid for result in kept), ZERO)
