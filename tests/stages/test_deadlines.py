"""Filing and appeal limits of refused and denied claims, in the queue as the day comes near."""

from __future__ import annotations

from datetime import date, timedelta

from integration_engine.stages.deadlines import watch_deadlines
from integration_engine.stages.denial_work import move_denial
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages

STEPS = (30, 14, 7)
STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")[:2]]
REJECTED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
DENIED = chosen("  - {payer: GRAN1, outcome: denied_authorization}", *ALL_PAID)


def answered(office: Office, plan: object) -> date:
    """A claim answered; the last day to file it."""
    office.receive(*STORY)
    office.take(*office.answers(office.send(), plan))
    number = office.truth[0].number
    with office.store.database.read() as connection:
        file_by = office.store.submissions.by_number(connection, [number])[number].file_by
    assert file_by is not None
    return file_by


def alerts(office: Office, queue: str) -> list[tuple[int, str]]:
    return [(hold.id, hold.text) for hold in office.holds(queue) if hold.finding.endswith("deadline")]


def watch(office: Office, today: date) -> int:
    return watch_deadlines(office.store, STEPS, today, NOW)


def test_a_refused_claim_alerts_at_each_step_and_no_more_once_it_has_gone_again(office: Office) -> None:
    last = answered(office, REJECTED)
    assert watch(office, last - timedelta(days=31)) == 0
    assert alerts(office, "rejections") == []
    assert watch(office, last - timedelta(days=30)) == 1
    ((first, text),) = alerts(office, "rejections")
    assert (str(last) in text, "30 days or fewer" in text) == (True, True)
    watch(office, last - timedelta(days=20))
    assert [hold for hold, _ in alerts(office, "rejections")] == [first]  # the same step: the same hold with its age
    with office.store.database.write() as connection:
        office.store.holds.override(connection, first, by="J. Doe", reason="I am on it", now=NOW)
    watch(office, last - timedelta(days=19))
    assert alerts(office, "rejections") == []  # accepted for this step
    watch(office, last - timedelta(days=14))
    assert len(alerts(office, "rejections")) == 1  # and back at the next
    watch(office, last + timedelta(days=1))
    ((_, text),) = alerts(office, "rejections")
    assert "has passed" in text
    with office.store.database.write() as connection:
        claim = office.store.submissions.by_number(connection, [office.truth[0].number])[office.truth[0].number]
        connection.exec_driver_sql(f"UPDATE claim SET state = 'submitted' WHERE id = {claim.id}")
    assert watch(office, last + timedelta(days=1)) == 0
    assert alerts(office, "rejections") == []


def test_a_denial_alerts_before_its_appeal_limit_until_it_was_worked(office: Office) -> None:
    answered(office, DENIED)
    with office.store.database.read() as connection:
        (denial,) = office.store.denials.list(connection)
    assert denial.appeal_by is not None
    (before,) = office.holds("denials")
    watch(office, denial.appeal_by - timedelta(days=7))
    assert [("appealed by" in text) for _, text in alerts(office, "denials")] == [True]
    assert before.id in [hold.id for hold in office.holds("denials")]
    move_denial(office.store, RULES, denial.id, "appealed", by="J. Doe", reason="sent by fax", now=NOW)
    assert office.holds("denials") == []
    assert watch(office, denial.appeal_by) == 0


def test_nothing_is_watched_when_no_step_is_set(office: Office) -> None:
    last = answered(office, REJECTED)
    assert watch_deadlines(office.store, (), last, NOW) == 0
    assert alerts(office, "rejections") == []
