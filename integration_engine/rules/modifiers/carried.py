"""Modifiers that the EMR sent: carried where only a person can know them, told where the rules found otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from integration_engine.core.codes import Hcpcs, Modifier
from integration_engine.rules.modifiers.day import Coding, Line
from integration_engine.rules.modifiers.marks import COMPUTED, KX, SEPARATE
from integration_engine.rules.modifiers.sent_modifiers import Sent, doubt_about


def add_sent(coding: Coding, lines: Sequence[Line]) -> None:
    """Modifiers only a person can know, as the EMR sent them."""
    if not coding.sent:
        return
    billed: dict[int, set[Modifier]] = {}  # of a code split in two lines either may carry what was sent
    for line in lines:
        for place in line.places:
            billed.setdefault(place, set()).update(line.modifiers)
    told: set[tuple[Hcpcs, Modifier]] = set()
    for line in lines:
        apart = not SEPARATE.isdisjoint(line.modifiers)
        for place in line.places:
            for modifier in coding.facts.treatments[place].modifiers:
                if modifier in line.modifiers or (apart and modifier in SEPARATE):
                    continue
                if modifier not in COMPUTED or (modifier == KX and coding.not_necessary(line)):
                    line.modifiers.append(modifier)  # KX beside a notice is stopped by an edit
                elif modifier not in billed[place] and (line.code, modifier) not in told:
                    told.add((line.code, modifier))
                    _doubt(coding, line, place, modifier)


def _doubt(coding: Coding, line: Line, place: int, modifier: Modifier) -> None:
    facts, rule = coding.facts, coding.parameters.assistant.at(coding.facts.as_of)
    assistants = coding.parameters.assistant_modifiers
    if modifier in assistants.values() and line.share_unknown:
        return  # told already
    treatments = [facts.treatments[one] for one in line.places]
    sent = Sent(
        modifier=modifier,
        code=line.code,
        place=place,
        discipline=facts.discipline,
        modality=facts.modality,
        helped=any(t.assistant_minutes for t in treatments),
        assistants_marked=coding.assistants_marked() and rule.used and facts.setting not in rule.exempt_settings,
        threshold_asked=coding.profile.threshold.at(facts.as_of),
        payer=coding.profile.label,
    )
    coding.findings.append(doubt_about(sent, coding.parameters.discipline_modifiers, assistants))
