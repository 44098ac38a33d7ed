"""A real SFTP server on loopback, in a thread of its own, that can be told to misbehave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh

from integration_engine.adapters.sftp import SftpPartner


class Server:
    """root: what the user sees. Hooks are called in the server's loop; ``cut`` ends the connection of the caller."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "remote"
        for name in ("send", "receive"):
            (self.root / name).mkdir(parents=True)
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.folder = folder
        self.port = 0
        self.writes = 0
        self.renames: list[str] = []
        self.before_write: Callable[[Hooked], Any] = lambda _: None
        self.before_rename: Callable[[Hooked], Any] = lambda _: None
        self.after_rename: Callable[[Hooked], Any] = lambda _: None
        self.claims_more_bytes = 0
        (folder / "user_key").write_bytes(self.user_key.export_private_key())
        (folder / "authorized").write_bytes(self.user_key.export_public_key())

    @property
    def partner(self) -> SftpPartner:
        return SftpPartner(
            host="127.0.0.1",
            port=self.port,
            user="engine",
            key=self.folder / "user_key",
            known_hosts=self.known_hosts(self.host_key),
            send_folder="/send",
            receive_folder="/receive/",
        )

    def known_hosts(self, key: asyncssh.SSHKey) -> Path:
        path = self.folder / "known_hosts"
        path.write_text(f"[127.0.0.1]:{self.port} {key.export_public_key().decode()}")
        return path

    def sent(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.root / "send").iterdir()}

    async def listen(self) -> asyncssh.SSHAcceptor:
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            authorized_client_keys=str(self.folder / "authorized"),
            sftp_factory=lambda chan: Hooked(self, chan),
        )
        self.port = server.get_port()
        return server


class Hooked(asyncssh.SFTPServer):
    def __init__(self, server: Server, chan: Any) -> None:
        super().__init__(chan, chroot=str(server.root).encode())
        self.server = server
        self.chan = chan

    def cut(self) -> None:
        self.chan.get_connection().abort()

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        self.server.writes += 1
        await _called(self.server.before_write, self)
        return super().write(file_obj, offset, data)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        attributes = asyncssh.SFTPAttrs.from_local(super().lstat(path))
        attributes.size = (attributes.size or 0) + self.server.claims_more_bytes
        return attributes

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await _called(self.server.before_rename, self)
        super().rename(oldpath, newpath)
        self.server.renames.append(newpath.decode())
        await _called(self.server.after_rename, self)


async def _called(hook: Callable[[Hooked], Any], server: Hooked) -> None:
    result = hook(server)
    if asyncio.iscoroutine(result):
        await result


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(server.listen(), loop).result(10)

    async def stop() -> None:
        acceptor.close()
        await acceptor.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
