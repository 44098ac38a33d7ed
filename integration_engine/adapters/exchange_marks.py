"""Marks of what was exchanged: one small file each, named by a digest, written whole; they survive a crash."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from integration_engine.adapters.folders import flush_folder


class Marks:
    """What was done, one small file each, named by a digest; written whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, mode=0o750, exist_ok=True)

    def get(self, digest: str) -> Mapping[str, object] | None:
        """What is noted under a digest, None for nothing."""
        try:
            return dict(orjson.loads((self._folder / digest).read_bytes()))
        except FileNotFoundError:
            return None

    def all(self) -> list[Mapping[str, object]]:
        """Everything that is noted."""
        return [
            dict(orjson.loads(path.read_bytes())) for path in self._folder.iterdir() if not path.name.startswith(".")
        ]

    def put(self, digest: str, mark: Mapping[str, object]) -> None:
        """Note something under a digest, in place of what was noted before."""
        staged = self._folder / f".{digest}"
        with staged.open("wb") as file:
            file.write(orjson.dumps(mark))
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / digest)
        flush_folder(self._folder)
