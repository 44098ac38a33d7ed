"""What a biller is told of an answer that fits nothing of ours, comes from the wrong place, or could not be taken in.

None of these is guessed at: the file is kept, and a person decides.  Source  X12.md §3.3 (read-back correlation).
"""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.findings import Finding, Queue, Severity

NOT_TAKEN = "answers.not_taken"


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
    return Finding(
        id="remittance.taken_twice",
        severity=Severity.ERROR,
        text=f"Claim {number} was refused and went again as {again}; now the payer has taken claim {number} too.",
        fix="Ask the payer which of them stands; have the other one voided, then resolve this hold.",
        owner="biller",
        subject=f"claim {number}",
        observed=standing,
        queue=Queue.REMITTANCE,
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
