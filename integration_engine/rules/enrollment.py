"""Which ready claims wait for an enrollment: the payer does not take them from this provider through this receiver yet.

What receivers.yaml says of a payer and a billing provider goes before what it says of the payer. What nobody has noted
stops nothing and is told as *not noted*.
Source  house rule; which payers want an enrollment, and from when it holds, is stated in mappings/claims/receivers.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, Enrollment, EnrollmentStatus, Receiver
from integration_engine.domain.hold import NOT_ENROLLED

HOUSE = Citation(document="house rule", section="enrollment; mappings/claims/receivers.yaml")


class Ready(Protocol):
    """A drafted claim that may go out."""

    @property
    def id(self) -> int:
        """Its stored id."""

    @property
    def draft(self) -> ClaimDraft:
        """What it says."""


R = TypeVar("R", bound=Ready)


def may_be_missing(receivers: Iterable[Receiver], on: date) -> bool:
    """Does any receiver note an enrollment that does not hold on this day?"""
    return any(one.waits(on) for receiver in receivers for one in receiver.enrollment)


def waiting_for_enrollment(ready: Sequence[R], receivers: Mapping[str, Receiver], on: date) -> dict[int, Finding]:
    """What is told of each claim that may not leave on this day, by claim id."""
    found = {}
    for one in ready:
        receiver = receivers.get(one.draft.payer.receiver)
        if receiver is None:
            continue  # told as unroutable
        enrollment = receiver.enrolled(one.draft.payer.key, one.draft.billing_provider.key)
        if enrollment.waits(on):
            found[one.id] = _not_enrolled(enrollment, receiver, one.draft)
    return found


def missing_enrollment(drafts: Iterable[ClaimDraft], receiver: Receiver, on: date) -> Enrollment | None:
    """The first enrollment that keeps one of these claims from going through a receiver, None when nothing does."""
    noted = (receiver.enrolled(draft.payer.key, draft.billing_provider.key) for draft in drafts)
    return next((enrollment for enrollment in noted if enrollment.waits(on)), None)


def _not_enrolled(enrollment: Enrollment, receiver: Receiver, draft: ClaimDraft) -> Finding:
    note = f" ({enrollment.note})" if enrollment.note else ""
    whose = draft.billing_provider.key
    if enrollment.claims is EnrollmentStatus.ACTIVE:
        fix = f"Nothing: the claims leave by themselves from {enrollment.since} on."
    else:
        fix = (
            f"Have {whose} enrolled with {draft.payer.key} for claims through {receiver.key}, then note claims: active and"
            " since in mappings/claims/receivers.yaml; or name another receiver of the payer in practice.yaml."
        )
    return Finding(
        id=NOT_ENROLLED,
        severity=Severity.ERROR,
        text=(
            f"{draft.payer.key} takes no claims of {whose} through {receiver.key} yet:"
            f" enrollment is {enrollment.standing}{note}."
        ),
        fix=fix,
        owner="biller",
        subject=f"{receiver.key} {draft.payer.key} {whose}",
        observed=enrollment.standing,
        expected="active",
        queue=Queue.REJECTIONS,
        citation=HOUSE,
        due_in_days=1,
    )
