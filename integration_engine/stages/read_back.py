"""Read back: from an answer file in inbound/ to claim standings, the ledger, and work queues.

Load → decide → save, one transaction a file. A file is known by its content and a payment by its key, so the same file
again, under another name or after a crash, has no second effect; files may come in any order. Claims refused before
adjudication open their days again, a denial waits in its queue, a remit that does not balance waits whole, and money
that fits no claim stays on the unapplied account until a person says whose it is.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from integration_engine.core.findings import Finding
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.rules.answers.life_cycle import ANSWER_MISSING, Waiting, missing_answer, patience_of
from integration_engine.rules.answers.strange import NOT_TAKEN, UNMATCHED, marked_as_test, not_taken, too_large
from integration_engine.rules.posting.remits import STOPPING
from integration_engine.stages.hearing_answers import HearAnswers, control_number
from integration_engine.stages.posting_remits import Gathered, PostRemits
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.stages.settling_answers import SettleAnswers, Settled, held_findings
from integration_engine.store import Connection, Store, may_pass

log = structlog.get_logger(__name__)
ATTEMPTS = 3
EARLY = (
    "It answers a file that is not noted as sent yet; it stays in inbound/ and is read again after the next `batch`."
)
BUSY = "The database was busy or out of reach; the file stays in inbound/ and is read again."


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What one file came to, as billing staff want to hear of it.

    Shapes   state: done, held (something waits for a person), repeated (these bytes were taken in before), rejected (no
             answer at all, or a test answer to production) or waiting (nothing was taken in; it is read again later).
    """

    file: str
    state: str
    kinds: str = ""
    reason: str = ""
    claims: int = 0
    refused: int = 0
    denied: int = 0
    paid: str = "0.00"


