"""277CAs that refuse a batch or a billing provider without naming claims, and older ones that come after newer ones."""

from __future__ import annotations

import re

import pytest

from tests.stages.office import ALL_PAID, Office, chosen, messages

LEVELS = "HL*1**20*1~NM1*{source}*2*SENDER*****46*S~TRN*1*T~HL*2*1*21*1~NM1*41*2*US*****46*U~TRN*2*{reference}~"
PROVIDER = "HL*3*2*19*{below}~NM1*85*2*TEST REHABILITATION CENTER*****XX*{npi}~TRN*1*0~STC*A7:562:85*20261123*U*540~"


def wrapped(body: str, sent_on: str = "20261123") -> bytes:
    """One 277CA from the clearinghouse."""
    body = f"ST*277*0001*005010X214~BHT*0085*08*X*{sent_on}*1635*TH~{body}"
    return (
        "ISA*00*          *00*          *ZZ*CLEARPATH      *ZZ*TESTREHAB01    *261124*1300*^*00501*000000001*0*T*:~"
        f"GS*HN*CLEAR*SUB*20261124*1300*1*X*005010X214~{body}SE*{body.count('~') + 1}*0001~GE*1*1~IEA*1*000000001~"
    ).encode()


def sent(office: Office) -> tuple[str, str]:
    """Three claims of the sample story in one file or more: BHT03 and billing NPI of the first file."""
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    files = office.send()
    office.answers(files, chosen(*ALL_PAID))
    text = files[0].read_text("ascii")
    reference = re.search(r"BHT\*0019\*00\*([^*]+)", text)
    npi = re.search(r"NM1\*85\*[^~]*XX\*(\d+)", text)
    assert reference is not None
    assert npi is not None
    return reference[1], npi[1]


def standings(office: Office) -> set[str]:
    return set(office.claims().values())


@pytest.mark.parametrize("source", ["PR", "AY"])
@pytest.mark.parametrize("level", ["2200B", "2200C"])
def test_a_refusal_without_claims_refuses_those_of_the_file_and_stops_the_receiver(
    office: Office, source: str, level: str
) -> None:
    reference, npi = sent(office)
    body = LEVELS.format(source=source, reference=reference)
    body += PROVIDER.format(npi=npi, below=0) if level == "2200C" else "STC*A3:40*20261123*U*540~"
    taken = office.take(("whole.277", wrapped(body)))[0]
    assert (taken.refused, standings(office) >= {"refused"}) == (taken.claims, True)
    assert taken.claims > 0
    assert {hold.finding for hold in office.holds("rejections")} == {"rejections.file_refused"}
    assert (office.send(), office.ledger(), office.difference()) == ([], 0, 0)


@pytest.mark.parametrize(("reference", "npi"), [("B000000099", None), ("0", None), (None, "1999900016")])
def test_a_refusal_that_fits_no_claims_of_ours_waits_for_a_person(
    office: Office, reference: str | None, npi: str | None
) -> None:
    ours, our_npi = sent(office)
    body = LEVELS.format(source="AY", reference=reference or ours) + PROVIDER.format(npi=npi or our_npi, below=0)
    assert office.take(("whole.277", wrapped(body)))[0].state == "held"
    assert [hold.finding for hold in office.holds("rejections")] == ["rejections.level_refused"]
    assert standings(office) == {"sent"}


def test_claims_below_a_refused_provider_speak_for_themselves_and_the_silent_ones_are_refused_with_it(
    office: Office,
) -> None:
    reference, npi = sent(office)
    spoken, silent, other = sorted(office.claims())
    body = LEVELS.format(source="AY", reference=reference) + PROVIDER.format(npi=npi, below=1)
    body += f"HL*4*3*PT~TRN*2*{spoken}~STC*A2:20*20261123*WQ*240~HL*5*3*PT~TRN*2*{silent}~"
    office.take(("some.277", wrapped(body)))
    stands = office.claims()
    assert (stands[spoken], stands[silent], stands[other]) == ("at_clearinghouse", "refused", "sent")


def test_a_claim_of_no_number_is_found_by_the_control_number_of_its_line(office: Office) -> None:
    reference, _ = sent(office)
    number = min(office.claims())
    body = LEVELS.format(source="PR", reference=reference) + "HL*3*2*19*1~NM1*85*2*X~HL*4*3*PT~TRN*2*0~"
    body += f"STC*A7:21*20261123*U*240~SVC*HC:97110:GP*100~STC*A7:507*20261123*U~REF*FJ*{number}L01~"
    assert office.take(("zeros.277", wrapped(body)))[0].state == "done"
    assert office.claims()[number] == "refused"


@pytest.mark.parametrize("newer_first", [True, False])
def test_the_payers_number_of_the_newer_claim_status_stays_in_whatever_order_they_come(
    office: Office, newer_first: bool
) -> None:
    reference, _ = sent(office)
    number = min(office.claims())

    def status(day: str, payer_number: str) -> tuple[str, bytes]:
        body = LEVELS.format(source="PR", reference=reference) + "HL*3*2*19*1~NM1*85*2*X~HL*4*3*PT~"
        body += f"TRN*2*{number}~STC*A2:20*{day}*WQ*240~REF*1K*{payer_number}~"
        return f"{day}.277", wrapped(body, day)

    older, newer = status("20261120", "OLD1"), status("20261123", "NEW1")
    office.take(*((newer, older) if newer_first else (older, newer)))
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        remarks = [one.finding for file in office.store.answers.files(connection) for one in file.remarks]
    assert claim.payer_control_number == "NEW1"
    assert ("rejections.older_number" in remarks) is newer_first
