"""Is a filing or appeal limit near for a claim that was refused or denied, and how urgent is it by now?

Told once for each step of days left (30, 14 and 7, say), and once more when the day has passed; each step is a hold of its
own, so that one accepted at 30 days comes back at 14. House rule: the steps are a setting; the limits themselves are
the payer's (mappings/practice.yaml, mappings/payers/, mappings/responses/appeals.yaml).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.findings import Citation, Finding, Queue, Severity
from integration_engine.domain.running_claim import RunningClaim
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.scrubber.scrubbing import filing_last_day

REFUSED, DENIED, APPEAL = "rejections.filing_deadline", "denials.filing_deadline", "denials.appeal_deadline"
DEADLINES = (REFUSED, DENIED, APPEAL)
SOURCE = Citation(document="house rule", section="alerts before filing and appeal limits; settings FILING_ALERT_DAYS")


def deadline_findings(claim: RunningClaim, steps: Sequence[int], today: date) -> tuple[Finding, ...]:
    """The alerts that a claim deserves today, none while its limits are further away than the largest step.

    Shapes   steps: days left at which someone is told, in any order.
    """
    found: list[Finding] = []
    if claim.refused and claim.file_by is not None:
        fix = "Correct what the refusal names and send the claim again today; `explain` shows the field."
        late = "Look for the proof that it was filed in time (999, 277CA) and ask the payer to accept it; else write it off."
        found += _near(REFUSED, claim, "filed again", claim.file_by, (fix, late), steps, today)
    # Once an appeal limit is known, the filing limit of a corrected claim matters only while it has not passed.
    if claim.denied and claim.file_by is not None and claim.file_by >= today:
        fix = "If a corrected claim is the remedy, correct the visit and let it go today."
        found += _near(DENIED, claim, "filed corrected", claim.file_by, (fix, fix), steps, today)
    if claim.denied and claim.appeal_by is not None:
        fix = "File the appeal today, then record it with `denials move … --to appealed`."
        late = "Ask the payer for a late appeal with good cause; else `denials move … --to written_off`."
        found += _near(APPEAL, claim, "appealed", claim.appeal_by, (fix, late), steps, today)
    return tuple(found)


def file_by_unknown(payer: str, on: date, parameters: Parameters) -> str:
    """Why no last day for filing stands with a claim, and where it is entered. payer: its key."""
    entries = [entry for entry in parameters.practice.payers.values() if entry.payer.key == payer]
    if not entries:
        return f"not known: {payer} is no longer in mappings/practice.yaml"
    if filing_last_day(entries[0], on, parameters) is None:
        return f"not known: enter timely_filing_days of {payer} in mappings/practice.yaml"
    return "not known when it was sent"


def _near(
    identity: str,
    claim: RunningClaim,
    what: str,
    last: date,
    fixes: tuple[str, str],
    steps: Sequence[int],
    today: date,
) -> tuple[Finding, ...]:
    left = (last - today).days
    reached = [step for step in steps if left <= step]
    if left >= 0 and not reached:
        return ()
    when = f"within {min(reached)} days" if left >= 0 else "too late"
    text = (
        f"It must be {what} by {last}: {min(reached)} days or fewer are left."
        if left >= 0
        else f"It had to be {what} by {last}, and that day has passed."
    )
    finding = Finding(
        id=identity,
        severity=Severity.ERROR,
        text=text,
        fix=fixes[0] if left >= 0 else fixes[1],
        owner=claim.owner,
        subject=f"claim {claim.number} {when}",
        observed=when,
        expected=f"by {last}",
        queue=Queue.REJECTIONS if identity == REFUSED else Queue.DENIALS,
        citation=SOURCE,
        due_in_days=0,
    )
    return (finding,)