@dataclass(slots=True)
class ReadBack:
    """The stage."""

    store: Store
    rules: Callable[[], RulesInForce]

    def take(self, name: str, data: bytes, now: datetime) -> TakenBack:
        """Take one file in; never raises for what a sender wrote."""
        rules = self.rules()
        name = _printable(name)
        answers = read_answers(data)
        try:
            taken = self._patiently(lambda: self._take_whole(name, data, answers, rules, now))
        except Exception as error:
            if may_pass(error):
                log.warning("answer.waiting", stage="read_back", reason=type(error).__name__)
                return TakenBack(file=name, state="waiting", kinds=_kinds(answers), reason=BUSY)
            log.exception("answer.not_taken", stage="read_back", outcome="held")
            return self._set_aside(name, data, _kinds(answers), not_taken(type(error).__name__), now)
        log.info(
            "answer.taken",
            stage="read_back",
            outcome=taken.state,
            claims=taken.claims,
            refused=taken.refused,
            denied=taken.denied,
        )
        return taken

    def refuse(self, name: str, size: int, largest: int, now: datetime) -> TakenBack:
        """Note a file that is too large to be read, for people; its bytes stay where they are.

        Units    size, largest: bytes.
        """
        name = _printable(name)
        finding = too_large(size, largest)

        def attempt() -> TakenBack:
            with self.store.database.write() as connection:
                answer_id = self.store.answers.keep_unread(connection, name, size, finding.text, now)
                if answer_id is not None:
                    self.store.holds.sync(connection, held_findings((finding,)), now, answer_id=answer_id)
            return TakenBack(file=name, state="rejected", reason=finding.text)

        log.warning("answer.too_large", stage="read_back", outcome="rejected")
        try:
            return self._patiently(attempt)
        except Exception as error:
            if may_pass(error):
                return TakenBack(file=name, state="waiting", reason=BUSY)
            raise

    @staticmethod
    def _patiently(attempt: Callable[[], TakenBack]) -> TakenBack:
        """Try again: another process may have been in the way, by a deadlock or by reading the same file at once."""
        for _ in range(ATTEMPTS - 1):
            with suppress(Exception):
                return attempt()
        return attempt()

    def _take_whole(self, name: str, data: bytes, answers: Answers, rules: RulesInForce, now: datetime) -> TakenBack:
        kinds = _kinds(answers)
        with self.store.database.write() as connection:
            known = self.store.answers.known(connection, data)
            if known is not None:
                return TakenBack(
                    file=name,
                    state="rejected" if known.state == "rejected" else "repeated",
                    kinds=kinds,
                    reason=f"taken in before as {known.file_name}",
                )
            if self._early(connection, answers, rules):
                return TakenBack(file=name, state="waiting", kinds=kinds, reason=EARLY)
            tolerances = " ".join(f"{tolerance}={count}" for tolerance, count in answers.tolerances)
            answer_id = self.store.answers.keep(connection, name, data, kinds, tolerances, now)
            return self._take(connection, answer_id, name, answers, rules, now)

    def _early(self, connection: Connection, answers: Answers, rules: RulesInForce) -> bool:
        """True when the answer was faster than the process that sent the file: it is read again when that is noted."""
        named = [one.interchange for one in answers.interchanges] + [one.group for one in answers.groups]
        interchanges = {number for text in named if (number := control_number(text)) is not None}
        numbers = {status.number for report in answers.reports for status in report.claims}
        numbers |= {claim.number for remit in answers.remits for claim in remit.claims}
        receivers = _receivers(answers, rules)
        return self.store.submissions.on_their_way(connection, interchanges, receivers, numbers - {""})

    def _set_aside(self, name: str, data: bytes, kinds: str, finding: Finding, now: datetime) -> TakenBack:
        """Keep a file that the engine failed on, so that the files after it go on and a person is told."""
        with self.store.database.write() as connection:
            answer_id = self.store.answers.keep(connection, name, data, kinds, "", now)
            self.store.holds.sync(connection, held_findings((finding,)), now, answer_id=answer_id)
            self.store.answers.settle(connection, answer_id, "held", finding.text)
        return TakenBack(file=name, state="held", kinds=kinds, reason=finding.text)

    def accept(self, answer_id: int, *, by: str, reason: str, now: datetime) -> TakenBack:
        """Post the remits of a file that did not balance or seemed to be booked, because a person accepted them.

        Raises   LookupError when nothing of the file waits.
        """
        rules = self.rules()
        with self.store.database.write() as connection:
            name, data = self.store.answers.bytes_of(connection, answer_id)
            waiting = self.store.answers.held_remits(connection, answer_id)
            if not waiting:
                msg = f"nothing of answer file {answer_id} waits to be posted"
                raise LookupError(msg)
            answers = read_answers(data)
            gathered = Gathered()
            on = rules.today(now)
            posting = PostRemits(store=self.store, rules=rules, gathered=gathered, on=on, now=now)
            for position, remit_id in sorted(waiting.items()):
                posting.post(connection, answer_id, position, answers.remits[position], accepted=remit_id)
            self.store.audit.append(
                connection, who=by, what="accept", subject=f"answer {answer_id}", reason=reason, now=now
            )
            gathered.findings = [finding for finding in gathered.findings if finding.id not in STOPPING]
            for finding in gathered.findings:
                if finding.id == UNMATCHED:  # its money has left the payment that waited, and is on *unapplied*
                    self.store.answers.retell(connection, answer_id, finding)
            settling = SettleAnswers(store=self.store, parameters=rules.parameters, on=on, now=now)
            settled = settling.settle(connection, answer_id, gathered, ends=tuple(STOPPING))
            return _taken(name, answers, gathered, settled)

    def again(self, answer_id: int, *, by: str, reason: str, now: datetime) -> TakenBack:
        """Take a file in that the engine failed on before.

        Raises   LookupError when it was taken in, or is not known; what failed, when it fails again.
        """
        rules = self.rules()
        with self.store.database.write() as connection:
            name, data = self.store.answers.bytes_of(connection, answer_id)
            if not self.store.holds.stops_answer(connection, answer_id, NOT_TAKEN):
                msg = f"answer file {answer_id} was taken in already"
                raise LookupError(msg)
            self.store.audit.append(
                connection, who=by, what="take again", subject=f"answer {answer_id}", reason=reason, now=now
            )
            return self._take(connection, answer_id, name, read_answers(data), rules, now)

    def alerts(self, now: datetime) -> int:
        """Tell of every claim whose answer is overdue, and take back what has come since; returns how many are overdue."""
        rules = self.rules()
        today = rules.today(now)
        store = self.store
        with store.database.write() as connection:
            overdue: dict[int, Finding] = {}
            for claim in store.submissions.silent(connection):
                receiver = rules.receivers.get(claim.receiver)
                if receiver is None:
                    continue
                waiting = Waiting(
                    claim_id=claim.id,
                    number=claim.number,
                    submitted_on=claim.submitted_on,
                    kinds=claim.kinds,
                    file_by=claim.file_by,
                )
                finding = missing_answer(waiting, patience_of(receiver), today)
                if finding is not None:
                    overdue[claim.id] = finding
            told = store.holds.claims_with(connection, ANSWER_MISSING)
            for claim_id in sorted(overdue.keys() | told):
                findings = (overdue[claim_id],) if claim_id in overdue else ()
                store.holds.sync(connection, findings, now, claim_id=claim_id, families=(ANSWER_MISSING,))
        return len(overdue)

    # --- one file -----------------------------------------------------------------------------------------------------

    def _take(
        self, connection: Connection, answer_id: int, name: str, answers: Answers, rules: RulesInForce, now: datetime
    ) -> TakenBack:
        refusal, told = _not_for_us(answers, rules)
        if refusal:
            self.store.answers.settle(connection, answer_id, "rejected", refusal)
            self.store.holds.sync(connection, held_findings(told), now, answer_id=answer_id)
            return TakenBack(file=name, state="rejected", kinds=_kinds(answers), reason=refusal)
        gathered = Gathered(findings=list(answers.problems))
        on = rules.today(now)
        from_them = _receivers(answers, rules)
        hearing = HearAnswers(store=self.store, rules=rules, receivers=from_them, gathered=gathered, on=on)
        hearing.hear(connection, answers)
        posting = PostRemits(store=self.store, rules=rules, gathered=gathered, on=on, now=now)
        for position, remit in enumerate(answers.remits):
            posting.post(connection, answer_id, position, remit)
        settling = SettleAnswers(store=self.store, parameters=rules.parameters, on=on, now=now)
        return _taken(name, answers, gathered, settling.settle(connection, answer_id, gathered))


