"""Two hundred encounters, or LOOP_CLAIMS, from message to ledger by processes that are killed ten times on the way.

LOOP_CLAIMS=10000 python -m pytest tests/journeys/test_claim_loop.py -k sqlite -s
"""

from __future__ import annotations

import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from integration_engine.bootstrap import open_store, upgrade_database
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.settings import Settings
from integration_engine.store import Connection, Store
from integration_engine.store.queries.conserve import conserve
from tests.journeys.engine import Engine
from tests.journeys.loop import KILLS_A_ROUND, ROUNDS, Loop, restless_payer

pytestmark = pytest.mark.slow
CLAIMS = int(os.environ.get("LOOP_CLAIMS", "200"))
SEED = 20261124
REFUSED = {"interchange_refused", "set_refused", "clearinghouse_rejected", "payer_rejected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the loop left behind."""

    loop: Loop
    counts: dict[str, Any]
    claims: dict[str, SentClaim]
    balances: dict[int, dict[str, int]]
    totals: dict[str, int]
    payments: dict[int, list[tuple[Remit, RemitClaim]]]
    to_decide_again: list[int]


def _look(store: Store, connection: Connection, loop: Loop) -> Outcome:
    claims = store.submissions.by_number(connection, loop.truth)
    ids = [claim.id for claim in claims.values()]
    return Outcome(
        loop=loop,
        counts=conserve(connection),
        claims=claims,
        balances=store.ledger.balances(connection, ids),
        totals={total.account: total.debit - total.credit for total in store.ledger.totals(connection)},
        payments=store.answers.posted_for(connection, ids),
        to_decide_again=store.submissions.to_decide_again(connection),
    )


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    home = tmp_path_factory.mktemp("loop")
    url, server, name = "", None, ""
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        name = server.create_database()
        url = server.url(name)
        upgrade_database(Settings(database_url=url))
    given = {"GATE_MODE": "sample", "GATE_ABOVE": "20", "LEASE_SECONDS": "2"}
    engine = Engine(home, url, given)
    loop = Loop(engine, random.Random(SEED), restless_payer(home))
    try:
        loop.run(CLAIMS)
        with open_store(loop.settings) as store, store.database.read() as connection:
            found = _look(store, connection, loop)
        _tell(request.param, found)
        yield found
    finally:
        engine.stop()
        if server is not None:
            server.drop_database(name)


def _tell(database: str, found: Outcome) -> None:
    """The figures of the run, for whoever runs it with -s."""
    fates = Counter(told["outcome"] for told in found.loop.truth.values())
    lines = [
        f"{database}: {CLAIMS} encounters, {len(found.loop.truth)} claims, {len(found.loop.seen)} files",
        f"killed {dict(found.loop.killed)}; outcomes {dict(fates.most_common())}",
        *(f"{part:<24}{seconds:>8.1f} s" for part, seconds in found.loop.seconds.items()),
    ]
    sys.stdout.write("\n" + "\n  ".join(lines) + "\n")


def _standing(told: dict[str, Any]) -> str:
    """Where a claim stands when the engine knows what is true of it."""
    if told["ending"] in REFUSED:
        return "refused"
    if told["ending"] == "pending":
        return "at_payer"
    return "denied" if told["category"] and not Decimal(told["paid"]) else "paid"


def test_processes_were_killed_ten_times(outcome: Outcome) -> None:
    assert sum(outcome.loop.killed.values()) == ROUNDS * sum(KILLS_A_ROUND.values()) == 10
    assert set(outcome.loop.killed) == {"batch", "read-back"}


def test_no_charge_line_is_lost(outcome: Outcome) -> None:
    assert outcome.counts["messages"]["received"] == outcome.counts["messages"]["done"] == CLAIMS
    assert outcome.counts["difference"] == 0
    assert outcome.counts["charges"]["pending"] == 0


def test_ledger_balances_as_a_whole_and_in_each_posting(outcome: Outcome) -> None:
    assert sum(outcome.totals.values()) == 0
    assert outcome.counts["ledger"]["difference"] == "0.00"
    assert outcome.counts["ledger"]["uneven_postings"] == 0
    assert outcome.totals["revenue"] < 0


def test_every_claim_stands_where_the_payer_left_it(outcome: Outcome) -> None:
    meant = {number: (told["outcome"], _standing(told)) for number, told in outcome.loop.truth.items()}
    found = {
        n: (t["outcome"], outcome.claims[n].standing) for n, t in outcome.loop.truth.items() if n in outcome.claims
    }
    assert found == meant


def test_money_of_each_claim_is_the_money_that_was_paid(outcome: Outcome) -> None:
    meant = {number: int(Decimal(told["paid"]).scaleb(2)) for number, told in outcome.loop.truth.items()}
    found = {number: outcome.balances[claim.id].get("cash", 0) for number, claim in outcome.claims.items()}
    assert found == meant
    assert not outcome.totals.get("unapplied")


def test_each_payment_takes_effect_once(outcome: Outcome) -> None:
    meant = {
        number: sorted((one["trace"], one["status"], one["paid"]) for one in told["payments"])
        for number, told in outcome.loop.truth.items()
    }
    found = {
        number: sorted((head.trace, one.status, str(one.paid)) for head, one in outcome.payments.get(claim.id, ()))
        for number, claim in outcome.claims.items()
    }
    assert found == meant


def test_no_claim_number_stands_in_two_files_and_no_file_was_written_over(outcome: Outcome) -> None:
    loop = outcome.loop
    assert loop.twice == []
    texts = {path.name: path.read_bytes() for path in loop.files()}
    assert {name: sha256(data).hexdigest() for name, data in texts.items()} == {n: d for n, (_, d) in loop.seen.items()}
    numbers = Counter(number for data in texts.values() for number in re.findall(rb"~CLM\*(\w+)", data))
    assert [number for number, count in numbers.items() if count > 1] == []
    assert {number.decode() for number in numbers} == set(loop.truth)


def test_nothing_waits_to_be_decided_again(outcome: Outcome) -> None:
    assert outcome.to_decide_again == []
    assert list(outcome.loop.inbound.glob("*.x12")) == []


def test_later_payers_were_told_of_the_first(outcome: Outcome) -> None:
    later = [claim for claim in outcome.claims.values() if claim.draft.sequence == "S"]
    assert later
    assert {outcome.loop.truth[claim.number]["outcome"] for claim in later} & {"denied_prior_payer_missing"} == set()
