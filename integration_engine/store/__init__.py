"""The store: the only importer of SQLAlchemy. Its parts are made once and share one database and one id factory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from integration_engine.core.errors import EngineError
from integration_engine.store import schema
from integration_engine.store.adjudications import Adjudications
from integration_engine.store.answers import AnswerFiles
from integration_engine.store.audit import Audit
from integration_engine.store.baselines import Baselines
from integration_engine.store.batches import Batches
from integration_engine.store.booked_payments import BookedPayments
from integration_engine.store.clinician_times import ClinicianTimes
from integration_engine.store.database import Database, may_pass
from integration_engine.store.denials import Denials
from integration_engine.store.departures import Departures
from integration_engine.store.hold_stages import HoldStages
from integration_engine.store.holds import Holds
from integration_engine.store.ids import IdFactory
from integration_engine.store.journal import Journal
from integration_engine.store.kept_back import KeptBack
from integration_engine.store.lanes import Lanes
from integration_engine.store.later_claims import LaterClaims
from integration_engine.store.ledger import Ledger
from integration_engine.store.queries.conserve import conserve
from integration_engine.store.records import PatientRecords
from integration_engine.store.refusals import Refusals
from integration_engine.store.sent_files import SentFiles
from integration_engine.store.submissions import Submissions
from integration_engine.store.versions import Versions

__all__ = ["Connection", "SchemaBehind", "Store", "may_pass"]


class SchemaBehind(EngineError):
    """The database is not at this version's schema: run ``integration-engine db upgrade``."""


@dataclass(frozen=True, slots=True)
class Store:
    """All parts of the store over one database."""

    database: Database
    ids: IdFactory
    journal: Journal
    lanes: Lanes
    records: PatientRecords
    adjudications: Adjudications
    holds: Holds
    hold_stages: HoldStages
    batches: Batches
    kept_back: KeptBack
    departures: Departures
    sent_files: SentFiles
    submissions: Submissions
    refusals: Refusals
    later_claims: LaterClaims
    clinician_times: ClinicianTimes
    answers: AnswerFiles
    booked_payments: BookedPayments
    ledger: Ledger
    denials: Denials
    baselines: Baselines
    versions: Versions
    audit: Audit

    @classmethod
    def open(cls, url: str, *, lease_seconds: int = 30, migrate: bool = False) -> Store:
        """Open the database at ``url``; ``migrate`` brings it to this version's schema first.

        Raises   SchemaBehind when its schema is not this version's.
        """
        database = Database(url)
        if schema.current_revision(database) != schema.newest_revision():
            if not migrate:
                database.close()
                raise SchemaBehind("the database is not at this version's schema: run `integration-engine db upgrade`")
            schema.upgrade(url)
        ids = IdFactory()
        audit = Audit(ids)
        holds = Holds(ids, audit)
        submissions = Submissions(ids)
        return cls(
            database=database,
            ids=ids,
            journal=Journal(database, ids),
            lanes=Lanes(database, f"process {os.getpid()}", ids.next, lease_seconds),
            records=PatientRecords(),
            adjudications=Adjudications(ids, holds),
            holds=holds,
            hold_stages=HoldStages(audit),
            batches=Batches(database, ids),
            kept_back=KeptBack(holds, audit),
            departures=Departures(holds),
            sent_files=SentFiles(ids, submissions),
            submissions=submissions,
            refusals=Refusals(holds),
            later_claims=LaterClaims(ids, holds, submissions),
            clinician_times=ClinicianTimes(),
            answers=AnswerFiles(ids),
            booked_payments=BookedPayments(),
            ledger=Ledger(ids),
            denials=Denials(ids, audit),
            baselines=Baselines(ids, audit),
            versions=Versions(),
            audit=audit,
        )

    @staticmethod
    def upgrade(url: str) -> str:
        """Bring the schema to this version; returns the revision."""
        return schema.upgrade(url)

    def verify(self) -> dict[str, Any]:
        """Schema differences, broken audit links and lost charge lines; all 0 when everything holds."""
        with self.database.read() as connection:
            broken = self.audit.verify(connection)
            counts = conserve(connection)
        return {
            "schema differences": len(schema.differences(self.database)),
            "broken audit links": broken,
            "charge lines unaccounted for": counts["difference"],
            "ledger postings out of balance": counts["ledger"]["uneven_postings"],
        }

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()
