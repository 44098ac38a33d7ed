"""A migrated store on both databases, and the invented records that its tests keep in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integration_engine.core.codes import Hcpcs, Icd10, Modifier
from integration_engine.core.findings import Decision, Finding, Queue, Severity
from integration_engine.domain.claim import ClaimDraft, ClaimPatient, Frequency, Payer, ServiceLine, Subscriber
from integration_engine.domain.coverage import Relationship
from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import (
    Address,
    Discipline,
    Identifier,
    Organization,
    Patient,
    PersonName,
    Sex,
)
from integration_engine.domain.record import (
    Charge,
    ChargeState,
    DayState,
    KeptDay,
    KeptEncounter,
    PatientRecord,
)
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import Adjudication
from integration_engine.store import Store
from integration_engine.store.adjudications import DayResult
from integration_engine.store.journal import Arrival

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SERVED = date(2026, 3, 2)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store.open(database_url, migrate=True)
    yield opened
    opened.close()


@pytest.fixture
def another(store: Store, database_url: str) -> Iterator[Callable[[], Store]]:
    """Opens a further process's view of the same database."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store.open(database_url))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


class Invented:
    """Makes what a test needs, in the fewest words."""

    now = NOW
    served = SERVED

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- messages ---

    def arrival(
        self,
        control_id: str = "M1",
        *,
        raw: bytes = b"MSH|one",
        sender: str = "EMR|CLINIC",
        lane: int = 0,
        charges: int = 1,
        accepted: bool = True,
        answer: bytes = b"AA",
    ) -> Arrival:
        return Arrival(
            sender=sender,
            control_id=control_id,
            digest=hashlib.sha256(raw).hexdigest(),
            trigger="DFT^P03",
            lane=lane,
            charge_count=charges,
            accepted=accepted,
            reason="" if accepted else "unusable",
            peer="127.0.0.1",
            tolerances="",
            raw=raw,
            acknowledgment=answer,
            conflict=lambda: b"AE conflict",
        )

    def message(self, control_id: str = "M1", **more) -> int:
        return self.store.journal.append([self.arrival(control_id, **more)], NOW)[0].journal_id

    # --- records ---

    def record(self, journal_id: int, *, number: str = "4711", lines: int = 1, patient_id: int = 0) -> PatientRecord:
        new = self.store.ids.next
        encounter_id = new()
        return PatientRecord(
            id=patient_id or new(),
            scope="CLINIC",
            journal_id=journal_id,
            patient=Patient(identifiers=(Identifier(value=number, kind="MR"),), name=PersonName(last="Invented")),
            encounters=(
                KeptEncounter(
                    id=encounter_id,
                    journal_id=journal_id,
                    value=Encounter(
                        number=f"V{number}",
                        date_of_service=SERVED,
                        discipline=Discipline.PT,
                        treatments=tuple(Treatment(code=Hcpcs("97110"), minutes=23) for _ in range(lines)),
                    ),
                    charges=tuple(
                        Charge(
                            id=new(),
                            journal_id=journal_id,
                            encounter_id=encounter_id,
                            line_number=place + 1,
                            line_id=f"{number}-{place}",
                            treatment_index=place,
                            state=ChargeState.PENDING,
                            reason="waits",
                        )
                        for place in range(lines)
                    ),
                ),
            ),
        )

    def keep(self, record: PatientRecord, before: PatientRecord | None = None) -> None:
        with self.store.database.write() as connection:
            self.store.records.save(connection, {before.id: before} if before else {}, {record.id: record})

    def load(self, patient_id: int) -> PatientRecord:
        with self.store.database.read() as connection:
            return self.store.records.load(connection, [patient_id])[patient_id]

    # --- days ---

    def finding(self, identity: str = "documentation.unsigned", *, observed: str = "none", **more) -> Finding:
        return Finding(
            id=identity,
            severity=Severity.ERROR,
            text="The note is not signed.",
            fix="Have it signed.",
            owner="treating clinician",
            subject="note",
            observed=observed,
            queue=Queue.DOCUMENTATION,
            **more,
        )

    def draft(self, charges: Sequence[int], *, part: int = 1, receiver: str = "north") -> ClaimDraft:
        name = PersonName(last="Invented", first="Ina")
        return ClaimDraft(
            discipline=Discipline.PT,
            date_of_service=SERVED,
            part=part,
            sequence="P",
            payer=Payer(
                key="mac", name="Mac", payer_id="1", claim_filing="MB", profile="medicare_part_b", receiver=receiver
            ),
            billing_provider=Organization(key="practice", name="Practice"),
            subscriber=Subscriber(name=name, member_id="1A", relationship=Relationship.SELF),
            patient=ClaimPatient(name=name, birth_date=date(1950, 1, 1), sex=Sex.FEMALE, address=Address(city="X")),
            place_of_service="11",
            frequency=Frequency.ORIGINAL,
            total_charge=Decimal("90.10"),
            diagnoses=(Icd10("M54.50"),),
            lines=(
                ServiceLine(
                    number=1,
                    code=Hcpcs("97110"),
                    modifiers=(Modifier("GP"),),
                    units=2,
                    charge=Decimal("90.10"),
                    date_of_service=SERVED,
                    pointers=(1,),
                    charges=tuple(charges),
                ),
            ),
        )

    def day_result(
        self,
        record: PatientRecord,
        *,
        state: DayState = DayState.READY,
        day_id: int = 0,
        findings: tuple[Finding, ...] = (),
        parts: int = 1,
        number: str = "4711",
    ) -> DayResult:
        charges = [charge.id for encounter in record.encounters for charge in encounter.charges]
        day = KeptDay(
            id=day_id or self.store.ids.next(),
            date_of_service=SERVED,
            discipline=Discipline.PT,
            state=state,
            payer="mac",
            codes=((Hcpcs("97110"), 2),),
            allowed=Decimal("61.25"),
            consumed=(("AUTH-1", Decimal(1)),),
        )
        drafts = tuple((self.draft(charges, part=part + 1), None) for part in range(parts))
        return DayResult(
            patient_id=record.id,
            day=day,
            visits=(f"V{number}",),
            adjudication=Adjudication(
                date_of_service=SERVED,
                discipline=Discipline.PT,
                payer="mac",
                parameters_version="v",
                decisions=(Decision(station="units", subject="97110", rule="cms", value="2"),),
                findings=findings,
                drafts=tuple(draft for draft, _ in drafts),
            ),
            drafts=drafts if state in {DayState.READY, DayState.HELD} else (),
            findings=findings,
            facts="{}",
            mappings_version="v",
        )

    def adjudicate(self, *results: DayResult, now: datetime = NOW) -> None:
        with self.store.database.write() as connection:
            self.store.adjudications.save(connection, results, now)

    def ready_day(self, number: str = "4711", **more) -> tuple[PatientRecord, DayResult]:
        record = self.record(self.message(f"M{number}"), number=number)
        self.keep(record)
        result = self.day_result(record, number=number, **more)
        self.adjudicate(result)
        with self.store.database.write() as connection:
            self.store.journal.mark(connection, [record.journal_id], "done", "", NOW)
        return record, result


@pytest.fixture
def invented(store: Store) -> Invented:
    return Invented(store)
