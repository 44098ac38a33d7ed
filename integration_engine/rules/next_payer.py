"""Who pays next: after one payer's answer, the next coverage by rank, and the claim to it if one follows.

The claim itself is drafted in coordination.py; here it is decided whether there is anybody to bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.money import ZERO
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.parties import Patient
from integration_engine.domain.remit import RemitClaim, RemitLine
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.rules.coordination import Coordinated, LineMatches, secondary_draft
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.payer_in_force import coverages_in_force
from integration_engine.rules.remit_matching import Match


def later_claim(
    sent: SentClaim,
    remit: RemitClaim,
    match: Match,
    decided_on: date,
    coverages: Sequence[Coverage],
    patient: Patient,
    parameters: Parameters,
) -> Coordinated | None:
    """The claim to the next payer, or None where nobody comes after this one.

    Shapes   match: which of our lines each line of the remit answers. coverages: all of the patient's.
    """
    following = next_coverage(sent, coverages, parameters)
    if following is None or remit.charge < ZERO:
        return None
    coverage, entry = following
    return secondary_draft(sent.draft, remit, decided_on, _lines(remit, match), coverage, entry, patient, parameters)


def next_coverage(
    sent: SentClaim, coverages: Sequence[Coverage], parameters: Parameters
) -> tuple[Coverage, PayerEntry] | None:
    """The coverage in force on the day that ranks after the claim's payer, with what we know of that payer.

    Why      A payer that mappings/practice.yaml does not have cannot be billed; the day's adjudication tells of it.
    """
    draft, known = sent.draft, parameters.practice.payers
    in_force = coverages_in_force(coverages, draft.date_of_service)
    named = [(coverage, entry) for coverage in in_force if (entry := known.get(coverage.payer_id or "")) is not None]
    place = next((i for i, (_, entry) in enumerate(named) if entry.payer.payer_id == draft.payer.payer_id), None)
    if place is None:
        return None
    return next(((c, entry) for c, entry in named[place + 1 :] if entry.payer.payer_id != draft.payer.payer_id), None)


def _lines(remit: RemitClaim, match: Match) -> LineMatches:
    found: dict[int, list[RemitLine]] = {}
    for line in remit.lines:
        ours = match.line_of(line.number)
        if ours is not None:
            found.setdefault(ours.number, []).append(line)
    return found
