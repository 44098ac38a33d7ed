"""Publishing: whole or not at all, never over another file, and killed in the middle of it."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration_engine.adapters import outbox
from integration_engine.adapters.outbox import (
    MANIFEST,
    STAGING,
    OutboxConflict,
    archive,
    export,
    locate,
    place_of,
    publish,
    publish_again,
    recover,
    withdraw,
    write_manifest,
)


def test_file_appears_with_its_bytes_and_mode(tmp_path: Path) -> None:
    assert publish(tmp_path, "a.x12", b"ISA")
    assert (tmp_path / "a.x12").read_bytes() == b"ISA"
    assert (tmp_path / "a.x12").stat().st_mode & 0o777 == 0o640
    assert list((tmp_path / STAGING).iterdir()) == []


def test_same_bytes_are_adopted_and_other_bytes_are_a_conflict(tmp_path: Path) -> None:
    publish(tmp_path, "a.x12", b"ISA")
    assert not publish(tmp_path, "a.x12", b"ISA")
    with pytest.raises(OutboxConflict):
        publish(tmp_path, "a.x12", b"other")
    assert (tmp_path / "a.x12").read_bytes() == b"ISA"


def test_link_in_the_way_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"ISA")
    (tmp_path / "a.x12").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutboxConflict):
        publish(tmp_path, "a.x12", b"ISA")


@pytest.mark.parametrize("name", ["../a.x12", "b/a.x12", ".hidden"])
def test_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutboxConflict):
        publish(tmp_path, name, b"ISA")


def test_every_visible_file_is_whole_when_the_writer_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from integration_engine.adapters.outbox import publish\n"
        "n = 0\n"
        "while True:\n"
        "    publish(Path(sys.argv[1]), f'{n}.x12', b'x' * 3_000_000); n += 1\n"
    )
    for _ in range(3):
        folder = tmp_path / str(time.monotonic_ns())
        folder.mkdir()
        process = subprocess.Popen((sys.executable, "-c", script, str(folder)))
        while not list(folder.glob("*.x12")):
            time.sleep(0.01)
        time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert {path.stat().st_size for path in folder.glob("*.x12")} == {3_000_000}
        recover(folder)
        assert list((folder / STAGING).iterdir()) == []


def test_what_another_process_is_writing_is_left_when_leftovers_are_cleared(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from integration_engine.adapters import outbox\n"
        "with outbox._staged(Path(sys.argv[1]), 'a.x12', b'ISA'):\n"
        "    print('staged', flush=True); sys.stdin.read()\n"
    )
    command = (sys.executable, "-c", script, str(tmp_path))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"staged\n"
    assert recover(tmp_path) == 0
    assert len(list((tmp_path / STAGING).iterdir())) == 1
    process.kill()
    process.communicate()
    assert recover(tmp_path) == 1
    assert list((tmp_path / STAGING).iterdir()) == []


def test_bytes_of_one_name_are_staged_apart(tmp_path: Path) -> None:
    with outbox._staged(tmp_path, "a.x12", b"1") as one, outbox._staged(tmp_path, "a.x12", b"2") as other:
        assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")


def test_export_renames_where_a_file_can_have_one_name_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no second names here")

    monkeypatch.setattr(os, "link", refuse)
    assert export(tmp_path, "a.x12", b"ISA", "list")
    assert not export(tmp_path, "a.x12", b"ISA", "list")
    assert {path.name for path in tmp_path.iterdir()} == {"a.x12", "a.x12.MANIFEST.csv"}
    with pytest.raises(OutboxConflict):
        export(tmp_path, "a.x12", b"other", "list")


# --- moving on --------------------------------------------------------------------------------------------------------


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_file_moved_to_the_archive_is_found_by_its_hash_and_not_published_twice(tmp_path: Path) -> None:
    publish(tmp_path, "a.x12", b"ISA")
    assert archive(tmp_path, "a.x12", digest(b"ISA"), "2026-11")
    assert not archive(tmp_path, "a.x12", digest(b"ISA"), "2026-11")
    assert locate(tmp_path, "a.x12", digest(b"ISA")) == tmp_path / "archive" / "2026-11" / "a.x12"
    assert locate(tmp_path, "a.x12", digest(b"other")) is None
    assert place_of(tmp_path, "a.x12") == "archive/2026-11"
    assert not publish(tmp_path, "a.x12", b"ISA")
    assert not (tmp_path / "a.x12").exists()


def test_file_published_again_is_archived_onto_its_own_bytes(tmp_path: Path) -> None:
    publish(tmp_path, "a.x12", b"ISA")
    archive(tmp_path, "a.x12", digest(b"ISA"), "2026-11")
    assert publish_again(tmp_path, "a.x12", b"ISA")
    assert place_of(tmp_path, "a.x12") == "outbound"
    assert archive(tmp_path, "a.x12", digest(b"ISA"), "2026-11")
    assert (tmp_path / "archive" / "2026-11" / "a.x12").read_bytes() == b"ISA"


def test_nothing_but_the_published_bytes_is_moved(tmp_path: Path) -> None:
    (tmp_path / "a.x12").write_bytes(b"other")
    with pytest.raises(OutboxConflict):
        withdraw(tmp_path, "a.x12", digest(b"ISA"))
    (tmp_path / "a.x12").write_bytes(b"ISA")
    (tmp_path / "withdrawn").mkdir()
    (tmp_path / "withdrawn" / "a.x12").write_bytes(b"another")
    with pytest.raises(OutboxConflict):
        withdraw(tmp_path, "a.x12", digest(b"ISA"))
    assert (tmp_path / "a.x12").read_bytes() == b"ISA"
    assert (tmp_path / "withdrawn" / "a.x12").read_bytes() == b"another"


def test_withdrawn_file_is_no_longer_to_be_picked_up(tmp_path: Path) -> None:
    publish(tmp_path, "a.x12", b"ISA")
    assert withdraw(tmp_path, "a.x12", digest(b"ISA"))
    assert not withdraw(tmp_path, "a.x12", digest(b"ISA"))
    assert [path.name for path in tmp_path.glob("*.x12")] == []
    assert place_of(tmp_path, "a.x12") == "withdrawn"
    assert place_of(tmp_path, "b.x12") == ""


def test_manifest_is_written_anew_as_a_whole(tmp_path: Path) -> None:
    write_manifest(tmp_path, "one\r\n")
    write_manifest(tmp_path, "two\r\n")
    assert (tmp_path / MANIFEST).read_bytes() == b"two\r\n"
    assert list((tmp_path / STAGING).iterdir()) == []


def test_export_leaves_the_file_and_its_manifest_and_nothing_else(tmp_path: Path) -> None:
    assert export(tmp_path, "a.x12", b"ISA", "file\r\n")
    assert not export(tmp_path, "a.x12", b"ISA", "file\r\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a.x12": b"ISA",
        "a.x12.MANIFEST.csv": b"file\r\n",
    }
    with pytest.raises(OutboxConflict):
        export(tmp_path, "a.x12", b"other", "file\r\n")
