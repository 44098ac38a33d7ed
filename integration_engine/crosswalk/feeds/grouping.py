"""Which segments of a message belong to which record, and where the message stood before it."""

from __future__ import annotations

from collections.abc import Iterator

from integration_engine.crosswalk.feed_files import RecordFile
from integration_engine.crosswalk.feeds.feed import Feed
from integration_engine.crosswalk.feeds.model import WHOLE_MESSAGE
from integration_engine.crosswalk.positions import matches
from integration_engine.wire.hl7 import Message, Segment


class Group:
    """The segments of one record, and where the message stood before it."""

    __slots__ = ("at", "found", "index", "own", "segments")

    def __init__(self, index: int, at: int, segments: list[Segment], own: frozenset[str]) -> None:
        self.index = index
        self.at = at
        self.segments = segments
        self.own = own
        self.found: dict[str, list[tuple[Segment, int]]] = {}


def record_groups(feed: Feed, message: Message, kind: str) -> Iterator[Group]:
    """The records of a kind that a message holds, each with its own segments, in order."""
    segments = message.segments
    if kind in WHOLE_MESSAGE:
        yield Group(0, 0, list(segments), frozenset())
        return
    file = feed.file.records.get(kind)
    if file is None:
        return
    starts, own = frozenset(file.starts), frozenset((*file.starts, *file.with_segments, *file.between))
    places = [index for index, segment in enumerate(segments) if segment.name in starts]
    number = 0
    for order, place in enumerate(places):
        following = places[order + 1] if order + 1 < len(places) else None
        group = _members(file, segments, place, following, starts, own)
        if _admitted(feed, kind, group[0]):
            yield Group(number, place, group, own)
            number += 1


def _members(
    file: RecordFile,
    segments: tuple[Segment, ...],
    place: int,
    following: int | None,
    starts: frozenset[str],
    own: frozenset[str],
) -> list[Segment]:
    end = len(segments) if following is None else following
    members = [segments[place]]
    for segment in segments[place + 1 : end]:
        if segment.name in starts:
            break
        if segment.name in file.between and following is None:
            break  # after the last start these speak for the whole message
        if segment.name in own:
            members.append(segment)
    return members


def _admitted(feed: Feed, kind: str, start: Segment) -> bool:
    for position, wanted in feed.wheres.get(kind, ()):
        if position.segment != start.name:
            continue
        value = start.value(position.field, position.component, position.subcomponent)
        if wanted == "present":
            if not value:
                return False
        elif not matches(value, [str(one) for one in wanted]):
            return False
    return True
