"""Money that fitted no claim given to the claim that a person names for it, with all that would have followed at first.

The claim of the answer gets its place in the books, its event, its denials, and the payers behind it theirs; the money
leaves *unapplied*, the bank's side stays as it was. Each claim of an answer is given once: given again to the same claim
it has no effect, and to another one it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.domain.answers import ClaimStatus
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.rules.answers.hearing import of_status
from integration_engine.rules.answers.remit_matching import remit_payer
from integration_engine.rules.answers.strange import UNMATCHED, unmatched_claims
from integration_engine.rules.posting.remits import posting_keys
from integration_engine.stages.hearing_answers import unmatched_of
from integration_engine.stages.posting_remits import Gathered, PostRemits, as_submitted, matches_of, payer_ids
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.stages.settling_answers import SettleAnswers
from integration_engine.store import Connection, Store
from integration_engine.store.answers import KeptClaim

BEFORE = ("remittance.claim_ambiguous",)  # how some of these claims were told before they waited in one hold


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedClaim:
    """A claim of a payment that fits none of ours, as a biller looks for it.

    Shapes   claim_of_file: its place among all claims of the file's payments, from 1. status: CLP02. codes: of its lines.
             posted: its money waits on *unapplied*; False where the payment waits as a whole and stands on no account.
    """

    claim_of_file: int
    number: str
    payer_control_number: str
    payer: str
    trace: str
    status: str
    date_of_service: date | None
    charge: str
    paid: str
    codes: tuple[str, ...]
    posted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedStatus:
    """A claim of a 277CA that fits none of ours, as a biller looks for it.

    Shapes   says: what is said of it, in words; "" where that neither takes nor refuses it. charge: None if not sent.
    """

    number: str
    payer_control_number: str
    clearinghouse_number: str
    date_of_service: date | None
    charge: str | None
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What an assignment came to.

    Shapes   repeated: it was given to this claim before, and nothing changed. payer_checked: False where nothing tells
             whether the payer of the money is the claim's own.
    """

    claim: str
    paid: str
    standing: str
    repeated: bool = False
    payer_checked: bool = True


