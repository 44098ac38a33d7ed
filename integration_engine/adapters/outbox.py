"""Publishing into outbound/: a file appears whole or not at all, and no file is ever overwritten or deleted.

    outbound/name               to be picked up
    outbound/archive/2026-11/   picked up or answered, by the month of publication
    outbound/withdrawn/         its claims went to another receiver; nobody may pick it up any more
    outbound/MANIFEST.csv       what all of them are, for people

Bytes go to a hidden staging folder on the same file system, are flushed to disk, and are linked under their name,
which fails when the name exists. After a crash the same bytes are adopted, wherever below outbound/ they were moved to;
other bytes under the name are a conflict. A move links the new name before the old one goes. A staged file is locked by
whoever writes it, for as long as that process lives: what nobody has locked was left by a crash.
Source  X12.md §3.2.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from integration_engine.adapters.folders import flush_folder
from integration_engine.core.errors import EngineError

STAGING, ARCHIVE, WITHDRAWN = ".staging", "archive", "withdrawn"
MANIFEST = "MANIFEST.csv"
_NO_SECOND_NAMES = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


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
    with _staged(folder, name, data) as staged:
        try:
            os.link(staged, folder / name, follow_symlinks=False)
            fresh = True
        except FileExistsError:
            fresh = _same_bytes_lie_there(folder, name, data)
    flush_folder(folder)
    return fresh


def export(folder: Path, name: str, data: bytes, manifest: str) -> bool:
    """The same bytes and a manifest of them in any folder, to be carried by hand; False when they lie there already.

    Raises   OutboxConflict; OSError when there is no such folder or the disk refuses.
    Why      A stick formatted for every machine knows no second names: there the file is renamed instead.
    """
    try:
        fresh = publish_again(folder, name, data)
    except OSError as error:
        if error.errno not in _NO_SECOND_NAMES:
            raise
        fresh = _renamed(folder, name, data)
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
    with _staged(folder, name, text.encode("utf-8")) as staged:
        staged.replace(folder / name)
    flush_folder(folder)


def recover(folder: Path) -> int:
    """Clear what a crash left in the staging folder, and nothing that another process is writing; says how many files.

    Published files are never touched.
    """
    staging = folder / STAGING
    paths = [path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else []
    return sum(_cleared(path) for path in paths)


def _cleared(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False  # gone meanwhile, or nothing that we made
    try:
        if not _locked(descriptor):
            return False
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _plain(name: str) -> None:
    if Path(name).name != name or name.startswith("."):
        raise OutboxConflict(f"{name!r} is not a plain file name")


@contextmanager
def _staged(folder: Path, name: str, data: bytes) -> Iterator[Path]:
    """The bytes under a name that only this call knows, on disk and locked; gone again at the end."""
    staging = folder / STAGING
    staging.mkdir(mode=0o750, exist_ok=True)
    staged, descriptor = _own_file(staging, name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield staged
    finally:
        staged.unlink(missing_ok=True)


def _own_file(staging: Path, name: str) -> tuple[Path, int]:
    """A new file that is locked before anybody could take it for a leftover."""
    while True:
        staged = staging / f"{name}.{secrets.token_hex(8)}"
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
        if _locked(descriptor) and os.fstat(descriptor).st_nlink:
            return staged, descriptor
        os.close(descriptor)  # cleared between the making and the locking: another name


def _locked(descriptor: int) -> bool:
    """Lock an open file for this process; False when another has it. The system gives the lock back, however it ends."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same_bytes_lie_there(folder: Path, name: str, data: bytes) -> bool:
    """Always False, "not fresh", when the bytes under the name are these.

    Raises   OutboxConflict when they are others.
    """
    if not _holds(folder / name, hashlib.sha256(data).hexdigest()):
        raise OutboxConflict(f"{name} exists in {folder} with other content")
    return False


def _renamed(folder: Path, name: str, data: bytes) -> bool:
    if (folder / name).exists():
        return _same_bytes_lie_there(folder, name, data)
    with _staged(folder, name, data) as staged:
        staged.rename(folder / name)
    flush_folder(folder)
    return True


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
    flush_folder(to)
    source.unlink()
    flush_folder(folder)
    return True


def _places(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    yield folder / WITHDRAWN / name
    archived = folder / ARCHIVE
    if archived.is_dir():
        yield from (month / name for month in sorted(archived.iterdir()))


def _holds(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
