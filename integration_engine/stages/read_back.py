"""Read back: from an answer file in inbound/ to claim standings, the ledger, and work queues.

Load → decide → save, one transaction a file. A file is known by its content and a payment by its key, so the same file
again, under another name or after a crash, has no second effect; files may come in any order. Claims refused before
adjudication open their days again, a denial waits in its queue, a remit that does not balance waits whole, and money
that fits no claim stays on the unapplied account until a person says whose it is.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import structlog

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.crosswalk.answers.places import FilePlaces, place_of, read_places
from integration_engine.domain.answers import ClaimStatusReport, GroupAnswer, InterchangeAnswer, TransactionAnswer
from integration_engine.domain.claim import Claim
from integration_engine.domain.denial import DenialContext
from integration_engine.domain.posting import LineResult, Posting
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine, submitted
from integration_engine.rules.answer_fixes import fix_for
from integration_engine.rules.answering import (
    ClaimWord,
    FileWords,
    denial_finding,
    of_interchange,
    of_payment,
    of_status,
    of_transaction,
)
from integration_engine.rules.denial_context import denial_context
from integration_engine.rules.life_cycle import ANSWER_MISSING, Waiting, missing_answer, patience_of, standing
from integration_engine.rules.posting import post, posting_keys, remit_key
from integration_engine.rules.remit_matching import match, match_status
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.answers import PostedClaim
from integration_engine.store.denials import NewDenial
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
class _Gathered:
    """What the answers of one file say, before it is saved."""

    words: list[tuple[int, ClaimWord, int | None]] = field(default_factory=list)  # claim id, word, batch id
    payer_numbers: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    stops: dict[int, tuple[Finding, ...]] = field(default_factory=dict)  # batch id
    denied: int = 0
    paid: Decimal = ZERO
    held: bool = False


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

    def accept(self, answer_id: int, now: datetime) -> TakenBack:
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
            gathered = _Gathered()
            on = self._today(rules, now)
            for position, remit_id in sorted(waiting.items()):
                remit = answers.remits[position]
                self._post(connection, answer_id, position, remit, gathered, rules, on, now, accepted=remit_id)
            return self._save(connection, answer_id, name, answers, gathered, now)

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
        gathered = _Gathered(findings=list(answers.problems))
        on = self._today(rules, now)
        senders = {envelope.sender for envelope in answers.envelopes}
        from_them = frozenset(r.key for r in rules.receivers.values() if r.interchange_receiver_id in senders)
        for interchange in answers.interchanges:
            self._interchange(connection, interchange, from_them, gathered, rules, on)
        for group in answers.groups:
            self._group(connection, group, from_them, gathered, rules, on)
        for report in answers.reports:
            self._report(connection, report, gathered, rules, on)
        for position, remit in enumerate(answers.remits):
            self._post(connection, answer_id, position, remit, gathered, rules, on, now)
        return self._save(connection, answer_id, name, answers, gathered, now)

    @staticmethod
    def _today(rules: RulesInForce, now: datetime) -> date:
        return now.astimezone(ZoneInfo(rules.parameters.practice.time_zone)).date()

    def _interchange(
        self,
        connection: Connection,
        answer: InterchangeAnswer,
        receivers: frozenset[str],
        gathered: _Gathered,
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
        gathered: _Gathered,
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
        self, connection: Connection, number: str, receivers: frozenset[str], gathered: _Gathered, what: str
    ) -> SentFile | None:
        """The file of ours that an acknowledgment speaks of; one it does not know is told, never guessed.

        Shapes   receivers: whose name stands in the answer's envelope; they tell apart files of one number.
        """
        files = self.store.submissions.by_interchange(connection, int(number)) if number.isdigit() else []
        files = [file for file in files if file.receiver in receivers] or files
        if len(files) == 1:
            return files[0]
        gathered.findings.append(_unknown_file(what, len(files)))
        gathered.held = True
        return None

    @staticmethod
    def _words(file: SentFile, told: FileWords, gathered: _Gathered) -> None:
        gathered.words.extend((file.claims[word.number], word, file.batch_id) for word in told.words)
        if told.stops:
            gathered.stops[file.batch_id] = told.stops

    def _report(
        self, connection: Connection, report: ClaimStatusReport, gathered: _Gathered, rules: RulesInForce, on: date
    ) -> None:
        numbers = [status.number for status in report.claims]
        controls = [line.line_control for status in report.claims for line in status.lines if line.line_control]
        payer_numbers = [s.payer_control_number for s in report.claims if s.payer_control_number]
        ours = _Ours(self.store, connection, numbers, controls, payer_numbers)
        for status in report.claims:
            found = match_status(status, ours.candidates(status.number, (status.payer_control_number,), ()))
            if found.claim is None:
                gathered.findings.extend(found.findings)
                gathered.held = True
                continue
            word = of_status(status, found.claim.number, report.source, report.sent_on or on, rules.responses)
            if word is not None:
                gathered.words.append((found.claim.id, word, None))
            if status.payer_control_number:
                gathered.payer_numbers[found.claim.id] = status.payer_control_number

    # --- remits -------------------------------------------------------------------------------------------------------

    def _post(
        self,
        connection: Connection,
        answer_id: int,
        position: int,
        remit: Remit,
        gathered: _Gathered,
        rules: RulesInForce,
        on: date,
        now: datetime,
        accepted: int | None = None,
    ) -> None:
        """Post one payment, or keep it for a person. accepted: the stored remit whose difference a person accepted."""
        store = self.store
        ours = _Ours(
            store,
            connection,
            [claim.number for claim in remit.claims],
            [line.line_control for claim in remit.claims for line in claim.lines if line.line_control],
            [n for claim in remit.claims for n in (claim.payer_control_number, claim.original_reference) if n],
        )
        matches = [match(claim, ours.candidates(*_names(claim))) for claim in remit.claims]
        matched = {m.claim.id for m in matches if m.claim is not None}
        earlier = store.ledger.entries(connection, matched)
        already = store.answers.posted_keys(connection, posting_keys(remit))
        already |= store.ledger.posted(connection, [remit_key(remit)])
        posting = post(
            remit,
            matches,
            rules.responses,
            on,
            earlier=[entry for entries in earlier.values() for entry in entries],
            already=already,
            context_of=_context(rules),
            accept_difference=accepted is not None,
        )
        state = "posted" if posting.posted else "held"
        if accepted is None:
            remit_id = store.answers.keep_remit(connection, answer_id, position, remit, state, now)
        else:
            remit_id = accepted
            store.answers.release(connection, remit_id)
        gathered.findings.extend(posting.findings)
        gathered.held = gathered.held or any(finding.holds for finding in posting.findings)
        if posting.posted:
            numbers = {m.claim.number: m.claim.id for m in matches if m.claim is not None}
            store.ledger.append(connection, posting.entries, numbers, now, remit_id)
            self._posted(connection, remit_id, remit, posting, ours, gathered, on, now)

    def _posted(
        self,
        connection: Connection,
        remit_id: int,
        remit: Remit,
        posting: Posting,
        ours: _Ours,
        gathered: _Gathered,
        on: date,
        now: datetime,
    ) -> None:
        kept = [result for result in posting.claims if result.posted]
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
        ids = self.store.answers.keep_claims(connection, remit_id, rows, now)
        told = remit.paid_on or remit.produced_on or on
        denied: dict[int, list[LineResult]] = {}
        for line in posting.lines:
            if line.denial.denied:
                denied.setdefault(line.claim, []).append(line)
        new: list[NewDenial] = []
        again: dict[int, bool] = {}
        for result, row_id in zip(kept, ids, strict=True):
            word = of_payment(result, told)
            if word is None or result.claim is None:
                continue
            claim_id = result.claim.id
            gathered.words.append((claim_id, word, None))
            number = remit.claims[result.index].payer_control_number
            if number:
                gathered.payer_numbers[claim_id] = number
            lines = denied.get(result.index, []) if not result.reversal else []
            new.extend(NewDenial(claim_id=claim_id, remit_claim_id=row_id, line=line, on=told) for line in lines)
            findings = (denial_finding(result.claim.number, lines, told),) if lines else ()
            if not result.reversal:
                again[claim_id] = bool(result.paid)
                self.store.holds.sync(connection, findings, now, claim_id=claim_id)
            gathered.denied += bool(lines)
        self.store.denials.decided_again(connection, again)
        self.store.denials.append(connection, new, now)
        gathered.paid += sum((result.paid for result in kept), ZERO)

    # --- saving -------------------------------------------------------------------------------------------------------

    def _save(
        self,
        connection: Connection,
        answer_id: int,
        name: str,
        answers: Answers,
        gathered: _Gathered,
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


class _Ours:
    """The claims of ours that one transaction set may speak of, loaded at once and looked up by any number it gives."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        numbers: Iterable[str],
        controls: Iterable[str],
        payer_numbers: Iterable[str],
    ) -> None:
        wanted = {number for number in numbers if number} | {_of_control(control) for control in controls}
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
        found = [self._by_number.get(name) for name in (number, *(_of_control(c) for c in controls if c))]
        found += [claim for name in payer_numbers if name for claim in self._by_payer_number.get(name, ())]
        ids = dict.fromkeys(claim.id for claim in found if claim is not None)
        return [self._as_submitted(claim_id) for claim_id in ids]

    def _as_submitted(self, claim_id: int) -> SubmittedClaim:
        if claim_id not in self._submitted:
            sent = self._sent[claim_id]
            plain = submitted(Claim(id=sent.id, number=sent.number, draft=sent.draft))
            self._submitted[claim_id] = replace(plain, payer_control_number=sent.payer_control_number)
        return self._submitted[claim_id]


def _names(claim: RemitClaim) -> tuple[str, tuple[str | None, ...], tuple[str | None, ...]]:
    return (
        claim.number,
        (claim.payer_control_number, claim.original_reference),
        tuple(line.line_control for line in claim.lines),
    )


def _of_control(control: str) -> str:
    """The claim number inside a line control number of ours."""
    return control.rpartition("L")[0]


def _context(rules: RulesInForce) -> Callable[[SubmittedClaim | None, SubmittedLine | None], DenialContext]:
    return lambda claim, line: denial_context(claim, line, rules.parameters)


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
