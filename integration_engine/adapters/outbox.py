"""Publishing into outbound/: a file appears whole or not at all, and no file is ever overwritten.

Bytes go to a hidden staging folder on the same file system, are flushed to disk, and are linked under their name,
which fails when the name exists. After a crash the same bytes are adopted; other bytes under the name are a conflict.
Source  X12.md §3.2.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from integration_engine.core.errors import EngineError

STAGING = ".staging"


class OutboxConflict(EngineError):
    """A file of this name lies in outbound/ with other bytes: something else writes there. Move it away and run again."""


def publish(folder: Path, name: str, data: bytes) -> bool:
    """Publish ``data`` as ``folder/name``; False when the same bytes lay there already.

    Raises   OutboxConflict; OSError when the disk refuses.
    """
    if Path(name).name != name or name.startswith("."):
        raise OutboxConflict(f"{name!r} is not a plain file name")
    staging = folder / STAGING
    staging.mkdir(mode=0o750, exist_ok=True)
    target, staged = folder / name, staging / f"{name}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(staged, target, follow_symlinks=False)
        fresh = True
    except FileExistsError:
        fresh = False
        if target.is_symlink() or hashlib.sha256(target.read_bytes()).digest() != hashlib.sha256(data).digest():
            raise OutboxConflict(f"{name} exists in {folder} with other content") from None
    finally:
        staged.unlink()
    _flush_folder(folder)
    return fresh


def recover(folder: Path) -> int:
    """Clear what a crash left in the staging folder; published files are never touched."""
    staging = folder / STAGING
    leftovers = [path for path in staging.iterdir() if path.is_file()] if staging.is_dir() else []
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
