"""Frames out of bytes: the same events however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.core.errors import OutboundError
from integration_engine.wire.mllp import NEED_DATA, Discarded, Fatal, Frame, FrameDecoder, Oversize, encode_frame

MESSAGE = b"MSH|^~\\&|A|B|||20260101||DFT^P03|1|P|2.5.1\rPID|1\r"


def events(data: bytes, cuts: list[int], **limits: int) -> list[object]:
    decoder = FrameDecoder(**limits)
    found: list[object] = []
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(data)), len(data)]
    for start, end in pairwise(edges):
        decoder.receive_data(data[start:end])
        while (event := decoder.next_event()) is not NEED_DATA:
            found.append(event)
    decoder.end_of_input()
    while (event := decoder.next_event()) is not NEED_DATA:
        found.append(event)
    return found


def payloads(found: list[object]) -> list[bytes]:
    return [event.payload for event in found if isinstance(event, Frame)]


CASES = {
    "one frame": (encode_frame(MESSAGE), [MESSAGE]),
    "two frames in one write": (encode_frame(MESSAGE) * 2, [MESSAGE, MESSAGE]),
    "blanks and NUL between frames": (encode_frame(MESSAGE) + b"\r\n \x00" + encode_frame(MESSAGE), [MESSAGE, MESSAGE]),
    "no CR after FS, next frame follows": (b"\x0b" + MESSAGE + b"\x1c" + encode_frame(MESSAGE), [MESSAGE, MESSAGE]),
    "LF after FS": (b"\x0b" + MESSAGE + b"\x1c\n" + encode_frame(MESSAGE), [MESSAGE, MESSAGE]),
    "no CR before FS": (b"\x0b" + MESSAGE[:-1] + b"\x1c\r", [MESSAGE[:-1]]),
    "new VT inside a frame": (b"\x0b" + MESSAGE[:20] + encode_frame(MESSAGE), [MESSAGE]),
    "lone FS in the data": (b"\x0bMSH|a\x1cb\rPID\r\x1c\r", [b"MSH|a\x1cb\rPID\r"]),
}


@pytest.mark.parametrize("case", CASES)
def test_frames_are_found_at_every_split_point(case: str) -> None:
    data, expected = CASES[case]
    for cut in range(len(data) + 1):
        assert payloads(events(data, [cut])) == expected, cut
    assert payloads(events(data, list(range(len(data))))) == expected


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6), st.lists(st.integers(0, 500), max_size=12))
def test_any_payloads_come_back_when_framed(parts: list[bytes], cuts: list[int]) -> None:
    clean = [b"M" + part.translate(None, b"\x0b\x1c") for part in parts]
    data = b"".join(encode_frame(part) for part in clean)
    assert payloads(events(data, cuts)) == clean


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_decoder_never_raises_whatever_arrives(data: bytes, cuts: list[int]) -> None:
    for event in events(data, cuts, max_frame_bytes=64):
        assert isinstance(event, Frame | Discarded | Oversize | Fatal)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "http_on_mllp_port"),
        (b"\x16\x03\x01\x02\x00", "tls_on_plain_port"),
        (b"x" * 2000, "junk"),
    ],
)
def test_stream_is_given_up_when_it_is_not_mllp(data: bytes, reason: str) -> None:
    found = events(data, [])
    assert [event.reason.value for event in found if isinstance(event, Fatal)] == [reason]


def test_oversize_frame_keeps_its_head_and_nothing_follows() -> None:
    found = events(b"\x0b" + MESSAGE + b"x" * 5000 + b"\x1c\r" + encode_frame(MESSAGE), [], max_frame_bytes=1000)
    assert [type(event) for event in found] == [Oversize]
    assert found[0].head.startswith(b"MSH|")  # type: ignore[attr-defined]


def test_truncated_frame_is_discarded_by_size_and_digest_only() -> None:
    found = events(b"\x0b" + MESSAGE, [])
    assert [type(event) for event in found] == [Discarded]


def test_payload_that_mllp_cannot_carry_is_refused() -> None:
    with pytest.raises(OutboundError):
        encode_frame(b"a\x1cb")
