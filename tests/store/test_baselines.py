from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integration_engine.domain.baseline import Baseline, CategoryCount, Coverage, Measured, NotUsable, Slice, Tally
from integration_engine.domain.denial import DenialCategory
from integration_engine.store.baselines import BaselineAltered, BaselineFrozen

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
TALLY = Tally(
    adjudicated_claims=10,
    denied_claims=2,
    adjudicated_lines=14,
    denied_lines=3,
    charged=Decimal("1800.00"),
    paid=Decimal("900.10"),
    denied=Decimal("240.05"),
    categories=tuple(CategoryCount(category=c, claims=0, lines=0, amount=Decimal("0.00")) for c in DenialCategory),
)
FIRST = Baseline(
    name="first",
    data_digest="data",
    definitions="v1",
    mappings_version="m1",
    measured=Measured(
        first_on=date(2026, 6, 1),
        last_on=date(2026, 8, 31),
        whole=TALLY,
        slices=(Slice(by="discipline", name="PT", tally=TALLY),),
        denials=3,
        unmapped=(("CO-999", 1),),
    ),
    coverage=Coverage(
        files=(),
        answers_read=11,
        answers_used=10,
        claims_counted=10,
        lines_read=15,
        lines_used=14,
        not_usable=((NotUsable.REVERSAL, 1),),
        months=(("2026-06", 10),),
        months_wanted=3,
        unbalanced=0,
        frequency_unknown=0,
    ),
)


def freeze(store, baseline: Baseline, supersedes: str | None = None, by: str = "J. Doe") -> None:
    with store.database.write() as connection:
        store.baselines.freeze(connection, baseline, by=by, supersedes=supersedes, now=NOW)


def load(store, name: str | None = None):
    with store.database.read() as connection:
        return store.baselines.load(connection, name)


def test_baseline_comes_back_equal_with_who_and_when(store):
    freeze(store, FIRST)
    kept = load(store, "first")
    assert (kept.baseline, kept.frozen_at, kept.who, kept.superseded_by) == (FIRST, NOW, "J. Doe", None)


def test_baseline_is_refused_when_its_name_is_taken_whatever_it_counts(store):
    freeze(store, FIRST)
    for other in (FIRST, replace(FIRST, data_digest="other")):
        with pytest.raises(BaselineFrozen, match="--supersedes"):
            freeze(store, other)
    with pytest.raises(BaselineFrozen):
        freeze(store, FIRST, supersedes="first")  # not even as its own successor
    assert load(store, "first").baseline == FIRST


def test_newest_that_nothing_supersedes_is_taken_when_no_name_is_given(store):
    freeze(store, FIRST)
    freeze(store, replace(FIRST, name="second"), supersedes="first")
    assert load(store).baseline.name == "second"
    old = load(store, "first")
    assert (old.baseline, old.superseded_by) == (FIRST, "second")
    assert load(store, "second").supersedes == "first"


def test_what_was_superseded_is_not_superseded_again(store):
    freeze(store, FIRST)
    freeze(store, replace(FIRST, name="second"), supersedes="first")
    with pytest.raises(BaselineFrozen, match="superseded by second"):
        freeze(store, replace(FIRST, name="third"), supersedes="first")


def test_unknown_names_are_told_with_those_that_there_are(store):
    with pytest.raises(LookupError, match="none yet"):
        load(store)
    freeze(store, FIRST)
    with pytest.raises(LookupError, match="frozen: first"):
        load(store, "other")
    with pytest.raises(LookupError, match="no baseline other"):
        freeze(store, replace(FIRST, name="second"), supersedes="other")


def test_nothing_is_frozen_when_nothing_counts(store):
    empty = replace(FIRST, measured=replace(FIRST.measured, first_on=None, last_on=None))
    with pytest.raises(ValueError, match="nothing to freeze"):
        freeze(store, empty)


def test_a_change_by_other_hands_shows_when_it_is_read(store):
    freeze(store, FIRST)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE baseline SET document = REPLACE(document, '\"2026-06\"', '\"2026-07\"')")
    with pytest.raises(BaselineAltered, match="first"):
        load(store, "first")


def test_same_files_under_the_same_definitions_are_known(store):
    freeze(store, FIRST)
    with store.database.read() as connection:
        assert store.baselines.holding(connection, "data", "v1") == "first"
        assert store.baselines.holding(connection, "data", "v2") is None


def test_freezing_is_audited_with_the_hash_and_an_unnamed_person_is_told_as_such(store):
    freeze(store, FIRST, by="")
    assert load(store, "first").who == "not stated"
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT who, subject, reason FROM audit_event").all()
        digest = connection.exec_driver_sql("SELECT digest FROM baseline").scalar()
        assert store.audit.verify(connection) == 0
    assert rows == [("not stated", "baseline first", f"document {digest}")]
