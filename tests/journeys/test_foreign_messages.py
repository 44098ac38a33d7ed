"""Messages no one here wrote: each is answered, none stalls the listener, each is found again in the journal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hl7.client import MLLPClient

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.adapters.mllp_client import MllpClient
from integration_engine.bootstrap import open_store
from integration_engine.crosswalk.feeds.compiling import compile_feeds
from integration_engine.crosswalk.feeds.reading import read_statement
from integration_engine.store.queries.messages import messages
from integration_engine.wire.hl7 import Message, split_messages
from tests.journeys.engine import running
from tests.journeys.messages import charge_message

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("INTEGRATION_ENGINE_SHARED", ROOT.parent / "shared")) / "real-hl7"


def real_messages() -> list[tuple[str, bytes]]:
    return [(p.name, raw) for p in sorted(REAL.glob("*.hl7")) for raw in split_messages(p.read_bytes())]


@pytest.mark.skipif(not REAL.is_dir(), reason="the public messages are not beside this checkout")
def test_every_public_message_is_answered_and_found_again(tmp_path: Path) -> None:
    with running(tmp_path) as engine:
        codes = {}
        for name, raw in real_messages():
            with MllpClient("127.0.0.1", engine.port, timeout=3) as client:
                try:
                    codes[name] = client.send(raw).code
                except TimeoutError:
                    assert name.startswith("ACK_"), name
                    codes[name] = "none owed"
        engine.wait_until_taken_in()
        assert engine.send(charge_message(1)) == ["AA"]
        with open_store(engine.settings) as store, store.database.read() as connection:
            rows = messages(connection, limit=1000)
    assert set(codes.values()) <= {"AA", "AE", "AR", "none owed"}
    assert len(rows) >= len(codes)
    assert all(row.state in {"done", "parked", "refused", "pending"} for row in rows)
    taken = [name for name, code in codes.items() if code == "AA"]
    assert any(name.startswith("DFT") for name in taken)
    assert any(name.startswith("SIU") for name in taken)


@pytest.mark.skipif(not REAL.is_dir(), reason="the public messages are not beside this checkout")
def test_public_dft_and_siu_messages_map_when_only_the_generic_feed_knows_them() -> None:
    feeds = compile_feeds(MappingFiles(shipped_folder()).read())
    charges = appointments = 0
    for _, raw in real_messages():
        message = Message.parse_bytes(raw)
        header = message.header
        feed = feeds.select(header.sending_application, header.sending_facility, header.trigger)
        if feed is None:
            continue
        statement = read_statement(feed, message)
        assert statement.patient is not None
        if statement.encounter is not None:
            charges += sum(treatment.code is not None for treatment in statement.encounter.treatments)
        appointments += statement.appointment is not None and statement.appointment.number is not None
    assert charges >= 9
    assert appointments >= 8


def test_python_hl7_client_gets_its_answer(tmp_path: Path) -> None:
    with running(tmp_path, workers=0) as engine, MLLPClient("127.0.0.1", engine.port) as client:
        answer = client.send_message(charge_message(7).decode())
    assert b"MSA|AA|J0000007" in answer


def test_second_emr_is_understood_when_only_a_file_is_added(tmp_path: Path) -> None:
    samples = shipped_folder().parent / "samples" / "feeds"
    files = MappingFiles(shipped_folder()).read() | {"hl7/second_emr.yaml": (samples / "second_emr.yaml").read_text()}
    feeds = compile_feeds(files)
    read = []
    for raw in split_messages((samples / "second_emr.hl7").read_bytes()):
        message = Message.parse_bytes(raw)
        header = message.header
        feed = feeds.select(header.sending_application, header.sending_facility, header.trigger)
        assert feed is not None
        assert feed.name == "second_emr"
        read.append(read_statement(feed, message))
    treatments = [t for s in read if s.encounter for t in s.encounter.treatments]
    assert treatments
    assert all(t.code and t.minutes for t in treatments)
