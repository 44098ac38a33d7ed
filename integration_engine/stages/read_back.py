"""Read back: from an answer file in inbound/ to claim standings, the ledger, and work queues.

Load → decide → save, one transaction a file. A file is known by its content and a payment by its key, so the same file
again, under another name or after a crash, has no second effect; files may come in any order. Claims refused before
adjudication open their days again, a denial waits in its queue, a remit that does not balance waits whole, and money
that fits no claim stays on the unapplied account until a person says whose it is.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.crosswalk.answers.places import FilePlaces, place_of, read_places
from integration_engine.domain.answers import (
    ClaimStatusReport,
    GroupAnswer,
    InterchangeAnswer,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.rules.answer_fixes import fix_for
from integration_engine.rules.answering import (
    FileWords,
    of_interchange,
    of_status,
    of_transaction,
)
from integration_engine.rules.ledger import refusal_entries
from integration_engine.rules.life_cycle import ANSWER_MISSING, Waiting, missing_answer, patience_of, standing
from integration_engine.rules.posting import STOPPING
from integration_engine.rules.remit_matching import match_status
from integration_engine.stages.posting_remits import Gathered, Ours, PostRemits
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.submissions import NewEvent, SentFile

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What one file came to, as billing staff want to hear of it.

    Shapes   state: done, held (something waits for a person), repeated (these bytes were taken in before) or rejected
             (no answer at all, or a test answer to production).
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
        answers = read_answers(data)
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
            tolerances = " ".join(f"{tolerance}={count}" for tolerance, count in answers.tolerances)
            answer_id = self.store.answers.keep(connection, name, data, kinds, tolerances, now)
            refusal = _not_for_us(answers, rules)
            if refusal:
                self.store.answers.settle(connection, answer_id, "rejected", refusal)
                self.store.holds.sync(connection, _held(answers.problems), now, answer_id=answer_id)
                return TakenBack(file=name, state="rejected", kinds=kinds, reason=refusal)
            taken = self._take(connection, answer_id, name, answers, rules, now)
        log.info(
            "answer.taken",
            answer_id=answer_id,
            stage="read_back",
            outcome=taken.state,
            claims=taken.claims,
            refused=taken.refused,
            denied=taken.denied,
        )
        return taken

    def accept(self, answer_id: int, *, by: str, reason: str, now: datetime) -> TakenBack:
        """Post the remits of a file that did not balance, because a person accepted the difference.

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
            on = self._today(rules, now)
            posting = PostRemits(store=self.store, rules=rules, gathered=gathered, on=on, now=now)
            for position, remit_id in sorted(waiting.items()):
                posting.post(connection, answer_id, position, answers.remits[position], accepted=remit_id)
            self.store.audit.append(
                connection, who=by, what="accept", subject=f"answer {answer_id}", reason=reason, now=now
            )
            accepted = [finding for finding in gathered.findings if finding.id not in STOPPING]
            return self._save(connection, answer_id, name, answers, replace(gathered, findings=accepted), on, now)

    def alerts(self, now: datetime) -> int:
        """Tell of every claim whose answer is overdue, and take back what has come since; returns how many are overdue."""
        rules = self.rules()
        today = self._today(rules, now)
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
                store.holds.sync(connection, findings, now, claim_id=claim_id)
        return len(overdue)

    # --- one file -----------------------------------------------------------------------------------------------------

    def _take(
        self, connection: Connection, answer_id: int, name: str, answers: Answers, rules: RulesInForce, now: datetime
    ) -> TakenBack:
        gathered = Gathered(findings=list(answers.problems))
        on = self._today(rules, now)
        senders = {envelope.sender for envelope in answers.envelopes}
        from_them = frozenset(r.key for r in rules.receivers.values() if r.interchange_receiver_id in senders)
        for interchange in answers.interchanges:
            self._interchange(connection, interchange, from_them, gathered, rules, on)
        for group in answers.groups:
            self._group(connection, group, from_them, gathered, rules, on)
        for report in answers.reports:
            self._report(connection, report, from_them, gathered, rules, on)
        posting = PostRemits(store=self.store, rules=rules, gathered=gathered, on=on, now=now)
        for position, remit in enumerate(answers.remits):
            posting.post(connection, answer_id, position, remit)
        return self._save(connection, answer_id, name, answers, gathered, on, now)

    @staticmethod
    def _today(rules: RulesInForce, now: datetime) -> date:
        return now.astimezone(ZoneInfo(rules.parameters.practice.time_zone)).date()

    def _interchange(
        self,
        connection: Connection,
        answer: InterchangeAnswer,
        receivers: frozenset[str],
        gathered: Gathered,
        rules: RulesInForce,
        on: date,
    ) -> None:
        what = f"TA1 for interchange {answer.interchange}"
        file = self._file(connection, answer.interchange, receivers, gathered, what)
        if file is not None:
            self._words(file, of_interchange(answer, file.claims, on, rules.responses), gathered)

    def _group(
        self,
        connection: Connection,
        group: GroupAnswer,
        receivers: frozenset[str],
        gathered: Gathered,
        rules: RulesInForce,
        on: date,
    ) -> None:
        file = self._file(connection, group.group, receivers, gathered, f"999 for group {group.group}")
        if file is None:
            return
        told = group.transactions or (_as_transaction(group),)
        needs_places = any(transaction.problems for transaction in told)
        places = read_places(file.text.encode("ascii")) if needs_places else {}
        for transaction in told:
            blamed = _blamed(transaction, places.get(transaction.transaction), rules)
            self._words(file, of_transaction(transaction, file.claims, blamed, on, rules.responses), gathered)

    def _file(
        self, connection: Connection, number: str, receivers: frozenset[str], gathered: Gathered, what: str
    ) -> SentFile | None:
        """The file of ours that an acknowledgment speaks of; one it does not know is told, never guessed.

        Shapes   receivers: whose name stands in the answer's envelope; they tell apart files of one number.
        """
        files = self.store.submissions.by_interchange(connection, int(number)) if number.isdigit() else []
        files = [file for file in files if file.receiver in receivers] or files
        if len(files) == 1 and files[0].rerouted:
            gathered.findings.append(_rerouted_file(what, files[0]))
            gathered.held = True
            return None
        if len(files) == 1:
            return files[0]
        gathered.findings.append(_unknown_file(what, len(files)))
        gathered.held = True
        return None

    @staticmethod
    def _words(file: SentFile, told: FileWords, gathered: Gathered) -> None:
        gathered.words.extend((file.claims[word.number], word, file.batch_id) for word in told.words)
        if told.stops:
            gathered.stops[file.batch_id] = told.stops

    def _report(
        self,
        connection: Connection,
        report: ClaimStatusReport,
        receivers: frozenset[str],
        gathered: Gathered,
        rules: RulesInForce,
        on: date,
    ) -> None:
        """What a 277CA says of each claim; a clearinghouse speaks only of claims that went to it last."""
        numbers = [status.number for status in report.claims]
        controls = [line.line_control for status in report.claims for line in status.lines if line.line_control]
        payer_numbers = [s.payer_control_number for s in report.claims if s.payer_control_number]
        ours = Ours(self.store, connection, numbers, controls, payer_numbers)
        matched = [
            (status, match_status(status, ours.candidates(status.number, (status.payer_control_number,), ())))
            for status in report.claims
        ]
        sent_to = self.store.sent_files.receivers(connection, [found.claim.id for _, found in matched if found.claim])
        for status, found in matched:
            if found.claim is None:
                gathered.findings.extend(found.findings)
                gathered.held = True
                continue
            other = receivers and sent_to[found.claim.id] not in receivers
            if other and report.source is not StatusSource.PAYER:
                what = f"277CA for claim {found.claim.number}"
                gathered.findings.append(_rerouted_claim(what, sent_to[found.claim.id]))
                gathered.held = True
                continue
            word = of_status(status, found.claim.number, report.source, report.sent_on or on, rules.responses)
            if word is not None:
                gathered.words.append((found.claim.id, word, None))
            if status.payer_control_number:
                gathered.payer_numbers[found.claim.id] = status.payer_control_number

    # --- saving -------------------------------------------------------------------------------------------------------

    def _save(
        self,
        connection: Connection,
        answer_id: int,
        name: str,
        answers: Answers,
        gathered: Gathered,
        on: date,
        now: datetime,
    ) -> TakenBack:
        store, submissions = self.store, self.store.submissions
        events = [
            NewEvent(claim_id=claim_id, answer_id=answer_id, batch_id=batch_id, event=word.event)
            for claim_id, word, batch_id in gathered.words
        ]
        touched = {claim_id for claim_id, _, _ in gathered.words}
        known = submissions.events(connection, touched)
        submissions.append(connection, events, now)
        for new in events:
            known.setdefault(new.claim_id, []).append(new.event)
        stands = {claim_id: standing(known[claim_id]).value for claim_id in touched}
        submissions.stand(connection, stands)
        submissions.payer_numbers(connection, gathered.payer_numbers)
        refused = {
            claim_id: word.refusal
            for claim_id, word, _ in gathered.words
            if word.refusal is not None and stands[claim_id] == "refused"
        }
        patients = set(submissions.refuse(connection, refused, now))
        self._close_books(connection, refused, on, now)
        patients |= set(submissions.waiting_for_number(connection, gathered.payer_numbers))
        submissions.decide_again(connection, patients, now)
        for batch_id, findings in gathered.stops.items():
            store.holds.sync(connection, findings, now, batch_id=batch_id)
        store.holds.sync(connection, _held(gathered.findings), now, answer_id=answer_id)
        held = gathered.held or any(finding.holds for finding in gathered.findings)
        reason = "; ".join(dict.fromkeys(f.text for f in gathered.findings if f.holds))[:2000]
        store.answers.settle(connection, answer_id, "held" if held else "done", reason)
        return TakenBack(
            file=name,
            state="held" if held else "done",
            kinds=_kinds(answers),
            reason=reason,
            claims=len(touched),
            refused=len(refused),
            denied=gathered.denied,
            paid=str(gathered.paid),
        )

    def _close_books(self, connection: Connection, refused: Collection[int], on: date, now: datetime) -> None:
        """Nothing is owed on a claim that was refused before adjudication; what goes again is posted anew."""
        numbers = self.store.submissions.numbers(connection, refused)
        earlier, ids = self.store.ledger.postings_of(connection, refused)
        self.store.ledger.append(connection, refusal_entries(set(numbers.values()), on, earlier), ids, now)


