"""A payer that answers a claim line by line, in several payments: the later payer is billed on all of them together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_engine.domain.sent_claim import SentClaim
from integration_engine.stages.read_back import ReadBack
from tests.stages.office import NOW, RULES, Office, messages, with_second_payer
from tests.stages.paying import Decision, Payer, owes, sent_claims

STORY = [with_second_payer(raw.replace(b"|MEDB|", b"|GRANITE|")) for raw in messages("24_credit_of_a_line.hl7")[:2]]


def part(claim: SentClaim, place: int, reasons: str) -> Decision:
    """What the payer says of one line of the claim."""
    line = claim.draft.lines[place]
    return Decision(replace(claim, draft=replace(claim.draft, lines=(line,))), (reasons,))


def sent(office: Office) -> SentClaim:
    office.receive(*STORY)
    office.send()
    (claim,) = sent_claims(office)
    return claim


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "last part first"])
def test_later_payer_is_billed_on_all_lines_when_the_first_answers_in_parts(
    office: Office, order: tuple[int, int]
) -> None:
    claim = sent(office)
    payer = Payer(office)
    parts = [
        payer.writes(part(claim, 0, "PR-2 20"), on="20261123"),
        payer.writes(part(claim, 1, "PR-2 8"), on="20261124"),
    ]
    office.take(parts[order[0]])
    assert {hold.finding for hold in office.holds("edits")} >= {"coordination.line_unanswered"}
    assert office.send() == []
    office.take(parts[order[1]])
    assert office.holds("edits") == []
    (file,) = office.send()
    text = file.read_text(encoding="ascii")
    assert (text.count("SVD*"), text.count("CAS*PR*2*20~"), text.count("CAS*PR*2*8~")) == (2, 1, 1)
    assert owes(office, claim) == 0


def test_holds_of_the_later_payer_end_when_the_part_that_waited_is_accepted(office: Office) -> None:
    claim = sent(office)
    payer = Payer(office)
    name, data = payer.writes(part(claim, 0, "PR-2 20"), on="20261124")
    wrong = data.replace(b"BPR*I*100.00", b"BPR*I*100.01")
    assert wrong != data
    assert office.take((name, wrong))[0].state == "held"
    payer.decides(part(claim, 1, "PR-2 8"), on="20261124")
    assert {hold.finding for hold in office.holds("edits")} >= {"coordination.line_unanswered"}
    with office.store.database.read() as connection:
        (waiting,) = [one for one in office.store.answers.files(connection) if one.state == "held"]
    ReadBack(store=office.store, rules=lambda: RULES).accept(waiting.id, by="J. Doe", reason="a cent", now=NOW)
    assert office.holds("edits") == []
    assert len(office.send()) == 1


def test_a_line_decided_twice_without_a_takeback_is_never_put_together(office: Office) -> None:
    claim = sent(office)
    payer = Payer(office)
    payer.decides(part(claim, 0, "PR-2 20"), on="20261123")
    payer.decides(part(claim, 0, "PR-2 30"), on="20261124")
    assert "coordination.line_unanswered" in {hold.finding for hold in office.holds("edits")}
    assert office.send() == []
