"""The content of every mapping and rule version that ever decided something, so that it can be decided again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from integration_engine.store.database import insert_if_absent
from integration_engine.store.tables import version


class Versions:
    """Kept once each, by content hash."""

    def __init__(self) -> None:
        self._kept: set[str] = set()

    def keep(self, connection: Connection, kind: str, identity: str, files: Mapping[str, str], now: datetime) -> None:
        """Keep the files of a version; a version that is kept already costs nothing."""
        if identity in self._kept:
            return
        if connection.scalar(select(version.c.id).where(version.c.id == identity)) is None:
            text = orjson.dumps(dict(files), option=orjson.OPT_SORT_KEYS).decode()
            insert_if_absent(connection, version, id=identity, kind=kind, files=text, created_at=now)
        else:
            self._kept.add(identity)

    def load(self, connection: Connection, identity: str) -> dict[str, str] | None:
        """The files of a version, or None when it was never in force here."""
        text = connection.scalar(select(version.c.files).where(version.c.id == identity))
        return None if text is None else orjson.loads(text)
