"""What a biller is told of an answer that fits nothing of ours, comes from the wrong place, or could not be taken in.

None of these is guessed at: the file is kept, and a person decides.  Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.core.money import ZERO
from integration_engine.domain.remit import Remit, RemitClaim

NOT_TAKEN = "answers.not_taken"
TAKEN_TWICE = "remittance.taken_twice"
VOID_REFUSED = "remittance.void_refused"
UNMATCHED = "remittance.claim_unknown"
REPEATED = "remittance.repeated"  # of one claim of a payment
NUMBERS_NAMED = 5  # of claims that fit none of ours; the others are listed with the answer file


def unknown_file(what: str, count: int) -> Finding:
    """An acknowledgment of a file that we never sent, or that two of ours fit."""
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


def rerouted_file(what: str, receiver: str, file_name: str) -> Finding:
    """A receiver answers a file whose claims went to another since."""
    return Finding(
        id="rejections.rerouted_file_answered",
        severity=Severity.ERROR,
        text=f"{receiver} answers {file_name}, whose claims went to another receiver since: {what}.",
        fix=f"Unless it refused the file, ask {receiver} to drop it, or the payer gets its claims twice.",
        owner="biller",
        subject=what,
        observed=file_name,
        queue=Queue.REJECTIONS,
        due_in_days=0,
    )


def rerouted_claim(what: str, receiver: str) -> Finding:
    """Another clearinghouse than the one a claim went to last answers it."""
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


def taken_twice(number: str, others: Sequence[str], standing: str) -> Finding:
    """A claim that was refused, went again under another number, and that the payer has taken all the same."""
    again = ", ".join(others)
    text = f"Claim {number} was refused and went again as {again}; now the payer has taken claim {number} too."
    return _has_both(number, text, standing)


def decided_too(number: str, others: Sequence[str], standing: str) -> Finding:
    """A claim that gave way to another one of its visit, and that the payer has decided all the same."""
    text = f"Claim {number} gave way to claim {', '.join(others)} of its visit; now the payer has decided {number} too."
    return _has_both(number, text, standing)


def _has_both(number: str, text: str, standing: str) -> Finding:
    return Finding(
        id=TAKEN_TWICE,
        severity=Severity.ERROR,
        text=text,
        fix="Ask the payer which of them stands; have the other one voided, then resolve this hold.",
        owner="biller",
        subject=f"claim {number}",
        observed=standing,
        queue=Queue.REMITTANCE,
        due_in_days=0,
    )


def void_refused(number: str, others: Sequence[str]) -> Finding:
    """A void that was refused after its visit went anew: the payer has the claim it was to void, and the new one."""
    again = ", ".join(others)
    return Finding(
        id=VOID_REFUSED,
        severity=Severity.ERROR,
        text=f"Void {number} was refused, and its visit went anew as {again} meanwhile; the payer has both claims.",
        fix="Have the payer void the earlier claim by telephone or portal, then resolve this hold.",
        owner="biller",
        subject=f"claim {number}",
        observed=again,
        queue=Queue.REMITTANCE,
        due_in_days=0,
    )


def unmatched_claims(remit: Remit, claims: Sequence[RemitClaim], *, posted: bool = True) -> tuple[Finding, ...]:
    """The claims of one payment that fit none of ours, or more than one: a single hold with their count and money.

    Shapes   posted: False where the payment waits as a whole, so that nothing of it stands on any account.
    """
    if not claims:
        return ()
    paid = sum((claim.paid for claim in claims), ZERO)
    one = len(claims) == 1
    they = "1 claim of this payment is" if one else f"{len(claims)} claims of this payment are"
    money = f"{paid} waits on the unapplied account" if posted else f"{paid} of it waits with the payment, not posted"
    then = (
        "say whose it is: `answers assign`"
        if posted
        else "once the payment is posted, say whose it is: `answers assign`"
    )
    return (
        Finding(
            id=UNMATCHED,
            severity=Severity.ERROR,
            text=f"{they} not known to be ours; {money}.",
            fix=f"Find each by patient, date and charge (`answers show` lists them) and {then}.",
            owner="biller",
            subject=f"835 {remit.transaction}, payment {remit.trace}".strip(", "),
            position=f"segment {claims[0].position}, 2100/CLP-01",
            observed=_first([claim.number or "without a number" for claim in claims]),
            queue=Queue.REMITTANCE,
        ),
    )


def said_before(remit: Remit, file: str | None) -> Finding:
    """Every claim of a payment is in the books already: the file says so of the payment, with its money.

    Shapes   file: the answer file that brought it; None where its claims were numbered in other words.
    """
    where = f" in {file}" if file else ""
    return Finding(
        id="remittance.payment_repeated",
        severity=Severity.WARNING,
        text=f"Payment {remit.trace or 'without a trace'} ({remit.amount}) came before{where}; it is not posted again.",
        fix="Nothing to do.",
        owner="biller",
        subject=f"835 {remit.transaction}, payment {remit.trace}".removesuffix(", payment "),
        position=f"segment {remit.position}, 835/TRN",
        queue=Queue.REMITTANCE,
    )


def unmatched_statuses(transaction: str, findings: Sequence[Finding], numbers: Sequence[str]) -> tuple[Finding, ...]:
    """The claims of one 277CA that fit none of ours, or more than one: told together where they are several.

    Shapes   findings: what each claim was told by; numbers: theirs, "" where the answer gives none.
    """
    if len(numbers) <= 1:
        return tuple(findings)
    return (
        Finding(
            id="rejections.claim_unknown",
            severity=Severity.ERROR,
            text=f"{len(numbers)} claims of this claim status fit no claim of ours, or more than one.",
            fix="Look whether the answer is meant for another sender; find the claims by date and charge: `answers show` lists"
            " them.",
            owner="biller",
            subject=f"277CA {transaction}".strip(),
            position=findings[0].position,
            observed=_first([number or "without a number" for number in numbers]),
            queue=Queue.REJECTIONS,
        ),
    )


def refused_unknown(what: str, words: str, position: str) -> Finding:
    """A 277CA refuses a whole batch or billing provider, and nobody can tell which claims of ours that means."""
    return Finding(
        id="rejections.level_refused",
        severity=Severity.ERROR,
        text=f"{what} is refused as a whole, and no claims of ours are known to be meant: {words}",
        fix="Ask the sender which file it means; until then those claims look as if they were under way.",
        owner="biller",
        subject=what,
        position=position,
        queue=Queue.REJECTIONS,
        due_in_days=0,
    )


def older_number(number: str, position: str) -> Finding:
    """A 277CA that is older than what was heard of the claim before: the payer's number it gives is not taken."""
    return Finding(
        id="rejections.older_number",
        severity=Severity.INFORMATION,
        text="The claim status is older than one read before; the payer's number in it did not take the later one's place.",
        fix="Nothing to do.",
        owner="biller",
        subject=f"claim {number}",
        position=position,
        queue=Queue.REJECTIONS,
    )


