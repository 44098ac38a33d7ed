"""59 and its kin: on the second code of a pair that was done apart."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision
from integration_engine.rules.modifiers.day import Coding, Line
from integration_engine.rules.modifiers.separate_services import Evidence, blocks_of

NCCI = Citation(document="NCCI policy manual", section="ch. 1, modifier 59")


def add_separation(coding: Coding, lines: Sequence[Line]) -> None:
    """59 on the second code of a pair, only for payers whose profile appends it and only on separate blocks."""
    appended = coding.profile.separate_modifier.at(coding.facts.as_of)
    if appended is None or len(lines) < 2:  # noqa: PLR2004 - a pair
        return
    marked: set[Hcpcs] = set()
    for first, second in coding.parameters.pairs_among(
        {line.code for line in lines}, coding.profile, coding.facts.as_of
    ):
        blocks = blocks_of(coding.facts.treatments, first, second)
        if blocks.evidence is not Evidence.SEPARATE or second in marked:
            continue
        marked.add(second)
        coding.decisions.append(
            Decision(
                station="modifiers",
                subject=second,
                rule="modifiers.separate_services",
                value=appended,
                working=(f"{second} is part of {first} unless done apart; on record: {blocks.text}",),
                parameters=(coding.parameters.use(coding.profile.separate_modifier, coding.facts.as_of),),
                citation=NCCI,
                otherwise=("blocks that overlap, or without start and stop, would have left it off and held the pair",),
            )
        )
    for line in lines:
        if line.code in marked:
            line.modifiers.append(appended)
