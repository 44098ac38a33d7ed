"""What an EMR says for the claim alone, from its message through the store to the segments of the file, and back."""

from __future__ import annotations

from integration_engine.adapters.x12_gate import X12Gate
from tests.stages.office import Office, messages

STORY = "30_home_visit.hl7"
SAID = (
    b"PD1||||1999901022^TESTFAMILY^ANN^^^^MD^^NPI^^^^NPI\r",
    b"ZCL|CER|Certified on the last day of the stay|11|09||20261030|20261020|20261108|P\rZAT|1|08|FX|PLAN1\rZAT|2|09|EL|NOTE9|VS30A1-2\r",
)


def told(*, supplements: bytes = SAID[1]) -> list[bytes]:
    """The home visit of the samples, with what goes with its claim."""
    first, visit = messages(STORY)
    lines = visit.split(b"\rZVS|")
    return [first, lines[0] + b"\r" + supplements + b"ZVS|" + lines[1]]


def test_documents_note_and_reasons_of_the_emr_stand_in_the_file(office: Office) -> None:
    office.receive(*told())
    [file] = office.send()
    text = file.read_text(encoding="ascii")
    segments = text.split("~")
    assert [s for s in segments if s.startswith("PWK")] == ["PWK*08*FX***AC*PLAN1", "PWK*09*EL***AC*NOTE9"]
    assert segments.index("PWK*09*EL***AC*NOTE9") > segments.index("LX*2")
    assert {"NTE*CER*CERTIFIED ON THE LAST DAY OF THE STAY", "DTP*435*D8*20261020", "DTP*096*D8*20261108"} <= set(
        segments
    )
    [claim] = [s for s in segments if s.startswith("CLM*")]
    assert claim.split("*")[10:] == ["P", "", "09", "", "", "", "", "", "", "", "11"]
    with X12Gate() as gate:
        assert gate.check(text).accepted


def test_document_that_is_not_said_whole_holds_the_visit_until_it_is(office: Office) -> None:
    office.receive(*told(supplements=b"ZAT|1|08|FX\r"))
    assert office.days() == {"VS30A1": "held"}
    assert [hold.finding for hold in office.holds("edits")] == ["claim.attachment_number"]
    _, visit = told(supplements=b"ZAT|1|08|FX|PLAN1\r")
    office.receive(visit.replace(b"S30-002", b"S30-003"))
    [file] = office.send()
    assert "~PWK*08*FX***AC*PLAN1~" in file.read_text(encoding="ascii")
    assert office.difference() == 0


def test_refused_release_holds_the_visit(office: Office) -> None:
    first, visit = messages(STORY)
    refused = visit.replace(
        b"IN1|1|PARTB|MEDB|MEDICARE PART B||||||||20260101|||||SEL|||||1|",
        b"IN1|1|PARTB|MEDB|MEDICARE PART B||||||||20260101|||||SEL|||||1|||||N|",
    )
    assert refused != visit
    office.receive(first, refused)
    assert "claim.release_of_information" in [hold.finding for hold in office.holds("edits")]
