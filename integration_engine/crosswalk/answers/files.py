"""One file from a clearinghouse or payer, whatever it holds: told apart by content (GS01, ST01), never by its name.

Never raises on any bytes. What cannot be read is a problem with its place; what was taken although a standard says
otherwise is counted by name. Source  X12.md §0.8, §3.3.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.crosswalk.answers.acknowledgments import read_group_answer, read_interchange_answer
from integration_engine.crosswalk.answers.claim_status import read_claim_status
from integration_engine.crosswalk.answers.remits import read_remit
from integration_engine.crosswalk.answers.values import AnswerTolerance, Notes
from integration_engine.domain.answers import ClaimStatusReport, GroupAnswer, InterchangeAnswer
from integration_engine.domain.remit import Remit
from integration_engine.wire.x12.reading import Group, Interchange, Reading, Transaction, read_interchanges

NUL = b"\0"  # fills the last block of some transfers; anywhere else it is damage, and no database text can hold it
MOST_ALIKE = 100  # problems of one kind in one file that are named one by one
_DAMAGED = "The file holds a NUL byte, which no X12 file may: it was damaged on its way."
GUIDES = {"999": "005010X231A1", "277": "005010X214", "835": "005010X221A1"}
_INQUIRY_ANSWER = "X212"  # a 277 that answers an inquiry, not an acknowledgment of claims
_QUEUES = {"835": Queue.REMITTANCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnvelope:
    """One interchange of an answer file: who sent it under which number. test: ISA15 is T, nothing of it is posted."""

    sender: str
    receiver: str
    control_number: str
    test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that one file answers.

    Shapes   tolerances: name and count. problems: errors took something out of the answer, warnings did not. empty:
             nothing in the file was an answer.
    """

    envelopes: tuple[AnswerEnvelope, ...] = ()
    interchanges: tuple[InterchangeAnswer, ...] = ()
    groups: tuple[GroupAnswer, ...] = ()
    reports: tuple[ClaimStatusReport, ...] = ()
    remits: tuple[Remit, ...] = ()
    problems: tuple[Finding, ...] = ()
    tolerances: tuple[tuple[str, int], ...] = ()

    @property
    def empty(self) -> bool:
        """True when the file held no answer of any kind."""
        return not (self.interchanges or self.groups or self.reports or self.remits)

    @property
    def test(self) -> bool:
        """True when any interchange of the file is marked as a test."""
        return any(envelope.test for envelope in self.envelopes)


def read_answers(data: bytes) -> Answers:
    """Everything in one answer file.

    Shapes   data: the bytes of the file as they lie in inbound/; any bytes at all.
    """
    whole = data.rstrip(NUL)
    reading = read_interchanges(whole)
    place = whole.find(NUL)
    if place >= 0 and reading.interchanges:
        return Answers(problems=(_of_file(_DAMAGED, Severity.ERROR, f"byte {place}"),))
    sorting = _Sorting(reading)
    if len(whole) < len(data):
        sorting.tolerances[AnswerTolerance.NUL_PADDING.value] += len(data) - len(whole)
    for interchange in reading.interchanges:
        sorting.interchange(interchange)
    return sorting.finished()


class _Sorting:
    """Sends each transaction set to the reader of its kind and gathers what they found."""

    def __init__(self, reading: Reading) -> None:
        self.envelopes: list[AnswerEnvelope] = []
        self.interchanges: list[InterchangeAnswer] = []
        self.groups: list[GroupAnswer] = []
        self.reports: list[ClaimStatusReport] = []
        self.remits: list[Remit] = []
        self.tolerances: Counter[str] = Counter()
        for tolerated in reading.tolerances:
            self.tolerances[tolerated.tolerance.value] += tolerated.count
        self.problems: list[Finding] = []
        self.kinds: Counter[tuple[str, str]] = Counter()
        severity = Severity.WARNING if reading.interchanges else Severity.ERROR
        for problem in reading.problems:
            text = f"{problem.why[:1].upper()}{problem.why[1:]}."
            self._problem(_of_file(text, severity, f"byte {problem.offset}, {problem.where}"))

    def interchange(self, interchange: Interchange) -> None:
        isa = interchange.isa
        self.envelopes.append(
            AnswerEnvelope(
                sender=isa.element(6).strip("."),
                receiver=isa.element(8).strip("."),
                control_number=interchange.control_number,
                test=isa.element(15).upper() == "T",
            )
        )
        for segment in interchange.ta1:
            notes = Notes(f"TA1 in {interchange.control_number}", Queue.REJECTIONS)
            answer = read_interchange_answer(segment, notes)
            if answer is not None:
                self.interchanges.append(answer)
            self._gather(notes)
        for group in interchange.groups:
            for transaction in group.transactions:
                self._transaction(group, transaction)

    def _transaction(self, group: Group, transaction: Transaction) -> None:
        code = transaction.code
        notes = Notes(f"{code} {transaction.control_number}".strip(), _QUEUES.get(code, Queue.REJECTIONS))
        guide = transaction.st.element(3) or group.guide
        if code in GUIDES and guide != GUIDES[code]:
            notes.tolerate(AnswerTolerance.OTHER_GUIDE_VERSION)
        if code in {"999", "997"}:
            if (answer := read_group_answer(transaction, notes)) is not None:
                self.groups.append(answer)
        elif code == "277" and _INQUIRY_ANSWER not in guide:
            self.reports.append(read_claim_status(transaction, notes))
        elif code == "835":
            if (remit := read_remit(transaction, notes, group)) is not None:
                self.remits.append(remit)
        else:
            text = f"A transaction set {code or 'without a number'} {guide} is no answer to a claim and was not read."
            place = f"ST {transaction.control_number}".strip()
            self._problem(_of_file(" ".join(text.split()), Severity.WARNING, place))
        self._gather(notes)

    def _problem(self, problem: Finding) -> None:
        """Keep a problem; of very many alike in one file only the first, which then say how many they are."""
        kind = (problem.id, problem.text)
        self.kinds[kind] += 1
        if self.kinds[kind] <= MOST_ALIKE:
            self.problems.append(problem)

    def _gather(self, notes: Notes) -> None:
        for problem in notes.problems:
            self._problem(problem)
        self.tolerances.update(notes.tolerances)

    def finished(self) -> Answers:
        found = bool(self.interchanges or self.groups or self.reports or self.remits)
        if not found and not any(problem.severity is Severity.ERROR for problem in self.problems):
            self.problems.append(_of_file("The file holds no answer to a claim.", Severity.ERROR, "file"))
        counts = {kind: count for kind, count in self.kinds.items() if count > MOST_ALIKE}
        for place, one in enumerate(self.problems):
            if count := counts.pop((one.id, one.text), 0):
                self.problems[place] = replace(one, text=f"{one.text} It stands in {count} places of the file.")
        return Answers(
            envelopes=tuple(self.envelopes),
            interchanges=tuple(self.interchanges),
            groups=tuple(self.groups),
            reports=tuple(self.reports),
            remits=tuple(self.remits),
            problems=tuple(self.problems),
            tolerances=tuple(sorted(self.tolerances.items())),
        )


def _of_file(text: str, severity: Severity, position: str) -> Finding:
    return Finding(
        id="answers.file",
        severity=severity,
        text=text,
        fix="Look at the file; if it should be an answer, ask the sender to send it again.",
        owner="interface administrator",
        position=position,
        queue=Queue.INTERFACE,
    )
