"""The journey of a charge, station by station, in order. Names only; each is a door into the folder that does it.

EMR ─MLLP─► RECEIVE ► CROSSWALK ► RECORD ► GATES ► UNITS ► MODIFIERS ► AUTHORIZATION ► CLAIM ► SCRUBBER ─► BATCH ► outbound/
(journal)                          └────── held in a work queue until the cause is gone ──────┘
inbound/ ► READ BACK ► claim standing, ledger, rejections · denials · remittance ► corrected or later payer's claim ► BATCH
"""

from __future__ import annotations

from integration_engine.stages import adjudicate, batch, read_back, receive

RECEIVE = receive.Receive  # raw bytes committed to the journal, then acknowledged
ADJUDICATE = adjudicate.Adjudicate  # crosswalk, record keeping, and every rule station in one pure call
BATCH = batch.Batch  # drafts numbered, written as 837P, judged by pyx12, published into outbound/
READ_BACK = read_back.ReadBack  # TA1, 999, 277CA and 835 from inbound/ become standings, ledger entries and queue items

STAGES = (RECEIVE, ADJUDICATE, BATCH, READ_BACK)

STATIONS = (
    ("crosswalk", "integration_engine.crosswalk.feeds", "HL7 positions become the therapy model"),
    ("record", "integration_engine.rules.record_keeping", "a statement is merged into the patient's record"),
    ("gates", "integration_engine.rules.gates", "is it documented enough to be coded?"),
    ("units", "integration_engine.rules.units", "minutes become units by the payer's method"),
    ("modifiers", "integration_engine.rules.modifiers", "GP GO GN, CQ CO, KX, telehealth"),
    ("authorization", "integration_engine.rules.authorization", "is the payer's permission there and not used up?"),
    ("claim", "integration_engine.rules.claims", "one treatment day becomes claim drafts"),
    ("scrubber", "integration_engine.rules.scrubber", "every edit looks at the draft and the clinical facts"),
    ("batching", "integration_engine.rules.batching", "ready claims are grouped per receiver and payer"),
    ("837P", "integration_engine.crosswalk.claim_writer", "claims become segments"),
    ("claim file", "integration_engine.rules.claim_file", "the written file is judged by our own rule pack"),
    ("answers read", "integration_engine.crosswalk.answers", "TA1, 999, 277CA and 835 become records of what was said"),
    ("answers heard", "integration_engine.rules.answers", "what an answer means for each claim it speaks of"),
    ("posting", "integration_engine.rules.posting", "a remit in double entry, to the cent"),
    ("denials", "integration_engine.rules.denials", "one root cause and the next action for each denied line"),
    ("corrections", "integration_engine.rules.corrections", "a change after submission replaces or voids the claim"),
    ("later payers", "integration_engine.rules.later_payers", "what one payer left becomes the next payer's claim"),
)
