"""The journey of a charge, station by station, in order. Names only; each is a door into the folder that does it.

EMR ─MLLP─► RECEIVE ► CROSSWALK ► RECORD ► GATES ► UNITS ► MODIFIERS ► AUTHORIZATION ► CLAIM ► SCRUBBER ─► BATCH ► outbound/
(journal)                          └────── held in a work queue until the cause is gone ──────┘
"""

from __future__ import annotations

from integration_engine.stages import adjudicate, batch, receive

RECEIVE = receive.Receive  # raw bytes committed to the journal, then acknowledged
ADJUDICATE = adjudicate.Adjudicate  # crosswalk, record keeping, and every rule station in one pure call
BATCH = batch.Batch  # drafts numbered, written as 837P, judged by pyx12, published into outbound/

STAGES = (RECEIVE, ADJUDICATE, BATCH)

STATIONS = (
    ("crosswalk", "integration_engine.crosswalk.feeds", "HL7 positions become the therapy model"),
    ("record", "integration_engine.rules.record_keeping", "a statement is merged into the patient's record"),
    ("gates", "integration_engine.rules.gates", "is it documented enough to be coded?"),
    ("units", "integration_engine.rules.units", "minutes become units by the payer's method"),
    ("modifiers", "integration_engine.rules.modifiers", "GP GO GN, CQ CO, KX, telehealth"),
    ("authorization", "integration_engine.rules.authorization", "is the payer's permission there and not used up?"),
    ("claim", "integration_engine.rules.claim_assembly", "one treatment day becomes claim drafts"),
    ("scrubber", "integration_engine.rules.scrubber", "every edit looks at the draft and the clinical facts"),
    ("batching", "integration_engine.rules.batching", "ready claims are grouped per receiver and payer"),
    ("837P", "integration_engine.crosswalk.claim_writer", "claims become segments"),
)
