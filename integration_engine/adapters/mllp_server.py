"""The MLLP listener: sockets in, frames to a receiver, answers back in the order their messages came.

All frames that lie in the buffer are handed over at once, so that the receiver can commit them together; answers wait
for their turn. A connection that misbehaves is closed for a named reason and never touches another. Framing itself is
``wire.mllp``. Logs name peers, reasons and counts, never a byte of content.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import structlog

from integration_engine.core.errors import EngineError
from integration_engine.wire.mllp import NEED_DATA, Discarded, Fatal, Frame, FrameDecoder, Oversize, encode_frame

log = structlog.get_logger(__name__)
BACKLOG = 256
LOOK_EVERY_SECONDS = 1.0
LONE_END_SECONDS = 0.5
HANDSHAKE_SECONDS = 10


class ListenerRefused(EngineError):
    """The listener may not start this way; the text says what would be needed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One frame as it came. oversize: only its first bytes are here, and the connection is about to close."""

    payload: bytes
    peer: str
    tolerances: tuple[str, ...] = ()
    oversize: bool = False


Receiver = Callable[[Delivery], "asyncio.Future[bytes | None]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Address, limits and TLS of one listener; seconds are wall clock."""

    host: str = "127.0.0.1"
    port: int = 2575
    max_frame_bytes: int = 1_048_576
    idle_seconds: float = 900
    message_seconds: float = 30
    connections: int = 256
    connections_per_peer: int = 64
    in_flight: int = 256
    allowed_networks: tuple[str, ...] = ()
    tls_certificate: str | None = None
    tls_key: str | None = None
    tls_client_ca: str | None = None
    allow_plain_public: bool = False


