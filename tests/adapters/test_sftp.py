"""SFTP against a real server: nothing goes twice, nothing is overwritten, and connections and processes die in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from integration_engine.adapters import sftp
from integration_engine.adapters.sftp import Exchanged, SftpRefused, exchange, partner_of
from integration_engine.settings import Settings, SettingsError
from tests.adapters.sftp_server import Hooked, Server, running

BIG = b"ISA" + b"x" * 9_000_000  # more than one write


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as one:
        yield one


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(sftp, "LOOK_AGAIN_SECONDS", 0.05)


@pytest.fixture
def outbound(tmp_path: Path) -> Path:
    folder = tmp_path / "outbound"
    folder.mkdir()
    return folder


@pytest.fixture
def inbound(tmp_path: Path) -> Path:
    return tmp_path / "inbound"


@pytest.fixture
def go(server: Server, outbound: Path, inbound: Path):
    def run(**changed) -> Exchanged:
        return asyncio.run(exchange(replace(server.partner, **changed), outbound, inbound))

    return run


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# --- up --------------------------------------------------------------------------------------------------------------


def test_new_files_are_sent_once_and_answers_fetched_once(server, go, outbound, inbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    (outbound / "manifest.csv").write_text("file,claims")
    (server.root / "receive" / "r.999").write_bytes(b"ISA r")
    first, second = go(), go()
    assert (first.sent, first.fetched, first.problems) == (("a.x12",), ("r.999",), ())
    assert second == Exchanged()
    (outbound / "b.x12").write_bytes(b"ISA b")
    assert go().sent == ("b.x12",)
    assert server.sent() == {"a.x12": b"ISA a", "b.x12": b"ISA b"}
    assert server.renames == ["/send/a.x12", "/send/b.x12"]
    assert visible(inbound) == {"r.999": b"ISA r"}


def test_name_is_never_seen_at_the_partner_before_the_file_is_whole(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(BIG)
    names: set[str] = set()
    server.before_write = lambda _: names.update(server.sent())
    server.before_rename = lambda _: names.update(server.sent())
    go()
    assert len(names) == 1
    assert names.pop().startswith(".a.x12.")
    assert server.sent() == {"a.x12": BIG}


def test_file_is_sent_in_the_next_round_when_the_connection_breaks_in_the_middle(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(BIG)

    def cut(hooked: Hooked) -> None:
        if server.writes == 2:
            hooked.cut()

    server.before_write = cut
    with pytest.raises(SftpRefused, match="broke"):
        go()
    assert "a.x12" not in server.sent()
    assert go().sent == ("a.x12",)
    assert server.sent() == {"a.x12": BIG}
    assert go() == Exchanged()


def test_files_sent_before_the_break_are_told(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    (outbound / "b.x12").write_bytes(b"ISA b")
    server.before_rename = lambda hooked: hooked.cut() if server.renames else None
    done = go()
    assert done.sent == ("a.x12",)
    assert len(done.problems) == 1


@pytest.mark.parametrize("picked_up", [False, True])
def test_file_is_not_sent_again_when_only_the_last_word_was_lost(server, go, outbound, picked_up: bool) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")

    def lost(hooked: Hooked) -> None:
        if picked_up:
            (server.root / "send" / "a.x12").unlink()
        hooked.cut()

    server.after_rename = lost
    with pytest.raises(SftpRefused):
        go()
    server.after_rename = lambda _: None
    assert go().sent == ("a.x12",)
    assert server.renames == ["/send/a.x12"]
    assert list(server.sent()) == ([] if picked_up else ["a.x12"])
    assert go() == Exchanged()


def test_existing_name_is_not_overwritten(server, go, outbound) -> None:
    (server.root / "send" / "a.x12").write_bytes(b"ISA of another")
    (outbound / "a.x12").write_bytes(b"ISA a")
    (outbound / "b.x12").write_bytes(b"ISA b")
    done = go()
    assert done.sent == ("b.x12",)
    assert done.problems == ("a.x12 was not sent: the partner has another file of this name",)
    assert server.sent()["a.x12"] == b"ISA of another"


def test_name_that_appears_at_the_last_moment_is_not_overwritten(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    server.before_rename = lambda _: (server.root / "send" / "a.x12").write_bytes(b"ISA of another")
    assert "refused its name" in go().problems[0]
    assert server.sent()["a.x12"] == b"ISA of another"


def test_same_bytes_under_another_name_do_not_go_twice(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    go()
    (outbound / "b.x12").write_bytes(b"ISA a")
    assert go().problems == ("b.x12 was not sent: the same bytes went out as a.x12 before",)
    assert list(server.sent()) == ["a.x12"]


def test_missing_folder_at_the_partner_is_told_for_each_file(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    done = go(send_folder="/nowhere", receive_folder="/nowhere")
    assert len(done.problems) == 2
    assert "SFTPNoSuchFile" in done.problems[0]


# --- who it is -------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_when_the_host_key_is_another(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    other = server.known_hosts(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(SftpRefused, match="host key"):
        asyncio.run(exchange(_unchanged(server, other), outbound, outbound / "in"))
    assert server.sent() == {}


def test_nothing_is_sent_when_the_host_is_unknown(server, outbound, tmp_path) -> None:
    (outbound / "a.x12").write_bytes(b"ISA a")
    empty = tmp_path / "empty"
    empty.write_text("")
    with pytest.raises(SftpRefused, match="host key"):
        asyncio.run(exchange(replace(server.partner, known_hosts=empty), outbound, outbound / "in"))
    assert server.sent() == {}


def _unchanged(server: Server, known_hosts: Path):
    """The partner without writing its known-hosts file anew."""
    text = known_hosts.read_bytes()
    partner = server.partner
    known_hosts.write_bytes(text)
    return partner


def test_wrong_key_is_told_without_naming_the_user(server, go, tmp_path) -> None:
    other = tmp_path / "other_key"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
    with pytest.raises(SftpRefused, match="does not let this user in"):
        go(key=other)


@pytest.mark.parametrize("content", [None, "no key"])
def test_key_file_that_is_none_is_told_before_anything_is_tried(server, go, tmp_path, content) -> None:
    key = tmp_path / "bad_key"
    if content is not None:
        key.write_text(content)
    with pytest.raises(SftpRefused, match="key file"):
        go(key=key)


def test_unreachable_partner_is_told(server, go) -> None:
    with pytest.raises(SftpRefused, match=r"cannot be reached|broke"):
        go(port=1)


def test_missing_settings_are_named() -> None:
    with pytest.raises(SettingsError, match="INTEGRATION_ENGINE_SFTP_USER"):
        partner_of(Settings(sftp_host="sftp.example.test"))


# --- down ------------------------------------------------------------------------------------------------------------


def test_only_whole_plain_files_with_safe_names_are_fetched(server, go, inbound, tmp_path) -> None:
    receive = server.root / "receive"
    for name in ("a.835", "b.835.part", ".hidden", "c\\d.835", "tab\t.835"):
        (receive / name).write_bytes(b"ISA")
    (receive / "folder").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (receive / "link.835").symlink_to(tmp_path / "secret")
    assert go().fetched == ("a.835",)
    assert visible(inbound) == {"a.835": b"ISA"}


def test_growing_file_is_fetched_when_it_rests(server, go, inbound, monkeypatch) -> None:
    path = server.root / "receive" / "a.835"
    path.write_bytes(b"ISA")
    sleep = asyncio.sleep

    async def growing(seconds: float) -> None:
        if seconds == sftp.LOOK_AGAIN_SECONDS:
            path.write_bytes(b"ISA and more")
        await sleep(seconds)

    with monkeypatch.context() as patch:
        patch.setattr(sftp.asyncio, "sleep", growing)
        assert go() == Exchanged()
    assert go().fetched == ("a.835",)
    assert visible(inbound) == {"a.835": b"ISA and more"}


def test_short_download_is_told_and_leaves_nothing(server, go, inbound) -> None:
    (server.root / "receive" / "a.835").write_bytes(b"ISA and more")
    server.claims_more_bytes = 5
    (problem,) = go().problems
    assert "a.835 was not fetched" in problem
    assert visible(inbound) == {}
    server.claims_more_bytes = 0
    assert go().fetched == ("a.835",)


def test_file_that_does_not_end_where_the_partner_said_is_told_and_leaves_nothing(
    server, go, inbound, monkeypatch
) -> None:
    (server.root / "receive" / "a.835").write_bytes(b"ISA and more")
    monkeypatch.setattr(sftp, "MOST_BYTES", 5)
    server.claims_more_bytes = -9
    (problem,) = go().problems
    assert "a.835 was not fetched: it did not end after 5 bytes" in problem
    assert visible(inbound) == {}


def test_partner_that_lists_its_files_for_ever_is_left_in_time(server, go, outbound, monkeypatch) -> None:
    async def never(_remote, _folder):
        await asyncio.sleep(60)
        yield "key", "name"

    (outbound / "a.x12").write_bytes(b"ISA*1")
    monkeypatch.setattr(sftp, "_entries", never)
    monkeypatch.setattr(sftp, "FILE_SECONDS", 1)
    done = go()
    assert done.sent == ("a.x12",)
    assert "broke: TimeoutError" in done.problems[0]


def test_two_processes_do_not_exchange_at_once(server, go, outbound) -> None:
    (outbound / "a.x12").write_bytes(b"ISA*1")
    with sftp._alone(outbound / sftp.SENT), pytest.raises(SftpRefused, match="another process is exchanging"):
        go()
    assert go().sent == ("a.x12",)


def test_other_answer_of_the_same_name_is_put_beside(server, go, inbound) -> None:
    path = server.root / "receive" / "a.835"
    path.write_bytes(b"ISA one")
    go()
    path.write_bytes(b"ISA another")
    assert go().fetched == ("a.835",)
    assert visible(inbound) == {"a.835": b"ISA one", "a.2.835": b"ISA another"}


def test_fetched_file_is_adopted_when_only_its_mark_is_missing(server, go, inbound) -> None:
    (server.root / "receive" / "a.835").write_bytes(b"ISA")
    go()
    for mark in (inbound / sftp.FETCHED).iterdir():
        mark.unlink()
    assert go().fetched == ("a.835",)
    assert visible(inbound) == {"a.835": b"ISA"}


def test_what_a_killed_process_left_is_cleared_when_it_is_old(go, inbound) -> None:
    staging = inbound / sftp.FETCHING
    staging.mkdir(parents=True)
    (staging / "old").write_bytes(b"x")
    (staging / "young").write_bytes(b"x")
    os.utime(staging / "old", (0, 0))
    go()
    assert [path.name for path in staging.iterdir()] == ["young"]


# --- the command -----------------------------------------------------------------------------------------------------


def command(server: Server, tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    partner = server.partner
    given = {
        "HOME": tmp_path,
        "SFTP_HOST": partner.host,
        "SFTP_PORT": partner.port,
        "SFTP_USER": partner.user,
        "SFTP_KEY": partner.key,
        "SFTP_KNOWN_HOSTS": partner.known_hosts,
        "SFTP_SEND_FOLDER": partner.send_folder,
        "SFTP_RECEIVE_FOLDER": partner.receive_folder,
    }
    environment = os.environ | {f"INTEGRATION_ENGINE_{name}": str(value) for name, value in given.items()}
    return [sys.executable, "-m", "integration_engine", "exchange", "--json"], environment


def test_command_tells_what_was_exchanged_and_logs_no_name(server, outbound, inbound, tmp_path) -> None:
    (outbound / "marker.x12").write_bytes(b"ISA a")
    arguments, environment = command(server, tmp_path)
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["sent"]) == (0, ["marker.x12"])
    for secret in ("marker", "engine", server.partner.key.name):
        assert secret not in done.stderr
    (outbound / "marker.x12").write_bytes(b"ISA other")
    (outbound / sftp.SENT).rename(tmp_path / "sent-before")
    again = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert (again.returncode, len(json.loads(again.stdout)["problems"])) == (1, 1)


def test_command_names_the_settings_it_needs(tmp_path) -> None:
    environment = os.environ | {"INTEGRATION_ENGINE_HOME": str(tmp_path)}
    arguments = [sys.executable, "-m", "integration_engine", "exchange"]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "INTEGRATION_ENGINE_SFTP_KNOWN_HOSTS" in done.stderr


@pytest.mark.slow
def test_every_file_arrives_once_when_the_process_is_killed(server, outbound, tmp_path) -> None:
    expected = {}
    for number in range(12):
        expected[f"{number:02d}.x12"] = BIG[:900_000] + b"%d" % number
    for name, data in expected.items():
        (outbound / name).write_bytes(data)

    async def slowly(_: Hooked) -> None:
        await asyncio.sleep(0.03)

    server.before_write = slowly
    arguments, environment = command(server, tmp_path)
    for attempt in range(3):
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seen = len(server.renames)
        deadline = time.monotonic() + 10
        while len(server.renames) == seen and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05 * attempt)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stdout + last.stderr
    assert server.sent() == expected
    assert sorted(server.renames) == [f"/send/{name}" for name in expected]
