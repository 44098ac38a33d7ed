"""An MLLP client: send a message, wait for its answer, and make sure that it is the answer to that message."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Self

from integration_engine.core.errors import InboundError
from integration_engine.wire.hl7 import Message, peek
from integration_engine.wire.mllp import NEED_DATA, Frame, FrameDecoder, encode_frame

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgment: its code, the control id it answers, the text of ERR, and its bytes."""

    code: str
    control_id: str
    text: str
    raw: bytes


class MllpClient:
    """One connection; use it as a context manager.

    Raises   OSError when the line is down, TimeoutError when no answer came in time, EOFError when the peer closed
             first, InboundError when the answer names another message than the one sent.
    """

    def __init__(self, host: str, port: int, *, timeout: float = 30.0, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((host, port), timeout=timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = tls.wrap_socket(plain, server_hostname=host) if tls else plain
        self._decoder = FrameDecoder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, raw: bytes) -> Answer:
        """Send one message and wait for its answer."""
        self._socket.sendall(encode_frame(raw))
        return self.receive(_control_id(raw))

    def receive(self, expected: str | None = None) -> Answer:
        """The next answer on the line; ``expected`` is the control id it must name."""
        while (event := self._decoder.next_event()) is NEED_DATA:
            data = self._socket.recv(CHUNK)
            if not data:
                raise EOFError("the peer closed the connection before it answered")
            self._decoder.receive_data(data)
        if not isinstance(event, Frame):
            raise InboundError("the answer is not a whole frame", position="frame")
        message = Message.parse_bytes(event.payload)
        msa = message.first("MSA")
        if msa is None:
            raise InboundError("the answer holds no MSA segment", position="MSA")
        if expected and msa.value(2) and msa.value(2) != expected:
            raise InboundError("the answer names another message than the one sent", position="MSA-2")
        err = message.first("ERR")
        text = f"{err.field(2)} {err.value(3, 2)} {err.value(8)}".strip() if err else ""
        return Answer(msa.value(1), msa.value(2), text, event.payload)


def _control_id(raw: bytes) -> str | None:
    try:
        return peek(raw).control_id or None
    except InboundError:
        return None
