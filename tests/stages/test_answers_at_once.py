"""Several payments in one file, and several processes that read at once: each takes effect once, and a deadlock is tried again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy.exc import OperationalError

from integration_engine.stages.assigning_money import AssignMoney
from integration_engine.stages.posting_remits import PostRemits
from integration_engine.stages.read_back import BUSY, ReadBack
from integration_engine.store import Store
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages


def remits(office: Office) -> list[bytes]:
    """The payments of three payers, one claim each."""
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    answers = office.answers(office.send(), chosen(*ALL_PAID))
    found = [data for _, data in answers if b"ST*835" in data]
    assert len(found) == 3
    return found


def more_paid(remit: bytes, dollars: int) -> bytes:
    """The remit with a payment that is so much more than its claims."""
    return re.sub(
        rb"(BPR\*[A-Z]\*)([0-9.]+)", lambda m: m[1] + str(float(m[2]) + dollars).encode().removesuffix(b".0"), remit
    )


def totals(office: Office) -> dict[str, int]:
    with office.store.database.read() as connection:
        return {total.account: total.debit - total.credit for total in office.store.ledger.totals(connection)}


def stage(store: Store) -> ReadBack:
    return ReadBack(store=store, rules=lambda: RULES)


@contextmanager
def another(office: Office) -> Iterator[Store]:
    """The store as a second process sees it."""
    store = Store.open(office.store.database.url)
    try:
        yield store
    finally:
        store.close()


def at_once(office: Office, *work: Callable[[Store], object]) -> list:
    """What each does in a process of its own, begun at the same moment."""
    start = threading.Barrier(len(work))

    def one(act: Callable[[Store], object]) -> object:
        with another(office) as store:
            start.wait(10)
            return act(store)

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(60) for future in [pool.submit(one, act) for act in work]]


def test_accepting_a_file_posts_each_of_its_payments_that_waited_and_none_twice(office: Office) -> None:
    first, second, third = remits(office)
    data = first + more_paid(second, 7) + more_paid(third, 5)
    assert office.take(("three.835", data))[0].state == "held"
    assert sorted(office.claims().values()) == ["paid", "sent", "sent"]
    with office.store.database.read() as connection:
        (file,) = office.store.answers.files(connection)
    done = stage(office.store).accept(file.id, by="J. Doe", reason="the payer explained it", now=NOW)
    assert (done.state, set(office.claims().values())) == ("done", {"paid"})
    assert totals(office)["unapplied"] == -1200
    assert (office.holds("remittance"), office.ledger(), office.difference()) == ([], 0, 0)
    with pytest.raises(LookupError):
        stage(office.store).accept(file.id, by="J. Doe", reason="again", now=NOW)
    office.take(*[(f"{number}.835", one) for number, one in enumerate((first, second, third))])
    assert totals(office)["unapplied"] == -1200


@pytest.mark.parametrize("reworded", [False, True])
def test_one_file_read_by_two_at_once_takes_effect_once(office: Office, *, reworded: bool) -> None:
    data = remits(office)[0]
    other = b"\n" + data if reworded else data
    taken = at_once(
        office,
        lambda store: stage(store).take("a.835", data, NOW),
        lambda store: stage(store).take("b.835", other, NOW),
    )
    assert sorted(one.state for one in taken) == (["done", "done"] if reworded else ["done", "repeated"])
    assert sum(float(one.paid) > 0 for one in taken) == 1
    assert sorted(office.claims().values()) == ["paid", "sent", "sent"]
    with office.store.database.read() as connection:
        claims = list(office.store.submissions.by_number(connection, office.claims()).values())
        kinds = [
            event.kind
            for events in office.store.submissions.events(connection, [c.id for c in claims]).values()
            for event in events
        ]
    assert kinds.count("paid") == 1
    assert (office.ledger(), office.difference()) == (0, 0)


def test_two_files_that_block_each_other_are_both_taken(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = remits(office)
    meet, posted, post = threading.Barrier(2), threading.local(), PostRemits.post

    def slowly(self, *given, **more) -> None:
        post(self, *given, **more)
        if not getattr(posted, "one", False):  # both hold their first payment before either takes the other's
            posted.one = True
            with suppress(threading.BrokenBarrierError):  # SQLite lets one in at a time
                meet.wait(2)

    monkeypatch.setattr(PostRemits, "post", slowly)
    taken = at_once(
        office,
        lambda store: stage(store).take("a.835", first + second, NOW),
        lambda store: stage(store).take("b.835", second + first, NOW),
    )
    assert {one.state for one in taken} == {"done"}
    assert sorted(office.claims().values()) == ["paid", "paid", "sent"]
    assert (office.holds("interface"), office.ledger(), office.difference()) == ([], 0, 0)


class Deadlock(Exception):
    sqlstate = "40P01"


class Unserializable(Exception):
    sqlstate = "40001"


@pytest.mark.parametrize("fault", [Deadlock, Unserializable])
@pytest.mark.parametrize(("times", "state"), [(1, "done"), (2, "done"), (3, "waiting")])
def test_a_deadlock_or_serialization_failure_is_tried_again_and_the_file_waits_when_it_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], times: int, state: str
) -> None:
    data = remits(office)[0]
    post, failed = PostRemits.post, []

    def failing(self, *given, **more) -> None:
        post(self, *given, **more)
        if len(failed) < times:
            failed.append(1)
            raise OperationalError("COMMIT", {}, fault())

    with monkeypatch.context() as broken:
        broken.setattr(PostRemits, "post", failing)
        taken = stage(office.store).take("a.835", data, NOW)
    assert (taken.state, len(failed)) == (state, times)
    if state == "waiting":
        assert taken.reason == BUSY
        assert set(office.claims().values()) == {"sent"}
        assert stage(office.store).take("a.835", data, NOW).state == "done"
    assert sorted(office.claims().values()) == ["paid", "sent", "sent"]
    assert (office.ledger(), office.difference()) == (0, 0)


def test_money_given_by_two_at_once_is_given_once(office: Office) -> None:
    data = re.sub(rb"CLP\*[^*]+\*", b"CLP*FOREIGN1*", remits(office)[0])
    data = re.sub(rb"REF\*6R\*[^~]+", b"REF*6R*X1", data)
    office.take(("strange.835", data))
    with office.store.database.read() as connection:
        (file,) = office.store.answers.files(connection)
    number = office.truth[0].number

    def give(store: Store) -> bool:
        given = AssignMoney(store=store, rules=lambda: RULES)
        return given.assign(
            file.id, 1, number, by="J. Doe", reason="same day and charge", now=NOW, anyway=True
        ).repeated

    assert sorted(at_once(office, give, give)) == [False, True]
    assert (totals(office)["unapplied"], office.ledger(), office.difference()) == (0, 0, 0)
