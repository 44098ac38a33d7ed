"""Denials worked and counted: what is given up leaves the ledger even, history posts nothing, a baseline stands still."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration_engine.core.money import to_cents
from integration_engine.rules.denials.comparison import ALL
from integration_engine.stages.denial_history import DenialHistory, Outcome
from integration_engine.stages.denial_work import move_denial
from integration_engine.store import Store
from integration_engine.store.baselines import BaselineFrozen
from tests.samples.denial_history import history
from tests.stages.office import ALL_PAID, NOW, RULES, SAMPLES, TODAY, Office, chosen, messages

HISTORY = tuple((path.name, path.read_bytes()) for path in sorted((SAMPLES / "history").glob("*.835")))
ROWS = ("2026-05.csv", (SAMPLES / "history" / "2026-05.csv").read_bytes())
SUMMIT_DENIES = ("  - {payer: SUMM1, outcome: denied_authorization}", *ALL_PAID)


def denials(office: Office, state: str | None = "open") -> list:
    with office.store.database.read() as connection:
        return office.store.denials.list(connection, state=state)


def balance(office: Office, number: str, account: str) -> int:
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        return office.store.ledger.balances(connection, [claim.id])[claim.id].get(account, 0)


def move(office: Office, denial: int, state: str, reason: str = "agreed with the payer"):
    return move_denial(office.store, RULES, denial, state, by="J. Doe", reason=reason, now=NOW)


def deny(office: Office, *choices: str) -> list:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    office.take(*office.answers(office.send(), chosen(*choices)))
    return denials(office)


def stage(office: Office) -> DenialHistory:
    return DenialHistory(store=office.store, rules=RULES)


# --- decisions ---------------------------------------------------------------------------------------------------------


def test_write_off_gives_up_what_is_open_and_ends_the_hold_and_the_ledger_stays_even(office: Office) -> None:
    denied = deny(office, *SUMMIT_DENIES)
    owed = balance(office, denied[0].claim, "receivable_payer")
    assert owed > 0
    done = [move(office, one.id, "written_off") for one in denied]
    assert sum(to_cents(one.written_off) for one in done) == owed
    assert balance(office, denied[0].claim, "receivable_payer") == 0
    assert balance(office, denied[0].claim, "write_off") == owed
    assert (done[-1].left, len(done[-1].holds)) == (0, 1)
    assert office.holds("denials") == []
    assert (office.ledger(), office.difference()) == (0, 0)
    with office.store.database.read() as connection:
        shown = office.store.holds.show(connection, done[-1].holds[0])
        assert office.store.audit.verify(connection) == 0
    assert [(event["who"], event["what"]) for event in shown["history"]] == [("J. Doe", "resolved")]


def test_never_more_is_given_up_than_is_open(office: Office) -> None:
    denied = deny(office, *SUMMIT_DENIES)[0]
    with office.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE denial SET amount_cents = amount_cents + 5000")
    owed = balance(office, denied.claim, "receivable_payer")
    done = move(office, denied.id, "written_off")
    assert (to_cents(done.written_off), done.not_open) == (owed, Decimal("50.00"))
    assert balance(office, denied.claim, "receivable_payer") == 0
    assert office.ledger() == 0


def test_a_hold_stays_until_the_last_denial_of_its_claim_was_worked(office: Office) -> None:
    office.receive(*messages("02_mixed_minutes.hl7"))
    office.take(*office.answers(office.send(), chosen("  - {payer: MEDB1, outcome: denied_documentation}")))
    by_claim = Counter(one.claim for one in denials(office))
    claim, lines = by_claim.most_common(1)[0]
    assert lines > 1
    ids = [one.id for one in denials(office) if one.claim == claim]
    before = len(office.holds("denials"))
    for place, identity in enumerate(ids, start=1):
        done = move(office, identity, "resubmitted")
        assert (done.left, len(done.holds)) == (lines - place, int(place == lines))
    assert len(office.holds("denials")) == before - 1


def test_two_people_giving_up_on_one_claim_at_once_give_up_no_more_than_is_open(
    office: Office, migrated_database_url: str
) -> None:
    office.receive(*messages("02_mixed_minutes.hl7"))
    office.take(*office.answers(office.send(), chosen("  - {payer: MEDB1, outcome: denied_documentation}")))
    claim = Counter(one.claim for one in denials(office)).most_common(1)[0][0]
    ids = [one.id for one in denials(office) if one.claim == claim]
    with office.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE denial SET amount_cents = amount_cents + 5000")
    owed = balance(office, claim, "receivable_payer")
    stores = [Store.open(migrated_database_url) for _ in ids]
    try:
        with ThreadPoolExecutor(len(ids)) as people:
            done = [
                people.submit(move_denial, store, RULES, one, "written_off", by="J. Doe", reason="too late", now=NOW)
                for store, one in zip(stores, ids, strict=True)
            ]
            given_up = sum(to_cents(one.result().written_off) for one in done)
    finally:
        for store in stores:
            store.close()
    assert given_up == owed
    assert (balance(office, claim, "receivable_payer"), office.ledger()) == (0, 0)


@pytest.mark.parametrize("state", ["resubmitted", "appealed"])
def test_nothing_is_given_up_when_a_denial_is_worked_on(office: Office, state: str) -> None:
    denied = deny(office, *SUMMIT_DENIES)[0]
    owed = balance(office, denied.claim, "receivable_payer")
    move(office, denied.id, state)
    assert balance(office, denied.claim, "receivable_payer") == owed
    assert [one.id for one in denials(office, state)] == [denied.id]
    assert to_cents(move(office, denied.id, "written_off").written_off) == owed  # and given up later all the same


def test_a_decision_is_refused_and_nothing_posted_when_it_names_nobody_or_comes_twice(office: Office) -> None:
    denied = deny(office, *SUMMIT_DENIES)[0]
    with pytest.raises(ValueError, match="--by and --reason"):
        move(office, denied.id, "written_off", reason=" ")
    with pytest.raises(ValueError, match="resubmitted, appealed, written_off"):
        move(office, denied.id, "recovered")
    with pytest.raises(LookupError, match="no denial 1"):
        move(office, 1, "appealed")
    owed = balance(office, denied.claim, "receivable_payer")
    move(office, denied.id, "written_off")
    with pytest.raises(LookupError, match="no open denial"):
        move(office, denied.id, "written_off")
    assert balance(office, denied.claim, "write_off") == owed


def test_a_claim_denied_as_a_whole_waits_too_when_all_is_left_to_the_patient(office: Office) -> None:
    denied = deny(office, "  - {payer: SUMM1, outcome: denied_eligibility}", *ALL_PAID)
    assert [(one.category, one.line_number) for one in denied] == [("eligibility", None)]
    assert [hold.finding for hold in office.holds("denials")] == ["denials.eligibility"]
    done = move(office, denied[0].id, "written_off")
    assert (done.written_off, done.not_open) == (Decimal("0.00"), Decimal(denied[0].amount))  # the patient's, not ours
    assert (office.ledger(), len(done.holds)) == (0, 1)


# --- history -----------------------------------------------------------------------------------------------------------


def test_sample_history_is_what_the_simulated_payers_wrote(pytestconfig: pytest.Config) -> None:
    written, _ = history()
    if pytestconfig.getoption("--update-golden"):
        for name, text in written.items():
            (SAMPLES / "history" / name).write_bytes(text.encode("ascii"))
    assert {path.name: path.read_text("ascii") for path in (SAMPLES / "history").glob("*.835")} == written


def test_history_is_counted_as_it_truly_was_and_posts_nothing(office: Office) -> None:
    _, truth = history()
    answered = [told for told in truth if told.payments]
    first = Counter(told.category for told in answered if told.category and not told.outcome.startswith("paid_then"))
    first["modifier"] += sum(told.outcome == "denied_then_paid" for told in answered)
    done = stage(office).take(HISTORY, "before", NOW, by="J. Doe")
    whole = done.baseline.measured.whole
    assert (done.outcome, done.problems) == (Outcome.FROZEN, ())
    assert {c.category.value: c.claims for c in whole.categories if c.claims} == dict(first)
    assert (whole.adjudicated_claims, whole.denied_claims) == (len(answered), first.total())
    coverage = done.baseline.coverage
    assert coverage.enough
    assert coverage.answers_read == sum(len(told.payments) for told in truth)
    assert coverage.answers_read == coverage.answers_used + sum(count for _, count in coverage.not_usable)
    told = {
        part.name: part.tally.adjudicated_claims for part in done.baseline.measured.slices if part.by == "discipline"
    }
    assert all(told[name] for name in ("PT", "OT", "SLP", "unknown"))
    with office.store.database.read() as connection:
        assert office.store.ledger.totals(connection) == []
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("claim", "denial", "remit", "answer", "hold", "ledger_entry")
        }
        assert connection.exec_driver_sql("SELECT count(*) FROM version").scalar() == 1
    assert not any(counts.values())


def test_the_same_files_again_are_told_and_not_counted_twice(office: Office) -> None:
    stage(office).take(HISTORY, "before", NOW)
    again = stage(office).take([*reversed(HISTORY), (f"copy_{HISTORY[0][0]}", HISTORY[0][1])], "other", NOW)
    assert (again.outcome, again.same_as) == (Outcome.REPEATED, "before")
    copied = again.baseline.coverage.files[-1]
    assert (copied.used, copied.reason.startswith("the same content as")) == (False, True)
    assert again.baseline.measured.whole == stage(office).take(HISTORY, "third", NOW).baseline.measured.whole
    with office.store.database.read() as connection, pytest.raises(LookupError):
        office.store.baselines.load(connection, "other")


def test_the_same_payment_in_a_file_of_other_bytes_is_not_counted_twice(office: Office) -> None:
    name, data = HISTORY[0]
    once = stage(office).take([(name, data)], "once", NOW, dry_run=True).baseline
    twice = stage(office).take([(name, data), ("reworded", data + b"\n")], "twice", NOW, dry_run=True).baseline
    assert twice.measured == once.measured
    assert {r.name: n for r, n in twice.coverage.not_usable}["REPEATED"] == once.coverage.answers_read


def test_a_baseline_is_not_overwritten_but_superseded(office: Office) -> None:
    stage(office).take(HISTORY, "before", NOW)
    more = [*HISTORY, ROWS]
    with pytest.raises(BaselineFrozen):
        stage(office).take(more, "before", NOW)
    stage(office).take(more, "longer", NOW, supersedes="before")
    assert stage(office).compare(None, NOW, None, None).baseline == "longer"
    assert (
        stage(office).compare("before", NOW, None, None).baseline_claims
        < stage(office).compare("longer", NOW, None, None).baseline_claims
    )


def test_a_spreadsheet_is_counted_like_a_remit(office: Office) -> None:
    done = stage(office).take([ROWS], "rows", NOW)
    whole = done.baseline.measured.whole
    assert {c.category.value: (c.claims, c.lines) for c in whole.categories if c.lines} == {
        "authorization": (1, 1),
        "modifier": (1, 1),
        "unmapped": (1, 1),
    }
    assert {reason.name: count for reason, count in done.baseline.coverage.not_usable} == {
        "LATER_PAYER": 1,
        "CORRECTED": 1,
    }
    assert not done.baseline.coverage.enough
    assert done.baseline.measured.unmapped == (("CO-999", 1),)
    brief = stage(office).report("rows")
    assert [(one.category.value, one.by_money) for one in brief.categories[:3]] == [
        ("authorization", 1),
        ("unmapped", 1),
        ("modifier", 3),
    ]
    assert (brief.categories[0].open_lines, brief.unmapped.percent) == (None, Decimal("33.33"))
    assert brief.unmapped.over_limit


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no row of it can be read"),
        (b"\x00\xff\xfe\x80", "neither an 835 nor a spreadsheet"),
        (HISTORY[0][1].replace(b"*P*:", b"*T*:"), "marked as a test"),
        (HISTORY[0][1].replace(b"ST*835", b"ST*277"), "it holds no 835"),
    ],
)
def test_a_file_that_is_no_history_is_told_with_its_reason(office: Office, data: bytes, reason: str) -> None:
    done = stage(office).take([("odd", data)], "odd", NOW)
    assert done.outcome is Outcome.EMPTY
    assert reason in done.baseline.coverage.files[0].reason


def test_claims_that_this_engine_sent_are_no_history(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    answers = [
        (name, data) for name, data in office.answers(office.send(), chosen(*SUMMIT_DENIES)) if b"ST*835" in data
    ]
    production = [(name, data.replace(b"*T*:", b"*P*:")) for name, data in answers]
    done = stage(office).take(production, "ours", NOW)
    assert done.outcome is Outcome.EMPTY
    assert [reason.name for reason, _ in done.baseline.coverage.not_usable] == ["SENT_BY_US"]


# --- what changed --------------------------------------------------------------------------------------------------------


def test_comparison_counts_our_own_first_answers_of_the_period(office: Office) -> None:
    stage(office).take(HISTORY, "before", NOW)
    deny(office, *SUMMIT_DENIES)
    found = stage(office).compare("before", NOW, None, None)
    rows = {row.category: row for row in found.rows}
    assert (found.current_claims, rows["authorization"].current.claims, rows[ALL].current.claims) == (3, 1, 1)
    assert rows["authorization"].current.amount > 0
    assert (found.current_to - found.current_from) == (found.baseline_to - found.baseline_from)
    earlier = stage(office).compare("before", NOW, date(2026, 1, 1), date(2026, 6, 30))
    assert earlier.current_claims == 0
    with pytest.raises(ValueError, match="ends before it begins"):
        stage(office).compare("before", NOW, TODAY, date(2026, 1, 1))


def test_comparison_tells_when_the_definitions_changed(office: Office) -> None:
    stage(office).take(HISTORY, "before", NOW)
    changed = replace(RULES, responses=replace(RULES.responses, version="other"))
    notes = DenialHistory(store=office.store, rules=changed).compare(None, NOW, None, None).notes
    assert any("have changed since" in note for note in notes)


def test_report_counts_each_denial_once_with_the_initial_rate(office: Office) -> None:
    denied = deny(office, *SUMMIT_DENIES)
    found = stage(office).report()
    assert sum(one.lines for one in found.categories) == found.lines == len(denied)
    assert found.categories[0].category.value == "authorization"
    assert found.amount == sum((Decimal(one.amount) for one in denied), Decimal(0))
    assert (found.unmapped.denied, found.unmapped.unmapped) == (len(denied), 0)
    whole = found.initial[0]
    assert (whole.by, whole.adjudicated, whole.rate.claims, whole.rate.percent) == ("all", 3, 1, Decimal("33.33"))
