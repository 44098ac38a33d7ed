"""Write-offs given back: over any course of a claim what is owed adds up, and is below zero only where too much was paid."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from integration_engine.domain.claim import Frequency
from integration_engine.domain.ledger import RECEIVABLES, Account, Entry, EntryKind
from integration_engine.domain.remit import RemitClaim
from integration_engine.domain.submission import SubmittedClaim
from integration_engine.rules.posting.ledger import (
    difference,
    entries_for_claim,
    open_balance,
    pair,
    total_of,
    write_off,
)
from integration_engine.rules.posting.write_offs import fresh_key, given_back, owed_after_all, written_off
from tests.rules.decided_claims import CHARGES, ON, answer, claim, posted

Step = Literal["pay", "deny", "part", "back", "payer", "patient", "replace", "void"]
PAYER, PATIENT = Account.RECEIVABLE_PAYER, Account.RECEIVABLE_PATIENT


@dataclass
class Course:
    """One claim, from its submission on, with a naive count of what was really paid and taken off beside the books."""

    ours: SubmittedClaim = field(default_factory=lambda: claim("C1"))
    entries: list[Entry] = field(default_factory=list)
    stands: list[RemitClaim] = field(default_factory=list)
    remits: int = 0
    corrected: bool = False
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries += entries_for_claim(self.ours, ON)

    def step(self, what: Step) -> None:
        first, second = CHARGES
        of = {
            "pay": (((("CO-45", 2_000),), (("CO-45", 800), ("PR-2", 1_000))), "1"),
            "deny": (((("CO-50", first),), (("CO-50", second),)), "4"),
            "part": (((("CO-50", first),), (("CO-45", 800), ("PR-2", 1_000))), "1"),
        }
        if what in of:
            taken, status = of[what]
            self.decided(answer(self.ours, taken, status))
            self.stands.append(answer(self.ours, taken, status))
        elif what == "back" and self.stands:
            last = self.stands.pop()
            taken = tuple(
                tuple((f"{a.group}-{a.reason}", int(a.amount * 100)) for a in line.adjustments) for line in last.lines
            )
            self.decided(answer(self.ours, taken, "22", sign=-1))
        elif what in {"payer", "patient"}:
            side = PAYER if what == "payer" else PATIENT
            owed = sum(e.cents for e in self.entries if e.account is side and e.claim == "C1")
            key = fresh_key("W", self.entries)
            self.entries += write_off("C1", max(0, owed), ON, key, patient=side is PATIENT)
        elif what in {"replace", "void"} and not self.corrected:
            self.corrected = True
            kind = Frequency.VOID if what == "void" else Frequency.REPLACEMENT
            self.entries += entries_for_claim(claim("C2", frequency=kind, replaces="ICN"), ON, earlier=self.entries)
            self.entries += given_back("C1", self.entries, ON)

    def decided(self, told: RemitClaim) -> None:
        self.remits += 1
        result = posted(told, self.ours, f"T{self.remits}", self.entries)
        assert difference(result.entries) == 0
        self.findings += [finding.id for finding in result.findings]
        self.entries += result.entries

    def expected(self) -> dict[str, int]:
        """What the answers that stand come to, counted without any book."""
        sums: Counter[str] = Counter(cash=0, contractual=0, patient=0)
        for place, told in enumerate(self.stands):
            sums["cash"] += int(told.paid * 100)
            if told in self.stands[:place]:
                continue  # said once more in the same words: paid twice, reduced once
            for adjustment in (a for line in told.lines for a in line.adjustments):
                if adjustment.reason != "50":
                    where = "patient" if adjustment.group == "PR" else "contractual"
                    sums[where] += int(adjustment.amount * 100)
        return dict(sums)


STEPS = st.lists(
    st.sampled_from(["pay", "deny", "part", "back", "payer", "patient", "replace", "void"]), min_size=1, max_size=9
)


@settings(max_examples=300, deadline=None)
@example(["deny", "payer", "pay"])
@example(["deny", "payer", "back", "pay"])
@example(["part", "payer", "back"])
@example(["part", "payer", "patient", "pay", "back", "back"])
@example(["deny", "payer", "void"])
@example(["deny", "payer", "replace", "pay", "back"])
@given(STEPS)
def test_what_is_owed_adds_up_and_is_never_too_little_unless_too_much_was_paid(steps: list[Step]) -> None:
    course = Course()
    for what in steps:
        course.step(what)
        books, said = course.entries, course.expected()
        own = [entry for entry in books if entry.claim == "C1"]
        charge = 0 if course.corrected else sum(CHARGES)
        owed = open_balance(books, "C1")
        forgiven = {side: written_off(books, "C1", side) for side in RECEIVABLES}
        assert total_of(own, Account.CASH) == said["cash"]
        assert total_of(own, Account.CONTRACTUAL) == said["contractual"]
        assert -total_of(own, Account.REVENUE) == charge
        assert total_of(own, Account.WRITE_OFF) == sum(forgiven.values())
        assert min(forgiven.values()) >= 0
        rest = charge - said["cash"] - said["contractual"] - said["patient"]
        assert owed.payer == rest - forgiven[PAYER]
        assert owed.patient == said["patient"] - forgiven[PATIENT]
        assert owed.payer >= min(0, rest)  # below zero only as far as more was paid and taken off than charged
        assert owed.patient >= 0
        assert difference(books) == 0
    assert not {"remittance.reversal_unknown", "remittance.reversal_differs"} & set(course.findings)


def test_a_write_off_is_given_back_the_newest_first_and_its_rest_stays() -> None:
    books = [*write_off("C1", 300, ON, "A"), *write_off("C1", 500, ON, "B"), *write_off("C2", 900, ON, "C")]
    books += entries_for_claim(claim("C1"), ON)
    paid = sum(CHARGES) - 800 + 600
    books += pair("remit", Account.CASH, PAYER, paid, EntryKind.PAYMENT, ON, claim="C1")
    back = given_back("C1", books, ON)
    assert [(leg.posting, leg.undoes, leg.cents) for leg in back if leg.account is PAYER] == [
        ("given_back|write_off|B", "write_off|B", 500),
        ("given_back|write_off|A", "write_off|A", 300),
        ("write_off|A|rest 1", None, -200),
    ]
    books += back
    assert (written_off(books, "C1"), open_balance(books, "C1").payer) == (200, 0)
    assert given_back("C1", books, ON) == ()
    assert (owed_after_all(back), written_off(books, "C2")) == ({"C1"}, 900)
    again = given_back("C1", books, ON, whole=True)
    assert [(leg.undoes, leg.cents) for leg in again if leg.account is PAYER] == [("write_off|A|rest 1", 200)]


def test_a_write_off_made_again_has_a_key_of_its_own() -> None:
    books = write_off("C1", 300, ON, "denial 1")
    assert fresh_key("denial 1", ()) == "denial 1"
    assert fresh_key("denial 1", books) == "denial 1|2"
    assert fresh_key("denial 1", (*books, *write_off("C1", 300, ON, "denial 1|2"))) == "denial 1|3"
    assert Decimal(written_off(books, "C1")) == 300
