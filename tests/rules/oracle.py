"""A second opinion on units and on CQ/CO, written from THERAPY_RULES.md §§1.1-1.4 and 2.2 and from nothing else.

As naive as it can be: a printed chart, loops over single minutes, units handed out one at a time, every choice tried.
No closed forms, so that it does not share the engine's mistakes.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

Allocation = frozenset[tuple[str, int]]  # (code, units) of every code that is billed

# --- §1.1, the printed chart ------------------------------------------------------------------------------------------

PRINTED_CHART = {
    0: (0, 7),
    1: (8, 22),
    2: (23, 37),
    3: (38, 52),
    4: (53, 67),
    5: (68, 82),
    6: (83, 97),
    7: (98, 112),
    8: (113, 127),
}


def chart_units(total: int) -> int:
    """The row of the chart these minutes are in; past the print each row is the 15 minutes after the one before."""
    units, (low, high) = 0, PRINTED_CHART[0]
    while not low <= total <= high:
        units += 1
        low, high = PRINTED_CHART.get(units, (high + 1, high + 15))
    return units


# --- §§1.2, 1.3, each code alone --------------------------------------------------------------------------------------


def midpoint_units(minutes: int) -> int:
    """Go through the minutes: in each block of 15 the eighth earns the block's unit."""
    units = in_block = 0
    for _ in range(minutes):
        in_block += 1
        if in_block == 8:
            units += 1
        if in_block == 15:
            in_block = 0
    return units


def full_units(minutes: int) -> int:
    """Go through the minutes: only the fifteenth of a block earns its unit."""
    units = in_block = 0
    for _ in range(minutes):
        in_block += 1
        if in_block == 15:
            units += 1
            in_block = 0
    return units


# --- §1.1, the day's pool ---------------------------------------------------------------------------------------------


class Time(NamedTuple):
    """What one code was given in a day; joint minutes are the therapist's."""

    code: str
    therapist: int
    assistant: int

    @property
    def minutes(self) -> int:
        return self.therapist + self.assistant


def day_of(services: list[dict]) -> list[Time]:
    """One entry a code, in note order; several services of one code are added together."""
    day: list[Time] = []
    for service in services:
        assistant = service.get("assistant_minutes", 0)
        therapist = service["minutes"] - assistant
        for place, known in enumerate(day):
            if known.code == service["code"]:
                day[place] = Time(known.code, known.therapist + therapist, known.assistant + assistant)
                break
        else:
            day.append(Time(service["code"], therapist, assistant))
    return day


def _whole_blocks(day: list[Time]) -> tuple[dict[str, int], dict[str, int], int]:
    """Units of whole blocks, the minutes left over of each code, and how many units of the day are still to give."""
    units = {time.code: 0 for time in day}
    left = {time.code: time.minutes for time in day}
    to_give = chart_units(sum(left.values()))
    for code in list(left):
        while left[code] >= 15:
            left[code] -= 15
            units[code] += 1
            to_give -= 1
    return units, left, to_give


def _billed(units: dict[str, int]) -> Allocation:
    return frozenset((code, count) for code, count in units.items() if count > 0)


def _every_way(units: dict[str, int], left: dict[str, int], to_give: int) -> set[Allocation]:
    if to_give == 0:
        return {_billed(units)}
    longest = max(left.values())
    assert longest > 0, "a unit is left to give and no minutes are left to earn it"
    ways: set[Allocation] = set()
    for code, minutes in left.items():
        if minutes == longest:  # any tied code is correct
            ways |= _every_way(units | {code: units[code] + 1}, left | {code: 0}, to_give - 1)
    return ways


def medicare_shares(services: list[dict]) -> set[Allocation]:
    """Every acceptable way to share the day's units: wherever leftovers are equal, each choice is tried."""
    return _every_way(*_whole_blocks(day_of(services)))


def medicare_choice(services: list[dict]) -> Allocation:
    """The one way a deterministic engine takes: more minutes in all, then fewer of an assistant, then note order."""
    day = day_of(services)
    units, left, to_give = _whole_blocks(day)
    while to_give > 0:
        best = day[0]
        for time in day[1:]:
            if left[time.code] != left[best.code]:
                better = left[time.code] > left[best.code]
            elif time.minutes != best.minutes:
                better = time.minutes > best.minutes
            else:
                better = time.assistant < best.assistant
            if better:
                best = time
        units[best.code] += 1
        left[best.code] = 0
        to_give -= 1
    return _billed(units)


def each_alone(services: list[dict], payer: str) -> Allocation:
    """Units by a method that judges each code alone."""
    method = {"commercial_ama": midpoint_units, "full_unit_only": full_units}[payer]
    return _billed({time.code: method(time.minutes) for time in day_of(services)})


def acceptable(services: list[dict], payer: str) -> set[Allocation]:
    """Every acceptable answer of a payer for 15-minute codes."""
    return medicare_shares(services) if payer == "medicare_part_b" else {each_alone(services, payer)}


# --- §2.2, therapy assistants -----------------------------------------------------------------------------------------


def _over_a_tenth(assistant: int, total: int) -> bool:
    """Strictly more than 10 %: ten times the assistant's minutes, added up, are more than all minutes."""
    return sum([assistant] * 10) > total


