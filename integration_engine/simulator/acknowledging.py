"""TA1 and 999: the clearinghouse's front door. A refusal names a segment that is really there.

    999   ST ─ AK1 group ─ AK2 transaction set ─ IK3 segment ─ CTX claim ─ IK4 element ─ IK5 verdict ─ AK9 ─ SE

Source  X12.5 TA1; 005010X231A1; X12.md §3.3. A refused set refuses all its claims.
"""

from __future__ import annotations

import re

from integration_engine.simulator.scenario import Ending, Outcome, Refusal
from integration_engine.simulator.sent import SentClaim, SentFile, SentGroup, loops
from integration_engine.simulator.writing import transaction_set
from integration_engine.wire.x12.segments import join

GUIDE = "005010X231A1"
ACCEPTED, REFUSED = "A", "R"
LOOP_LENGTH = 4  # data element 447 holds four characters: 2310B is told as 2310
# Outcome, the claim that is wrong, and the position that is named.
Refused = tuple[Outcome, SentClaim, str]
# Data element numbers of what refusals usually name (IK402). Source  X12 005010 data element dictionary.
_REFERENCES = {
    ("CLM", 1, 0): "1028", ("CLM", 2, 0): "782", ("CLM", 5, 1): "1331", ("CLM", 5, 2): "1332", ("CLM", 5, 3): "1325",
    ("DTP", 3, 0): "1251", ("HI", 1, 2): "1271", ("N4", 3, 0): "116", ("NM1", 3, 0): "1035", ("NM1", 9, 0): "67",
    ("PRV", 3, 0): "127", ("REF", 2, 0): "127", ("SV1", 1, 2): "234", ("SV1", 1, 3): "1339", ("SV1", 2, 0): "782",
    ("SV1", 4, 0): "380",
}  # fmt: skip
_POSITION = re.compile(r"(?P<loop>\w+)/(?P<name>\w+)(?:\*(?P<qualifier>\w+))?-(?P<element>\d+)(?:-(?P<component>\d+))?")


def ta1(file: SentFile, refusal: Refusal | None) -> str:
    """TA1 for an interchange: A000, or R with the note of the refusal."""
    code, note = (REFUSED, refusal.note) if refusal else (ACCEPTED, "000")
    return join("TA1", (file.control.zfill(9), file.created_date, file.created_time, code, note))


def acknowledge(group: SentGroup, refused: dict[str, Refused], number: int) -> list[str]:
    """The 999 of one functional group."""
    body = [join("AK1", ("HC", group.control, group.guide))]
    for one in group.sets:
        body.append(join("AK2", ("837", one.control, one.guide or group.guide)))
        if one.control not in refused:
            body.append(join("IK5", (ACCEPTED,)))
            continue
        outcome, claim, position = refused[one.control]
        assert outcome.refusal is not None
        body += _problem(outcome.refusal, claim, position)
        body.append(join("IK5", (REFUSED, outcome.refusal.reason)))
    count, bad = len(group.sets), sum(one.control in refused for one in group.sets)
    verdict = ACCEPTED if not bad else REFUSED if bad == count else "P"
    body.append(join("AK9", (verdict, str(count), str(count), str(count - bad))))
    return transaction_set("999", GUIDE, number, body)


def position_in(claim: SentClaim, outcome: Outcome) -> str:
    """The first position of the refusal that this claim has; CLM01, which every claim has, when it has none."""
    assert outcome.ending is Ending.SET_REFUSED
    assert outcome.refusal is not None
    return next((one for one in outcome.refusal.positions if _find(claim, one)), "2300/CLM-01")


def _problem(refusal: Refusal, claim: SentClaim, position: str) -> list[str]:
    found = _find(claim, position)
    assert found is not None
    loop, name, number, element, component, value = found
    place = f"{element}:{component}" if component else str(element)
    return [
        join("IK3", (name, str(number), loop[:LOOP_LENGTH], refusal.segment_code)),
        join("CTX", (f"CLM01:{claim.number}",)),
        join("IK4", (place, _REFERENCES.get((name, element, component), ""), refusal.element_code, value)),
    ]


def _find(claim: SentClaim, position: str) -> tuple[str, str, int, int, int, str] | None:
    """Loop, segment name and number, element, component and value of a position in a claim; None when it is not there."""
    parsed = _POSITION.fullmatch(position)
    if parsed is None:
        return None
    element, component = int(parsed["element"]), int(parsed["component"] or 0)
    for loop, segment in loops(claim):
        if loop != parsed["loop"] or segment.name != parsed["name"]:
            continue
        if parsed["qualifier"] and segment.components(1)[:1] != (parsed["qualifier"],):
            continue
        parts = segment.components(element)
        if parts and len(parts) >= component:
            value = parts[component - 1] if component else segment.element(element)
            bad = value if component or len(parts) == 1 else ""
            return loop, segment.name, segment.number, element, component, bad
    return None
