"""Trace: where every value of a message went, read again from the journaled bytes under the mapping files of then."""

from __future__ import annotations

from collections.abc import Mapping

from integration_engine.core.errors import InboundError
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.crosswalk.feeds.feed import Feeds
from integration_engine.crosswalk.feeds.reading import read_statement
from integration_engine.domain.statement import TraceEntry
from integration_engine.store import Connection, Store
from integration_engine.wire.hl7 import Message, peek


def trace(
    store: Store, connection: Connection, journal_id: int, version: str | None, fallback: Mapping[str, str]
) -> tuple[TraceEntry, ...]:
    """Model path, value and HL7 position of everything one message states.

    Shapes   version: the mapping version that decided on it; ``fallback`` are the files in force, for a message that
             nothing was decided on yet. Empty when the message cannot be read.
    """
    raw = store.journal.raw(connection, journal_id)
    if raw is None:
        return ()
    kept = store.versions.load(connection, version) if version else None
    return trace_of(bytes(raw), compile_feeds(kept or fallback))


def trace_of(raw: bytes, feeds: Feeds) -> tuple[TraceEntry, ...]:
    """The same from bytes and feeds in hand."""
    try:
        header = peek(raw)
        feed = feeds.select(header.sending_application, header.sending_facility, header.trigger)
        if feed is None:
            return ()
        return read_statement(feed, Message.parse_bytes(raw, default_charset=feed.character_set)).trace
    except InboundError:
        return ()
