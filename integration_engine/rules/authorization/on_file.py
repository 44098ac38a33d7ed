"""Which authorizations on file are a payer's own, cover a date, a discipline and codes, and in which order they go.

Asked for a treatment day (rules/authorization/covering.py) and for bookings (rules/authorization/burn_down.py) alike. What a placeholder is,
stands in mappings/rules/placeholders.yaml. Authority: house rule on the order of consumption (THERAPY_RULES §4.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import Coverage
from integration_engine.domain.parties import Discipline
from integration_engine.rules.parameters.in_force import Parameters

NOT_GIVEN = frozenset({"requested", "denied", "cancelled", "pended"})


def known_to(
    authorizations: Iterable[Authorization],
    coverage: Coverage,
    parameters: Parameters,
    line_numbers: Iterable[str] = (),
) -> list[Authorization]:
    """The authorizations of this coverage's payer that carry a real number.

    Why      Where none is on file as such, a number that the EMR sends only with the insurance (IN1-14) or a charge line
             is one too: what it allows is unknown, and told as unknown. Beside one on file it is not trusted, for an old
             number would let visit 13 of 12 pass uncounted.
    """
    own = [a for a in authorizations if a.payer_id in (None, coverage.payer_id)]
    if not own:
        own = [Authorization(number=number, payer_id=coverage.payer_id) for number in dict.fromkeys(line_numbers)]
        if coverage.authorization_number and all(a.number != coverage.authorization_number for a in own):
            own.append(
                Authorization(
                    number=coverage.authorization_number,
                    payer_id=coverage.payer_id,
                    effective_on=coverage.effective_on,
                    ends_on=coverage.ends_on,
                )
            )
    return [a for a in own if a.number and not is_placeholder(a.number, parameters)]


def fitting(
    authorizations: Iterable[Authorization], on: date, discipline: Discipline, codes: Sequence[tuple[Hcpcs, int]]
) -> list[Authorization]:
    """Those in force on the date for discipline and codes, in the order they are used up."""
    found = [
        a
        for a in authorizations
        if a.number
        and a.status not in NOT_GIVEN
        and (a.effective_on is None or a.effective_on <= on)
        and (a.ends_on is None or on <= a.ends_on)
        and (not a.disciplines or discipline in a.disciplines)
        and (not a.codes or all(code in a.codes for code, _ in codes))
    ]
    return sorted(found, key=lambda a: (a.ends_on or date.max, not a.codes, len(a.disciplines) or 9, a.number or ""))


def is_placeholder(number: str | None, parameters: Parameters) -> bool:
    """True for a text that is no number of any payer: listed in rules/placeholders.yaml, or one character repeated."""
    text = (number or "").strip().upper()
    return text in parameters.placeholders or len(set(text)) == 1
