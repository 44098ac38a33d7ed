"""The listener on real sockets: pipelining, limits, TLS, and a bad connection that never hurts a good one."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.adapters.mllp_server import Delivery, ListenerRefused, ListenerSettings, MllpServer
from integration_engine.wire.acknowledgment import acknowledge
from integration_engine.wire.hl7 import peek
from integration_engine.wire.mllp import encode_frame
from tests.journeys.messages import charge_message

PLAIN = ListenerSettings(port=0, message_seconds=0.5, idle_seconds=30)


@contextmanager
def listening(settings: ListenerSettings = PLAIN) -> Iterator[MllpServer]:
    """A server on a loop of its own that answers AA, or refuses what is oversize."""
    ready = threading.Event()
    held: dict[str, object] = {}

    async def run() -> None:
        def receive(delivery: Delivery) -> asyncio.Future[bytes | None]:
            answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
            code = "AE" if delivery.oversize else "AA"
            answer.set_result(
                acknowledge(peek(delivery.payload), code, answer_id="E", answered_at="1", condition="", position="MSH")
            )
            return answer

        server = MllpServer(settings, receive)
        await server.start()
        held["server"], held["loop"], held["stop"] = server, asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await held["stop"].wait()  # type: ignore[attr-defined]
        await server.stop(patience=1)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield held["server"]  # type: ignore[misc]
    finally:
        held["loop"].call_soon_threadsafe(held["stop"].set)  # type: ignore[attr-defined]
        thread.join(10)


def plain(server: MllpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def everything(connection: socket.socket) -> bytes:
    """What the peer says until it closes."""
    found = b""
    while True:
        try:
            data = connection.recv(65536)
        except ConnectionResetError:
            return found
        if not data:
            return found
        found += data


def test_pipelined_messages_are_answered_in_order() -> None:
    with listening() as server, MllpClient("127.0.0.1", server.port) as client:
        client._socket.sendall(b"".join(encode_frame(charge_message(n)) for n in range(500)))
        assert [client.receive().control_id for _ in range(500)] == [f"J{n:07d}" for n in range(500)]


def test_message_is_answered_when_it_comes_byte_by_byte() -> None:
    with listening(replace(PLAIN, message_seconds=20)) as server, MllpClient("127.0.0.1", server.port) as client:
        for byte in encode_frame(charge_message(1)):
            client._socket.sendall(bytes([byte]))
        assert client.receive().code == "AA"


def test_message_is_answered_when_its_last_cr_never_comes() -> None:
    with listening(replace(PLAIN, message_seconds=20)) as server, MllpClient("127.0.0.1", server.port) as client:
        client._socket.sendall(encode_frame(charge_message(1))[:-1])
        assert client.receive().code == "AA"


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"x" * 3000])
def test_connection_is_closed_when_it_does_not_speak_mllp(junk: bytes) -> None:
    with listening() as server, plain(server) as bad, MllpClient("127.0.0.1", server.port) as good:
        bad.sendall(junk)
        assert everything(bad) == b""
        assert good.send(charge_message(1)).code == "AA"


def test_oversize_message_is_refused_and_the_connection_closed() -> None:
    with listening(replace(PLAIN, max_frame_bytes=5000)) as server, plain(server) as bad:
        bad.sendall(b"\x0b" + charge_message(1) + b"x" * 20_000)
        assert b"MSA|AE|J0000001" in everything(bad)


def test_slow_sender_is_closed_while_others_go_on() -> None:
    with listening() as server, plain(server) as slow, MllpClient("127.0.0.1", server.port) as good:
        slow.sendall(b"\x0bMSH|")
        began = time.monotonic()
        assert everything(slow) == b""
        assert 0.4 < time.monotonic() - began < 4
        assert good.send(charge_message(1)).code == "AA"


def test_idle_sender_is_closed() -> None:
    with listening(replace(PLAIN, idle_seconds=0.5)) as server, plain(server) as idle:
        assert everything(idle) == b""


def test_connections_beyond_the_limit_are_refused_and_others_live() -> None:
    settings = replace(PLAIN, connections_per_peer=2)
    with listening(settings) as server:
        with MllpClient("127.0.0.1", server.port) as one, MllpClient("127.0.0.1", server.port):
            one.send(charge_message(1))
            with plain(server) as third:
                assert everything(third) == b""
            assert one.send(charge_message(2)).code == "AA"
        time.sleep(0.2)
        with MllpClient("127.0.0.1", server.port) as again:
            assert again.send(charge_message(3)).code == "AA"


def test_peer_outside_the_allowed_networks_is_refused() -> None:
    with listening(replace(PLAIN, allowed_networks=("10.1.0.0/16",))) as server, plain(server) as stranger:
        assert everything(stranger) == b""


def test_public_address_is_refused_without_tls() -> None:
    async def run(settings: ListenerSettings) -> None:
        server = MllpServer(settings, lambda _: asyncio.get_running_loop().create_future())
        await server.start()
        await server.stop()

    with pytest.raises(ListenerRefused, match="not a loopback address"):
        asyncio.run(run(replace(PLAIN, host="0.0.0.0")))


# --- TLS -------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str, issuer: tuple | None = None) -> tuple:
    """(certificate, key) of ``name``, and both as PEM files in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return built, key


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pems")
    authority = certificate(folder, "authority")
    certificate(folder, "server", authority)
    certificate(folder, "emr", authority)
    certificate(folder, "stranger")
    return folder


def client_context(pems: Path, own: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(pems / "authority.pem"))
    if own:
        context.load_cert_chain(pems / f"{own}.pem", pems / f"{own}.key")
    return context


def test_message_is_answered_over_tls(pems: Path) -> None:
    settings = replace(PLAIN, tls_certificate=str(pems / "server.pem"), tls_key=str(pems / "server.key"))
    with listening(settings) as server, MllpClient("127.0.0.1", server.port, tls=client_context(pems)) as client:
        assert client.send(charge_message(1)).code == "AA"


def test_mutual_tls_takes_the_known_sender_and_no_other(pems: Path) -> None:
    settings = replace(
        PLAIN,
        tls_certificate=str(pems / "server.pem"),
        tls_key=str(pems / "server.key"),
        tls_client_ca=str(pems / "authority.pem"),
    )
    with listening(settings) as server:
        with MllpClient("127.0.0.1", server.port, tls=client_context(pems, "emr")) as client:
            assert client.send(charge_message(1)).code == "AA"
        for own in (None, "stranger"):
            with (
                pytest.raises((OSError, EOFError)),
                MllpClient("127.0.0.1", server.port, tls=client_context(pems, own)) as refused,
            ):
                refused.send(charge_message(2))
        with MllpClient("127.0.0.1", server.port, tls=client_context(pems, "emr")) as client:
            assert client.send(charge_message(3)).code == "AA"


def test_unusable_tls_files_are_refused_at_start(pems: Path) -> None:
    async def run() -> None:
        settings = replace(PLAIN, tls_certificate=str(pems / "emr.pem"), tls_key=str(pems / "server.key"))
        await MllpServer(settings, lambda _: asyncio.get_running_loop().create_future()).start()

    with pytest.raises(ListenerRefused, match="TLS files"):
        asyncio.run(run())