def _first(numbers: Sequence[str]) -> str:
    rest = len(numbers) - NUMBERS_NAMED
    return ", ".join(numbers[:NUMBERS_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def too_large(size: int, largest: int) -> Finding:
    """A file that was not read because of its size; it lies in rejected/."""
    return Finding(
        id="answers.too_large",
        severity=Severity.ERROR,
        text=f"The file has {size} bytes, and no more than {largest} are taken in: it was not read.",
        fix="If it is an answer, ask the sender for smaller files, or raise ANSWER_MAX_BYTES and put it into inbound/ again.",
        owner="interface administrator",
        observed=str(size),
        expected=f"at most {largest}",
        position="file",
        queue=Queue.INTERFACE,
        due_in_days=0,
    )


def marked_as_test(kinds: str) -> Finding:
    """A file marked as a test while every receiver is in production; a real one marked so by mistake must be seen."""
    return Finding(
        id="answers.test_in_production",
        severity=Severity.ERROR,
        text=f"The file ({kinds}) is marked as a test (ISA15 T), and every receiver is in production: nothing was posted.",
        fix="If it is a real answer, ask the sender to send it again marked P; if it was a test, resolve this hold.",
        owner="interface administrator",
        subject="file",
        observed="T",
        expected="P",
        position="ISA15",
        queue=Queue.INTERFACE,
        due_in_days=0,
    )


def not_taken(fault: str) -> Finding:
    """A file that the engine failed on: nothing of it was posted, and the other files went on.

    Shapes   fault: the kind of the failure, never its text, which may hold what the file says of patients.
    """
    return Finding(
        id=NOT_TAKEN,
        severity=Severity.ERROR,
        text=f"The engine failed on this file ({fault}); it is kept, and nothing of it was taken in.",
        fix="Tell the interface administrator; when the fault is mended, take the file in with `answers again`.",
        owner="interface administrator",
        observed=fault,
        position="file",
        queue=Queue.INTERFACE,
        due_in_days=0,
    )
