"""What a TA1, 999, 277CA or remit means for each claim it speaks of: the event, and whether the claim has to go again.

A refused transaction set refuses all of its claims. Those that it blames wait for a person with the reason; the others
were only in bad company and go out again with the next file. A refusal that blames no claim stops the receiver, since
the next file would meet the same fault. Source  X12.md §3.3; 005010X231A1, 005010X214, 005010X221A1.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.domain.answers import (
    ClaimStatus,
    InterchangeAnswer,
    StatusCode,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.posting import ClaimResult, LineResult
from integration_engine.rules.answers.fixes import fix_for, takes
from integration_engine.rules.responses.in_force import Responses

FORWARDED = frozenset({"19", "20", "21", "23"})  # CLP02: processed and passed on to another payer
PREDETERMINATION = "25"
TAKEN_BACK = frozenset({ClaimEventKind.REVERSED, ClaimEventKind.PAYMENT_REVERSED})
_SPEAKS = {
    StatusSource.CLEARINGHOUSE: (ClaimEventKind.CLEARINGHOUSE_ACCEPTED, ClaimEventKind.CLEARINGHOUSE_REJECTED),
    StatusSource.PAYER: (ClaimEventKind.PAYER_ACCEPTED, ClaimEventKind.PAYER_REJECTED),
    # Nobody says who speaks: the nearer station is believed, which can never hide a later word of the payer.
    StatusSource.UNKNOWN: (ClaimEventKind.CLEARINGHOUSE_ACCEPTED, ClaimEventKind.CLEARINGHOUSE_REJECTED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWord:
    """What one answer says of one claim.

    Shapes   number: ours. refusal: the reasons, where it has to be corrected; None unless it was refused; empty for one
             that was refused with others and is not at fault.
    """

    number: str
    event: ClaimEvent
    refusal: tuple[Finding, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWords:
    """What an answer says of a whole file of ours. stops: why its receiver takes no further file until someone looks."""

    words: tuple[ClaimWord, ...]
    stops: tuple[Finding, ...] = ()


def of_interchange(answer: InterchangeAnswer, numbers: Collection[str], on: date, responses: Responses) -> FileWords:
    """A TA1 speaks of every claim of the interchange."""
    finding = fix_for(answer, responses)
    refused = finding.severity is Severity.ERROR
    kind = ClaimEventKind.INTERCHANGE_REFUSED if refused else ClaimEventKind.INTERCHANGE_ACCEPTED
    event = ClaimEvent(kind=kind, on=on, code=f"{answer.code} {answer.note}".strip(), text=finding.text)
    words = tuple(ClaimWord(number=n, event=event, refusal=() if refused else None) for n in sorted(numbers))
    return FileWords(words=words, stops=(_stop(finding),) if refused else ())


def of_transaction(
    answer: TransactionAnswer,
    numbers: Collection[str],
    blamed: Mapping[str, tuple[Finding, ...]],
    on: date,
    responses: Responses,
) -> FileWords:
    """A 999 speaks of every claim of the transaction set.

    Shapes   blamed: claim number → what the answer finds wrong in it.
    """
    finding = fix_for(answer, responses)
    refused = finding.severity is Severity.ERROR
    kind = ClaimEventKind.TRANSACTION_REFUSED if refused else ClaimEventKind.TRANSACTION_ACCEPTED
    words = []
    for number in sorted(numbers):
        reasons = tuple(_of_claim(one, number) for one in blamed.get(number, ()))
        text = "; ".join(one.text for one in reasons) or finding.text
        event = ClaimEvent(kind=kind, on=on, code=answer.code, text=text)
        words.append(ClaimWord(number=number, event=event, refusal=reasons if refused else None))
    at_fault = any(blamed.get(number) for number in numbers)
    return FileWords(words=tuple(words), stops=(_stop(finding),) if refused and not at_fault else ())


def of_status(
    status: ClaimStatus, number: str, source: StatusSource, on: date, responses: Responses
) -> ClaimWord | None:
    """A 277CA speaks of one claim; None where it neither takes nor refuses it."""
    said = [(one, takes(one, responses)) for one in status.statuses]
    said += [(one, takes(one, responses)) for line in status.lines for one in line.statuses]
    refusing = [one for one, taken in said if taken is False]
    taking = [one for one, taken in said if taken]
    if not refusing and not taking:
        return None
    accepted, rejected = _SPEAKS[source]
    told = refusing or taking
    findings = tuple(_of_claim(fix_for(one, responses, source=source), number) for one in told)
    event = ClaimEvent(
        kind=rejected if refusing else accepted,
        on=max((one.on for one in told if one.on is not None), default=on),
        code=" ".join(finding.observed for finding in findings),
        text="; ".join(dict.fromkeys(finding.text for finding in findings)),
    )
    return ClaimWord(number=number, event=event, refusal=findings if refusing else None)


def of_level(
    statuses: Sequence[StatusCode], numbers: Collection[str], source: StatusSource, on: date, responses: Responses
) -> FileWords | None:
    """A 277CA that refuses a whole batch (2200B) or a billing provider (2200C) without naming claims; None if it does not.

    Shapes   numbers: of the claims of ours that it means: all of them are refused, and none is at fault.
    """
    refusing = [one for one in statuses if takes(one, responses) is False]
    if not refusing:
        return None
    findings = [fix_for(one, responses, source=source) for one in refusing]
    event = ClaimEvent(
        kind=_SPEAKS[source][1],
        on=max((one.on for one in refusing if one.on is not None), default=on),
        code=" ".join(finding.observed for finding in findings),
        text="; ".join(dict.fromkeys(finding.text for finding in findings)),
    )
    words = tuple(ClaimWord(number=number, event=event, refusal=()) for number in sorted(numbers))
    return FileWords(words=words, stops=tuple(_stop(finding) for finding in findings))


def of_payment(result: ClaimResult, on: date) -> ClaimWord | None:
    """A remit speaks of one claim; None where it decided nothing, or was posted before."""
    if result.claim is None or not result.posted or result.status == PREDETERMINATION:
        return None
    if result.reversal:
        # What left all of it to the patient was told as paid, so its takeback takes a payment back.
        kind = ClaimEventKind.PAYMENT_REVERSED if result.paid or result.patient else ClaimEventKind.REVERSED
    elif result.status in FORWARDED and not result.paid:
        kind = ClaimEventKind.FORWARDED
    else:
        kind = ClaimEventKind.DENIED if result.denial.denied and not result.paid else ClaimEventKind.PAID
    text = result.denial.text if kind is ClaimEventKind.DENIED else f"paid {result.paid}, patient {result.patient}"
    event = ClaimEvent(kind=kind, on=on, code=result.status, text=text)
    return ClaimWord(number=result.claim.number, event=event)


def answers_void(reversal: ClaimWord, number: str) -> ClaimWord:
    """A reversal of a voided claim as the word on its void. number: the void's."""
    event = replace(reversal.event, kind=ClaimEventKind.REVERSED, text="the claim that it voids was taken back")
    return ClaimWord(number=number, event=event)


