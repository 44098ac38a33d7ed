"""The folder of mapping and rule files: read whole, and told apart from an earlier reading by a cheap stamp."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from integration_engine.core.errors import MappingError, MappingProblem

log = structlog.get_logger(__name__)
T = TypeVar("T")

SUFFIXES = frozenset({".yaml", ".csv"})


def shipped_folder() -> Path:
    """The mappings this engine comes with: ``mappings/`` of the project, or the copy inside an installed package."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_data" / "mappings"
    return inside if inside.is_dir() else package.parent / "mappings"


class MappingFiles:
    """One folder of mapping files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Changes whenever a file is added, removed or written: name, size and time of each."""
        return tuple((str(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for path in self._paths())

    def read(self) -> dict[str, str]:
        """Path below the folder → text.

        Raises   MappingError for a file that is missing or not UTF-8.
        """
        if not self.folder.is_dir():
            raise MappingError((self._problem(str(self.folder), "there is no such folder; set MAPPINGS"),))
        texts = {}
        for path in self._paths():
            name = path.relative_to(self.folder).as_posix()
            try:
                texts[name] = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise MappingError(
                    (self._problem(name, f"cannot be read as UTF-8 text: {type(error).__name__}"),)
                ) from None
        return texts

    def _paths(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.rglob("*")
            if path.suffix in SUFFIXES and path.is_file() and "schema" not in path.relative_to(self.folder).parts
        )

    @staticmethod
    def _problem(name: str, text: str) -> MappingProblem:
        return MappingProblem(file=name, line=1, column=1, where="file", text=text)


class InForce(Generic[T]):
    """What the folder compiles to, kept up to date: a changed folder takes over only when all of it compiles.

    The first reading raises ``MappingError``, so that start-up refuses a wrong file; later a wrong file is logged,
    kept in ``problems`` for whoever asks, and the reading in force stays.
    """

    def __init__(
        self, files: MappingFiles, compile_files: Callable[[Mapping[str, str]], T], *, look_every_seconds: float = 1.0
    ) -> None:
        self._files = files
        self._compile = compile_files
        self._look_every = look_every_seconds
        self._looked = time.monotonic()
        self._stamp = files.stamp()
        self._lock = threading.Lock()
        self._current = compile_files(files.read())
        self.problems: tuple[MappingProblem, ...] = ()

    def __call__(self) -> T:
        """The reading in force; looks at the folder at most once per ``look_every_seconds``."""
        if time.monotonic() - self._looked >= self._look_every and self._lock.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                self._look()
            finally:
                self._lock.release()
        return self._current

    def _look(self) -> None:
        stamp = self._files.stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._current = self._compile(self._files.read())
            self.problems = ()
            log.info("mappings.reloaded", outcome="in force")
        except MappingError as error:
            self.problems = error.problems
            log.exception(
                "mappings.refused", outcome="the reading in force stays", problems=[str(p) for p in error.problems]
            )
