"""Claims that correct one another: one of them stands at the payer or none, and what is owed is what stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.domain.claim import Frequency
from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.claim_link import Link
from integration_engine.domain.ledger import Account, Entry, EntryKind
from integration_engine.domain.record import DayState
from integration_engine.rules.answers.life_cycle import Standing, standing
from integration_engine.rules.corrections.chain import (
    chains,
    charges_due,
    day_stands,
    outdated,
    standing_link,
    went_again,
    words_missing,
)
from integration_engine.rules.posting.ledger import difference, pair, refusal_entries, refusals_undone
from integration_engine.rules.posting.ledger import standing as not_taken_back

K = ClaimEventKind
SENT = date(2026, 3, 3)
ORIGINAL, REPLACEMENT, VOID = Frequency.ORIGINAL, Frequency.REPLACEMENT, Frequency.VOID
CENTS = {"C1": 12000, "C2": 13000, "C3": 14000, "C4": 0}
SPOKEN = (K.PAYER_ACCEPTED, K.PAYER_REJECTED, K.TRANSACTION_REFUSED, K.PAID, K.DENIED, K.PAYMENT_REVERSED)


def at(kind: ClaimEventKind, day: int = 0, code: str = "") -> ClaimEvent:
    return ClaimEvent(kind=kind, on=SENT + timedelta(days=day), code=code)


def charge(number: str, key: str = "") -> tuple[Entry, ...]:
    return pair(
        key or f"submission|{number}",
        Account.RECEIVABLE_PAYER,
        Account.REVENUE,
        CENTS[number],
        EntryKind.CHARGE,
        SENT,
        claim=number,
    )


@dataclass
class Course:
    """A chain as the stages lead it: what was sent, what was heard, and the books."""

    links: list[Link] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def send(self, number: str, frequency: Frequency, follows: str | None = None) -> None:
        self.links.append(Link(number=number, frequency=frequency, follows=follows, events=(at(K.SUBMITTED),)))
        if frequency is not VOID:
            self.entries += charge(number)
        self.settle(0)

    def hear(self, number: str, kind: ClaimEventKind, day: int) -> None:
        self.links = [
            replace(link, events=(*link.events, at(kind, day))) if link.number == number else link
            for link in self.links
        ]
        self.settle(day)

    def settle(self, day: int) -> None:
        on = SENT + timedelta(days=day)
        for _ in self.links:  # a question may be answered by what another link has just become
            for place, link in enumerate(self.links):
                refused = standing(link.events) is Standing.REFUSED
                if refused and not link.refused:
                    self.entries += refusal_entries({link.number}, on, self.entries)
                elif link.refused and not refused and not went_again(link.number, self.links[place + 1 :]):
                    self.entries += refusals_undone({link.number}, on, self.entries)
                else:
                    continue
                self.links[place] = replace(link, refused=refused)
        for chain in chains(self.links):
            for number, event in words_missing(chain, on):
                self.links = [
                    replace(link, events=(*link.events, event)) if link.number == number else link
                    for link in self.links
                ]
            self.entries += charges_due(chain, self.entries, on)

    def owed(self) -> dict[str, int]:
        """The charge that stands on each claim."""
        found = dict.fromkeys((link.number for link in self.links), 0)
        for entry in not_taken_back(self.entries):
            if entry.kind is EntryKind.CHARGE and entry.account is Account.RECEIVABLE_PAYER and entry.claim:
                found[entry.claim] += entry.cents
        return found

    def stands(self) -> list[Link]:
        [chain] = chains(self.links)
        last = standing_link(chain)
        return [last] if last is not None and last.frequency is not VOID else []


def whole_chain(follows: tuple[str, str, str] = ("C1", "C2", "C3")) -> Course:
    course = Course()
    course.send("C1", ORIGINAL)
    for number, frequency, before in zip(("C2", "C3", "C4"), (REPLACEMENT, REPLACEMENT, VOID), follows, strict=True):
        course.send(number, frequency, before)
    return course


WORDS = st.lists(
    st.tuples(st.sampled_from(("C1", "C2", "C3", "C4")), st.sampled_from(SPOKEN), st.integers(1, 40)), max_size=14
)
FOLLOWS = st.sampled_from([("C1", "C2", "C3"), ("C1", "C1", "C3"), ("C1", "C1", "C1"), ("C1", "C2", "C2")])


@given(FOLLOWS, WORDS)
def test_the_charge_owed_is_that_of_the_one_claim_that_stands_when_anything_is_heard(follows, words) -> None:
    course = whole_chain(follows)
    for number, kind, day in words:
        course.hear(number, kind, day)
        stands = {link.number for link in course.stands()}
        assert course.owed() == {n: CENTS[n] if n in stands else 0 for n in CENTS}
        assert difference(course.entries) == 0
        for link in course.links:
            over = {Standing.REPLACED, Standing.VOIDED, Standing.REFUSED}
            questioned = link.refused and standing(link.events) is not Standing.REFUSED
            taken_over = standing(link.events) in over
            assert questioned or taken_over or link.number in stands or link.frequency is VOID


@given(WORDS, st.randoms(use_true_random=False))
def test_the_order_of_files_makes_no_difference_when_the_payers_dates_tell_it(words, random) -> None:
    dated = list({(number, day): (number, kind, day) for number, kind, day in words}.values())
    shuffled = list(dated)
    random.shuffle(shuffled)
    in_order, out_of_order = whole_chain(), whole_chain()
    for word in sorted(dated, key=lambda one: one[2]):
        in_order.hear(*word)
    for word in shuffled:
        out_of_order.hear(*word)
    assert in_order.owed() == out_of_order.owed()
    assert told(in_order) == told(out_of_order)


def told(course: Course) -> list[Standing]:
    """Where each link stands; voided is as good as replaced, once what came between was refused for a while."""
    found = [standing(link.events) for link in course.links]
    return [Standing.REPLACED if one is Standing.VOIDED else one for one in found]


@given(FOLLOWS, WORDS)
def test_nothing_is_posted_or_told_when_it_was_settled_before(follows, words) -> None:
    course = whole_chain(follows)
    for word in words:
        course.hear(*word)
    before = (list(course.links), list(course.entries))
    course.settle(50)
    assert (course.links, course.entries) == before


def test_a_correction_refused_taken_and_refused_again_leaves_the_first_claim_owed_once() -> None:
    course = Course()
    course.send("C1", ORIGINAL)
    course.send("C2", REPLACEMENT, "C1")
    for kind, day, owed in (
        (K.PAYER_REJECTED, 1, {"C1": 12000, "C2": 0}),
        (K.PAYER_ACCEPTED, 2, {"C1": 0, "C2": 13000}),
        (K.PAYER_REJECTED, 3, {"C1": 12000, "C2": 0}),
    ):
        course.hear("C2", kind, day)
        assert course.owed() == owed


def test_two_corrections_both_refused_leave_the_original_when_the_first_was_refused_first() -> None:
    course = Course()
    for number, frequency, follows in (("C1", ORIGINAL, None), ("C2", REPLACEMENT, "C1"), ("C3", REPLACEMENT, "C2")):
        course.send(number, frequency, follows)
    course.hear("C2", K.PAYER_REJECTED, 1)
    assert course.owed() == {"C1": 0, "C2": 0, "C3": 14000}
    assert [standing(link.events) for link in course.links] == [Standing.REPLACED, Standing.REFUSED, Standing.SENT]
    course.hear("C3", K.PAYER_REJECTED, 2)
    assert course.owed() == {"C1": 12000, "C2": 0, "C3": 0}


def test_a_charge_that_was_posted_twice_before_is_owed_once() -> None:
    [chain] = chains([Link(number="C1")])
    twice = (*charge("C1"), *charge("C1", "refusal|C2|charge"))
    entries = (*twice, *charges_due(chain, twice, SENT))
    assert sum(e.cents for e in entries if e.account is Account.RECEIVABLE_PAYER) == CENTS["C1"]
    assert charges_due(chain, entries, SENT) == ()


def link(number: str, frequency: Frequency = ORIGINAL, *charges: int, follows: str = "", refused: bool = False) -> Link:
    return Link(
        number=number, frequency=frequency, follows=follows or None, refused=refused, charges=frozenset(charges)
    )


PLAIN = link("C1", ORIGINAL, 1, 2)
SEVEN = link("C2", REPLACEMENT, 1, 3, follows="C1")
EIGHT = link("C2", VOID, 1, 2, follows="C1")


@pytest.mark.parametrize(
    ("links", "state", "billed", "held", "void"),
    [
        ([PLAIN], DayState.BILLED, {1, 2}, set(), set()),
        ([replace(PLAIN, refused=True)], DayState.HELD, set(), {1, 2}, set()),
        ([PLAIN, SEVEN], DayState.BILLED, {1, 3}, set(), {2}),
        ([PLAIN, replace(SEVEN, refused=True)], DayState.BILLED, {1, 2}, {3}, set()),
        ([replace(PLAIN, refused=True), SEVEN], DayState.BILLED, {1, 3}, set(), {2}),
        ([PLAIN, EIGHT], DayState.VOID, set(), set(), {1, 2}),
        ([PLAIN, replace(EIGHT, refused=True)], DayState.BILLED, {1, 2}, set(), set()),
        ([PLAIN, EIGHT, link("C3", ORIGINAL, 1, 2)], DayState.BILLED, {1, 2}, set(), set()),
        ([replace(PLAIN, refused=True), link("C3", ORIGINAL, 1)], DayState.BILLED, {1}, {2}, set()),
        ([PLAIN, EIGHT, link("C3", ORIGINAL, 4, refused=True)], DayState.HELD, set(), {4}, {1, 2}),
    ],
)
def test_a_day_is_billed_by_what_the_payer_has(links, state, billed, held, void) -> None:
    told = day_stands(1, chains(links))
    assert (told.state, told.billed, told.held, told.void) == (state, billed, held, void)


def test_what_was_refused_before_the_claim_that_stands_need_not_go_again() -> None:
    [chain] = chains([PLAIN, replace(SEVEN, refused=True), link("C3", REPLACEMENT, 1, follows="C1")])
    assert outdated(chain) == {"C1", "C2"}
    [nothing] = chains([replace(PLAIN, refused=True)])
    assert outdated(nothing) == frozenset()


@pytest.mark.parametrize(
    ("later", "again"),
    [
        ([], ()),
        ([link("C3", ORIGINAL)], ("C3",)),
        ([link("C3", REPLACEMENT, follows="C2")], ()),
        ([link("C3", REPLACEMENT, follows="C2"), link("C4", VOID, follows="C3")], ()),
        ([link("C3", REPLACEMENT, follows="C1")], ("C3",)),
        ([link("C3", REPLACEMENT, follows="C1", refused=True)], ()),
    ],
)
def test_a_refused_claim_went_again_unless_it_was_only_corrected(later, again) -> None:
    assert went_again("C2", later) == again
