"""A message, read as far as it can be."""

from __future__ import annotations

from dataclasses import dataclass, field

from integration_engine.core.errors import InboundError
from integration_engine.wire.hl7 import NULL, Message, peek


@dataclass(slots=True)
class Heard:
    """One message, read as far as it can be. ``filled``: positions with a value, ``FT1-4`` and ``FT1-4.2``."""

    name: str
    sender: str = "unreadable"
    trigger: str = ""
    version: str = ""
    text: str = ""
    problem: str = ""
    segments: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, name: str, raw: bytes) -> Heard:
        """The message as far as it can be read; what stops the reading is kept as its problem."""
        heard = cls(name)
        try:
            header = peek(raw)
            heard.sender = header.sender
            heard.trigger = header.trigger
            heard.version = header.version
            heard._take(Message.parse_bytes(raw))
        except InboundError as error:
            heard.problem = f"{error.position}: {error.text}"
        return heard

    def _take(self, message: Message) -> None:
        self.text = "\r".join(segment.text for segment in message.segments) + "\r"
        for segment in message.segments:
            self.segments.add(segment.name)
            for number in range(1, segment.field_count + 1):
                if segment.field(number) in ("", NULL):
                    continue
                self.filled.add(f"{segment.name}-{number}")
                components = max(len(one.split(message.marks.component)) for one in segment.repetitions(number))
                self.filled.update(
                    f"{segment.name}-{number}.{part}"
                    for part in range(1, components + 1)
                    if any(segment.inside(one, part) for one in segment.repetitions(number))
                )