def _printable(name: str) -> str:
    """A file's name as text; a file system may hold other bytes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _receivers(answers: Answers, rules: RulesInForce) -> frozenset[str]:
    """The receivers of ours whose name stands in the answer's envelopes."""
    senders = {envelope.sender for envelope in answers.envelopes}
    return frozenset(r.key for r in rules.receivers.values() if r.interchange_receiver_id in senders)


def _kinds(answers: Answers) -> str:
    held = (
        ("TA1", answers.interchanges),
        ("999", answers.groups),
        ("277CA", answers.reports),
        ("835", answers.remits),
    )
    return " ".join(kind for kind, found in held if found)


def _not_for_us(answers: Answers, rules: RulesInForce) -> tuple[str, tuple[Finding, ...]]:
    """Why nothing of the file is taken in: it answers nothing, or it is a test while we send in production.

    Shapes   the reason, empty where it is for us; what waits for a person.
    """
    if answers.empty:
        reason = "; ".join(dict.fromkeys(p.text for p in answers.problems)) or "The file holds no answer to a claim."
        return reason, answers.problems
    if answers.test and all(receiver.usage == "P" for receiver in rules.receivers.values()):
        finding = marked_as_test(_kinds(answers))
        return finding.text, (*answers.problems, finding)
    return "", ()


def _taken(name: str, answers: Answers, gathered: Gathered, settled: Settled) -> TakenBack:
    return TakenBack(
        file=name,
        state="held" if settled.held else "done",
        kinds=_kinds(answers),
        reason=settled.reason,
        claims=settled.claims,
        refused=settled.refused,
        denied=gathered.denied,
        paid=str(gathered.paid),
    )
