"""Taking messages in, in memory: read each, find whose it is, merge it, adjudicate the patients it touched.

The live stage and the dry run are this same code with other arguments; nothing here touches a store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import structlog

from integration_engine.core.errors import InboundError
from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.crosswalk.feeds.reading import read_statement
from integration_engine.domain.parties import Patient
from integration_engine.domain.record import PatientRecord
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.domain.statement import Statement
from integration_engine.rules.patient_course import DayOutcome, Overrides, SentOf, adjudicate_course
from integration_engine.rules.record_keeping import keep
from integration_engine.stages.other_patients import OtherPatients, OthersOf, nothing_known
from integration_engine.stages.rules_in_force import RulesInForce
from integration_engine.wire.hl7 import Message, peek

log = structlog.get_logger(__name__)
PatientKey = tuple[str, str]  # sender scope, record number


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One message, read: its statement and whose record it belongs to, or the finding that says why not."""

    journal_id: int
    key: PatientKey | None = None
    merged_key: PatientKey | None = None
    statement: Statement | None = None
    finding: Finding | None = None


@dataclass(slots=True, kw_only=True)
class TakenIn:
    """What a batch of messages changed.

    Shapes   records: every touched record after the batch, by its id. outcomes: (patient id, day outcome) of each
             treatment day looked at. parked: journal id → why that message waits in the interface queue. patients:
             journal id → patient id of each message that was merged. elsewhere: what was known of other patients' visits.
    """

    records: dict[int, PatientRecord] = field(default_factory=dict)
    outcomes: list[tuple[int, DayOutcome]] = field(default_factory=list)
    parked: dict[int, Finding] = field(default_factory=dict)
    patients: dict[int, int] = field(default_factory=dict)
    elsewhere: OtherPatients | None = None


def nothing_sent(_: int) -> tuple[SentClaim, ...]:
    """For a dry run, in which no claim has ever left."""
    return ()


def read_message(journal_id: int, raw: bytes, rules: RulesInForce) -> Read:
    """Read one journaled message with the feed of its sender; never raises for what a sender wrote."""
    try:
        header = peek(raw)
        feed = rules.feeds.select(header.sending_application, header.sending_facility, header.trigger)
        if feed is None:
            return Read(journal_id=journal_id, finding=_parked("no feed maps this sender and trigger", "MSH-3"))
        statement = read_statement(feed, Message.parse_bytes(raw, default_charset=feed.character_set), trace=False)
    except InboundError as error:
        return Read(journal_id=journal_id, finding=_parked(error.text, error.position))
    if statement.patient is None or not statement.patient.identifiers:
        return Read(journal_id=journal_id, finding=_parked("the message names no patient", "PID-3"))
    merged = statement.merged_identifier
    return Read(
        journal_id=journal_id,
        key=(feed.scope, statement.patient.identifiers[0].value),
        merged_key=(feed.scope, merged.value) if merged else None,
        statement=statement,
    )


def take_in(
    messages: Iterable[Read],
    found: Mapping[PatientKey, int],
    known: Mapping[int, PatientRecord],
    overrides: Overrides,
    rules: RulesInForce,
    new_id: Callable[[], int],
    as_of: date | None = None,
    *,
    sent: SentOf = nothing_sent,
    others: OthersOf = nothing_known,
) -> TakenIn:
    """Merge the messages in order and adjudicate each patient touched, once; as_of: today, None judges no time limits."""
    taken = TakenIn()
    whose = dict(found)
    for message in messages:
        if message.finding is not None:
            taken.parked[message.journal_id] = message.finding
            continue
        assert message.key is not None and message.statement is not None  # noqa: PT018 - read_message's promise
        patient_id = whose.setdefault(message.key, 0) or new_id()
        whose[message.key] = patient_id
        record = taken.records.get(patient_id) or known.get(patient_id) or _new(patient_id, message)
        try:
            taken.records[patient_id] = keep(record, message.statement, journal_id=message.journal_id, new_id=new_id)
        except Exception:
            log.exception("message.failed", journal_id=message.journal_id, stage="record")
            taken.parked[message.journal_id] = _parked("the engine failed on this message", "MSH")
            continue
        taken.patients[message.journal_id] = patient_id
    _adjudicate(taken, overrides, rules, new_id, sent, others, as_of, known)
    return taken


def readjudicate(
    known: Mapping[int, PatientRecord],
    overrides: Overrides,
    rules: RulesInForce,
    new_id: Callable[[], int],
    as_of: date | None,
    *,
    sent: SentOf,
    others: OthersOf = nothing_known,
) -> TakenIn:
    """Adjudicate known records again, without a message."""
    taken = TakenIn(records=dict(known))
    _adjudicate(taken, overrides, rules, new_id, sent, others, as_of)
    return taken


def _adjudicate(
    taken: TakenIn,
    overrides: Overrides,
    rules: RulesInForce,
    new_id: Callable[[], int],
    sent: SentOf,
    others: OthersOf,
    as_of: date | None,
    before: Mapping[int, PatientRecord] | None = None,
) -> None:
    taken.elsewhere = OtherPatients(taken.records, others, rules.parameters)
    for patient_id, record in list(taken.records.items()):
        try:
            after, outcomes = adjudicate_course(
                record,
                rules.parameters,
                overrides=overrides,
                new_id=new_id,
                sent=sent,
                elsewhere=taken.elsewhere.of,
                as_of=as_of,
                before=before.get(patient_id) if before is not None else None,
            )
        except Exception:
            log.exception("patient.failed", journal_id=record.journal_id, stage="adjudicate")
            _give_back(taken, patient_id)
            continue
        taken.records[patient_id] = after
        taken.outcomes.extend((patient_id, outcome) for outcome in outcomes)


def _give_back(taken: TakenIn, patient_id: int) -> None:
    """A patient whose adjudication failed stays as it was; every message of the batch for it is parked."""
    del taken.records[patient_id]
    for journal_id in [journal_id for journal_id, owner in taken.patients.items() if owner == patient_id]:
        del taken.patients[journal_id]
        taken.parked[journal_id] = _parked("the engine failed while adjudicating this patient", "MSH")


def _new(patient_id: int, message: Read) -> PatientRecord:
    assert message.key is not None
    return PatientRecord(id=patient_id, scope=message.key[0], journal_id=message.journal_id, patient=Patient())


def _parked(text: str, position: str) -> Finding:
    return Finding(
        id="interface.message_parked",
        severity=Severity.ERROR,
        text=f"This message was kept but could not be used: {text}.",
        fix="Correct the mapping file and release the hold, or have the EMR send the message again.",
        owner="interface administrator",
        subject="message",
        position=position,
        queue=Queue.INTERFACE,
        due_in_days=1,
    )
