"""The ACK contract: AA only for what is committed, refusals by segment and field, the same message once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.store import Store
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.messages import messages
from tests.journeys.messages import charge_message

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FEEDS = compile_feeds(MappingFiles(shipped_folder()).read())


@pytest.fixture
def store(migrated_database_url: str) -> Iterator[Store]:
    store = Store.open(migrated_database_url)
    yield store
    store.close()


def receive(store: Store) -> Receive:
    return Receive(journal=store.journal, feeds=lambda: FEEDS, clock=lambda: NOW)


def told(answer: bytes | None) -> str:
    assert answer is not None
    text = answer.decode()
    code = text.split("MSA|")[1][:2]
    error = text.split("ERR|")[1].split("|") if "ERR|" in text else []
    return f"{code} {error[1]} {error[2].split('^')[0]}" if error else code


def head(**changes: str) -> bytes:
    fields = {
        "type": "DFT^P03",
        "id": "X1",
        "mode": "P",
        "version": "2.5.1",
        "charset": "",
    } | changes
    return (
        f"MSH|^~\\&|THERAPYEMR|C|E|B|20261005||{fields['type']}|{fields['id']}|{fields['mode']}|{fields['version']}"
        f"||||||{fields['charset']}\rPID|1||M1^^^C^MR\rFT1|1\r"
    ).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (head(), "AA"),
        (head(type="DFT"), "AR MSH^1^9 201"),
        (head(type="ORU^R01"), "AR MSH^1^9 200"),
        (head(type="DFT^P99"), "AR MSH^1^9 201"),
        (head(mode="D"), "AR MSH^1^11 202"),
        (head(id=""), "AR MSH^1^10 101"),
        (head(charset="KLINGON"), "AE MSH^1^18 103"),
        (b"hello", "AR MSH 100"),
        (b"MSH|^|A|B|C|D\r", "AR MSH^1^2 102"),
        (head().replace(b"PID|1||M1^^^C^MR\r", b""), "AA"),
    ],
)
def test_message_is_answered_by_the_contract(store: Store, raw: bytes, expected: str) -> None:
    answer = receive(store)([Incoming(raw, "peer")])[0]
    assert told(answer) == expected
    with store.database.read() as connection:
        assert len(messages(connection)) == 1
        assert conserve(connection)["difference"] == 0


def test_same_message_gets_the_same_answer_and_no_second_row(store: Store) -> None:
    stage = receive(store)
    first = stage([Incoming(charge_message(1), "peer")])[0]
    again = stage([Incoming(charge_message(1), "peer"), Incoming(charge_message(1), "other")])
    assert again == [first, first]
    with store.database.read() as connection:
        assert conserve(connection)["messages"]["received"] == 1


def test_other_bytes_under_a_used_control_id_are_refused_and_kept(store: Store) -> None:
    stage = receive(store)
    stage([Incoming(charge_message(1, control_id="A"), "peer")])
    answer = stage([Incoming(charge_message(2, control_id="A"), "peer")])[0]
    assert told(answer) == "AE MSH^1^10 205"
    with store.database.read() as connection:
        counts = conserve(connection)
    assert counts["messages"]["refused"] == 1
    assert counts["charges"]["rejected"] == 1
    assert counts["difference"] == 0


def test_batch_gets_one_answer_after_all_of_it_is_stored(store: Store) -> None:
    body = charge_message(1) + charge_message(2)
    stage = receive(store)
    good = stage([Incoming(b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + body + b"BTS|2\rFTS|1\r", "peer")])[0]
    wrong = stage([Incoming(b"BHS|^~\\&|A\r" + charge_message(3) + b"BTS|5\r", "peer")])[0]
    assert told(good) == "AA"
    assert told(wrong).startswith("AE")
    with store.database.read() as connection:
        assert conserve(connection)["messages"]["received"] == 3


def test_two_messages_in_one_frame_get_an_answer_each(store: Store) -> None:
    answer = receive(store)([Incoming(charge_message(1) + charge_message(2), "peer")])[0]
    assert answer is not None
    assert answer.count(b"MSA|AA|") == 2


def test_an_acknowledgment_is_stored_and_never_answered(store: Store) -> None:
    assert receive(store)([Incoming(head(type="ACK"), "peer")]) == [None]
    with store.database.read() as connection:
        assert len(messages(connection)) == 1


def test_oversize_frame_is_refused_by_its_control_id(store: Store) -> None:
    answer = receive(store)([Incoming(head(), "peer", oversize=True)])[0]
    assert told(answer).startswith("AE")
    assert b"|X1" in (answer or b"")


def test_nothing_is_acknowledged_when_the_commit_fails(store: Store) -> None:
    class Full:
        def append(self, arrivals: Sequence[Any], now: datetime) -> list[Any]:
            raise OSError(28, "no space left")

    stage = Receive(journal=Full(), feeds=lambda: FEEDS, clock=lambda: NOW)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        stage([Incoming(charge_message(1), "peer")])
    assert told(stage.refuse(Incoming(charge_message(1), "peer"))) == "AE MSH 207"