def _blamed(
    transaction: TransactionAnswer, places: FilePlaces | None, rules: RulesInForce
) -> Mapping[str, tuple[Finding, ...]]:
    """Claim number → what the answer finds wrong in it, at our own field."""
    found: dict[str, list[Finding]] = {}
    for problem in transaction.problems:
        place = place_of(problem, rules.claim_table, places)
        finding = fix_for(problem, rules.responses, position=place.position, field=place.model_field or place.field)
        if place.claim_number is not None:
            numbers: tuple[str, ...] = (place.claim_number,)
        else:
            numbers = places.claims_at(problem.segment_number) if places is not None else ()
        for number in numbers:
            found.setdefault(number, []).append(finding)
    return {number: tuple(findings) for number, findings in found.items()}


def _as_transaction(group: GroupAnswer) -> TransactionAnswer:
    """A group answered as a whole speaks of its only transaction set."""
    return TransactionAnswer(transaction="0001", code=group.code, reasons=group.reasons)


def _kinds(answers: Answers) -> str:
    held = (
        ("TA1", answers.interchanges),
        ("999", answers.groups),
        ("277CA", answers.reports),
        ("835", answers.remits),
    )
    return " ".join(kind for kind, found in held if found)


def _not_for_us(answers: Answers, rules: RulesInForce) -> str:
    """Why nothing of the file is taken in: it answers nothing, or it is a test while we send in production."""
    if answers.empty:
        return "; ".join(dict.fromkeys(p.text for p in answers.problems)) or "The file holds no answer to a claim."
    if answers.test and all(receiver.usage == "P" for receiver in rules.receivers.values()):
        return "The file is marked as a test (ISA15 T), and every receiver is in production."
    return ""


