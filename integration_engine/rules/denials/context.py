"""What our own side knows about a line when its answer is judged: payer profile, code pairs of the day, assistant split."""

from __future__ import annotations

from datetime import date

from integration_engine.domain.denial import DenialContext
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.parameters.in_force import Parameters

_ASSISTANT = frozenset({"CQ", "CO"})


def denial_context(
    claim: SubmittedClaim | None,
    line: SubmittedLine | None,
    parameters: Parameters,
    *,
    codes_of_the_day: tuple[str, ...] | None = None,
    sent_before: bool | None = None,
) -> DenialContext:
    """The context of one line, or of a claim as a whole when ``line`` is None; nothing is known of an unmatched claim.

    Shapes   codes_of_the_day: of the patient's whole day where they are known; else those of the claim are used. sent_before:
             the claim is a visit's second, after one that was refused.
    """
    if claim is None:
        return DenialContext()
    profile = parameters.profiles.get(claim.profile)
    base = DenialContext(
        payer_key=claim.payer_key,
        profile=claim.profile,
        segment=profile.segment if profile is not None else None,
        sent_before=sent_before,
    )
    if line is None:
        return base
    codes = codes_of_the_day or tuple(other.code for other in claim.lines)
    return DenialContext(
        payer_key=base.payer_key,
        profile=base.profile,
        segment=base.segment,
        modifiers=line.modifiers,
        pair_on_date=_has_pair(line.code, codes, line.date_of_service, claim.profile, parameters),
        split_pair=is_split(line, claim),
        sent_before=base.sent_before,
    )


def is_split(line: SubmittedLine, claim: SubmittedClaim) -> bool:
    """True when another line of the claim is the same code and day of the other side of an assistant split."""
    return any(
        other.number != line.number
        and other.code == line.code
        and other.date_of_service == line.date_of_service
        and _ASSISTANT.isdisjoint(other.modifiers) != _ASSISTANT.isdisjoint(line.modifiers)
        for other in claim.lines
    )


def _has_pair(code: str, codes: tuple[str, ...], on: date, profile_key: str, parameters: Parameters) -> bool | None:
    """Whether the code is in a pair with another one; None where no whole table is loaded that could say no."""
    profile = parameters.profiles.get(profile_key)
    tables = [
        found.value
        for name in ((profile.code_pairs.find(on) or ()) if profile is not None else ())
        if name in parameters.code_pairs and (found := parameters.code_pairs[name].latest(on)) is not None
    ]
    pairs = {(code, other) for other in codes if other != code} | {(other, code) for other in codes if other != code}
    if any(pair in table.pairs for table in tables for pair in pairs):
        return True
    return False if tables and all(table.complete for table in tables) else None
