"""Parts of one decision, put together for the payer behind; what does not belong together is left apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration_engine.domain.remit import Adjustment, RemitClaim, RemitLine
from integration_engine.rules.later_payers.answer_in_parts import decision_of_parts

TOTAL = Decimal(178)


def part(control: str, of_line: int, paid: int, **changes: object) -> RemitClaim:
    line = RemitLine(
        number=1,
        code="97110",
        charge=Decimal(of_line),
        paid=Decimal(paid),
        line_control=control,
        adjustments=(Adjustment(group="PR", reason="2", amount=Decimal(of_line - paid)),),
    )
    given = {"number": "C1", "status": "1", "charge": Decimal(of_line), "paid": Decimal(paid), "position": 1}
    return RemitClaim(**{**given, "lines": (line,), "patient_responsibility": Decimal(of_line - paid), **changes})


def test_parts_on_different_lines_are_one_decision_with_their_sums() -> None:
    whole = decision_of_parts([part("C1L1", 120, 100), part("C1L2", 58, 50)], TOTAL)
    assert (whole.charge, whole.paid, whole.patient_responsibility) == (TOTAL, Decimal(150), Decimal(28))
    assert [(line.number, line.line_control) for line in whole.lines] == [(1, "C1L1"), (2, "C1L2")]


def test_charge_stays_the_claims_when_every_part_states_it_whole() -> None:
    parts = [part("C1L1", 120, 100, charge=TOTAL), part("C1L2", 58, 50, charge=TOTAL)]
    assert decision_of_parts(parts, TOTAL).charge == TOTAL


def test_status_is_that_of_the_part_that_was_not_denied() -> None:
    whole = decision_of_parts([part("C1L1", 120, 100), part("C1L2", 58, 0, status="4")], TOTAL)
    assert (whole.status, len(whole.lines)) == ("1", 2)


@pytest.mark.parametrize(
    "earlier",
    [
        part("c1l2 ", 58, 40),  # the same line in other letters
        part("C1L1", 121, 100),  # more than was charged
        part("C1L1", 120, 100, lines=()),  # says nothing of lines
    ],
    ids=["the same line", "beyond the charge", "without lines"],
)
def test_last_decision_stands_alone_when_an_earlier_one_does_not_fit_beside_it(earlier: RemitClaim) -> None:
    last = part("C1L2", 58, 50)
    assert decision_of_parts([earlier, last], TOTAL) is last


def test_whole_decision_takes_none_beside_it() -> None:
    last = part("C1L2", 178, 150)
    assert decision_of_parts([part("C1L1", 0, 0), last], TOTAL - 1) is last
