"""What the TA1s, 999s and 277CAs of one file say of our claims, gathered and not yet saved.

An acknowledgment speaks of a file of ours, known by its control number; a 277CA speaks of claims. What fits nothing of
ours, or comes from a station that a claim has left, is told and never guessed. Part of the read-back stage: everything
here happens inside that stage's transaction for the file.
Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from integration_engine.core.findings import Finding
from integration_engine.crosswalk.answers.files import Answers
from integration_engine.crosswalk.answers.places import FilePlaces, place_of, read_places
from integration_engine.domain.answers import (
    ClaimStatus,
    ClaimStatusReport,
    GroupAnswer,
    InterchangeAnswer,
    ProviderStatus,
    StatusCode,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.submission import SubmittedClaim
from integration_engine.rules.answers.fixes import fix_for
from integration_engine.rules.answers.hearing import (
    FileWords,
    of_file,
    of_interchange,
    of_level,
    of_status,
    of_transaction,
)
from integration_engine.rules.answers.remit_matching import match_status
from integration_engine.rules.answers.strange import (
    older_number,
    refused_unknown,
    rerouted_claim,
    rerouted_file,
    unknown_file,
    unmatched_statuses,
)
from integration_engine.stages.posting_remits import Gathered, Ours
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.submissions import SentFile

CONTROL_DIGITS = 9
REFERENCE = "B"  # before the interchange control number in BHT03 of our files
OF_STATUS = frozenset(
    {
        ClaimEventKind.CLEARINGHOUSE_ACCEPTED,
        ClaimEventKind.CLEARINGHOUSE_REJECTED,
        ClaimEventKind.PAYER_ACCEPTED,
        ClaimEventKind.PAYER_REJECTED,
    }
)


@dataclass(slots=True, kw_only=True)
class HearAnswers:
    """Gathers what the acknowledgments of one file say.

    Shapes   receivers: whose name stands in the answer's envelope; they tell apart files of one number. on: the date in
             the practice's zone.
    """

    store: Store
    rules: RulesInForce
    receivers: frozenset[str]
    gathered: Gathered
    on: date

    def hear(self, connection: Connection, answers: Answers) -> None:
        """Every TA1, 999 and 277CA of the file, in that order."""
        for interchange in answers.interchanges:
            self._interchange(connection, interchange)
        for group in answers.groups:
            self._group(connection, group)
        for report in answers.reports:
            self._report(connection, report)
            self._levels(connection, report)

    # --- of files -----------------------------------------------------------------------------------------------------

    def _interchange(self, connection: Connection, answer: InterchangeAnswer) -> None:
        file = self._file(connection, answer.interchange, f"TA1 for interchange {answer.interchange}")
        if file is not None:
            self._words(file, of_interchange(answer, file.claims, self.on, self.rules.responses))

    def _group(self, connection: Connection, group: GroupAnswer) -> None:
        file = self._file(connection, group.group, f"999 for group {group.group}")
        if file is None:
            return
        told = group.transactions or (_as_transaction(group),)
        needs_places = any(transaction.problems for transaction in told)
        places = read_places(file.text.encode("ascii")) if needs_places else {}
        for transaction in told:
            blamed = _blamed(transaction, places.get(transaction.transaction), self.rules)
            self._words(file, of_transaction(transaction, file.claims, blamed, self.on, self.rules.responses))

    def _file(self, connection: Connection, number: str, what: str) -> SentFile | None:
        """The file of ours that an acknowledgment speaks of; one it does not know is told, never guessed."""
        interchange = control_number(number)
        files = self.store.submissions.by_interchange(connection, interchange) if interchange is not None else []
        files = [file for file in files if file.receiver in self.receivers] or files
        if len(files) == 1 and files[0].rerouted:
            self._strange(rerouted_file(what, files[0].receiver, files[0].file_name))
            return None
        if len(files) == 1:
            return files[0]
        self._strange(unknown_file(what, len(files)))
        return None

    def _words(self, file: SentFile, told: FileWords) -> None:
        self.gathered.words.extend((file.claims[word.number], word, file.batch_id) for word in told.words)
        if told.stops:
            stops = (of_file(stop, file.receiver, file.file_name) for stop in told.stops)
            self.gathered.stops[file.batch_id] = tuple(stops)

    def _strange(self, *findings: Finding) -> None:
        self.gathered.findings.extend(findings)
        self.gathered.held = True

    # --- of claims ----------------------------------------------------------------------------------------------------

    def _report(self, connection: Connection, report: ClaimStatusReport) -> None:
        """What a 277CA says of each claim; a clearinghouse speaks only of claims that went to it last."""
        ours = ours_of(self.store, connection, report)
        matched = [(status, match_status(status, ours.candidates(*_names(status)))) for status in report.claims]
        ids = [found.claim.id for _, found in matched if found.claim]
        sent_to = self.store.sent_files.receivers(connection, ids)
        known = self.store.submissions.events(connection, ids)
        strangers = [(status, found.findings) for status, found in matched if found.claim is None]
        if strangers:
            findings = [finding for _, told in strangers for finding in told]
            self._strange(*unmatched_statuses(report.transaction, findings, [status.number for status, _ in strangers]))
        for said, (status, found) in zip(as_said(report), matched, strict=True):
            if found.claim is None:
                continue
            other = self.receivers and sent_to[found.claim.id] not in self.receivers
            if other and report.source is not StatusSource.PAYER:
                self._strange(rerouted_claim(f"277CA for claim {found.claim.number}", sent_to[found.claim.id]))
                continue
            on = report.sent_on or self.on
            word = of_status(said, found.claim.number, report.source, on, self.rules.responses)
            if word is not None:
                self.gathered.words.append((found.claim.id, word, None))
            if status.payer_control_number:
                has_one = bool(ours.sent(found.claim.id).payer_control_number)
                self._number(
                    status, found.claim, word.event.on if word else on, known[found.claim.id] if has_one else ()
                )

    def _number(self, status: ClaimStatus, claim: SubmittedClaim, on: date, known: Sequence[ClaimEvent]) -> None:
        """Take the payer's number, unless a later claim status was heard before.

        Shapes   known: what was heard of a claim that has a number already.
        """
        days = [event.on for event in known if event.kind in OF_STATUS]
        last = max((*days, self.gathered.status_days.get(claim.id, date.min)))
        if on < last:
            self.gathered.findings.append(older_number(claim.number, f"segment {status.position}, 2200D/REF"))
            return
        assert status.payer_control_number is not None
        self.gathered.status_numbers[claim.id] = status.payer_control_number
        self.gathered.status_days[claim.id] = on

    # --- of all claims of a batch or provider -------------------------------------------------------------------------

    def _levels(self, connection: Connection, report: ClaimStatusReport) -> None:
        """What is refused as a whole: the batch (2200B), where no provider follows, or a provider without claims (2200C)."""
        if not report.claims and not report.providers:
            self._level(connection, report, report.file_statuses, None, "The batch", "2200B/STC")
        for one in report.providers:
            if not one.claims:
                place = f"segment {one.position}, 2200C/STC"
                self._level(connection, report, one.statuses, one, "A billing provider", place)

    def _level(
        self,
        connection: Connection,
        report: ClaimStatusReport,
        statuses: Sequence[StatusCode],
        provider: ProviderStatus | None,
        what: str,
        place: str,
    ) -> None:
        on, responses = report.sent_on or self.on, self.rules.responses
        told = of_level(statuses, (), report.source, on, responses)
        if told is None:
            return
        file = self._referenced(connection, report.reference)
        numbers = set(file.claims) if file is not None else set()
        if provider is not None:
            ours = self.store.submissions.by_number(connection, numbers)
            numbers = {n for n, claim in ours.items() if claim.draft.billing_provider.npi == provider.provider}
        if file is None or not numbers:
            words = "; ".join(dict.fromkeys(stop.text for stop in told.stops))
            self._strange(refused_unknown(f"{what} of 277CA {report.transaction}", words, place))
            return
        meant = of_level(statuses, numbers, report.source, on, responses)
        assert meant is not None
        self._words(file, meant)

    def _referenced(self, connection: Connection, reference: str | None) -> SentFile | None:
        """The file of ours whose BHT03 a 277CA repeats; None unless exactly one fits."""
        number = control_number((reference or "").removeprefix(REFERENCE))
        files = self.store.submissions.by_interchange(connection, number) if number is not None else []
        files = [file for file in files if file.receiver in self.receivers] or files
        return files[0] if len(files) == 1 and not files[0].rerouted else None


def ours_of(store: Store, connection: Connection, report: ClaimStatusReport) -> Ours:
    """The claims of ours that a 277CA may speak of."""
    controls = [line.line_control for status in report.claims for line in status.lines if line.line_control]
    payer_numbers = [status.payer_control_number for status in report.claims if status.payer_control_number]
    return Ours(store, connection, [status.number for status in report.claims], controls, payer_numbers)


def as_said(report: ClaimStatusReport) -> tuple[ClaimStatus, ...]:
    """The claims of a 277CA, in its order; one of which nothing is said has what is said of its billing provider."""
    inherited = {place: one.statuses for one in report.providers for place in one.claims}
    return tuple(
        status
        if status.statuses or any(line.statuses for line in status.lines)
        else replace(status, statuses=inherited.get(place, ()))
        for place, status in enumerate(report.claims)
    )


def unmatched_of(store: Store, connection: Connection, report: ClaimStatusReport) -> tuple[ClaimStatus, ...]:
    """The claims of a 277CA that fit none of ours, or more than one, with what is said of each."""
    ours = ours_of(store, connection, report)
    found = (match_status(status, ours.candidates(*_names(status))) for status in report.claims)
    return tuple(said for said, one in zip(as_said(report), found, strict=True) if one.claim is None)


def _names(status: ClaimStatus) -> tuple[str, tuple[str | None, ...], tuple[str | None, ...]]:
    """Every number by which a claim of a 277CA may be found: ours, the payer's, and those of its lines (REF*FJ)."""
    return status.number, (status.payer_control_number,), tuple(line.line_control for line in status.lines)


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


def control_number(text: str) -> int | None:
    """An interchange or group control number (ISA13, GS06: up to nine digits); None for anything else."""
    digits = text.lstrip("0")
    fits = text.isascii() and text.isdigit() and 0 < len(digits) <= CONTROL_DIGITS
    return int(digits) if fits else None