def denial_finding(number: str, lines: Collection[LineResult], on: date) -> Finding:
    """The hold of the denial queue for one claim: its denied lines, the next step, and by when.

    Shapes   lines: those that were denied, at least one.
    """
    denials = [line.denial for line in lines]
    first = max(denials, key=lambda denial: denial.amount)
    follow_up = first.follow_up_on(on)
    appeal_by = min((last for one in denials if (last := one.appeal_by(on)) is not None), default=None)
    until = f" Appeal until {appeal_by}." if appeal_by is not None else ""
    told = "; ".join(dict.fromkeys(one.text.rstrip(".") for one in denials))
    return Finding(
        id=f"denials.{first.category.value if first.category else 'unmapped'}",
        severity=Severity.ERROR,
        text=f"Denied: {told}.{until}",
        fix=first.next_action,
        owner=first.owner,
        subject=f"claim {number}",
        observed=str(sum(one.amount for one in denials)),
        queue=Queue.DENIALS,
        citation=first.citation,
        due_in_days=(follow_up - on).days if follow_up is not None else 3,
    )


def _of_claim(finding: Finding, number: str) -> Finding:
    """A reason as the hold of one claim: two reasons of one claim stay apart, and the same one is the same again."""
    subject = " ".join(part for part in (f"claim {number}", finding.subject, finding.observed) if part)
    return replace(finding, subject=subject, severity=Severity.ERROR, queue=Queue.REJECTIONS)


def of_file(finding: Finding, receiver: str, file_name: str) -> Finding:
    """Why a file was refused, with whose refusal it is: two receivers may have files of one number."""
    return replace(finding, text=f"{receiver} refused {file_name}: {finding.text}")


def _stop(finding: Finding) -> Finding:
    return replace(
        finding,
        id="rejections.file_refused",
        severity=Severity.ERROR,
        queue=Queue.REJECTIONS,
        fix=f"{finding.fix} Then resolve this hold; until then no further file goes to this receiver.",
        due_in_days=0,
    )
