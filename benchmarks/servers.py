"""The two listeners every figure stands beside: a bare MLLP echo, and python-hl7's own asyncio server.

``python -m benchmarks.servers echo|python-hl7`` prints its port and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys


async def echo() -> asyncio.Server:
    """Frames in, the same bytes out; nothing is read, nothing is stored."""

    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport
            self.buffer = b""

        def data_received(self, data):
            self.buffer += data
            if self.buffer.endswith(b"\x1c\r"):
                self.transport.write(self.buffer)
                self.buffer = b""

    return await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)


async def python_hl7() -> asyncio.Server:
    """Parse and answer as python-hl7's documentation shows it; nothing is stored."""
    from hl7.mllp import start_hl7_server

    async def answer(reader, writer):
        try:
            while not writer.is_closing():
                message = await reader.readmessage()
                writer.writemessage(message.create_ack())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return await start_hl7_server(answer, host="127.0.0.1", port=0)


async def main(kind: str) -> None:
    server = await (echo() if kind == "echo" else python_hl7())
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1]))
