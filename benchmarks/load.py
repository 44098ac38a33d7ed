"""An MLLP load generator in a process of its own: many connections, one message outstanding on each.

Run as ``python -m benchmarks.load HOST PORT CONNECTIONS MESSAGES`` it prints one JSON object: rate, p50, p99 and the
acknowledgments counted by code.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

import orjson

from benchmarks.messages import framed

END = b"\x1c\r"


class Connection(asyncio.Protocol):
    """Sends its frames one by one, each after the answer to the one before."""

    def __init__(self, frames: list[bytes]) -> None:
        self.frames = iter(frames)
        self.latencies: list[float] = []
        self.codes: Counter[str] = Counter()
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.buffer.endswith(END):
            return
        self.latencies.append(time.perf_counter() - self.began)
        place = self.buffer.find(b"MSA|")
        self.codes[self.buffer[place + 4 : place + 6].decode() if place >= 0 else "echo"] += 1
        self.buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        frame = next(self.frames, None)
        if frame is None:
            self.transport.close()  # type: ignore[attr-defined]
            return
        self.began = time.perf_counter()
        self.transport.write(frame)  # type: ignore[attr-defined]


async def run(host: str, port: int, connections: int, messages: int, salt: str) -> dict[str, object]:
    frames = [framed(number, salt) for number in range(messages)]
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    protocols = []
    for index in range(connections):
        mine = frames[index::connections]
        _, protocol = await loop.create_connection(lambda mine=mine: Connection(mine), host, port)
        protocols.append(protocol)
    await asyncio.gather(*[protocol.done for protocol in protocols])
    seconds = time.perf_counter() - began
    latencies = sorted(latency for protocol in protocols for latency in protocol.latencies)
    codes = sum((protocol.codes for protocol in protocols), Counter())
    return {
        "answered": len(latencies),
        "rate": len(latencies) / seconds,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "codes": dict(codes),
    }


if __name__ == "__main__":
    import uvloop

    host, port, connections, messages, salt = sys.argv[1:6]
    answer = uvloop.run(run(host, int(port), int(connections), int(messages), salt))
    sys.stdout.buffer.write(orjson.dumps(answer))
