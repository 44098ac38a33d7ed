"""Exchanging files with a clearinghouse over SFTP: 837P files up, answers down, each once, and never over another file.

    outbound/a.x12 ─► send folder/.a.x12.<digest>.part ─► size at the remote ─► rename a.x12      mark outbound/.sent/
    receive folder/b ─► inbound/.fetching/b ─► size ─► inbound/b                                   mark inbound/.fetched/

The host key is checked against a known-hosts file, always; the only way in is a key. A mark is written before the step
that cannot be undone and again after it, so that a connection or a process that dies anywhere leaves a state the next
round can tell: still to send, lying there under its last name, or already picked up. Logs hold counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import orjson
import structlog

from integration_engine.adapters.exchange_marks import Marks
from integration_engine.adapters.folders import flush_folder
from integration_engine.adapters.inbox import InboxFile, waiting
from integration_engine.core.errors import EngineError
from integration_engine.settings import PREFIX, Settings, SettingsError

SENT, FETCHED, FETCHING = ".sent", ".fetched", ".fetching"
PART = ".part"
RENAMING, DONE = "renaming", "done"
MOST_BYTES = 512 * 1024 * 1024
MOST_ENTRIES = 100_000
CONNECT_SECONDS, FILE_SECONDS, LOOK_AGAIN_SECONDS = 30, 600, 1
# Names that a sender gives a file it has not finished.
_UNFINISHED = (".part", ".tmp", ".temp", ".filepart", ".partial")

_CONNECTION_LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)

log = structlog.get_logger(__name__)


class SftpRefused(EngineError):
    """The connection did not come about, or broke: the text says at which step. Nothing is lost; the next round goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpPartner:
    """Whom to speak to. key and known_hosts: files; send_folder and receive_folder: as the partner names them."""

    host: str
    port: int
    user: str
    key: Path
    known_hosts: Path
    send_folder: str
    receive_folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """One round. sent and fetched: file names. problems: one sentence each, for a person; none stops another file."""

    sent: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def partner_of(settings: Settings) -> SftpPartner:
    """The partner as the settings name it.

    Raises   SettingsError with the settings that are missing.
    """
    needed = ("host", "user", "key", "known_hosts", "send_folder", "receive_folder")
    missing = [f"{PREFIX}SFTP_{name.upper()}" for name in needed if not getattr(settings, f"sftp_{name}")]
    if missing:
        raise SettingsError(f"to exchange files over SFTP, set {', '.join(missing)}")
    return SftpPartner(
        host=settings.sftp_host,
        port=settings.sftp_port,
        user=settings.sftp_user,
        key=Path(settings.sftp_key).expanduser(),
        known_hosts=Path(settings.sftp_known_hosts).expanduser(),
        send_folder=settings.sftp_send_folder,
        receive_folder=settings.sftp_receive_folder,
    )


def was_sent(outbound: Path, digest: str) -> bool:
    """A file with these bytes went out in an earlier round. digest: SHA-256 in hexadecimal."""
    try:
        return bool(orjson.loads((outbound / SENT / digest).read_bytes())["state"] == DONE)
    except FileNotFoundError:
        return False


