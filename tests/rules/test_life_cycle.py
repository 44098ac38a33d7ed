"""Where a claim stands does not depend on the order its answers arrived in; silence is told at the right day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.rules.answers.life_cycle import Patience, Standing, Waiting, missing_answer, standing

K = ClaimEventKind
SENT = date(2026, 3, 3)
PATIENCE = Patience(acknowledgment_days=1, claim_status_days=3, remit_days=45)
EVENTS = st.lists(
    st.builds(ClaimEvent, kind=st.sampled_from(K), on=st.integers(0, 60).map(lambda days: SENT + timedelta(days=days))),
    min_size=1,
    max_size=8,
)


def event(kind: ClaimEventKind, day: int = 0) -> ClaimEvent:
    return ClaimEvent(kind=kind, on=SENT + timedelta(days=day))


@pytest.mark.parametrize(
    ("events", "stands"),
    [
        ([(K.SUBMITTED, 0)], Standing.SENT),
        ([(K.SUBMITTED, 0), (K.INTERCHANGE_ACCEPTED, 0)], Standing.SENT),
        ([(K.SUBMITTED, 0), (K.INTERCHANGE_REFUSED, 0)], Standing.REFUSED),
        ([(K.SUBMITTED, 0), (K.TRANSACTION_ACCEPTED, 1)], Standing.ACKNOWLEDGED),
        ([(K.SUBMITTED, 0), (K.CLEARINGHOUSE_ACCEPTED, 1), (K.PAYER_REJECTED, 4)], Standing.REFUSED),
        # The payer took it after the clearinghouse had complained: the payer has it.
        ([(K.CLEARINGHOUSE_REJECTED, 1), (K.PAYER_ACCEPTED, 4)], Standing.AT_PAYER),
        # An acknowledgment that comes after the payment changes nothing.
        ([(K.PAID, 20), (K.TRANSACTION_ACCEPTED, 25)], Standing.PAID),
        # A correction is a reversal and a new decision on one day.
        ([(K.DENIED, 20), (K.REVERSED, 40), (K.PAID, 40)], Standing.PAID),
        ([(K.PAID, 20), (K.REVERSED, 40)], Standing.REVERSED),
        # Paid, taken back and denied, all of one date.
        ([(K.PAID, 20), (K.PAYMENT_REVERSED, 20), (K.DENIED, 20)], Standing.DENIED),
        ([(K.PAID, 20), (K.PAYMENT_REVERSED, 40), (K.PAID, 40)], Standing.PAID),
        # A decision without money and its takeback, in two files of one date; a correction of one date stands.
        ([(K.DENIED, 20), (K.REVERSED, 20)], Standing.REVERSED),
        ([(K.DENIED, 20), (K.REVERSED, 20), (K.DENIED, 20)], Standing.DENIED),
        # What is paid after the last takeback was never taken back.
        ([(K.DENIED, 20), (K.PAYMENT_REVERSED, 20), (K.PAID, 21)], Standing.PAID),
        # A later payer's money on the first payer's claim, taken back: the first payer's stands.
        ([(K.PAID, 20), (K.PAID, 30), (K.PAYMENT_REVERSED, 40)], Standing.PAID),
        ([(K.PAID, 20), (K.PAID, 30), (K.PAYMENT_REVERSED, 40), (K.PAYMENT_REVERSED, 41)], Standing.REVERSED),
        ([(K.PAID, 20), (K.REPLACED, 30)], Standing.REPLACED),
        ([(K.PAID, 20), (K.VOIDED, 30)], Standing.VOIDED),
        # What was refused was never there, so nothing took its place.
        ([(K.PAYER_REJECTED, 3), (K.REPLACED, 30)], Standing.REFUSED),
        ([(K.PAYER_REJECTED, 3), (K.PAID, 20), (K.REPLACED, 30)], Standing.REPLACED),
    ],
)
def test_standing_is_that_of_the_furthest_station(events, stands) -> None:
    assert standing([event(*one) for one in events]) is stands


@given(EVENTS, st.randoms(use_true_random=False))
def test_standing_is_the_same_in_any_order(events, random) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert standing(shuffled) is standing(events)


@given(EVENTS, st.sampled_from([K.SUBMITTED, K.INTERCHANGE_ACCEPTED, K.TRANSACTION_ACCEPTED]))
def test_a_late_acknowledgment_never_moves_an_adjudicated_claim(events, late) -> None:
    decided = [*events, event(K.PAID, 30)]
    assert standing([*decided, event(late, 60)]) is standing(decided)


def test_a_refused_replacement_takes_back_that_it_replaced_the_claim_and_no_other_one() -> None:
    paid = [event(K.SUBMITTED), event(K.PAID, 20)]
    first, second = (ClaimEvent(kind=K.REPLACED, on=SENT + timedelta(days=30), code=code) for code in ("C2", "C3"))
    refused = ClaimEvent(kind=K.CORRECTION_REFUSED, on=SENT + timedelta(days=31), code="C2")
    assert standing([*paid, first, refused]) is Standing.PAID
    assert standing([*paid, first, refused, second]) is Standing.REPLACED


def test_a_claim_whose_replacement_was_refused_is_waited_for_again() -> None:
    heard = {K.SUBMITTED, K.TRANSACTION_ACCEPTED, K.PAYER_ACCEPTED, K.REPLACED}
    waiting = Waiting(claim_id=1, number="C1", submitted_on=SENT, kinds=frozenset(heard))
    again = Waiting(claim_id=1, number="C1", submitted_on=SENT, kinds=frozenset({*heard, K.CORRECTION_REFUSED}))
    today = SENT + timedelta(days=50)
    assert missing_answer(waiting, PATIENCE, today) is None
    late = missing_answer(again, PATIENCE, today)
    assert late is not None
    assert "835" in late.text


def test_a_claim_that_was_never_sent_has_no_standing() -> None:
    with pytest.raises(ValueError, match="never sent"):
        standing([])


@pytest.mark.parametrize(
    ("day", "heard", "missing"),
    [
        (1, {K.SUBMITTED}, None),
        (2, {K.SUBMITTED}, "acknowledgment (999)"),
        (3, {K.SUBMITTED, K.TRANSACTION_ACCEPTED}, None),
        (4, {K.SUBMITTED, K.TRANSACTION_ACCEPTED}, "claim status (277CA)"),
        (45, {K.SUBMITTED, K.PAYER_ACCEPTED}, None),
        (46, {K.SUBMITTED, K.PAYER_ACCEPTED}, "remit (835)"),
        (400, {K.SUBMITTED, K.PAYER_REJECTED}, None),
        (400, {K.SUBMITTED, K.PAID}, None),
    ],
)
def test_a_missing_answer_is_told_once_it_is_late(day, heard, missing) -> None:
    waiting = Waiting(claim_id=1, number="C1", submitted_on=SENT, kinds=frozenset(heard), file_by=date(2027, 3, 2))
    finding = missing_answer(waiting, PATIENCE, SENT + timedelta(days=day))
    assert (finding.observed if finding else None) == missing
    if finding:
        assert "2027-03-02" in finding.text
        assert finding.holds
