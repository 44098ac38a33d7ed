"""Who pays next: after one payer's answer, the next coverage by rank, and the claim to it if one follows.

The claim itself is drafted in coordination.py; here it is decided whether there is anybody to bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from integration_engine.core.money import ZERO
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.parties import Patient
from integration_engine.domain.remit import RemitClaim, RemitLine
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.rules.answers.remit_matching import Match
from integration_engine.rules.authorization.on_file import fitting, known_to
from integration_engine.rules.later_payers.coordination import Coordinated, LineMatches, secondary_draft
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry
from integration_engine.rules.payer_in_force import coverages_in_force


def later_claim(
    sent: SentClaim,
    remit: RemitClaim,
    match: Match,
    decided_on: date,
    coverages: Sequence[Coverage],
    authorizations: Sequence[Authorization],
    patient: Patient,
    parameters: Parameters,
) -> Coordinated | None:
    """The claim to the next payer, or None where nobody comes after this one.

    Shapes   match: which of our lines each line of the remit answers. coverages, authorizations: all of
             the patient's.
    """
    following = next_coverage(sent, coverages, parameters)
    if following is None or remit.charge < ZERO:
        return None
    coverage, entry = following
    number = _authorization(sent.draft, coverage, entry, authorizations, parameters)
    lines = _lines(remit, match)
    return secondary_draft(sent.draft, remit, decided_on, lines, coverage, entry, patient, parameters, number)


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


def _authorization(
    draft: ClaimDraft,
    coverage: Coverage,
    entry: PayerEntry,
    authorizations: Sequence[Authorization],
    parameters: Parameters,
) -> str | None:
    """The number of the next payer's own authorization for all that it is asked to permit; None where none fits."""
    asked = tuple((line.code, line.units) for line in draft.lines if line.code not in entry.authorization_exempt)
    own = fitting(known_to(authorizations, coverage, parameters), draft.date_of_service, draft.discipline, asked)
    return own[0].number if own else None


def _lines(remit: RemitClaim, match: Match) -> LineMatches:
    found: dict[int, list[RemitLine]] = {}
    for line in remit.lines:
        ours = match.line_of(line.number)
        if ours is not None:
            found.setdefault(ours.number, []).append(line)
    return found
