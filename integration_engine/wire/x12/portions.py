"""An 837P cut into smaller files that each stand by themselves, or down to one subscriber of every shape.

For a slow judge: portions are judged side by side, a sample instead of a very large file. Levels are numbered anew, so a
portion is for judging, never for sending; what only the whole file shows (its counts, its envelope) is checked apart.
Source  X222A1 2000A, 2000B, 2000C (hierarchical levels).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integration_engine.wire.x12.reading import read_interchanges
from integration_engine.wire.x12.structure import Segment, Separators

_PROVIDER, _SUBSCRIBER = "20", "22"
_TOLD_APART = frozenset({"NM1", "REF", "DTP", "AMT", "NTE", "CRC"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One loop 2000B with all below it. shape: names and qualifiers of its segments."""

    provider: int
    segments: tuple[str, ...]
    claims: int
    shape: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One interchange of one set, taken apart. head: from ST to the receiver; envelope: ISA, GS, GE and IEA."""

    envelope: tuple[str, str, str, str]
    head: tuple[str, ...]
    trailer: str
    providers: tuple[tuple[str, ...], ...]
    subscribers: tuple[Subscriber, ...]
    separators: Separators

    @property
    def claims(self) -> int:
        """How many claims it holds."""
        return sum(subscriber.claims for subscriber in self.subscribers)

    def write(self, chosen: Iterable[Subscriber]) -> str:
        """A file of the same envelope with only these subscribers; levels and segments counted anew."""
        star = self.separators.element
        body: list[str] = list(self.head)
        provider, level, parent = -1, 0, 0
        for subscriber in chosen:
            if subscriber.provider != provider:
                provider = subscriber.provider
                level += 1
                parent = level
                body.append(_renumbered(self.providers[provider][0], level, 0, star))
                body.extend(self.providers[provider][1:])
            above = parent
            for segment in subscriber.segments:
                if segment.startswith(f"HL{star}"):
                    level += 1
                    body.append(_renumbered(segment, level, above, star))
                    if segment.split(star)[3] == _SUBSCRIBER:
                        above = level
                else:
                    body.append(segment)
        number = self.trailer.split(star)[2]
        body.append(f"SE{star}{len(body) + 1}{star}{number}")
        isa, gs, ge, iea = self.envelope
        end = self.separators.terminator
        return end.join([isa, gs, *body, ge, iea]) + end


def outline(text: str) -> Outline | None:
    """The file taken apart; None when it is not one set in one whole interchange with levels as they should be."""
    reading = read_interchanges(text.encode("utf-8"))
    if reading.problems or len(reading.interchanges) != 1:
        return None
    interchange = reading.interchanges[0]
    sets = [(group, one) for group in interchange.groups for one in group.transactions]
    if len(sets) != 1 or interchange.iea is None:
        return None
    group, transaction = sets[0]
    if group.gs is None or group.ge is None or transaction.se is None:
        return None
    body = transaction.segments[:-1]
    starts = [place for place, segment in enumerate(body) if segment.name == "HL"]
    parts = _parts(body, starts) if starts else None
    if parts is None:
        return None
    return Outline(
        envelope=(interchange.isa.text, group.gs.text, group.ge.text, interchange.iea.text),
        head=tuple(segment.text for segment in body[: starts[0]]),
        trailer=transaction.se.text,
        providers=tuple(parts[0]),
        subscribers=tuple(parts[1]),
        separators=interchange.separators,
    )


def _parts(body: Sequence[Segment], starts: Sequence[int]) -> tuple[list[tuple[str, ...]], list[Subscriber]] | None:
    """Providers and their subscribers; None when the first level is no provider's or a subscriber's comes too early."""
    providers: list[tuple[str, ...]] = []
    subscribers: list[Subscriber] = []
    levels = [body[start].element(3) for start in starts]
    ends = [*starts[1:], len(body)]
    place = 0
    while place < len(starts):
        last = place
        if levels[place] == _SUBSCRIBER:
            while last + 1 < len(starts) and levels[last + 1] not in {_PROVIDER, _SUBSCRIBER}:
                last += 1
        segments = body[starts[place] : ends[last]]
        if levels[place] == _PROVIDER:
            providers.append(tuple(segment.text for segment in segments))
        elif levels[place] == _SUBSCRIBER and providers:
            subscribers.append(
                Subscriber(
                    provider=len(providers) - 1,
                    segments=tuple(segment.text for segment in segments),
                    claims=sum(segment.name == "CLM" for segment in segments),
                    shape=tuple(_shape(segment) for segment in segments),
                )
            )
        else:
            return None
        place = last + 1
    return providers, subscribers


def _shape(segment: Segment) -> str:
    parts = segment.text.split(segment.separators.element, 2)
    return f"{parts[0]}{parts[1]}" if parts[0] in _TOLD_APART and len(parts) > 1 else parts[0]


def _renumbered(segment: str, level: int, parent: int, star: str) -> str:
    parts = segment.split(star)
    parts[1] = str(level)
    if parent:
        parts[2] = str(parent)
    return star.join(parts)


def portions(whole: Outline, most_claims: int) -> tuple[str, ...]:
    """Files of about so many claims each; one subscriber is never cut."""
    found: list[str] = []
    chosen: list[Subscriber] = []
    count = 0
    for subscriber in whole.subscribers:
        if chosen and count + subscriber.claims > most_claims:
            found.append(whole.write(chosen))
            chosen, count = [], 0
        chosen.append(subscriber)
        count += subscriber.claims
    if chosen:
        found.append(whole.write(chosen))
    return tuple(found)


def sample(whole: Outline, more: int) -> tuple[Subscriber, ...]:
    """One subscriber of every shape, and so many more spread evenly over the file, in the file's order."""
    first: dict[tuple[str, ...], int] = {}
    for place, subscriber in enumerate(whole.subscribers):
        first.setdefault(subscriber.shape, place)
    step = max(1, len(whole.subscribers) // more) if more else len(whole.subscribers) or 1
    chosen = set(first.values()) | set(range(0, len(whole.subscribers), step) if more else ())
    return tuple(whole.subscribers[place] for place in sorted(chosen))
