"""Which claim of ours an answer speaks of, and which line; what is not sure goes to a person.

A claim is found by its number (CLP01), else by the payer control number (CLP07), else by line control numbers alone; a
number that agrees while charge and lines do not is no match, and a number of the payer's counts only with that payer. A
line is found by REF*6R, else by code, modifiers, date and charge, else without the modifiers, which payers drop. Never by
name or member id. Source  X12.md §3.3; 005010X221A1 TRN03, 1000A N104 and REF (who pays).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.answers import ClaimStatus
from integration_engine.domain.remit import Remit, RemitClaim, RemitLine
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine


class ClaimMatchedBy(StrEnum):
    """What told us which claim is meant."""

    CLAIM_NUMBER = "claim_number"
    PAYER_CONTROL_NUMBER = "payer_control_number"
    CLEARINGHOUSE_NUMBER = "clearinghouse_number"
    LINE_CONTROL = "line_control"
    PERSON = "person"  # who named it, for money that fitted no claim
    NOTHING = "nothing"


class LineMatchedBy(StrEnum):
    """What told us which line is meant."""

    LINE_CONTROL = "line_control"
    CODE_MODIFIERS_DATE_CHARGE = "code_modifiers_date_charge"
    CODE_DATE_CHARGE = "code_date_charge"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMatch:
    """One line of the answer and the line of ours it speaks of. number: RemitLine.number; line: None when not sure."""

    number: int
    line: SubmittedLine | None
    by: LineMatchedBy
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One claim of an answer and the claim of ours it speaks of; lines in the order of the answer."""

    claim: SubmittedClaim | None
    by: ClaimMatchedBy
    lines: tuple[LineMatch, ...] = ()
    findings: tuple[Finding, ...] = ()

    def line_of(self, number: int) -> SubmittedLine | None:
        """Our line for a line of the answer."""
        return next((match.line for match in self.lines if match.number == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMatch:
    """One claim of a 277CA and ours; lines: our line for each of its lines, None when not sure."""

    claim: SubmittedClaim | None
    by: ClaimMatchedBy
    lines: tuple[SubmittedLine | None, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemitPayer:
    """Who pays, as far as the remit's identifiers tell.

    Shapes   ids: those of the remit. others: the identifiers of all payers of the practice.
    """

    ids: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    def is_of(self, claim: SubmittedClaim) -> bool:
        """True when the remit names the very payer that the claim went to."""
        return claim.payer_id in self.ids

    def is_another(self, claim: SubmittedClaim) -> bool:
        """True when the remit names a payer of ours, and not the one that the claim went to; False where nobody knows."""
        return not self.is_of(claim) and bool(self.ids & self.others)


def remit_payer(remit: Remit, known: Collection[str]) -> RemitPayer:
    """Who pays. known: the identifiers of the practice's payers, as claims name them."""
    return RemitPayer(ids=frozenset({*remit.payer_ids, remit.payer_id} - {""}), others=frozenset(known))


def of_another_payer(remit: Remit, own: str, known: Collection[str]) -> bool:
    """Whether a payment is surely another payer's than the one that a claim was sent to.

    Shapes   own: that payer's identifier; known: those of the practice's payers. A payment of nobody we know is not sure.
    """
    ids = {*remit.payer_ids, remit.payer_id}
    return own not in ids and not ids.isdisjoint(known)


_ANY_PAYER = RemitPayer()


def match(claim: RemitClaim, candidates: Sequence[SubmittedClaim], payer: RemitPayer = _ANY_PAYER) -> Match:
    """Which of the candidates a claim of a remit speaks of, and line by line which of its lines."""
    place = f"segment {claim.position}, 2100/CLP"
    controls = tuple(line.line_control for line in claim.lines if line.line_control)
    numbers = tuple(n for n in (claim.payer_control_number, claim.original_reference) if n)
    found, by, findings = _claim(claim.number, numbers, None, controls, candidates, place, payer)
    if found is None:
        return Match(claim=None, by=ClaimMatchedBy.NOTHING, findings=findings, lines=_unmatched(claim))
    lines, line_findings = _lines(claim, found)
    same_total = abs(claim.charge) == found.total
    if not same_total and not any(line.line for line in lines):
        text = "The number is one of ours, but neither the charge nor any line agrees with that claim."
        finding = _finding("claim_ambiguous", text, _LOOK, f"{place}-01")
        return Match(claim=None, by=ClaimMatchedBy.NOTHING, findings=(*findings, finding), lines=_unmatched(claim))
    if not same_total:
        findings = (*findings, _charge_differs(claim, found, place))
    return Match(claim=found, by=by, lines=lines, findings=(*findings, *line_findings))


def named(claim: RemitClaim, ours: SubmittedClaim) -> Match:
    """A claim of a remit and the claim of ours that a person says it belongs to, line by line."""
    lines, findings = _lines(claim, ours)
    if abs(claim.charge) != ours.total:
        findings = (_charge_differs(claim, ours, f"segment {claim.position}, 2100/CLP"), *findings)
    return Match(claim=ours, by=ClaimMatchedBy.PERSON, lines=lines, findings=findings)


def match_status(status: ClaimStatus, candidates: Sequence[SubmittedClaim]) -> StatusMatch:
    """Which of the candidates a claim of a 277CA speaks of."""
    place = f"segment {status.position}, 2200D/TRN"
    controls = tuple(line.line_control for line in status.lines if line.line_control)
    numbers = (status.payer_control_number,) if status.payer_control_number else ()
    found, by, findings = _claim(
        status.number, numbers, status.clearinghouse_number, controls, candidates, place, queue=Queue.REJECTIONS
    )
    if found is None:
        return StatusMatch(claim=None, by=by, lines=(None,) * len(status.lines), findings=findings)
    known = {_key(line.line_control): line for line in found.lines if line.line_control}
    lines = tuple(known.get(_key(line.line_control)) for line in status.lines)
    return StatusMatch(claim=found, by=by, lines=lines, findings=findings)


# --- claims -----------------------------------------------------------------------------------------------------------

_LOOK = (
    "Find the claim by patient, date and charge, and say which one is meant; nothing is posted to a claim until then."
)


def _claim(
    number: str,
    payer_numbers: tuple[str, ...],
    clearinghouse_number: str | None,
    controls: tuple[str, ...],
    candidates: Sequence[SubmittedClaim],
    place: str,
    payer: RemitPayer = _ANY_PAYER,
    *,
    queue: Queue = Queue.REMITTANCE,
) -> tuple[SubmittedClaim | None, ClaimMatchedBy, tuple[Finding, ...]]:
    """The claim by the first kind of number that names exactly one; a kind that names several is narrowed by the next."""
    wanted = {_key(n) for n in payer_numbers}
    lines = {_key(control) for control in controls}
    ways: tuple[tuple[ClaimMatchedBy, Callable[[SubmittedClaim], bool]], ...] = (
        (ClaimMatchedBy.CLAIM_NUMBER, lambda c: bool(number) and _key(c.number) == _key(number)),
        (
            ClaimMatchedBy.PAYER_CONTROL_NUMBER,
            lambda c: _key(c.payer_control_number) in wanted and not payer.is_another(c),
        ),
        (
            ClaimMatchedBy.CLEARINGHOUSE_NUMBER,
            lambda c: bool(clearinghouse_number) and _key(c.clearinghouse_number) == _key(clearinghouse_number),
        ),
        (ClaimMatchedBy.LINE_CONTROL, lambda c: any(_key(line.line_control) in lines for line in c.lines)),
    )
    pool, first = list(candidates), None
    for by, fits in ways:
        fitting = [candidate for candidate in pool if fits(candidate)]
        if not fitting:
            continue
        first = first or by
        if len(fitting) > 1:
            fitting = [candidate for candidate in fitting if payer.is_of(candidate)] or fitting
        if len(fitting) == 1:
            return fitting[0], first, _found_otherwise(first, place, queue)
        pool = fitting
    if first is not None:
        text = "More than one claim of ours fits this answer."
        return None, ClaimMatchedBy.NOTHING, (_finding("claim_ambiguous", text, _LOOK, f"{place}-01", queue=queue),)
    text = "No claim of ours fits this answer by any number."
    return None, ClaimMatchedBy.NOTHING, (_finding("claim_unknown", text, _LOOK, f"{place}-01", queue=queue),)


def _found_otherwise(by: ClaimMatchedBy, place: str, queue: Queue) -> tuple[Finding, ...]:
    if by is ClaimMatchedBy.CLAIM_NUMBER:
        return ()
    text = f"The claim was found by its {by.value.replace('_', ' ')}; our own number did not come back."
    fix = "Nothing to do; tell the payer if it happens often."
    place = f"{place}-01"
    return (_finding("found_otherwise", text, fix, place, queue=queue, severity=Severity.INFORMATION),)


def _charge_differs(claim: RemitClaim, found: SubmittedClaim, place: str) -> Finding:
    return _finding(
        "charge_differs",
        "The payer states another charge than the claim had.",
        "Look whether the payer split the claim or left a line out.",
        f"{place}-03",
        observed=str(abs(claim.charge)),
        expected=str(found.total),
        severity=Severity.WARNING,
    )


# --- lines ------------------------------------------------------------------------------------------------------------


def _unmatched(claim: RemitClaim) -> tuple[LineMatch, ...]:
    return tuple(LineMatch(number=line.number, line=None, by=LineMatchedBy.NOTHING) for line in claim.lines)


def _lines(claim: RemitClaim, ours: SubmittedClaim) -> tuple[tuple[LineMatch, ...], tuple[Finding, ...]]:
    found: dict[int, LineMatch] = {}
    by_control = {_key(line.line_control): line for line in ours.lines if line.line_control}
    for line in claim.lines:
        known = by_control.get(_key(line.line_control))
        if known is not None:
            found[line.number] = LineMatch(number=line.number, line=known, by=LineMatchedBy.LINE_CONTROL)
    findings: list[Finding] = []
    taken = {match.line.number for match in found.values() if match.line is not None}
    free = [line for line in ours.lines if line.number not in taken]
    for by in (LineMatchedBy.CODE_MODIFIERS_DATE_CHARGE, LineMatchedBy.CODE_DATE_CHARGE):
        waiting = [line for line in claim.lines if line.number not in found]
        for number, paired in _pairs(waiting, free, claim.date_of_service, by).items():
            found[number] = LineMatch(number=number, line=paired, by=by)
            free.remove(paired)
    for line in claim.lines:
        match = found.get(line.number)
        if match is None:
            ambiguous = any(_fits(line, one, claim.date_of_service) for one in free)
            found[line.number] = LineMatch(number=line.number, line=None, by=LineMatchedBy.NOTHING, ambiguous=ambiguous)
            findings.append(_line_unknown(line, ambiguous=ambiguous))
        elif match.by is LineMatchedBy.CODE_DATE_CHARGE:
            findings.append(_modifiers_differ(line))
    return tuple(found[line.number] for line in claim.lines), tuple(findings)


def _pairs(
    waiting: Sequence[RemitLine], free: Sequence[SubmittedLine], claim_date: date | None, by: LineMatchedBy
) -> dict[int, SubmittedLine]:
    """Lines that agree on one way of comparing. Several alike are paired in order when ours are the same in all that counts."""
    answers: dict[Hashable, list[RemitLine]] = defaultdict(list)
    sent: dict[Hashable, list[SubmittedLine]] = defaultdict(list)
    dated = all((line.date_of_service or claim_date) is not None for line in waiting)
    exact = by is LineMatchedBy.CODE_MODIFIERS_DATE_CHARGE
    for line in waiting:
        code, modifiers = _as_sent(line)
        on = (line.date_of_service or claim_date) if dated else None
        answers[(code, frozenset(modifiers) if exact else None, on, abs(line.charge))].append(line)
    for one in free:
        on = one.date_of_service if dated else None
        sent[(one.code, frozenset(one.modifiers) if exact else None, on, one.charge)].append(one)
    found: dict[int, SubmittedLine] = {}
    for key, lines in answers.items():
        ours = sent.get(key, [])
        alike = len({frozenset(one.modifiers) for one in ours}) == 1
        if alike and len(lines) <= len(ours):
            found.update({line.number: one for line, one in zip(lines, ours, strict=False)})
    return found


def _as_sent(line: RemitLine) -> tuple[str, tuple[str, ...]]:
    """The code and modifiers we sent, as far as the answer repeats them."""
    if line.submitted_code:
        return line.submitted_code, tuple(line.submitted_modifiers)
    return line.code, tuple(line.modifiers)


def _fits(line: RemitLine, ours: SubmittedLine, claim_date: date | None) -> bool:
    on = line.date_of_service or claim_date
    return _as_sent(line)[0] == ours.code and abs(line.charge) == ours.charge and on in (None, ours.date_of_service)


def _line_unknown(line: RemitLine, *, ambiguous: bool) -> Finding:
    if ambiguous:
        text = "More than one line of the claim fits this line of the answer."
        return _finding("line_ambiguous", text, _LOOK_LINE, f"segment {line.position}, 2110/SVC-01")
    text = "No line of the claim fits this line of the answer."
    return _finding("line_unknown", text, _LOOK_LINE, f"segment {line.position}, 2110/SVC-01")


_LOOK_LINE = "Say which line of the claim is meant; until then its money stands on the claim as a whole."


def _modifiers_differ(line: RemitLine) -> Finding:
    return _finding(
        "modifiers_differ",
        "The payer's line has other modifiers than ours; it was found by code, date and charge.",
        "Nothing to do; tell the payer if it happens often.",
        f"segment {line.position}, 2110/SVC-01",
        severity=Severity.INFORMATION,
    )


def _key(text: str | None) -> str:
    return (text or "").strip().upper()


def _finding(
    what: str,
    text: str,
    fix: str,
    position: str,
    *,
    observed: str = "",
    expected: str = "",
    queue: Queue = Queue.REMITTANCE,
    severity: Severity = Severity.ERROR,
) -> Finding:
    area = "remittance" if queue is Queue.REMITTANCE else "rejections"
    return Finding(
        id=f"{area}.{what}",
        severity=severity,
        text=text,
        fix=fix,
        owner="biller",
        position=position,
        observed=observed,
        expected=expected,
        queue=queue,
    )
