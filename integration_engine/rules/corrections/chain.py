"""Which of the claims that correct one another the payer has, what it took the place of, and what is owed on each.

A chain is an original with the replacements (7) and voids (8) that went after it, oldest first. Whether a link was
refused before adjudication its own answers say (rules/answers/life_cycle.py); all else follows from that and from nothing else, so
that it comes out the same in whatever order files are read, and read twice:

    link                                  with the payer                     owed on it      its charge lines
    the last one that was not refused     stands                             its charge      billed; of a void: void
    one before it that was not refused    replaced or voided by the next     nothing         void, unless billed later
    a refused one before it               was never there                    nothing         void, unless billed later
    a refused one behind it               was never there                    nothing         held until it goes again
    any, when all were refused            was never there                    nothing         held: the day is open again

Payments are not looked at: what a payer paid on a claim that was corrected stays there until it takes it back.
Source  X222A1 2300 CLM05-3 and REF*F8; X12.md §3.3 (a rejected claim was never there; late and contradicting answers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from integration_engine.domain.claim import Frequency
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.claim_link import DayStands, Link
from integration_engine.domain.ledger import Entry, EntryKind
from integration_engine.domain.record import DayState
from integration_engine.rules.answers.life_cycle import TAKEN_OVER
from integration_engine.rules.posting.ledger import standing as not_taken_back
from integration_engine.rules.posting.ledger import undo

Chain = tuple[Link, ...]


def chains(links: Iterable[Link]) -> tuple[Chain, ...]:
    """The submissions of one part of a day to one rank of payer, chain by chain.

    Shapes   links: oldest first. A correction of a claim that is not among them begins a chain of its own.
    """
    roots: dict[str, str] = {}
    found: dict[str, list[Link]] = {}
    for link in links:
        corrects = link.frequency is not Frequency.ORIGINAL
        root = roots.get(link.follows or "", link.number) if corrects else link.number
        roots[link.number] = root
        found.setdefault(root, []).append(link)
    return tuple(tuple(chain) for chain in found.values())


def standing_link(chain: Chain) -> Link | None:
    """What the payer has of a chain: a claim, or a void, which leaves nothing; None when it took none of them."""
    return next((link for link in reversed(chain) if not link.refused), None)


def outdated(chain: Chain) -> frozenset[str]:
    """The numbers before the link that stands: nobody has to send them again, even where they were refused."""
    stands = standing_link(chain)
    return frozenset(link.number for link in chain[: chain.index(stands)]) if stands is not None else frozenset()


def went_again(number: str, later: Iterable[Link]) -> tuple[str, ...]:
    """The numbers under which a refused claim went again; what only corrects the claim itself is none of them.

    Shapes   later: what went, or is on its way, to the same payer for the same part after it, oldest first.
    """
    rests_on_it = {number}
    found = []
    for link in later:
        if link.frequency is not Frequency.ORIGINAL and link.follows in rests_on_it:
            rests_on_it.add(link.number)
        elif not link.refused:
            found.append(link.number)
    return tuple(found)


def originals(links: Iterable[Link]) -> tuple[Link, ...]:
    """Those that correct nothing."""
    return tuple(link for link in links if link.frequency is Frequency.ORIGINAL)


def words_missing(chain: Chain, on: date) -> tuple[tuple[str, ClaimEvent], ...]:
    """The events that let each link say what took its place and what did not; none when all is told.

    Shapes   (number, event): a refused correction takes its word back; a link that is replaced or voided says by what.
    """
    refused = {link.number for link in chain if link.refused}
    found: list[tuple[str, ClaimEvent]] = []
    for place, link in enumerate(chain):
        took = Counter(event.code for event in link.events if event.kind in TAKEN_OVER)
        took.subtract(event.code for event in link.events if event.kind is ClaimEventKind.CORRECTION_REFUSED)
        for code, times in sorted(took.items()):
            if code in refused:
                back = ClaimEvent(kind=ClaimEventKind.CORRECTION_REFUSED, on=on, code=code)
                found.extend((link.number, back) for _ in range(times))
        after = next((one for one in chain[place + 1 :] if not one.refused), None)
        if after is not None and not any(times > 0 and code not in refused for code, times in took.items()):
            kind = ClaimEventKind.VOIDED if after.frequency is Frequency.VOID else ClaimEventKind.REPLACED
            found.append((link.number, ClaimEvent(kind=kind, on=on, code=after.number)))
    return tuple(found)


def charges_due(chain: Chain, entries: Iterable[Entry], on: date) -> tuple[Entry, ...]:
    """The legs that leave exactly the charge of what stands on the books of a chain; none when it is so already.

    Shapes   entries: every entry of the chain's claims. A claim to a later payer has no charge, so nothing comes of it.
    """
    stands = standing_link(chain)
    of_claim: dict[str, list[Entry]] = {link.number: [] for link in chain}
    for entry in entries:
        if entry.claim in of_claim:
            of_claim[entry.claim].append(entry)
    found: list[Entry] = []
    for link in chain:
        due = link is stands and link.frequency is not Frequency.VOID
        found.extend(_one_charge(link.number, of_claim[link.number], on, due=due))
    return tuple(found)


def day_stands(day_id: int, day: Sequence[Chain]) -> DayStands:
    """What a treatment day comes to.

    Shapes   day: every chain of it to its first payer, all parts together.
    """
    stands = [standing_link(chain) for chain in day]
    kept = [link for link in stands if link is not None and link.frequency is not Frequency.VOID]
    billed = _charges(kept)
    again: set[int] = set()
    for chain in day:
        late = outdated(chain)
        again |= _charges(link for link in chain if link.refused and link.number not in late)
    held = frozenset(again - billed)
    void = _charges(link for chain in day for link in chain) - billed - held
    without = DayState.HELD if any(link is None for link in stands) else DayState.VOID
    return DayStands(day_id=day_id, state=DayState.BILLED if kept else without, billed=billed, held=held, void=void)


def _charges(links: Iterable[Link]) -> frozenset[int]:
    return frozenset(charge for link in links for charge in link.charges)


def _one_charge(number: str, own: Sequence[Entry], on: date, *, due: bool) -> tuple[Entry, ...]:
    """The charge of one claim posted again, taken back, or left as it is."""
    stand = [entry for entry in not_taken_back(own) if entry.kind is EntryKind.CHARGE]
    posted = tuple(dict.fromkeys(entry.posting for entry in stand))
    key = _fresh(number, {entry.posting for entry in own})
    if due and not posted:
        first = f"submission|{number}"
        return tuple(
            replace(entry, posting=key, on=on)
            for entry in own
            if entry.posting == first and entry.kind is EntryKind.CHARGE
        )
    too_much = posted[1:] if due else posted
    return undo((entry for entry in stand if entry.posting in too_much), on, key)


def _fresh(number: str, known: Collection[str]) -> str:
    """A posting of a claim's charge that was not there before: what is undone once is never posted under its key again."""
    times = 1
    while f"charge|{number}|{times}" in known:
        times += 1
    return f"charge|{number}|{times}"
