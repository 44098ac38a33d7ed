"""What a later decision says of earlier denials, line by line: whose line answers which, and that no money counts twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.domain.denial import DenialCategory, DenialDecision
from integration_engine.domain.denial_outcome import DenialState, EarlierDenial
from integration_engine.domain.posting import ClaimResult, LineResult
from integration_engine.domain.submission import SubmittedLine
from integration_engine.rules.denials.outcomes import denial_outcomes

THEN, NOW = date(2026, 11, 1), date(2026, 11, 20)
PAID, AGAIN = DenialState.RECOVERED, DenialState.DENIED_AGAIN
DENIED = DenialDecision(denied=True, text="", rule="", category=DenialCategory.UNITS, amount=Decimal("60.00"))
FINE = DenialDecision(denied=False, text="", rule="")


def earlier(
    identity: int,
    line: int | None = 1,
    code: str = "97110",
    modifiers: str = "GP",
    *,
    same: bool = False,
    on: date = THEN,
) -> EarlierDenial:
    return EarlierDenial(
        id=identity,
        same_claim=same,
        line_number=line,
        code=code,
        modifiers=frozenset(modifiers.split()),
        charges=frozenset({100 + (line or 0)}),
        amount_cents=6000,
        decided_on=on,
    )


def line(
    number: int, code: str = "97110", paid: str = "45.00", modifiers: str = "GP", still: str = "0.00", charge: int = 0
) -> LineResult:
    ours = SubmittedLine(
        number=number,
        line_control=None,
        code=code,
        modifiers=tuple(modifiers.split()),
        units=1,
        charge=Decimal("60.00"),
        date_of_service=THEN,
        charges=(charge or 200 + number,),
    )
    return LineResult(
        claim=0,
        number=number,
        line=ours,
        charge=Decimal("60.00"),
        paid=Decimal(paid),
        contractual=Decimal(0),
        payer_adjusted=Decimal(0),
        patient=Decimal(0),
        open=Decimal(still),
        denial=FINE if Decimal(paid) else DENIED,
    )


def result(*lines: LineResult, denial: DenialDecision = FINE, paid: str | None = None) -> ClaimResult:
    total = Decimal(paid) if paid is not None else sum((one.paid for one in lines), Decimal(0))
    return ClaimResult(
        index=0,
        key="k",
        claim=None,
        status="1",
        paid=total,
        patient=Decimal(0),
        reversal=False,
        posted=True,
        denial=denial,
    )


CASES = (
    # the line of the correction with the same code; paid, paid in part, denied
    ([earlier(1)], [line(1)], [(1, PAID, 4500, 0)]),
    ([earlier(1)], [line(1, paid="20.00", still="25.00")], [(1, PAID, 2000, 2500)]),
    ([earlier(1)], [line(1, paid="0.00", still="60.00")], [(1, AGAIN, 0, 6000)]),
    # another line of the claim says nothing of it; the code that took its place does, by the charge behind both
    ([earlier(1)], [line(1, "97140")], []),
    ([earlier(1)], [line(1, "97530", charge=101)], [(1, PAID, 4500, 0)]),
    # the therapist's and the assistant's units of one code stay apart
    (
        [earlier(1), earlier(2, 2, modifiers="GP CQ")],
        [line(1, modifiers="GP CQ", paid="0.00"), line(2, modifiers="GP")],
        [(1, PAID, 4500, 0), (2, AGAIN, 0, 6000)],
    ),
    # two lines became one: its money is told once
    ([earlier(1), earlier(2, 2)], [line(1)], [(1, PAID, 4500, 0), (2, PAID, 0, 0)]),
    # on the same claim a line is known by its number alone
    ([earlier(1, 2, same=True)], [line(1), line(2, "97140", paid="0.00")], [(1, AGAIN, 0, 6000)]),
    # a claim denied as a whole is covered by what is paid, up to its amount
    ([earlier(1, None)], [line(1), line(2, "97140")], [(1, PAID, 6000, 0)]),
    # an older word than the one that is known says nothing
    ([earlier(1, on=date(2026, 12, 1))], [line(1)], []),
)


@pytest.mark.parametrize(("denied", "lines", "wanted"), CASES)
def test_each_denial_is_answered_by_its_own_line(
    denied: list[EarlierDenial], lines: list[LineResult], wanted: list[tuple[int, DenialState, int, int]]
) -> None:
    found = denial_outcomes(denied, result(*lines), lines, NOW)
    assert [(one.denial, one.state, one.recovered, one.rest) for one in found] == wanted


def test_a_claim_denied_by_status_denies_again_though_no_line_is() -> None:
    lines = [line(1)]
    lines = [
        LineResult(
            **{name: getattr(lines[0], name) for name in LineResult.__slots__} | {"paid": Decimal(0), "denial": FINE}
        )
    ]
    (found,) = denial_outcomes([earlier(1)], result(*lines, denial=DENIED), lines, NOW)
    assert (found.state, found.rest) == (AGAIN, 6000)


@given(
    st.lists(st.sampled_from(["97110", "97140", "97530"]), min_size=1, max_size=5),
    st.lists(st.tuples(st.sampled_from(["97110", "97140", "97530"]), st.integers(0, 6000)), max_size=5),
    st.booleans(),
)
def test_no_cent_is_recovered_twice(codes: list[str], paid: list[tuple[str, int]], whole: bool) -> None:
    denied = [earlier(n, None if whole and n == 0 else n + 1, code) for n, code in enumerate(codes)]
    lines = [line(n + 1, code, str(Decimal(cents) / 100)) for n, (code, cents) in enumerate(paid)]
    found = denial_outcomes(denied, result(*lines), lines, NOW)
    assert len({one.denial for one in found}) == len(found)
    assert sum(one.recovered for one in found) <= sum(cents for _, cents in paid)
    assert all(one.recovered == 0 for one in found if one.state is AGAIN)
