"""Read back: from an answer file in inbound/ to claim standings, the ledger, and work queues.

Load → decide → save, one transaction a file. A file is known by its content and a payment by its key, so the same file
again, under another name or after a crash, has no second effect; files may come in any order. Claims refused before
adjudication open their days again, a denial waits in its queue, a remit that does not balance waits whole, and money
that fits no claim stays on the unapplied account until a person says whose it is.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from integration_engine.core.findings import Finding, Severity
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.crosswalk.answers.places import FilePlaces, place_of, read_places
from integration_engine.domain.answers import (
    ClaimStatusReport,
    GroupAnswer,
    InterchangeAnswer,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.domain.claim_event import ClaimEvent
from integration_engine.rules.answer_fixes import fix_for
from integration_engine.rules.answering import (
    TAKEN_BACK,
    ClaimWord,
    FileWords,
    answers_void,
    of_interchange,
    of_status,
    of_transaction,
)
from integration_engine.rules.ledger import refusal_entries
from integration_engine.rules.life_cycle import (
    ADJUDICATED,
    ANSWER_MISSING,
    Waiting,
    missing_answer,
    patience_of,
    standing,
)
from integration_engine.rules.posting import STOPPING
from integration_engine.rules.remit_matching import match_status
from integration_engine.rules.strange_answers import NOT_TAKEN, not_taken, rerouted_claim, rerouted_file, unknown_file
from integration_engine.stages.later_payers import SettleLaterPayers
from integration_engine.stages.posting_remits import Gathered, Ours, PostRemits
from integration_engine.stages.refused_corrections import refused_corrections
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.stages.taken_after_all import taken_after_all
from integration_engine.store import Connection, Store, may_pass
from integration_engine.store.submissions import NewEvent, SentFile

log = structlog.get_logger(__name__)
CONTROL_DIGITS = 9
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
        name = name.encode("utf-8", "backslashreplace").decode("utf-8")  # a file system may hold other names
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
            self.store.holds.sync(connection, _held((finding,)), now, answer_id=answer_id)
            self.store.answers.settle(connection, answer_id, "held", finding.text)
        return TakenBack(file=name, state="held", kinds=kinds, reason=finding.text)

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
            gathered.findings = [finding for finding in gathered.findings if finding.id not in STOPPING]
            return self._save(connection, answer_id, name, answers, gathered, on, now, ends=tuple(STOPPING))

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
                store.holds.sync(connection, findings, now, claim_id=claim_id, families=(ANSWER_MISSING,))
        return len(overdue)

    # --- one file -----------------------------------------------------------------------------------------------------

    def _take(
        self, connection: Connection, answer_id: int, name: str, answers: Answers, rules: RulesInForce, now: datetime
    ) -> TakenBack:
        refusal = _not_for_us(answers, rules)
        if refusal:
            self.store.answers.settle(connection, answer_id, "rejected", refusal)
            self.store.holds.sync(connection, _held(answers.problems), now, answer_id=answer_id)
            return TakenBack(file=name, state="rejected", kinds=_kinds(answers), reason=refusal)
        gathered = Gathered(findings=list(answers.problems))
        on = self._today(rules, now)
        from_them = _receivers(answers, rules)
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
        interchange = control_number(number)
        files = self.store.submissions.by_interchange(connection, interchange) if interchange is not None else []
        files = [file for file in files if file.receiver in receivers] or files
        if len(files) == 1 and files[0].rerouted:
            gathered.findings.append(rerouted_file(what, files[0].receiver, files[0].file_name))
            gathered.held = True
            return None
        if len(files) == 1:
            return files[0]
        gathered.findings.append(unknown_file(what, len(files)))
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
                gathered.findings.append(rerouted_claim(what, sent_to[found.claim.id]))
                gathered.held = True
                continue
            word = of_status(status, found.claim.number, report.source, report.sent_on or on, rules.responses)
            if word is not None:
                gathered.words.append((found.claim.id, word, None))
            if status.payer_control_number:
                gathered.status_numbers[found.claim.id] = status.payer_control_number

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
        ends: tuple[str, ...] = (),
    ) -> TakenBack:
        """Save what one file says, all of it or, after a person accepted it, what had waited.

        Shapes   ends: the findings whose holds that acceptance ends; others of the file go on waiting. Empty: all of
                 them were told anew.
        """
        store, submissions = self.store, self.store.submissions
        gathered.words.extend(self._voids_answered(connection, gathered))
        gathered.payer_numbers = gathered.status_numbers | store.answers.payer_numbers(
            connection, gathered.paid_claims | gathered.status_numbers.keys()
        )
        events = [
            NewEvent(claim_id=claim_id, answer_id=answer_id, batch_id=batch_id, event=word.event)
            for claim_id, word, batch_id in gathered.words
        ]
        touched = {claim_id for claim_id, _, _ in gathered.words}
        submissions.lock(connection, touched)
        known = submissions.events(connection, touched)
        submissions.append(connection, events, now)
        stops = _new_stops(gathered, known)
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
        patients |= taken_after_all(store, connection, stands, on, now)
        decided = {claim_id for claim_id, word, _ in gathered.words if word.event.kind in ADJUDICATED}
        later = SettleLaterPayers(store=store, parameters=self.rules().parameters, on=on, now=now)
        later.settle(connection, decided | refused.keys() | gathered.payer_numbers.keys())
        patients |= set(submissions.waiting_for_number(connection, gathered.payer_numbers))
        submissions.decide_again(connection, patients, now)
        for batch_id, findings in stops.items():
            store.holds.sync(connection, findings, now, batch_id=batch_id)
        store.holds.sync(connection, _held(gathered.findings), now, answer_id=answer_id, families=ends)
        held = store.holds.stops_answer(connection, answer_id)
        told = [f for f in gathered.findings if f.holds or (not held and f.severity is Severity.WARNING)]
        reason = "; ".join(dict.fromkeys(f.text for f in told))[:2000]
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

    def _voids_answered(self, connection: Connection, gathered: Gathered) -> list[tuple[int, ClaimWord, int | None]]:
        """A payer answers a void by taking its decision on the voided claim back: that is the word on the void, too."""
        back: dict[int, ClaimWord] = {}
        for claim_id, word, _ in gathered.words:
            if word.event.kind in TAKEN_BACK:
                back[claim_id] = word
            elif word.event.kind in ADJUDICATED:
                back.pop(claim_id, None)  # taken back to be decided anew: a correction of the payer's
        voids = self.store.submissions.voids_of(connection, back)
        numbers = self.store.submissions.numbers(connection, voids.values())
        return [(void, answers_void(back[claim_id], numbers[void]), None) for claim_id, void in sorted(voids.items())]

    def _close_books(self, connection: Connection, refused: Collection[int], on: date, now: datetime) -> None:
        """Nothing is owed on a claim that was refused before adjudication; what goes again is posted anew."""
        numbers = self.store.submissions.numbers(connection, refused)
        earlier, ids = self.store.ledger.postings_of(connection, refused)
        self.store.ledger.append(connection, refusal_entries(set(numbers.values()), on, earlier), ids, now)
        refused_corrections(self.store, connection, refused, on, now)


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


def _new_stops(gathered: Gathered, known: Mapping[int, Sequence[ClaimEvent]]) -> Mapping[int, tuple[Finding, ...]]:
    """The files of ours whose refusal nobody has told before: the same acknowledgment in other bytes stops nothing again.

    Shapes   known: the events of each claim before this answer.
    """
    told = {claim_id: {(event.kind, event.code) for event in events} for claim_id, events in known.items()}
    new = {
        batch_id
        for claim_id, word, batch_id in gathered.words
        if batch_id is not None and (word.event.kind, word.event.code) not in told.get(claim_id, ())
    }
    return {batch_id: findings for batch_id, findings in gathered.stops.items() if batch_id in new}


def control_number(text: str) -> int | None:
    """An interchange or group control number (ISA13, GS06: up to nine digits); None for anything else."""
    digits = text.lstrip("0")
    fits = text.isascii() and text.isdigit() and 0 < len(digits) <= CONTROL_DIGITS
    return int(digits) if fits else None


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