class AnotherPayer(ValueError):
    """The money comes from another payer than the one the claim went to: say so with --anyway if it is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One claim of an answer file."""

    position: int  # of its remit in the file
    remit: Remit
    index: int  # in its remit

    @property
    def claim(self) -> RemitClaim:
        return self.remit.claims[self.index]

    @property
    def key(self) -> str:
        return posting_keys(self.remit)[self.index]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignMoney:
    """The stage."""

    store: Store
    rules: Callable[[], RulesInForce]

    def unmatched(self, connection: Connection, answer_id: int) -> tuple[UnmatchedClaim, ...]:
        """The claims of a file that are not known to be ours, in its order.

        Raises   LookupError when there is no such file.
        """
        _, data = self.store.answers.bytes_of(connection, answer_id)
        keys = {row.key for row in self.store.answers.unmatched(connection, answer_id)}
        held = self.store.answers.held_remits(connection, answer_id)
        if not keys and not held:
            return ()
        found: list[UnmatchedClaim] = []
        number = 0
        for position, remit in enumerate(read_answers(data).remits):
            strange = keys
            if position in held:
                matches = matches_of(self.store, connection, self.rules(), remit)
                strange = {key for key, one in zip(posting_keys(remit), matches, strict=True) if one.claim is None}
            for claim, key in zip(remit.claims, posting_keys(remit), strict=True):
                number += 1
                if key in strange:
                    found.append(_told(number, remit, claim, posted=position not in held))
        return tuple(found)

    def unmatched_statuses(self, connection: Connection, answer_id: int) -> tuple[UnmatchedStatus, ...]:
        """The claims of a file's 277CAs that fit none of ours, or more than one, in its order.

        Raises   LookupError when there is no such file.
        """
        _, data = self.store.answers.bytes_of(connection, answer_id)
        rules = self.rules()
        found: list[UnmatchedStatus] = []
        for report in read_answers(data).reports:
            for status in unmatched_of(self.store, connection, report):
                on = report.sent_on or status.date_of_service or date.min  # no day is told of what is said
                word = of_status(status, status.number, report.source, on, rules.responses)
                found.append(_status(status, word.event.text if word else ""))
        return tuple(found)

    def assign(
        self, answer_id: int, claim_of_file: int, to: str, *, by: str, reason: str, now: datetime, anyway: bool = False
    ) -> Assigned:
        """Give one claim of an answer file to a claim of ours.

        Shapes   claim_of_file: as ``unmatched`` counts. to: our claim number. anyway: although another payer pays.
        Raises   LookupError when there is no such file, claim of it, or claim of ours; ValueError when it was given to
                 another claim or posted there; AnotherPayer.
        """
        rules, store = self.rules(), self.store
        with store.database.write() as connection:
            _, data = store.answers.bytes_of(connection, answer_id)
            answers = read_answers(data)
            place = _place(answers, answer_id, claim_of_file)
            ours = store.submissions.by_number(connection, [to]).get(to)
            if ours is None:
                msg = f"no claim with the number {to} has left"
                raise LookupError(msg)
            store.submissions.lock(connection, [ours.id])
            row = self._row(connection, place, answer_id, claim_of_file)
            if row.claim_id == ours.id:
                return Assigned(claim=to, paid=str(place.claim.paid), standing=ours.standing, repeated=True)
            if row.claim_id is not None:
                other = store.submissions.numbers(connection, [row.claim_id])[row.claim_id]
                msg = f"claim {claim_of_file} of answer file {answer_id} stands on claim {other} already"
                raise ValueError(msg)
            checked = self._payer_checked(connection, place.remit, ours, rules, anyway=anyway)
            what = f"assign claim {claim_of_file} of the file to {to}"
            for subject in (f"answer {answer_id}", f"claim {ours.id}"):
                store.audit.append(connection, who=by, what=what, subject=subject, reason=reason, now=now)
            self._post(connection, answer_id, place, ours, row, rules, now)
            stands = store.submissions.by_number(connection, [to])[to].standing
        return Assigned(claim=to, paid=str(place.claim.paid), standing=stands, payer_checked=checked)

    def _row(self, connection: Connection, place: _Place, answer_id: int, claim_of_file: int) -> KeptClaim:
        """The claim as it was kept.

        Raises   LookupError when nothing of it was posted; ValueError when it came with another file.
        """
        row = self.store.answers.lock_claim(connection, place.key)
        if row is None:
            msg = (
                f"nothing of claim {claim_of_file} of answer file {answer_id} was posted: its payment waits for"
                " `answers accept`, or it decides nothing"
            )
            raise LookupError(msg)
        if row.answer_id != answer_id:
            msg = f"claim {claim_of_file} of answer file {answer_id} came before with answer file {row.answer_id}"
            raise ValueError(msg)
        return row

    def _payer_checked(
        self, connection: Connection, remit: Remit, ours: SentClaim, rules: RulesInForce, *, anyway: bool
    ) -> bool:
        """True when the money is known to come from the claim's payer; False where nobody knows, or anyway.

        Raises   AnotherPayer.
        """
        payer = remit_payer(remit, payer_ids(rules))
        claim = as_submitted(ours)
        paid_before = self.store.answers.payers_paid(connection, remit.payer_id)
        if payer.is_of(claim) or claim.payer_key in paid_before:
            return True
        if not payer.is_another(claim) and not paid_before:
            return False
        if anyway:
            return False
        msg = (
            f"claim {ours.number} went to {claim.payer_key}, and this money comes from"
            f" {remit.payer_name or remit.payer_id}; give --anyway if it is right all the same"
        )
        raise AnotherPayer(msg)

    def _post(
        self,
        connection: Connection,
        answer_id: int,
        place: _Place,
        ours: SentClaim,
        row: KeptClaim,
        rules: RulesInForce,
        now: datetime,
    ) -> None:
        gathered = Gathered()
        on = rules.today(now)
        posting = PostRemits(store=self.store, rules=rules, gathered=gathered, on=on, now=now)
        posting.assign(connection, row, place.remit, place.index, ours)
        left = [found for remit in self._left(connection, answer_id) for found in unmatched_claims(*remit)]
        for finding in left:
            self.store.answers.retell(connection, answer_id, finding)
        gathered.findings.extend(left)
        settling = SettleAnswers(store=self.store, parameters=rules.parameters, on=on, now=now)
        settling.settle(connection, answer_id, gathered, ends=(UNMATCHED, *BEFORE))

    def _left(self, connection: Connection, answer_id: int) -> list[tuple[Remit, list[RemitClaim]]]:
        """The payments of a file with their claims that still fit none of ours."""
        found: dict[int, tuple[Remit, list[RemitClaim]]] = {}
        for row in self.store.answers.unmatched(connection, answer_id):
            found.setdefault(row.remit_id, (row.remit, []))[1].append(row.claim)
        return list(found.values())


def _place(answers: Answers, answer_id: int, claim_of_file: int) -> _Place:
    left = claim_of_file
    for position, remit in enumerate(answers.remits):
        if 0 < left <= len(remit.claims):
            return _Place(position=position, remit=remit, index=left - 1)
        left -= len(remit.claims)
    count = sum(len(remit.claims) for remit in answers.remits)
    msg = f"answer file {answer_id} has {count} claims of remits, and none with the number {claim_of_file}"
    raise LookupError(msg)


def _status(status: ClaimStatus, says: str) -> UnmatchedStatus:
    return UnmatchedStatus(
        number=status.number,
        payer_control_number=status.payer_control_number or "",
        clearinghouse_number=status.clearinghouse_number or "",
        date_of_service=status.date_of_service,
        charge=None if status.total_charge is None else str(_cents(status.total_charge)),
        says=says,
    )


def _told(number: int, remit: Remit, claim: RemitClaim, *, posted: bool) -> UnmatchedClaim:
    days = [claim.date_of_service, *(line.date_of_service for line in claim.lines)]
    return UnmatchedClaim(
        claim_of_file=number,
        number=claim.number,
        payer_control_number=claim.payer_control_number or "",
        payer=remit.payer_name or remit.payer_id,
        trace=remit.trace,
        status=claim.status,
        date_of_service=next((day for day in days if day is not None), None),
        charge=str(_cents(claim.charge)),
        paid=str(_cents(claim.paid)),
        codes=tuple(line.code for line in claim.lines),
        posted=posted,
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
