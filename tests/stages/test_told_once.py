"""One wrong field is one hold with one owner, not a second one for what could not be written because of it."""

from __future__ import annotations

from integration_engine.stages.adjudicate import Adjudicate
from tests.stages.office import NOW, RULES, Office, visit

BIRTH = b"|19500312|F|"


def open_findings(office: Office) -> dict[str, str]:
    with office.store.database.read() as connection:
        return {hold.finding: hold.text for hold in office.store.holds.list(connection)}


def test_wrong_birth_date_is_one_hold_when_nothing_else_of_the_patient_is_missing(office: Office) -> None:
    office.receive(visit(0).replace(BIRTH, b"|1950|F|"))
    assert list(open_findings(office)) == ["crosswalk.unreadable"]


def test_missing_birth_date_is_told_by_name_when_no_field_was_wrong(office: Office) -> None:
    office.receive(visit(0).replace(BIRTH, b"||F|"))
    found = open_findings(office)
    assert list(found) == ["claim.patient_demographics"]
    assert found["claim.patient_demographics"].endswith("missing: birth date.")


def test_wrong_birth_date_leaves_the_other_hold_when_the_sex_is_missing_too(office: Office) -> None:
    office.receive(visit(0).replace(BIRTH, b"|1950||"))
    found = open_findings(office)
    assert set(found) == {"crosswalk.unreadable", "claim.patient_demographics"}
    assert found["claim.patient_demographics"].endswith("missing: birth date, sex.")


def test_what_is_missing_is_told_when_a_person_overrides_the_wrong_field(office: Office) -> None:
    office.receive(visit(0).replace(BIRTH, b"|1950|F|"))
    (held,) = office.holds("interface")
    with office.store.database.write() as connection:
        patient = office.store.holds.override(connection, held.id, by="J. Doe", reason="known by telephone", now=NOW)
    assert patient is not None
    assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    assert list(open_findings(office)) == ["claim.patient_demographics"]
    assert office.send() == []
