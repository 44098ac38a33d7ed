"""What a person keeps out of every file stays out, whatever is said of the visit afterwards, until they let it go."""

from __future__ import annotations

from tests.stages.office import NOW, Office, messages, visit

LATER = b"20261021"


def moved(raw: bytes, to: bytes) -> bytes:
    """The same visit, on another day."""
    return raw.replace(b"S01-002", b"S01-902").replace(b"|N000|", b"|N900|").replace(b"20261019", to)


def hold_back(office: Office, named: str) -> None:
    with office.store.database.write() as connection:
        for day in office.store.sent_files.days_named(connection, named):
            office.store.kept_back.hold_back(connection, day, by="J. Doe", reason="asked by the patient", now=NOW)


def let_go(office: Office, named: str) -> None:
    with office.store.database.write() as connection:
        for day in office.store.sent_files.days_named(connection, named):
            office.store.kept_back.let_go(connection, day, by="J. Doe", reason="settled", now=NOW)


def held_back(office: Office) -> list[tuple[str, str, str]]:
    with office.store.database.read() as connection:
        return [(one.visits, str(one.total), one.who) for one in office.store.kept_back.held_back(connection)]


def test_hold_back_follows_its_visit_when_the_date_of_service_is_corrected(office: Office) -> None:
    office.receive(visit(0))
    hold_back(office, "VN000A1")
    assert held_back(office) == [("VN000A1", "240.00", "J. Doe")]
    office.receive(moved(visit(0), LATER))
    assert held_back(office) == [("VN000A1", "240.00", "J. Doe")]
    assert office.send() == []
    let_go(office, "VN000A1")
    assert held_back(office) == []
    assert len(office.send()) == 1


def test_hold_back_stays_with_its_visit_when_it_is_said_again_on_the_same_day(office: Office) -> None:
    office.receive(visit(0))
    hold_back(office, "VN000A1")
    office.receive(moved(visit(0), b"20261019"))
    assert held_back(office) == [("VN000A1", "240.00", "J. Doe")]
    assert office.send() == []


def test_hold_back_leaves_the_other_visits_of_the_patient_alone_when_it_moves(office: Office) -> None:
    first, second = messages("01_pt_54_minutes_three_payers.hl7")[:2]
    other = (
        moved(second, b"20261022")
        .replace(b"S01-902", b"S01-903")
        .replace(b"VS01A1", b"VS01Z1")
        .replace(b"FS01", b"FZ01")
    )
    office.receive(first, second, other)
    hold_back(office, "VS01A1")
    office.receive(moved(second, LATER))
    assert [visits for visits, _, _ in held_back(office)] == ["VS01A1"]
    office.send()
    assert {visits: state for visits, state in office.days().items() if visits} == {
        "VS01A1": "ready",
        "VS01Z1": "billed",
    }
