"""What a TA1, 999 or 277CA says, as text, fix, owner and queue: their codes in our words, beside our own field.

A code that mappings/responses/acknowledgment_codes.yaml does not have is shown as it came and goes to a person; it is
never taken for an acceptance. Source  005010X231A1, 005010X214; X12 external code lists 507 and 508.
"""

from __future__ import annotations

from integration_engine.core.findings import Citation, Finding, Outcome, Queue, Severity
from integration_engine.domain.answers import (
    GroupAnswer,
    InterchangeAnswer,
    SegmentProblem,
    StatusCode,
    StatusSource,
    TransactionAnswer,
)
from integration_engine.rules.responses.in_force import AnswerCode, AnswerCodes, Responses

Answer = InterchangeAnswer | GroupAnswer | TransactionAnswer | SegmentProblem | StatusCode
_SPEAKERS = {
    StatusSource.PAYER: "The payer says",
    StatusSource.CLEARINGHOUSE: "The clearinghouse says",
    StatusSource.UNKNOWN: "The sender says",
}
_READ_REPORT = "Read the sender's own report for this code, and add it to mappings/responses/acknowledgment_codes.yaml."


def fix_for(
    answer: Answer,
    responses: Responses,
    *,
    position: str = "",
    field: str | None = None,
    source: StatusSource = StatusSource.UNKNOWN,
    refused: bool = True,
) -> Finding:
    """What one answer says and what to do about it.

    Shapes   position, field: where it lies in our file and which field is written there (crosswalk/answers/places.py).
             source: who speaks in a 277CA. refused: False when the set with this problem was taken all the same (IK501 E).
             An answer that takes what we sent comes back as information, without a queue.
    """
    match answer:
        case InterchangeAnswer():
            notes = (answer.note,)
            name = f"interchange {answer.interchange}"
            return _verdict("interchange", name, answer.code, notes, responses, responses.interchange_notes)
        case GroupAnswer():
            name = f"group {answer.group}"
            return _verdict("group", name, answer.code, answer.reasons, responses, responses.set_errors)
        case TransactionAnswer():
            name = f"transaction set {answer.transaction}"
            return _verdict("transaction_set", name, answer.code, answer.reasons, responses, responses.set_errors)
        case SegmentProblem():
            return _problem(answer, responses, position, field, refused=refused)
        case StatusCode():
            return _status(answer, responses, position, field, source)


def takes(status: StatusCode, responses: Responses) -> bool | None:
    """True when a claim status passes the claim on, False when it refuses it, None when it says neither."""
    category = responses.status_categories.get(status.category)
    if category is None or not (category.taken or category.refused):
        return None
    return category.taken


def _problem(
    answer: SegmentProblem, responses: Responses, position: str, field: str | None, *, refused: bool
) -> Finding:
    codes = responses.element_errors if answer.element_code else responses.segment_errors
    code = answer.element_code or answer.segment_code or ""
    known = codes.get(code)
    what = f"element {answer.element}" if answer.element_code and answer.element else f"segment {answer.segment}"
    if position:  # our own place says more than the number that the answer counts by
        what = f"{field}, written at {position}" if field else position
    says = known.says if known is not None else f"code {code or 'none'} is not known here"
    text = f"Refused at {what}" if refused else f"Noted at {what}"
    trigger = f" It became required by {answer.trigger}." if answer.trigger else ""
    return _made(
        "element" if answer.element_code else "segment",
        f"{text}: {says}.{trigger}",
        known,
        Severity.ERROR if refused else Severity.WARNING,
        codes.citation,
        subject=field or "",
        position=position or _stated(answer),
        observed=code,
    )


def _status(
    answer: StatusCode, responses: Responses, position: str, field: str | None, source: StatusSource
) -> Finding:
    category, status = responses.status_categories.get(answer.category), responses.statuses.get(answer.status)
    entity = responses.entities.get(answer.entity) if answer.entity else None
    says = category.says if category is not None else f"category {answer.category or 'none'} is not known here"
    about = f": {status.says}" if status is not None else f": status {answer.status or 'none'} is not known here"
    whose = f" ({entity.says if entity is not None else f'entity {answer.entity}'})" if answer.entity else ""
    taken = takes(answer, responses)
    severity = (
        Severity.INFORMATION if taken else Severity.ERROR if taken is False or category is None else Severity.WARNING
    )
    best = status if status is not None and status.fix else category
    return _made(
        "claim_status",
        f"{_SPEAKERS[source]} {says}{about}{whose}.",
        best,
        severity,
        responses.statuses.citation,
        subject=field or "",
        position=position,
        observed=":".join(part for part in (answer.category, answer.status, answer.entity) if part),
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _verdict(
    what: str, name: str, code: str, reasons: tuple[str, ...], responses: Responses, codes: AnswerCodes
) -> Finding:
    verdict = responses.verdicts.get(code)
    told = [(reason, codes.get(reason)) for reason in reasons if reason]
    causes = [known.says if known is not None else f"code {reason} is not known here" for reason, known in told]
    because = f": {', '.join(causes)}" if causes else ""
    taken = verdict is not None and verdict.taken
    says = verdict.says if verdict is not None else f"answered with code {code or 'none'}, which is not known here"
    severity = Severity.ERROR
    if taken:
        severity = Severity.WARNING if verdict is not None and verdict.fix else Severity.INFORMATION
    first = next((known for _, known in told if known is not None and known.fix), None)
    # What was taken is not to be sent again, whatever the note says.
    best = verdict if taken else first or verdict
    return _made(
        what,
        f"The {name} was {says}{because}.",
        best,
        severity,
        codes.citation,
        subject=name,
        observed=" ".join((code, *(reason for reason in reasons if reason))).strip(),
    )


def _made(
    what: str,
    text: str,
    known: AnswerCode | None,
    severity: Severity,
    citation: Citation,
    *,
    subject: str = "",
    position: str = "",
    observed: str = "",
) -> Finding:
    nothing = severity is Severity.INFORMATION
    return Finding(
        id=f"rejections.{what}",
        severity=severity,
        text=text,
        fix=(known.fix if known is not None else "") or ("Nothing to do." if nothing else _READ_REPORT),
        owner=known.owner if known is not None else "biller",
        subject=subject,
        position=position,
        observed=observed,
        queue=None if nothing else Queue.REJECTIONS,
        outcome=Outcome.PASS if nothing else Outcome.FAIL if known is not None else Outcome.NOT_CHECKED,
        citation=citation,
        why="" if nothing else "A claim that is refused was never adjudicated: the filing clock runs on.",
    )


def _stated(problem: SegmentProblem) -> str:
    element = f"-{problem.element:02d}" if problem.element else ""
    component = f"-{problem.component}" if problem.element and problem.component else ""
    return f"segment {problem.segment_number}, {problem.loop or '?'}/{problem.segment}{element}{component}"