def _held(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that wait for a person, told apart by where in the file they lie."""
    return tuple(replace(finding, subject=finding.subject or finding.position) for finding in findings if finding.holds)


def _rerouted_file(what: str, file: SentFile) -> Finding:
    return Finding(
        id="rejections.rerouted_file_answered",
        severity=Severity.ERROR,
        text=f"{file.receiver} answers {file.file_name}, whose claims went to another receiver since: {what}.",
        fix=f"Unless it refused the file, ask {file.receiver} to drop it, or the payer gets its claims twice.",
        owner="biller",
        subject=what,
        observed=file.file_name,
        queue=Queue.REJECTIONS,
        due_in_days=0,
    )


def _rerouted_claim(what: str, receiver: str) -> Finding:
    return Finding(
        id="rejections.rerouted_claim_answered",
        severity=Severity.ERROR,
        text=f"Another clearinghouse than {receiver}, to which the claim went last, answers it: {what}.",
        fix="Unless it refused the claim, ask it to drop the claim, or the payer gets it twice.",
        owner="biller",
        subject=what,
        observed=receiver,
        queue=Queue.REJECTIONS,
        due_in_days=0,
    )


def _unknown_file(what: str, count: int) -> Finding:
    several = "No file" if count == 0 else f"{count} files"
    return Finding(
        id="rejections.file_unknown",
        severity=Severity.ERROR,
        text=f"{several} of ours fits the answer: {what}.",
        fix="Look whether the answer is meant for another sender; if it is ours, tell the interface administrator.",
        owner="interface administrator",
        subject=what,
        queue=Queue.REJECTIONS,
    )
