"""Publishing into outbound/: a file appears whole or not at all, and no file is ever overwritten or deleted.

    outbound/name               to be picked up
    outbound/archive/2026-11/   picked up or answered, by the month of publication
    outbound/withdrawn/         its claims went to another receiver; nobody may pick it up any more
    outbound/MANIFEST.csv       what all of them are, for people

Bytes go to a hidden staging folder on the same file system, are flushed to disk, and are linked under their name,
which fails when the name exists. After a crash the same bytes are adopted, wherever below outbound/ they were moved to;
other bytes under the name are a conflict. A move links the new name before the old one goes.
Source  X12.md §3.2.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from integration_engine.core.errors import EngineError

STAGING, ARCHIVE, WITHDRAWN = ".staging", "archive", "withdrawn"
MANIFEST = "MANIFEST.csv"


class OutboxConflict(EngineError):
    """A file of this name lies in outbound/ with other bytes: something else writes there. Move it away and run again."""


def publish(folder: Path, name: str, data: bytes) -> bool:
    """Publish ``data`` as ``folder/name``; False when the same bytes lie there, or were moved on, already.

    Raises   OutboxConflict; OSError when the disk refuses.
    """
    _plain(name)
    if locate(folder, name, hashlib.sha256(data).hexdigest()) is not None:
        return False
    return publish_again(folder, name, data)


def publish_again(folder: Path, name: str, data: bytes) -> bool:
    """Put the same bytes into ``folder`` once more, whether or not they lie in its archive; False when they are there.

    Raises   OutboxConflict; OSError when the disk refuses.
    """
    _plain(name)
    staged = _staged(folder, name, data)
    try:
        os.link(staged, folder / name, follow_symlinks=False)
        fresh = True
    except FileExistsError:
        fresh = False
        if not _holds(folder / name, hashlib.sha256(data).hexdigest()):
            raise OutboxConflict(f"{name} exists in {folder} with other content") from None
    finally:
        staged.unlink()
    _flush_folder(folder)
    return fresh


def export(folder: Path, name: str, data: bytes, manifest: str) -> bool:
    """The same bytes and a manifest of them in any folder, to be carried by hand; False when they lie there already.

    Raises   OutboxConflict; OSError when there is no such folder or the disk refuses.
    """
    fresh = publish_again(folder, name, data)
    write_manifest(folder, manifest, f"{name}.{MANIFEST}")
    with suppress(OSError):
        (folder / STAGING).rmdir()  # not ours to leave in someone else's folder
    return fresh


def locate(folder: Path, name: str, digest: str) -> Path | None:
    """Where below outbound/ the file with these bytes lies, None when it is nowhere. digest: SHA-256 in hexadecimal."""
    return next((path for path in _places(folder, name) if _holds(path, digest)), None)


def place_of(folder: Path, name: str) -> str:
    """Where below outbound/ a file of this name lies, ``outbound`` for the folder itself, "" when it is nowhere."""
    for path in _places(folder, name):
        if path.is_file():
            return "outbound" if path.parent == folder else path.parent.relative_to(folder).as_posix()
    return ""


def archive(folder: Path, name: str, digest: str, month: str) -> bool:
    """Move a file that was picked up to ``archive/<month>``; False when it is no longer to be picked up.

    Raises   OutboxConflict when other bytes lie under its name.
    """
    return _move(folder, name, digest, folder / ARCHIVE / month)


def withdraw(folder: Path, name: str, digest: str) -> bool:
    """Take a file away from those who pick up; False when it is no longer there to be taken away.

    Raises   OutboxConflict when other bytes lie under its name.
    """
    return _move(folder, name, digest, folder / WITHDRAWN)


def write_manifest(folder: Path, text: str, name: str = MANIFEST) -> None:
    """Write the list of files anew, at once as a whole; a reader sees the old one or the new one."""
    staged = _staged(folder, name, text.encode("utf-8"))
    staged.replace(folder / name)
    _flush_folder(folder)


def recover(folder: Path) -> int:
    """Clear what a crash left in the staging folder; published files are never touched."""
    staging = folder / STAGING
    leftovers = [path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else []
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def _plain(name: str) -> None:
    if Path(name).name != name or name.startswith("."):
        raise OutboxConflict(f"{name!r} is not a plain file name")


def _staged(folder: Path, name: str, data: bytes) -> Path:
    staging = folder / STAGING
    staging.mkdir(mode=0o750, exist_ok=True)
    staged = staging / f"{name}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return staged


def _move(folder: Path, name: str, digest: str, to: Path) -> bool:
    _plain(name)
    source = folder / name
    if not source.exists():
        return False
    if not _holds(source, digest):
        raise OutboxConflict(f"{name} in {folder} is not the file that was published")
    to.mkdir(parents=True, mode=0o750, exist_ok=True)
    try:
        os.link(source, to / name, follow_symlinks=False)
    except FileExistsError:
        if not _holds(to / name, digest):
            raise OutboxConflict(f"{name} exists in {to} with other content") from None
    _flush_folder(to)
    source.unlink()
    _flush_folder(folder)
    return True


def _places(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield folder / WITHDRAWN / name
    archived = folder / ARCHIVE
    if archived.is_dir():
        yield from (month / name for month in sorted(archived.iterdir()))


def _holds(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
