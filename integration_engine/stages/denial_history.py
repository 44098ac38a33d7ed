"""Denial history: files of answers on claims that others sent, counted and frozen; and our own denials held against it.

Nothing is posted and no claim is made of history. A file is an 835 or a spreadsheet by its content, never by its name; a
file given twice counts once, and the very same files again make no second baseline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from integration_engine.core.findings import Severity
from integration_engine.core.money import parse_money
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.domain.baseline import AnsweredClaim, Baseline, FileCoverage, Measured
from integration_engine.domain.denial import DenialCategory, DenialDecision
from integration_engine.rules.denials import baseline as counting
from integration_engine.rules.denials.categories import unmapped_share
from integration_engine.rules.denials.comparison import Comparison, compare
from integration_engine.rules.denials.history_file import read_history
from integration_engine.rules.denials.report import DenialReport, DeniedLine, baseline_report, denial_report
from integration_engine.rules.posting.remits import posting_keys
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.store import Connection, Store
from integration_engine.store.denials import DenialRow

NOT_READABLE = "neither an 835 nor a spreadsheet: save it as CSV in UTF-8"


class Outcome(StrEnum):
    """What came of an import."""

    FROZEN = "frozen"
    REPEATED = "repeated"  # these files under these definitions are a baseline already
    TRIED = "tried"  # nothing was to be stored
    EMPTY = "empty"  # nothing of the files counts


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryProblem:
    """One place of a file that cannot be used. place: ``line:column``, or a position of the 835."""

    file: str
    place: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A history as counted. same_as: the baseline that holds the same files, where there is one."""

    outcome: Outcome
    baseline: Baseline
    problems: tuple[HistoryProblem, ...]
    same_as: str | None = None


@dataclass(slots=True)
class _Given:
    """What the files of one import hold, before it is sorted out."""

    answers: list[AnsweredClaim] = field(default_factory=list)
    files: list[FileCoverage] = field(default_factory=list)
    problems: list[HistoryProblem] = field(default_factory=list)
    rows_refused: int = 0

    def add(self, name: str, data: bytes) -> None:
        """Read one more file, whatever it holds."""
        digest = hashlib.sha256(data).hexdigest()
        same = next((file for file in self.files if file.digest == digest), None)
        if same is not None:
            self._file(name, digest, 0, f"the same content as {same.name}")
        elif (answers := read_answers(data)).envelopes:
            self._x12(name, digest, answers)
        else:
            self._rows(name, digest, data)

    def _x12(self, name: str, digest: str, answers: Answers) -> None:
        if not answers.remits:
            self._file(name, digest, 0, "it holds no 835")
            return
        read = sum(len(remit.claims) for remit in answers.remits)
        if answers.test:
            self._file(name, digest, read, "it is marked as a test (ISA15 T)")
            return
        self.problems += [
            HistoryProblem(file=name, place=problem.position or problem.subject, text=f"{problem.text} {problem.fix}")
            for problem in answers.problems
            if problem.severity is Severity.ERROR
        ]
        self.answers += [
            AnsweredClaim(
                payer_id=remit.payer_id,
                paid_on=remit.paid_on or remit.produced_on,
                claim=claim,
                key=key,
                complete=remit.complete,
                file=len(self.files),
            )
            for remit in answers.remits
            for claim, key in zip(remit.claims, posting_keys(remit), strict=True)
        ]
        self._file(name, digest, read)

    def _rows(self, name: str, digest: str, data: bytes) -> None:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            self.problems.append(HistoryProblem(file=name, place=f"{line}:{column}", text=NOT_READABLE))
            self._file(name, digest, 0, NOT_READABLE)
            return
        rows = read_history(text, len(self.files))
        self.problems += [
            HistoryProblem(file=name, place=f"{p.line}:{p.column}", text=f"{p.field}: {p.text}") for p in rows.problems
        ]
        self.answers += rows.answers
        self.rows_refused += rows.refused
        read = len(rows.answers) + rows.refused
        self._file(name, digest, read, "" if rows.answers else "no row of it can be read")

    def _file(self, name: str, digest: str, read: int, reason: str = "") -> None:
        self.files.append(
            FileCoverage(name=name, digest=digest, used=not reason, reason=reason, read=read, used_answers=0)
        )


