"""Which of a code's units take the assistant modifier?

Decides from the therapist's and the assistant's minutes; how units are earned is units. CMS tells how the units of a
15-minute code divide. Of codes with units of another length it tells only the share of a tenth, so their last units are
judged by that share and a person is asked to look.
Authority: 42 CFR 410.59(a)(4), 410.60(a)(4); CMS CY 2022 physician fee schedule final rule (midpoint exception).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from integration_engine.rules.parameters.therapy import AssistantRule, ShareMethod

CAPPED = "fewer units are billed than assistant and therapist earned by themselves"
TWO_LEFT = "CMS does not address how the last two units divide here; one was given to each"
OTHER_LENGTH = (
    "CMS tells only of 15-minute units how a unit is shared; this last unit was judged by the share of a tenth"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Units without and with the modifier, the last step in words, and what CMS does not address, if anything.

    Shapes   first_with_it: the first unit is among those with it, which tells of a family whose code carries it.
    """

    without: int
    with_it: int
    why: str
    doubt: str | None = None
    first_with_it: bool = False


def over_the_share(assistant: int, total: int, rule: AssistantRule) -> bool:
    """Do the assistant's minutes exceed the share that counts (a tenth)?

    Why      CMS published two ways to round and the statute says more than 10 percent; the method is dated data.
    """
    return _over_by(rule.share_method, assistant, total, rule.share_over)


def other_readings(assistant: int, total: int, rule: AssistantRule) -> tuple[str, ...]:
    """What the other published ways of rounding the tenth would say, where they differ."""
    mine = over_the_share(assistant, total, rule)
    return tuple(
        f"rounded by the {other.value} method, {assistant} of {total} min would be {'over' if not mine else 'not over'}"
        for other in ShareMethod
        if _over_by(other, assistant, total, rule.share_over) is not mine
    )


def _over_by(method: ShareMethod, assistant: int, total: int, tenths: int) -> bool:
    if method is ShareMethod.STRICT:
        return 10 * assistant > tenths * total
    if method is ShareMethod.PERCENTAGE:
        return total > 0 and (200 * assistant + total) // (2 * total) > 10 * tenths
    return assistant >= (total + 5) // 10 + 1


def split_as_a_whole(therapist: int, assistant: int, units: int, rule: AssistantRule) -> Split:
    """All units alike, by the share of the whole: untimed codes, and timed ones that are billed once however long."""
    total = therapist + assistant
    over = over_the_share(assistant, total, rule)
    why = f"assistant {assistant} of {total} min, {'over' if over else 'not over'} {rule.share_over * 10} %"
    return Split(without=0 if over else units, with_it=units if over else 0, why=why)


def split_by_unit(therapist: int, assistant: int, lengths: Sequence[int], rule: AssistantRule) -> Split:
    """Unit by unit, where ``lengths`` are the minutes of each unit billed, in order.

    Units    therapist: minutes with the therapist, joint ones included. assistant: minutes without.
    """
    if all(length == rule.unit_minutes for length in lengths):
        return _of_even_units(therapist, assistant, len(lengths), rule)
    return _of_other_units(therapist, assistant, lengths, rule)


def _of_even_units(therapist: int, assistant: int, units: int, rule: AssistantRule) -> Split:
    """Source  42 CFR 410.59(a)(4), 410.60(a)(4); CMS CY 2022 final rule for the midpoint exception."""
    without, p = divmod(therapist, rule.unit_minutes)
    with_it, a = divmod(assistant, rule.unit_minutes)
    left = units - without - with_it
    if left <= 0:
        why = f"{without} whole units by the therapist, {with_it} by the assistant"
        with_it = min(with_it, units)
        return Split(without=units - with_it, with_it=with_it, why=why, doubt=CAPPED if left < 0 else None)
    if left > 1:
        addressed = rule.two_units_from <= p + a <= rule.two_units_to
        return _one_each(without, with_it, left, p, a, None if addressed else TWO_LEFT)
    if rule.therapist_midpoint is not None and p >= rule.therapist_midpoint:
        by_assistant, why = False, f"the therapist's {p} min reach the midpoint"
    elif rule.therapist_midpoint is not None and a >= rule.therapist_midpoint:
        by_assistant, why = True, f"the assistant's {a} min reach the midpoint, the therapist's {p} do not"
    else:
        by_assistant, why = _by_share(a, p, rule)
    return Split(without=without + (not by_assistant), with_it=with_it + by_assistant, why=f"last unit: {why}")


def _of_other_units(therapist: int, assistant: int, lengths: Sequence[int], rule: AssistantRule) -> Split:
    """Whole units go to whoever gave all their minutes, the therapist first; what is left is judged by the share."""
    p, a = therapist, assistant
    taken: list[bool | None] = []  # of each unit: by the assistant, or not decided yet
    for length in lengths:
        if p >= length:
            p = p - length
            taken.append(False)
        elif a >= length:
            a = a - length
            taken.append(True)
        else:
            taken.append(None)
    with_it, left = taken.count(True), taken.count(None)
    without = taken.count(False)
    if not left:
        why = f"{without} whole units by the therapist, {with_it} by the assistant"
        return Split(without=without, with_it=with_it, why=why, first_with_it=taken[0] is True)
    if left > 1:
        return replace(_one_each(without, with_it, left, p, a, OTHER_LENGTH), first_with_it=taken[0] is True)
    by_assistant, why = _by_share(a, p, rule)
    return Split(
        without=without + (not by_assistant),
        with_it=with_it + by_assistant,
        why=f"last unit: {why}",
        doubt=OTHER_LENGTH if a else None,
        first_with_it=by_assistant if taken[0] is None else taken[0],
    )


def _by_share(a: int, p: int, rule: AssistantRule) -> tuple[bool, str]:
    over = over_the_share(a, p + a, rule)
    return over, f"the assistant's {a} of {p + a} min are {'over' if over else 'not over'} {rule.share_over * 10} %"


def _one_each(without: int, with_it: int, left: int, p: int, a: int, doubt: str | None) -> Split:
    why = f"two units left of {p} + {a} min: one each"
    return Split(without=without + left - 1, with_it=with_it + 1, why=why, doubt=doubt)
