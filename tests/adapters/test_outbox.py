"""Publishing: whole or not at all, never over another file, and killed in the middle of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration_engine.adapters.outbox import STAGING, OutboxConflict, publish, recover


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