class MllpServer:
    """Listens until stopped. ``receiver`` is given each frame and resolves to the bytes to answer, or None."""

    def __init__(self, settings: ListenerSettings, receiver: Receiver) -> None:
        self.settings = settings
        self.receiver = receiver
        self.port = settings.port
        self.open: set[_Connection] = set()
        self.peers: Counter[str] = Counter()
        self.networks = tuple(ipaddress.ip_network(text) for text in settings.allowed_networks)
        self._server: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and take connections.

        Raises   ListenerRefused for a public address without TLS, or unusable certificates.
        """
        context = self._tls()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self),
            self.settings.host,
            self.settings.port,
            ssl=context,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._watch = loop.create_task(self._look_after())

    async def stop(self, patience: float = 10.0) -> None:
        """Take no more connections, let what was handed over be answered, then close."""
        if self._server is None or self._watch is None:
            return
        self._server.close()
        self._watch.cancel()
        for connection in list(self.open):
            connection.finish()
        deadline = asyncio.get_running_loop().time() + patience
        while self.open and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - the set empties by callbacks
            await asyncio.sleep(0.01)
        for connection in list(self.open):
            connection.abort("stopped")
        await self._server.wait_closed()

    def admits(self, host: str) -> str | None:
        """Why a peer may not connect, or None."""
        if self.networks and not any(ipaddress.ip_address(host) in network for network in self.networks):
            return "address not allowed"
        if len(self.open) >= self.settings.connections:
            return "too many connections"
        if self.peers[host] >= self.settings.connections_per_peer:
            return "too many connections from this peer"
        return None

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self.open):
                connection.look(now)

    def _tls(self) -> ssl.SSLContext | None:
        settings = self.settings
        if not settings.tls_certificate:
            loopback = settings.host == "localhost" or (
                settings.host.replace(".", "").replace(":", "").isalnum() and _is_loopback(settings.host)
            )
            if not loopback and not settings.allow_plain_public:
                raise ListenerRefused(
                    f"{settings.host} is not a loopback address: give MLLP_TLS_CERTIFICATE and MLLP_TLS_KEY, "
                    "or set MLLP_ALLOW_PLAIN_PUBLIC=true if something else protects the line"
                )
            if not loopback:
                log.warning("listener.plain_public", host=settings.host)
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(settings.tls_certificate, settings.tls_key)
            if settings.tls_client_ca:
                context.load_verify_locations(settings.tls_client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            raise ListenerRefused(f"the TLS files cannot be used: {error}") from None
        return context


class _Connection(asyncio.Protocol):
    """One sender's connection."""

    def __init__(self, server: MllpServer) -> None:
        self._server = server
        self._settings = server.settings
        self._decoder = FrameDecoder(max_frame_bytes=server.settings.max_frame_bytes)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[bytes | None]] = deque()
        self._admitted = False
        self._closing = False
        self._paused = False
        self._heard = self._began = self._loop.time()
        self._frames = 0
        self._lone_end_timer: asyncio.TimerHandle | None = None

    # --- the socket ---------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class does not derive from it
        peer = transport.get_extra_info("peername")
        self._host = peer[0] if peer else "unknown"
        refusal = self._server.admits(self._host)
        if refusal:
            log.warning("connection.refused", peer=self._host, reason=refusal)
            self._transport.abort()
            return
        self._admitted = True
        self._server.open.add(self)
        self._server.peers[self._host] += 1

    def connection_lost(self, _: Exception | None) -> None:
        if not self._admitted:
            return
        self._server.open.discard(self)
        self._server.peers[self._host] -= 1
        if not self._server.peers[self._host]:
            del self._server.peers[self._host]
        if self._waiting:
            log.warning("answers.undelivered", peer=self._host, count=len(self._waiting))
            self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self._closing or not self._admitted:
            return
        self._heard = self._loop.time()
        was_inside = self._decoder.mid_frame
        started = self._decoder.frames_started
        self._decoder.receive_data(data)
        self._take_events()
        if self._decoder.mid_frame and (not was_inside or self._decoder.frames_started != started):
            self._began = self._heard

    def eof_received(self) -> bool:
        self._decoder.end_of_input()
        self._take_events()
        self.finish()
        return True  # the answers still owed are written before the transport closes

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._paused and not self._closing:
            self._transport.resume_reading()

    # --- frames and answers -------------------------------------------------------------------------------------------

    def _take_events(self) -> None:
        while (event := self._decoder.next_event()) is not NEED_DATA:
            if isinstance(event, Frame):
                self._hand_over(Delivery(event.payload, self._host, event.tolerances))
            elif isinstance(event, Oversize):
                log.warning("frame.oversize", peer=self._host, limit=event.limit)
                self._hand_over(Delivery(event.head, self._host, oversize=True))
                self.finish()
                return
            elif isinstance(event, Discarded):
                log.warning("bytes.discarded", peer=self._host, byte_count=event.byte_count, reason=event.reason.value)
            elif isinstance(event, Fatal):
                log.warning("connection.not_mllp", peer=self._host, reason=event.reason.value)
                self.finish()
                return
        if self._decoder.awaiting_terminator and self._lone_end_timer is None:
            self._lone_end_timer = self._loop.call_later(LONE_END_SECONDS, self._end_without_terminator)

    def _end_without_terminator(self) -> None:
        """FS came and nothing after it: the sender leaves the CR out and waits for us."""
        self._lone_end_timer = None
        if self._closing or not self._decoder.awaiting_terminator:
            return
        event = self._decoder.flush_pending()
        if isinstance(event, Frame):
            self._hand_over(Delivery(event.payload, self._host, event.tolerances))

    def _hand_over(self, delivery: Delivery) -> None:
        self._frames += 1
        answer = self._server.receiver(delivery)
        self._waiting.append(answer)
        answer.add_done_callback(self._answered)
        if len(self._waiting) >= self._settings.in_flight and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _answered(self, _: asyncio.Future[bytes | None]) -> None:
        """Write every answer whose turn has come, in one go."""
        ready: list[bytes] = []
        while self._waiting and self._waiting[0].done():
            answer = self._waiting.popleft()
            error = None if answer.cancelled() else answer.exception()
            if error is not None or answer.cancelled():
                log.error("receiver.failed", peer=self._host, outcome=type(error).__name__)
                self.abort("receiver failed")
                return
            payload = answer.result()
            if payload is not None:
                ready.extend(encode_frame(part) for part in payload.split(b"\x1c\r\x0b"))
        if ready and not self._transport.is_closing():
            self._transport.write(b"".join(ready))
        if self._paused and len(self._waiting) <= self._settings.in_flight // 2:
            self._paused = False
            if not self._closing:
                self._transport.resume_reading()
        if self._closing and not self._waiting:
            self._transport.close()

    # --- endings ------------------------------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Close a sender that is silent, or that takes too long over one message."""
        if self._decoder.mid_frame:
            if now - self._began > self._settings.message_seconds:
                self.abort("message took too long")
        elif not self._waiting and self._settings.idle_seconds and now - self._heard > self._settings.idle_seconds:
            self.abort("idle")

    def finish(self) -> None:
        """Read no more; close once every answer owed is written."""
        self._closing = True
        if not self._waiting:
            self._transport.close()

    def abort(self, reason: str) -> None:
        """Close at once."""
        self._closing = True
        log.info("connection.closed", peer=self._host, reason=reason, count=self._frames)
        self._transport.abort()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
