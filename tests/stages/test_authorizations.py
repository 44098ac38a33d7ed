"""Authorizations through the stages: alerts at booking time, late permissions, stages of a hold, files of existing ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.domain.hold import HoldStage
from integration_engine.rules.authorization.hold_stages import Evidence
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.authorizations import TakeAuthorizations, balances, move_hold, uncovered
from integration_engine.stages.receive import Incoming, Receive
from integration_engine.stages.rules_in_force import compile_rules_in_force
from integration_engine.store import Store
from integration_engine.store.documents import decode_draft
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.queries.explain import explain
from integration_engine.store.queries.overview import TreatmentDayRow, treatment_days
from integration_engine.wire.hl7 import split_messages

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
RULES = compile_rules_in_force(MappingFiles(shipped_folder()).read())
# Twelve visits, eleven used outside; bookings and encounters of visits 12 (October 19) and 13 (October 21).
STORY = (shipped_folder().parent / "samples" / "messages" / "13_authorization_twelve_visits.hl7").read_bytes()
REGISTRATION, BOOKING_12, BOOKING_13, VISIT_12, VISIT_13 = split_messages(STORY)
EXTENSION = REGISTRATION.replace(b"S13-001", b"S13-EXT").replace(b"12^V", b"14^V")
CANCELLED_12 = (
    BOOKING_12.replace(b"S13-002", b"S13-CAN").replace(b"SIU^S12", b"SIU^S15").replace(b"051000||", b"061000||")
)
HEADER = "patient,payer,number,basis,allowed,used,disciplines,codes,from,to,status\n"


def bare(raw: bytes) -> bytes:
    """The message without its authorization."""
    kept = [s for s in raw.split(b"\r") if not s.startswith((b"AUT|", b"ZAU|"))]
    return b"\r".join(kept).replace(b"AUTH13001", b"")


@pytest.fixture
def store(migrated_database_url: str) -> Iterator[Store]:
    store = Store.open(migrated_database_url)
    yield store
    store.close()


def stage_of(store: Store) -> Adjudicate:
    return Adjudicate(store=store, rules=lambda: RULES)


def take(store: Store, *raws: bytes) -> None:
    receive = Receive(journal=store.journal, feeds=lambda: RULES.feeds, clock=lambda: NOW)
    receive([Incoming(raw, "peer") for raw in raws])
    while stage_of(store).run_once(NOW):
        pass


def open_holds(store: Store, **asked):
    with store.database.read() as connection:
        return store.holds.list(connection, queue="authorization", **asked)


def day(store: Store, visit: str) -> TreatmentDayRow:
    with store.database.read() as connection:
        return next(row for row in treatment_days(connection) if row.visits == visit)


def charges(store: Store) -> dict[str, int]:
    with store.database.read() as connection:
        counts = conserve(connection)
    assert counts["difference"] == 0
    return {state: n for state, n in counts["charges"].items() if n and state != "received"}


def reasons(store: Store, visit: str) -> list[tuple[str, str]]:
    with store.database.read() as connection:
        found = explain(connection, visit)
    assert found is not None
    return [(charge["state"], charge["reason"]) for charge in found["charges"]]


def move(store: Store, hold_id: int, to: HoldStage, text: str = "on 2026-10-15", **more: str) -> int | None:
    evidence = Evidence(text=text, by=more.pop("by", "J. Doe"), **more)
    patient = move_hold(store, RULES.parameters, hold_id, to, evidence, NOW)
    if patient is not None:
        assert stage_of(store).again(patient, NOW)
    return patient


# --- bookings -----------------------------------------------------------------------------------------------------------------


def test_booking_of_visit_13_of_12_raises_an_alert(store: Store) -> None:
    take(store, REGISTRATION, BOOKING_12, BOOKING_13)
    (hold,) = open_holds(store)
    assert hold.finding == "authorization.booked_without_cover"
    assert "visit 13 of 12" in hold.text


@pytest.mark.parametrize("late", [(EXTENSION,), (CANCELLED_12,)], ids=["extension", "cancellation"])
def test_alert_releases_itself_and_does_not_come_when_cover_was_there_first(store: Store, late) -> None:
    take(store, REGISTRATION, BOOKING_12, BOOKING_13)
    assert len(open_holds(store)) == 1
    take(store, *late)
    assert open_holds(store) == []
    (released,) = open_holds(store, state="released")
    assert released.finding == "authorization.booked_without_cover"


@pytest.mark.parametrize(
    "order",
    [(EXTENSION, BOOKING_12, BOOKING_13), (BOOKING_12, CANCELLED_12, BOOKING_13)],
    ids=["extension", "cancelled"],
)
def test_no_alert_comes_when_cover_is_there_before_the_booking(store: Store, order) -> None:
    take(store, REGISTRATION, *order)
    assert open_holds(store) == []
    assert open_holds(store, state="released") == []


def test_alert_counts_the_encounter_once_when_the_booking_is_kept(store: Store) -> None:
    take(store, REGISTRATION, BOOKING_12, VISIT_12)
    assert open_holds(store) == []
    take(store, BOOKING_13)
    assert [hold.finding for hold in open_holds(store)] == ["authorization.booked_without_cover"]


# --- late permissions -------------------------------------------------------------------------------------------------------------


def import_text(store: Store, text: str, *, dry_run: bool = False):
    stage = TakeAuthorizations(store=store, adjudicate=stage_of(store), rules=lambda: RULES)
    plan = stage.plan(text)
    results = list(plan.results)
    journal_id = 0 if dry_run else stage.keep_file(text.encode(), by="J. Doe", now=NOW)
    for patient, rows in plan.rows:
        told = stage.preview(patient, rows) if dry_run else stage.take(patient, rows, journal_id, NOW)
        assert told is not None
        results.extend(told)
    return [(result.line, result.outcome.value) for result in sorted(results, key=lambda r: r.line)]


LATE = "S13A,SUMMITCOM,AUTH13001,visits,12,11,PT,,2026-09-01,2026-12-31,approved\n"


@pytest.mark.parametrize("way", ["registration", "charge", "file"])
def test_late_authorization_dated_back_attaches_itself_to_held_days(store: Store, way: str) -> None:
    take(store, bare(REGISTRATION), bare(VISIT_12))
    assert [hold.finding for hold in open_holds(store)] == ["authorization.missing"]
    if way == "registration":
        take(store, REGISTRATION.replace(b"S13-001", b"S13-LATE"))
    elif way == "charge":
        take(store, VISIT_13)
    else:
        assert import_text(store, HEADER + LATE) == [(2, "taken")]
    found = day(store, "VS13A12")
    assert (found.state, [hold for hold in found.holds if hold.queue == "authorization"]) == ("ready", [])
    charges(store)


# --- stages of a hold ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(store: Store) -> int:
    """Visit 13 of 12, held; the id of its hold."""
    take(store, REGISTRATION, VISIT_12, VISIT_13)
    (hold,) = open_holds(store)
    assert (hold.finding, hold.stage) == ("authorization.exhausted", "none")
    return hold.id


def test_request_and_denial_are_recorded_and_keep_holding(store: Store, held: int) -> None:
    assert move(store, held, HoldStage.EXTENSION_REQUESTED, "faxed", reference="REQ-5512") is None
    assert move(store, held, HoldStage.DENIED, "letter of 2026-10-14") is None
    (hold,) = open_holds(store)
    assert (hold.id, hold.stage, hold.evidence) == (held, "denied", "letter of 2026-10-14")
    assert day(store, "VS13A13").state == "held"
    with store.database.read() as connection:
        shown = store.holds.show(connection, held)
    assert shown is not None
    assert [event["what"] for event in shown["history"]] == ["extension_requested", "denied"]
    assert "REQ-5512" in shown["history"][0]["reason"]
    assert store.verify()["broken audit links"] == 0


def test_step_that_is_not_legal_changes_nothing(store: Store, held: int) -> None:
    with pytest.raises(ValueError, match="cannot go from none to denied"):
        move(store, held, HoldStage.DENIED)
    with pytest.raises(ValueError, match="needs the date the patient signed"):
        move(store, held, HoldStage.PATIENT_PAY_ONLY, "she said so")
    with pytest.raises(LookupError, match="there is no hold 1"):
        move(store, 1, HoldStage.EXTENSION_REQUESTED)
    (hold,) = open_holds(store)
    assert (hold.stage, hold.evidence) == ("none", "")


def test_requested_extension_that_arrives_releases_the_hold(store: Store, held: int) -> None:
    move(store, held, HoldStage.EXTENSION_REQUESTED)
    take(store, EXTENSION)
    assert open_holds(store) == []
    assert day(store, "VS13A13").state == "ready"
    with pytest.raises(LookupError, match="is released"):
        move(store, held, HoldStage.DENIED)


def test_request_stays_with_the_day_when_the_payers_answer_changes_the_reason(store: Store) -> None:
    take(store, bare(REGISTRATION), bare(VISIT_12))
    (missing,) = open_holds(store)
    move(store, missing.id, HoldStage.EXTENSION_REQUESTED, "sent 2026-10-15")
    take(store, REGISTRATION.replace(b"S13-001", b"S13-PEND").replace(b"|A|PT", b"|P|PT"))
    (pended,) = open_holds(store)
    assert (pended.finding, pended.stage, pended.evidence) == (
        "authorization.not_given",
        "extension_requested",
        "sent 2026-10-15",
    )


def test_day_the_patient_pays_leaves_the_payers_path_and_is_still_accounted_for(store: Store, held: int) -> None:
    assert charges(store) == {"pending": 1, "held": 1}
    assert move(store, held, HoldStage.PATIENT_PAY_ONLY, "notice signed 2026-10-12", reference="FA-0044")
    found = day(store, "VS13A13")
    assert (found.state, found.claims, found.lines, found.holds) == ("void", "", "", ())
    assert reasons(store, "VS13A13") == [("void", "the patient pays: notice signed 2026-10-12 (reference FA-0044)")]
    assert charges(store) == {"pending": 1, "void": 1}
    (closed,) = open_holds(store, state="resolved")
    assert (closed.id, closed.stage) == (held, "patient_pay_only")


def test_day_the_patient_pays_stays_so_when_it_is_sent_again(store: Store, held: int) -> None:
    move(store, held, HoldStage.PATIENT_PAY_ONLY)
    take(store, VISIT_13.replace(b"S13-005", b"S13-AGAIN").replace(b"|CG|", b"|CO|"))
    assert day(store, "VS13A13").state == "void"
    assert open_holds(store) == []
    assert set(charges(store)) == {"pending", "void"}


def test_agreement_taken_back_holds_the_day_again(store: Store, held: int) -> None:
    move(store, held, HoldStage.PATIENT_PAY_ONLY)
    assert move(store, held, HoldStage.NONE, "agreement torn up 2026-10-15")
    (hold,) = open_holds(store)
    assert (hold.id, hold.stage) == (held, "none")
    assert day(store, "VS13A13").state == "held"
    assert charges(store) == {"pending": 1, "held": 1}


def test_day_the_patient_pays_uses_nothing_of_the_authorization(store: Store) -> None:
    take(store, REGISTRATION.replace(b"|V|11|", b"|V|12|"), VISIT_12.replace(b"|V|11|", b"|V|12|"))
    (hold,) = open_holds(store)
    move(store, hold.id, HoldStage.PATIENT_PAY_ONLY)
    (one,) = balances(store, RULES.parameters, patient="S13A")
    assert (one.balance.left, one.balance.consumers) == (Decimal(0), ())


def test_booking_the_patient_pays_makes_its_encounter_patient_pay_too(store: Store) -> None:
    take(store, REGISTRATION, BOOKING_12, BOOKING_13)
    (alert,) = open_holds(store)
    move(store, alert.id, HoldStage.PATIENT_PAY_ONLY)
    assert open_holds(store) == []
    take(store, VISIT_13)
    assert day(store, "VS13A13").state == "void"
    assert open_holds(store) == []
    take(store, VISIT_12)
    assert day(store, "VS13A12").state == "ready"


def test_patient_does_not_pay_for_a_day_whose_claim_was_sent(store: Store, held: int) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE treatment_day SET sent = TRUE")
    with pytest.raises(ValueError, match="void it with the payer"):
        move(store, held, HoldStage.PATIENT_PAY_ONLY)


# --- balances and the list of the next days ---------------------------------------------------------------------------------------------


def test_balance_counts_everything_that_draws_on_it_as_of_any_date(store: Store) -> None:
    take(store, EXTENSION, VISIT_12, VISIT_13.replace(b"12^V", b"14^V"), BOOKING_13.replace(b"S13-003", b"S13-B14"))
    (now,) = balances(store, RULES.parameters, patient="S13A")
    (before,) = balances(store, RULES.parameters, as_of=date(2026, 10, 18))
    assert (now.patient, now.balance.number, now.balance.used_before) == ("S13A", "AUTH13001", Decimal(11))
    assert (now.balance.in_flight, now.balance.left) == (Decimal(2), Decimal(1))
    assert [consumer.what for consumer in now.balance.consumers] == ["VS13A12", "VS13A13"]
    assert (before.balance.in_flight, before.balance.left) == (Decimal(0), Decimal(3))


def test_balance_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(LookupError, match="no patient has this record number"):
        list(balances(store, RULES.parameters, patient="NOBODY"))


def test_uncovered_bookings_are_listed_with_place_money_and_stage(store: Store) -> None:
    take(store, REGISTRATION, BOOKING_12, VISIT_12, BOOKING_13)
    (alert,) = open_holds(store)
    move(store, alert.id, HoldStage.EXTENSION_REQUESTED)
    (one,) = uncovered(store, RULES.parameters, first=date(2026, 10, 15), days=14)
    assert (one.patient, one.stage) == ("S13A", HoldStage.EXTENSION_REQUESTED)
    assert (one.visit.date, one.visit.location, one.visit.appointment) == (date(2026, 10, 21), "MAIN", "APT13-13")
    assert (one.visit.at_risk, one.visit.at_risk_from) == (Decimal("180.00"), "charge of the visit of 2026-10-19")
    assert uncovered(store, RULES.parameters, first=date(2026, 10, 15), days=6) == []
    assert uncovered(store, RULES.parameters, first=date(2026, 10, 22), days=14) == []


# --- a file of existing authorizations ----------------------------------------------------------------------------------------------------


def test_file_is_taken_row_by_row_and_nothing_is_lost_silently(store: Store) -> None:
    take(store, bare(REGISTRATION), bare(VISIT_12))
    text = (
        HEADER
        + LATE
        + "NOBODY,SUMMITCOM,AUTH77,visits,12,0,PT,,2026-09-01,2026-12-31,approved\n"
        + "S13A,SUMMITCOM,0000,visits,12,0,PT,,2026-09-01,2026-12-31,approved\n"
        + LATE
    )
    assert import_text(store, text, dry_run=True) == [
        (2, "taken"),
        (3, "patient_unknown"),
        (4, "refused"),
        (5, "unchanged"),
    ]
    assert day(store, "VS13A12").state == "held"
    assert list(balances(store, RULES.parameters)) == []
    assert import_text(store, text) == [(2, "taken"), (3, "patient_unknown"), (4, "refused"), (5, "unchanged")]
    assert day(store, "VS13A12").state == "ready"
    assert import_text(store, text)[0] == (2, "unchanged")
    assert len(list(balances(store, RULES.parameters))) == 1
    with store.database.read() as connection:
        counts = conserve(connection)
    assert (counts["messages"]["done"], counts["difference"]) == (3, 0)  # two messages and the file, once


def test_row_updates_the_authorization_that_the_messages_brought(store: Store) -> None:
    take(store, REGISTRATION, VISIT_12, VISIT_13)
    extended = LATE.replace("visits,12,11", "visits,14,11").replace("SUMMITCOM", "SUMMIT")
    assert import_text(store, HEADER + extended) == [(2, "taken")]
    assert day(store, "VS13A13").state == "ready"
    (one,) = balances(store, RULES.parameters)
    assert (one.balance.authorized, one.balance.left) == (Decimal(14), Decimal(1))


def test_import_is_in_the_audit_and_its_bytes_in_the_journal(store: Store) -> None:
    stage = TakeAuthorizations(store=store, adjudicate=stage_of(store), rules=lambda: RULES)
    raw = (HEADER + LATE).encode()
    journal_id = stage.keep_file(raw, by="J. Doe", now=NOW)
    assert stage.keep_file(raw, by="J. Doe", now=NOW) == journal_id
    with store.database.read() as connection:
        kept = store.journal.raw(connection, journal_id)
    assert bytes(kept or b"") == raw
    assert store.verify()["broken audit links"] == 0


def test_row_waits_while_a_worker_has_the_patient(store: Store) -> None:
    take(store, REGISTRATION)
    stage = TakeAuthorizations(store=store, adjudicate=stage_of(store), rules=lambda: RULES)
    ((patient, rows),) = stage.plan(HEADER + LATE.replace(",12,", ",13,")).rows
    lease = store.lanes.hold_patient(patient, NOW)
    assert lease is not None
    journal_id = stage.keep_file(b"x", by="J. Doe", now=NOW)
    assert stage.take(patient, rows, journal_id, NOW) is None
    store.lanes.release(lease)
    assert [r.outcome.value for r in stage.take(patient, rows, journal_id, NOW) or ()] == ["taken"]


# --- two numbers on one day ------------------------------------------------------------------------------------------------------------


def test_lines_carry_their_own_numbers_when_the_day_needs_two(store: Store) -> None:
    def permitted(number: bytes, code: bytes) -> bytes:
        return b"AUT||SUMMITCOM||20260901|20261231|" + number + b"|||12^V\rZAU|1|V|0|A|PT|" + code

    segments = []
    for segment in bare(VISIT_12).replace(b"|202610190940|40|40|", b"|202610191000|60|60|").split(b"\r"):
        segments.append(segment)
        if segment.startswith(b"ZTM|"):
            second = next(s for s in segments if s.startswith(b"FT1|")).replace(b"FT1|1|VS13A12-1", b"FT1|2|VS13A12-2")
            segments.append(second.replace(b"97110", b"97140").replace(b"|||3|180.00|", b"|||1|60.00|"))
            segments.append(b"ZTM|2|202610190940|202610191000|20||||O")
        if segment.startswith(b"IN1|"):
            segments.extend((permitted(b"EXERCISE1", b"97110"), permitted(b"MANUAL1", b"97140")))
    take(store, bare(REGISTRATION), b"\r".join(segments))
    assert open_holds(store) == []
    found = {one.balance.number: one.balance for one in balances(store, RULES.parameters, patient="S13A")}
    assert {number: balance.left for number, balance in found.items()} == {
        "EXERCISE1": Decimal(11),
        "MANUAL1": Decimal(11),
    }
    with store.database.read() as connection:
        (document,) = connection.exec_driver_sql("SELECT document FROM claim").scalars()
    draft = decode_draft(document)
    assert draft.authorization_number is None
    assert [(line.code, line.authorization_number) for line in draft.lines] == [
        ("97110", "EXERCISE1"),
        ("97140", "MANUAL1"),
    ]