def assistant_split(therapist: int, assistant: int, units: int, on: date) -> tuple[int, int, bool]:
    """Units without and with the assistant modifier, and whether a person must look.

    §2.2 says of 2020-2021 only what a final unit takes; where two units remain it is read as saying the same of both
    periods (the therapist's unit without, the assistant's with).
    """
    without = with_it = 0
    while therapist >= 15:
        therapist, without = therapist - 15, without + 1
    while assistant >= 15:
        assistant, with_it = assistant - 15, with_it + 1
    remaining = units - without - with_it
    assert remaining in {0, 1, 2}, remaining
    if remaining == 2:
        in_window = therapist in range(9, 15) and assistant in range(9, 15) and therapist + assistant in range(23, 29)
        return without + 1, with_it + 1, not in_window
    if remaining == 1:
        if on < date(2022, 1, 1):
            modified = _over_a_tenth(assistant, therapist + assistant)
        elif therapist >= 8:
            modified = False
        elif assistant >= 8:
            modified = True
        else:
            modified = _over_a_tenth(assistant, therapist + assistant)
        if modified:
            with_it += 1
        else:
            without += 1
    return without, with_it, False


def assistant_split_by_blocks(therapist: int, assistant: int, blocks: list[int]) -> list[bool]:
    """Of each block of a code that does not count by 15 minutes: does the assistant's modifier stand on it?

    §2.2 speaks of 15-minute units; of others only the tenth holds. A block whose minutes one person gave is theirs, the
    therapist asked first; one block left over is judged by the tenth of what is left, of two the second is the assistant's.
    """
    owners: list[str] = []
    for block in blocks:
        if therapist >= block:
            owners.append("therapist")
            therapist -= block
        elif assistant >= block:
            owners.append("assistant")
            assistant -= block
        else:
            owners.append("")
    if owners.count("") == 1:
        over = _over_a_tenth(assistant, therapist + assistant)
        owners[owners.index("")] = "assistant" if over else "therapist"
    elif owners.count("") == 2:
        owners[owners.index("")] = "therapist"
        owners[owners.index("")] = "assistant"
    return [owner == "assistant" for owner in owners]


def assistant_lines(services: list[dict], units: Allocation, on: date) -> tuple[dict[tuple[str, bool], int], set[str]]:
    """Units of each (code, with the modifier?) line of 15-minute codes, and the codes a person must look at."""
    lines: dict[tuple[str, bool], int] = {}
    review: set[str] = set()
    billed = dict(units)
    for time in day_of(services):
        if time.code not in billed:
            continue
        without, with_it, look = assistant_split(time.therapist, time.assistant, billed[time.code], on)
        if without:
            lines[time.code, False] = without
        if with_it:
            lines[time.code, True] = with_it
        if look:
            review.add(time.code)
    return lines, review


def untimed_assistant(therapist: int, assistant: int) -> bool:
    """Does an untimed code take the modifier?"""
    return _over_a_tenth(assistant, therapist + assistant)


# --- §1.4, families of a first block and further blocks ---------------------------------------------------------------


class Family(NamedTuple):
    """Block lengths and the minute of a block that earns it."""

    further_code: str
    first: int
    first_earned_at: int
    further: int
    further_earned_at: int


FAMILIES = {
    "97129": Family("97130", 15, 8, 15, 8),
    "97550": Family("97551", 30, 16, 15, 8),
    "92607": Family("92608", 60, 31, 30, 16),
    "96112": Family("96113", 60, 31, 30, 16),
    "97545": Family("97546", 120, 61, 60, 31),
    "90912": Family("90913", 15, 8, 15, 8),
}


def family_units(first_code: str, minutes: int) -> Allocation:
    """Go through the minutes of the whole family: the first block, then one further block after the other."""
    family = FAMILIES[first_code]
    units = {first_code: 0, family.further_code: 0}
    code, length, earned_at, in_block = first_code, family.first, family.first_earned_at, 0
    for _ in range(minutes):
        in_block += 1
        if in_block == earned_at:
            units[code] += 1
        if in_block == length:
            code, length, earned_at, in_block = family.further_code, family.further, family.further_earned_at, 0
    return _billed(units)


def first_and_further(first_code: str, units: int) -> Allocation:
    """Units a family was given as one service of a pool: one on the first code, the rest on the further one."""
    shared = {first_code: 0, FAMILIES[first_code].further_code: 0}
    for number in range(units):
        shared[first_code if number == 0 else FAMILIES[first_code].further_code] += 1
    return _billed(shared)


def medicare_shares_with_cognition(services: list[dict]) -> set[Allocation]:
    """As ``medicare_shares``, with 97129 and 97130 in the pool as one service."""
    as_one = [service | {"code": "97129"} if service["code"] == "97130" else service for service in services]
    ways: set[Allocation] = set()
    for way in medicare_shares(as_one):
        shared: set[tuple[str, int]] = set()
        for code, units in way:
            shared |= first_and_further("97129", units) if code == "97129" else {(code, units)}
        ways.add(frozenset(shared))
    return ways
