"""Taking files out of inbound/: only whole files, in a stable order, and each ends in done/ or rejected/ with a reason.

    inbound/name ─► waiting() ─► whoever reads it, and commits ─► settle() ─► inbound/done/name
                                                                          └─► inbound/rejected/name, name.reason.txt

A process may be killed anywhere. Before the commit the file is still in inbound/; between commit and move it is there
too and will be read again, which is harmless because reading is idempotent on content; the move itself is a link under
a free name, then the reason, then the unlink, and can be repeated at each step. No file is ever overwritten.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from integration_engine.adapters.folders import flush_folder
from integration_engine.core.errors import EngineError

DONE, REJECTED = "done", "rejected"
REASON_SUFFIX = ".reason.txt"
MOST_BYTES_A_ROUND = 128 * 1024 * 1024
YOUNG_SECONDS = 5
LOOK_AGAIN_SECONDS = 0.2

log = structlog.get_logger(__name__)
_Identity = tuple[int, int, int, int]


class InboxChanged(EngineError):
    """The file was replaced after it was read: what lies there now has not been read. It is taken again next round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFile:
    """One whole file of inbound/.

    Shapes   digest: SHA-256 of its bytes, in hexadecimal. too_large: it is over the limit and was not read: neither data
             nor digest.
    """

    path: Path
    name: str
    data: bytes
    digest: str
    identity: _Identity
    too_large: bool = False

    @property
    def size(self) -> int:
        """Its bytes, read or not."""
        return self.identity[2]


def waiting(
    folder: Path,
    most_bytes: int = MOST_BYTES_A_ROUND,
    known: Collection[str] = frozenset(),
    largest: int | None = None,
) -> list[InboxFile]:
    """The files that can be read now, by name.

    Shapes   links, folders, hidden files and files that still grow are left alone, and those whose names are ``known``.
             Not more than ``most_bytes`` at once, but always one file: the others come with the next call. largest: a
             file of more bytes is told and not read.
    """
    found: list[InboxFile] = []
    size = 0
    unreadable = 0
    for path in _at_rest(folder, known):
        try:
            file = _read(path, largest)
        except OSError:
            unreadable += 1
            continue
        if file is None:
            continue
        size += len(file.data)
        if found and size > most_bytes:
            break
        found.append(file)
    if unreadable:
        log.warning("inbox.unreadable", count=unreadable)
    return found


def settle(file: InboxFile, *, accepted: bool, reason: str) -> Path:
    """Move a file that was read to done/ or rejected/, with its reason beside it; says where it is now.

    Shapes   reason: for a person; holds no patient data. Empty: no reason file.
    Raises   InboxChanged; OSError when the disk refuses.
    """
    folder = file.path.parent / (DONE if accepted else REJECTED)
    folder.mkdir(mode=0o750, exist_ok=True)
    try:
        now = file.path.lstat()
    except FileNotFoundError:
        return _settled_before(file, folder)
    if _identity(now) != file.identity:
        raise InboxChanged(f"a file in {file.path.parent} was replaced while it was read")
    target = _link(file, folder)
    if reason:
        _write_reason(target, reason)
    flush_folder(folder)
    with suppress(FileNotFoundError):
        file.path.unlink()
    flush_folder(file.path.parent)
    return target


def reason_of(settled: Path) -> str:
    """The reason beside a settled file; "" when there is none."""
    try:
        return settled.with_name(settled.name + REASON_SUFFIX).read_text("utf-8")
    except FileNotFoundError:
        return ""


# --- looking ---------------------------------------------------------------------------------------------------------


def _at_rest(folder: Path, known: Collection[str]) -> list[Path]:
    """Regular files by name whose size and time did not change between two looks."""
    first = {path: status for path, status in _look(folder) if path.name not in known}
    youngest = max((status.st_mtime for status in first.values()), default=0)
    if youngest > time.time() - YOUNG_SECONDS:
        time.sleep(LOOK_AGAIN_SECONDS)
        second = dict(_look(folder))
        first = {path: status for path, status in first.items() if _same(status, second.get(path))}
    return sorted(first, key=lambda path: path.name)


def _look(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            with suppress(FileNotFoundError):  # taken away since the folder was listed
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield Path(entry.path), status


def _same(before: os.stat_result, after: os.stat_result | None) -> bool:
    return after is not None and _identity(before) == _identity(after)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read(path: Path, largest: int | None) -> InboxFile | None:
    """The bytes unless they are too many, or None when the file changed while it was read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return None
        if largest is not None and before.st_size > largest:
            return InboxFile(path=path, name=path.name, data=b"", digest="", identity=_identity(before), too_large=True)
        data = file.read()
        after = os.fstat(descriptor)
    if _identity(before) != _identity(after) or len(data) != after.st_size:
        return None
    digest = hashlib.sha256(data).hexdigest()
    return InboxFile(path=path, name=path.name, data=data, digest=digest, identity=_identity(after))


# --- moving ----------------------------------------------------------------------------------------------------------


def _names(name: str) -> Iterator[str]:
    """``a.x12``, then ``a.2.x12``, ``a.3.x12`` and so on."""
    yield name
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    number = 2
    while True:
        yield f"{stem}.{number}{dot}{suffix}"
        number += 1


def _link(file: InboxFile, folder: Path) -> Path:
    """Give the file a second name in ``folder`` that nobody has; the name it has there already, after a crash."""
    for name in _names(file.name):
        target = folder / name
        try:
            os.link(file.path, target, follow_symlinks=False)
        except FileExistsError:
            if _identity(target.lstat())[:2] == file.identity[:2]:
                return target
        else:
            return target
    raise AssertionError  # pragma: no cover - there is always a next name


def _settled_before(file: InboxFile, folder: Path) -> Path:
    """Where another call put the same bytes.

    Raises   InboxChanged when nothing of the kind is there.
    """
    if file.too_large:
        raise InboxChanged(f"a file in {file.path.parent} was taken away before it was moved")
    for name in _names(file.name):
        target = folder / name
        try:
            if hashlib.sha256(target.read_bytes()).hexdigest() == file.digest:
                return target
        except FileNotFoundError:
            raise InboxChanged(f"a file in {file.path.parent} was taken away while it was read") from None
    raise AssertionError  # pragma: no cover - there is always a next name


def _write_reason(target: Path, reason: str) -> None:
    """Whole or not at all; a second writing says the same."""
    path = target.with_name(target.name + REASON_SUFFIX)
    staged = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(reason.rstrip("\n") + "\n")
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