@dataclass(slots=True)
class DenialHistory:
    """The stage."""

    store: Store
    rules: RulesInForce

    def take(
        self,
        files: Iterable[tuple[str, bytes]],
        name: str,
        now: datetime,
        *,
        by: str = "",
        supersedes: str | None = None,
        dry_run: bool = False,
        advance: Callable[[], object] = lambda: None,
    ) -> Imported:
        """Count the files and freeze what they come to under a name.

        Shapes   dry_run: count and tell, store nothing. advance: called after each file.
        Raises   BaselineFrozen when the name is taken; LookupError when what it supersedes is not there; ValueError for a
                 name that is empty.
        """
        if not name.strip():
            raise ValueError("--name must not be empty: a baseline is known by its name")
        given = _Given()
        for file_name, data in files:
            given.add(file_name, data)
            advance()
        with self.store.database.read() as connection:
            baseline = self._count(connection, given, name)
            same_as = self.store.baselines.holding(connection, baseline.data_digest, baseline.definitions)
        problems = tuple(given.problems)
        if baseline.measured.first_on is None:
            return Imported(outcome=Outcome.EMPTY, baseline=baseline, problems=problems)
        if same_as is not None or dry_run:
            outcome = Outcome.REPEATED if same_as is not None else Outcome.TRIED
            return Imported(outcome=outcome, baseline=baseline, problems=problems, same_as=same_as)
        with self.store.database.write() as connection:
            self.store.versions.keep(connection, "mappings", self.rules.version, self.rules.files, now)
            self.store.baselines.freeze(connection, baseline, by=by, supersedes=supersedes, now=now)
        return Imported(outcome=Outcome.FROZEN, baseline=baseline, problems=problems)

    def _count(self, connection: Connection, given: _Given, name: str) -> Baseline:
        responses = self.rules.responses
        numbers = {answer.claim.number for answer in given.answers}
        ours = self.store.submissions.by_number(connection, numbers).keys()
        history = counting.sort_out(given.answers, responses, self.rules.parameters, ours=ours)
        coverage = counting.coverage(given.files, history, given.rows_refused)
        return Baseline(
            name=name,
            data_digest=_digest_of(given.files),
            definitions=responses.version,
            mappings_version=self.rules.version,
            measured=counting.measure(history.counted, responses),
            coverage=coverage,
        )

    def compare(self, name: str | None, now: datetime, first: date | None, last: date | None) -> Comparison:
        """A baseline against our own first answers of a period.

        Shapes   name: None for the newest that nothing supersedes. first, last: None for as many days as the baseline
                 has, up to today.
        Raises   LookupError when there is no such baseline; BaselineAltered when it was changed; ValueError when the
                 period ends before it begins.
        """
        with self.store.database.read() as connection:
            baseline = self.store.baselines.load(connection, name).baseline
            until = last or self.rules.today(now)
            begin = first or until - _length(baseline.measured)
            if begin > until:
                raise ValueError("the period ends before it begins: exchange --from and --to")
            current = self._ours(connection, (begin, until))
        return compare(baseline, current, (begin, until), self.rules.responses.version)

    def report(self, baseline: str | None = None) -> DenialReport:
        """Our denials by category, what no file maps, and the initial denial rate of everything answered.

        Shapes   baseline: the same of this baseline instead.
        Raises   LookupError when there is no such baseline; BaselineAltered when it was changed.
        """
        responses = self.rules.responses
        with self.store.database.read() as connection:
            if baseline is not None:
                return baseline_report(self.store.baselines.load(connection, baseline).baseline.measured, responses)
            rows = self.store.denials.list(connection)
            first_answers = self._ours(connection, (date.min, date.max))  # a payer may date its payment ahead
        unmapped = unmapped_share((_decision(row) for row in rows), responses)
        return denial_report((_line(row) for row in rows), unmapped, first_answers, responses)

    def _ours(self, connection: Connection, period: tuple[date, date]) -> Measured:
        responses = self.rules.responses
        answers = self.store.baselines.our_answers(connection, period[1])
        history = counting.sort_out(answers, responses, self.rules.parameters, within=period)
        return counting.measure(history.counted, responses)


def _digest_of(files: Sequence[FileCoverage]) -> str:
    """One hash over the files that could be read, whatever their names and order."""
    return hashlib.sha256("\n".join(sorted(file.digest for file in files if file.used)).encode()).hexdigest()


def _length(measured: Measured) -> timedelta:
    assert measured.first_on is not None  # a baseline that counts nothing is not frozen
    assert measured.last_on is not None
    return measured.last_on - measured.first_on


def _line(row: DenialRow) -> DeniedLine:
    return DeniedLine(
        claim=row.claim,
        category=DenialCategory(row.category),
        state=row.state,
        amount=parse_money(row.amount),
        recovered=parse_money(row.recovered or "0.00"),
    )


def _decision(row: DenialRow) -> DenialDecision:
    group, _, reason = row.reason.partition("-")
    return DenialDecision(
        denied=True,
        text=row.text,
        rule="",
        category=DenialCategory(row.category),
        group=group,
        reason=reason,
        remarks=tuple(row.remarks.split()),
    )
