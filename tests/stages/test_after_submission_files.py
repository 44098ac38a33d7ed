"""Answer files of any kind: damaged, faster than we are, or failing inside; the files after them go on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration_engine.stages.batch import Batch
from integration_engine.stages.posting_remits import PostRemits
from integration_engine.stages.read_back import ReadBack
from tests.stages.office import NOW, RULES, Accepts, Office, chosen, messages

PAID = "  - {payer: GRAN1, outcome: paid}"


def visit() -> list[bytes]:
    """A visit of a commercial patient, as the practice charges it."""
    return [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")][:2]


def of_kind(answers: list[tuple[str, bytes]], kind: bytes) -> bytes:
    return next(data for _, data in answers if kind in data)


def stands(office: Office) -> list[str]:
    return [claim.standing for claim in sent(office)]


def sent(office: Office) -> list:
    with office.store.database.read() as connection:
        return list(office.store.submissions.by_number(connection, [told.number for told in office.truth]).values())


@pytest.mark.parametrize("number", [b"9" * 10, b"9" * 25, "²".encode("latin-1"), b"ABC"])
@pytest.mark.parametrize(("kind", "before"), [(b"AK1*", rb"AK1\*HC\*[0-9]+"), (b"TA1*", rb"TA1\*[0-9]+")])
def test_an_acknowledgment_of_no_possible_number_is_held_as_unknown(
    office: Office, kind: bytes, before: bytes, number: bytes
) -> None:
    office.receive(*visit())
    answers = office.answers(office.send(), chosen(PAID))
    given = b"AK1*HC*" if kind == b"AK1*" else b"TA1*"
    data = re.sub(before, given + number, of_kind(answers, kind))
    assert number in data
    taken = office.take(("a.999", data))[0]
    assert taken.state == "held"
    assert {hold.finding for hold in office.holds("rejections")} == {"rejections.file_unknown"}
    assert stands(office) == ["sent"]


@pytest.mark.parametrize("place", [b"CLP*", b"TRN*1*", b"N1*PR*"])
def test_a_file_with_a_nul_byte_is_rejected_with_its_place_and_the_next_one_is_taken(
    office: Office, place: bytes
) -> None:
    office.receive(*visit())
    whole = of_kind(office.answers(office.send(), chosen(PAID)), b"ST*835")
    damaged, good = office.take(("damaged.835", whole.replace(place, place + b"\0")), ("good.835", whole))
    assert (damaged.state, "NUL" in damaged.reason) == ("rejected", True)
    assert (good.state, stands(office)) == ("done", ["paid"])


def test_nul_bytes_after_the_end_are_padding_and_counted(office: Office) -> None:
    office.receive(*visit())
    whole = of_kind(office.answers(office.send(), chosen(PAID)), b"ST*835")
    assert office.take(("padded.835", whole + b"\0" * 7))[0].state == "done"
    with office.store.database.read() as connection:
        assert "nul_padding=7" in office.store.answers.files(connection)[0].tolerances


def killed_after_handing_over(office: Office) -> list[Path]:
    """The batch process puts a file into outbound/ and dies before it notes so."""

    class Killed(Exception):
        pass

    def publish(folder: Path, name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)
        raise Killed

    stage = Batch(store=office.store, rules=lambda: RULES, gate=Accepts(), publish=publish, outbound=office.outbound)
    with pytest.raises(Killed):
        stage.run_once(NOW, on_demand=True)
    return sorted(path for path in office.outbound.iterdir() if path.is_file())


@pytest.mark.parametrize(
    ("outcome", "ends"), [("paid", "paid"), ("set_refused", "refused"), ("rejected_code", "refused")]
)
def test_answers_faster_than_our_own_note_wait_and_are_then_taken(office: Office, outcome: str, ends: str) -> None:
    office.receive(*visit())
    files = killed_after_handing_over(office)
    answers = office.answers(files, chosen(f"  - {{payer: GRAN1, outcome: {outcome}}}"))
    assert {one.state for one in office.take(*answers)} == {"waiting"}
    stage = Batch(
        store=office.store, rules=lambda: RULES, gate=Accepts(), publish=lambda *_: None, outbound=office.outbound
    )
    stage.recover(NOW)
    assert "waiting" not in {one.state for one in office.take(*answers)}
    assert stands(office) == [ends]
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_file_the_engine_fails_on_is_set_aside_and_taken_again_when_the_fault_is_mended(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.receive(*visit())
    answers = office.answers(office.send(), chosen(PAID))
    remit = of_kind(answers, b"ST*835")
    with monkeypatch.context() as broken:
        broken.setattr(PostRemits, "post", lambda *_: {}["a fault of ours"])
        first, second = office.take(("p.835", remit), ("p.999", of_kind(answers, b"ST*999")))
    assert (first.state, second.state) == ("held", "done")
    held = office.holds("interface")
    assert [hold.finding for hold in held] == ["answers.not_taken"]
    assert "a fault of ours" not in held[0].text
    with office.store.database.read() as connection:
        answer_id = office.store.answers.files(connection, "held")[0].id
    stage = ReadBack(store=office.store, rules=lambda: RULES)
    assert stage.again(answer_id, by="J. Doe", reason="mended", now=NOW).state == "done"
    assert (stands(office), office.holds("interface"), office.ledger()) == (["paid"], [], 0)
    with pytest.raises(LookupError):
        stage.again(answer_id, by="J. Doe", reason="mended", now=NOW)
