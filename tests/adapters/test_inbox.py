"""Inbound files: what is taken, in which order, where it goes, and killed at any point."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from integration_engine.adapters import inbox
from integration_engine.adapters.inbox import InboxChanged, InboxFile, reason_of, settle, waiting


def put(folder: Path, name: str, data: bytes = b"ISA", age: int = 60) -> Path:
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def take(folder: Path, name: str = "a.x12", data: bytes = b"ISA") -> InboxFile:
    put(folder, name, data)
    return next(file for file in waiting(folder) if file.name == name)


def test_only_plain_files_are_taken_and_by_name(tmp_path: Path) -> None:
    put(tmp_path, "b.x12", age=90)
    put(tmp_path, "a.x12", age=30)
    put(tmp_path, ".hidden")
    (tmp_path / "folder.x12").mkdir()
    (tmp_path / "link.x12").symlink_to(tmp_path / "a.x12")
    os.mkfifo(tmp_path / "pipe.x12")
    assert [(file.name, file.data) for file in waiting(tmp_path)] == [("a.x12", b"ISA"), ("b.x12", b"ISA")]


def test_growing_file_is_left_alone_until_it_rests(tmp_path: Path) -> None:
    stop = threading.Event()

    def grow() -> None:
        with (tmp_path / "growing.x12").open("wb", buffering=0) as file:
            while not stop.wait(0.02):
                file.write(b"x" * 100)

    put(tmp_path, "whole.x12")
    writer = threading.Thread(target=grow)
    writer.start()
    while not (tmp_path / "growing.x12").exists():
        time.sleep(0.01)
    names = [file.name for file in waiting(tmp_path)]
    stop.set()
    writer.join()
    assert names == ["whole.x12"]
    assert [file.name for file in waiting(tmp_path)] == ["growing.x12", "whole.x12"]


def test_rounds_are_bounded_but_every_file_comes(tmp_path: Path) -> None:
    for name in "abc":
        put(tmp_path, name, b"12345")
    assert [file.name for file in waiting(tmp_path, most_bytes=3)] == ["a"]
    assert [file.name for file in waiting(tmp_path, most_bytes=10)] == ["a", "b"]


def test_file_that_may_not_be_read_stops_no_other(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path, "a.x12")
    put(tmp_path, "b.x12")
    read = inbox._read

    def refusing(path: Path, largest: int | None) -> InboxFile | None:
        if path.name == "a.x12":
            raise PermissionError
        return read(path, largest)

    monkeypatch.setattr(inbox, "_read", refusing)
    assert [file.name for file in waiting(tmp_path)] == ["b.x12"]


@pytest.mark.parametrize(("accepted", "folder"), [(True, "done"), (False, "rejected")])
def test_settled_file_lies_there_with_its_reason(tmp_path: Path, accepted: bool, folder: str) -> None:
    where = settle(take(tmp_path), accepted=accepted, reason="no ISA segment")
    assert where == tmp_path / folder / "a.x12"
    assert where.read_bytes() == b"ISA"
    assert reason_of(where) == "no ISA segment\n"
    assert (tmp_path / folder / "a.x12.reason.txt").stat().st_mode & 0o777 == 0o640
    assert waiting(tmp_path) == []


def test_same_name_again_gets_a_number_and_its_own_reason(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        settle(take(tmp_path, data=b"%d" % number), accepted=True, reason=f"reason {number}")
    files = {path.name: path.read_text() for path in (tmp_path / "done").iterdir()}
    assert files == {
        "a.x12": "1",
        "a.x12.reason.txt": "reason 1\n",
        "a.2.x12": "2",
        "a.2.x12.reason.txt": "reason 2\n",
        "a.3.x12": "3",
        "a.3.x12.reason.txt": "reason 3\n",
    }


def test_name_without_a_dot_gets_a_number_too(tmp_path: Path) -> None:
    settle(take(tmp_path, "answer"), accepted=True, reason="")
    assert settle(take(tmp_path, "answer"), accepted=True, reason="").name == "answer.2"


def test_settling_twice_says_the_same_place(tmp_path: Path) -> None:
    file = take(tmp_path)
    assert settle(file, accepted=True, reason="") == settle(file, accepted=True, reason="")
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["a.x12"]


def test_file_replaced_since_it_was_read_is_not_moved(tmp_path: Path) -> None:
    file = take(tmp_path)
    put(tmp_path, "a.x12", b"other")
    with pytest.raises(InboxChanged):
        settle(file, accepted=True, reason="")
    assert [file.data for file in waiting(tmp_path)] == [b"other"]


def test_file_taken_away_since_it_was_read_is_told(tmp_path: Path) -> None:
    file = take(tmp_path)
    file.path.unlink()
    with pytest.raises(InboxChanged):
        settle(file, accepted=False, reason="x")


@pytest.mark.parametrize("step", ["_write_reason", "flush_folder"])
def test_move_is_finished_when_it_was_broken_off(tmp_path: Path, monkeypatch, step: str) -> None:
    file = take(tmp_path)

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inbox, step, broken)
        with pytest.raises(KeyboardInterrupt):
            settle(file, accepted=True, reason="ok")
    (again,) = waiting(tmp_path)
    settle(again, accepted=True, reason="ok")
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["a.x12", "a.x12.reason.txt"]
    assert waiting(tmp_path) == []


def test_no_file_is_lost_or_doubled_when_the_reader_is_killed(tmp_path: Path) -> None:
    names = [f"{number:03d}.x12" for number in range(60)]
    for name in names:
        put(tmp_path, name, name.encode())
    script = (
        "import sys; from pathlib import Path; from integration_engine.adapters.inbox import waiting, settle\n"
        "for file in waiting(Path(sys.argv[1])):\n"
        "    settle(file, accepted=int(file.name[:3]) % 3 > 0, reason='read')\n"
    )
    chance = random.Random(1)
    for _ in range(10):
        process = subprocess.Popen((sys.executable, "-c", script, str(tmp_path)))
        time.sleep(0.2 + chance.random() / 5)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run((sys.executable, "-c", script, str(tmp_path)), check=True)
    settled = {path.name: path for folder in ("done", "rejected") for path in (tmp_path / folder).glob("*.x12")}
    assert sorted(settled) == names
    assert all(path.read_text() == name for name, path in settled.items())
    assert all(reason_of(path) == "read\n" for path in settled.values())
    assert waiting(tmp_path) == []


def test_a_file_over_the_limit_is_told_and_moved_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "large.x12", b"x" * 11)
    put(tmp_path, "small.x12", b"x" * 10)
    read: list[int] = []
    whole = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *given, **more: Counted(whole(*given, **more), read))
    large, small = waiting(tmp_path, largest=10)
    assert (large.too_large, large.data, large.size) == (True, b"", 11)
    assert (small.too_large, len(small.data), read) == (False, 10, [10])
    moved = settle(large, accepted=False, reason="too large")
    assert (moved.parent.name, moved.read_bytes(), reason_of(moved)) == ("rejected", b"x" * 11, "too large\n")
    with pytest.raises(InboxChanged):
        settle(large, accepted=False, reason="too large")


class Counted:
    """A file that notes how many bytes were read of it."""

    def __init__(self, file, read: list[int]) -> None:
        self.file, self.counts = file, read

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *what):
        return self.file.__exit__(*what)

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def read(self) -> bytes:
        data = self.file.read()
        self.counts.append(len(data))
        return data