async def exchange(partner: SftpPartner, outbound: Path, inbound: Path) -> Exchanged:
    """Send what is new in outbound/, fetch what is new at the partner.

    Raises   SftpRefused when nothing was exchanged; a connection that breaks later is a problem of the round. OSError
             when the local disk refuses.
    """
    sent: list[str] = []
    fetched: list[str] = []
    problems: list[str] = []
    with _alone(outbound / SENT):
        try:
            async with _connected(partner) as remote:
                await _send(remote, partner.send_folder, outbound, sent, problems)
                await _fetch(remote, partner.receive_folder, inbound, fetched, problems)
        except SftpRefused as error:
            if not sent and not fetched and not problems:
                raise
            problems.append(str(error))
    log.info("sftp.exchanged", stage="exchange", count=len(sent) + len(fetched), problems=len(problems))
    return Exchanged(sent=tuple(sent), fetched=tuple(fetched), problems=tuple(problems))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One exchange at a time: two would write one half-sent file. The system gives the lock back, however a process ends.

    Raises   SftpRefused when another process is exchanging.
    """
    folder.mkdir(parents=True, mode=0o750, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SftpRefused("another process is exchanging files: nothing was done, the next round goes on") from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def _connected(partner: SftpPartner) -> AsyncIterator[asyncssh.SFTPClient]:
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)  # it logs users, paths and file names
    for what, path in (("key", partner.key), ("known hosts", partner.known_hosts)):
        if not path.is_file():
            raise SftpRefused(f"there is no {what} file {path}: no connection was tried")
    try:
        async with (
            asyncssh.connect(
                partner.host,
                partner.port,
                username=partner.user,
                client_keys=[str(partner.key)],
                known_hosts=str(partner.known_hosts),
                config=None,  # what ssh does for a person on this machine must not change what is checked here
                agent_path=None,
                preferred_auth="publickey",
                connect_timeout=CONNECT_SECONDS,
                login_timeout=CONNECT_SECONDS,
                keepalive_interval=CONNECT_SECONDS,
            ) as connection,
            connection.start_sftp_client() as remote,
        ):
            yield remote
    except asyncssh.HostKeyNotVerifiable:
        text = f"the host key of {partner.host} is not the one in {partner.known_hosts}: no file was sent"
        raise SftpRefused(text) from None
    except asyncssh.PermissionDenied:
        raise SftpRefused(f"{partner.host} does not let this user in with this key") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise SftpRefused(
            f"the key file {partner.key} cannot be used: it must hold a key without a passphrase"
        ) from None
    except (asyncssh.Error, ConnectionError, TimeoutError) as error:
        raise SftpRefused(f"the connection to {partner.host} broke: {type(error).__name__}") from None
    except OSError as error:
        if error.filename:
            raise  # our own disk
        raise SftpRefused(f"{partner.host} cannot be reached: {type(error).__name__}") from None


# --- up --------------------------------------------------------------------------------------------------------------


async def _send(remote: asyncssh.SFTPClient, folder: str, outbound: Path, sent: list[str], problems: list[str]) -> None:
    marks = Marks(outbound / SENT)
    passed = {str(mark["file"]) for mark in marks.all() if mark["state"] == DONE}
    while new := await asyncio.to_thread(waiting, outbound, known=frozenset(passed)):
        passed.update(file.name for file in new)
        for file in new:
            if not file.data.startswith(b"ISA"):
                continue  # a manifest is for people
            try:
                async with asyncio.timeout(FILE_SECONDS):
                    problem = await _upload(remote, folder, file, marks)
            except _CONNECTION_LOST:
                raise
            except asyncssh.SFTPError as error:
                problem = f"{file.name} was not sent: the partner answered {type(error).__name__}"
            if problem:
                problems.append(problem)
            else:
                sent.append(file.name)


async def _upload(remote: asyncssh.SFTPClient, folder: str, file: InboxFile, marks: Marks) -> str:
    """Bring one file to the partner; what is wrong, or "" when it is there."""
    target = f"{folder.rstrip('/')}/{file.name}"
    part = f"{folder.rstrip('/')}/.{file.name}.{file.digest[:12]}{PART}"
    mark: dict[str, object] = {"file": file.name, "size": len(file.data)}
    known = marks.get(file.digest)
    if known is not None and known["state"] == DONE:
        return f"{file.name} was not sent: the same bytes went out as {known['file']} before"
    there = await _size(remote, target)
    if there is not None:
        if there == len(file.data) and await _digest(remote, target) == file.digest:
            marks.put(file.digest, mark | {"state": DONE})
            return ""
        return f"{file.name} was not sent: the partner has another file of this name"
    if known is not None and known["state"] == RENAMING and await _size(remote, part) is None:
        marks.put(file.digest, mark | {"state": DONE})  # renamed before the connection broke, and picked up since
        return ""
    async with remote.open(part, "wb") as handle:
        await handle.write(file.data)
        with contextlib.suppress(asyncssh.SFTPError):  # not every server can flush
            await handle.fsync()
    arrived = await _size(remote, part)
    if arrived != len(file.data):
        return f"{file.name} was not sent: {arrived} of {len(file.data)} bytes arrived; it will be sent again"
    marks.put(file.digest, mark | {"state": RENAMING})
    try:
        await remote.rename(part, target)
    except asyncssh.SFTPError as error:
        return f"{file.name} was not sent: the partner refused its name ({type(error).__name__})"
    marks.put(file.digest, mark | {"state": DONE})
    return ""


async def _size(remote: asyncssh.SFTPClient, path: str) -> int | None:
    try:
        return (await remote.lstat(path)).size
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None


async def _digest(remote: asyncssh.SFTPClient, path: str) -> str:
    """SHA-256 of a remote file; "" where the partner lets nobody read what was sent."""
    try:
        return hashlib.sha256(await _content(remote, path)).hexdigest()
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported):
        return ""


async def _content(remote: asyncssh.SFTPClient, path: str) -> bytes:
    async with remote.open(path, "rb") as handle:
        data = await handle.read(MOST_BYTES + 1)  # a server may send more than it said
    assert isinstance(data, bytes)
    return data


# --- down ------------------------------------------------------------------------------------------------------------


async def _fetch(
    remote: asyncssh.SFTPClient, folder: str, inbound: Path, fetched: list[str], problems: list[str]
) -> None:
    marks = Marks(inbound / FETCHED)
    _clear(inbound / FETCHING)
    try:
        first = {key: name for key, name in await _listed(remote, folder) if marks.get(key) is None}
        if not first:
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        second = {key for key, _ in await _listed(remote, folder)}
    except _CONNECTION_LOST:
        raise
    except asyncssh.SFTPError as error:
        problems.append(f"the receive folder cannot be listed: the partner answered {type(error).__name__}")
        return
    for key, name in sorted(first.items(), key=lambda item: item[1]):
        if key not in second:
            continue  # it still grows: the next round takes it
        try:
            async with asyncio.timeout(FILE_SECONDS):
                problem = await _download(remote, f"{folder.rstrip('/')}/{name}", name, inbound)
        except _CONNECTION_LOST:
            raise
        except asyncssh.SFTPError as error:
            problem = f"{name} was not fetched: the partner answered {type(error).__name__}"
        if problem:
            problems.append(problem)
        else:
            marks.put(key, {"file": name, "state": DONE})
            fetched.append(name)


async def _listed(remote: asyncssh.SFTPClient, folder: str) -> list[tuple[str, str]]:
    """(key of this content, name) of each plain file with a name that is safe here; of the first so many."""
    async with asyncio.timeout(FILE_SECONDS):
        return [found async for found in _entries(remote, folder)]


async def _entries(remote: asyncssh.SFTPClient, folder: str) -> AsyncIterator[tuple[str, str]]:
    looked_at = 0
    async for entry in remote.scandir(folder):
        looked_at += 1
        if looked_at > MOST_ENTRIES:
            return  # the next round goes on when these were taken away
        name = entry.filename if isinstance(entry.filename, str) else entry.filename.decode("utf-8", errors="replace")
        plain = entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
        if plain and _is_safe(name) and not name.lower().endswith(_UNFINISHED):
            identity = f"{name}\0{entry.attrs.size}\0{entry.attrs.mtime}"
            yield hashlib.sha256(identity.encode()).hexdigest(), name


def _is_safe(name: str) -> bool:
    """The partner chooses the name: it must stay a name."""
    return name.isprintable() and "/" not in name and "\\" not in name and not name.startswith(".")


async def _download(remote: asyncssh.SFTPClient, path: str, name: str, inbound: Path) -> str:
    size = await _size(remote, path)
    if size is not None and size > MOST_BYTES:
        return f"{name} was not fetched: it has {size} bytes, and {MOST_BYTES} are the most that is taken"
    data = await _content(remote, path)
    if len(data) > MOST_BYTES:
        return f"{name} was not fetched: it did not end after {MOST_BYTES} bytes, the most that is taken"
    size = await _size(remote, path)
    if size != len(data):
        return f"{name} was not fetched: {len(data)} of {size} bytes came; it will be fetched again"
    await asyncio.to_thread(_place, inbound, name, data)
    return ""


def _place(inbound: Path, name: str, data: bytes) -> None:
    """Whole or not at all; beside another file of the same name, never over it."""
    staging = inbound / FETCHING
    staging.mkdir(parents=True, mode=0o750, exist_ok=True)
    staged = staging / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    for target in _free_names(inbound, name):
        try:
            os.link(staged, target, follow_symlinks=False)
        except FileExistsError:
            if not target.is_symlink() and target.read_bytes() == data:
                break  # fetched before, and the mark was not written any more
        else:
            break
    staged.unlink()
    flush_folder(inbound)


def _clear(staging: Path) -> None:
    """Remove what a killed process left; what is younger may be another process at work."""
    if staging.is_dir():
        for path in staging.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime < time.time() - 2 * FILE_SECONDS:
                    path.unlink()


def _free_names(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, suffix) if dot else (name, "")
    number = 2
    while True:
        yield folder / f"{stem}.{number}{dot}{suffix}"
        number += 1
