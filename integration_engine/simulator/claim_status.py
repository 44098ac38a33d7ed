"""277CA: what the clearinghouse says of each claim, and apart from it what the payer says. Two files, two voices.

    ST ─ BHT ─ HL 20 who speaks ─ HL 21 who sent ─ TRN batch ─ HL 19 billing provider ─ HL PT claim ─ TRN · STC · REF
                                                                                      └ SVC line ─ STC · REF*FJ

Source  005010X214 and its examples; X12.md §3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from integration_engine.core.money import ZERO
from integration_engine.simulator.scenario import Status
from integration_engine.simulator.sent import SentClaim, SentFile, SentSet
from integration_engine.simulator.writing import amount, day, transaction_set
from integration_engine.wire.x12.segments import join

GUIDE = "005010X214"
_GOES_ON = frozenset({"A0", "A1", "A2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one stage says of one claim, with the number it gives it."""

    claim: SentClaim
    status: Status
    payer_number: str = ""
    clearinghouse_number: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the claim goes on."""
        return self.status.category in _GOES_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks: AY the clearinghouse (46), PR a payer (PI)."""

    entity: str
    name: str
    qualifier: str
    identity: str

    @staticmethod
    def clearinghouse(file: SentFile) -> Speaker:
        """The receiver of the 837P."""
        return Speaker(entity="AY", name=file.receiver_name, qualifier="46", identity=file.receiver)

    @staticmethod
    def payer(claim: SentClaim) -> Speaker:
        """The payer of 2010BB."""
        return Speaker(entity="PR", name=claim.payer_name, qualifier="PI", identity=claim.payer_id)


def report(speaker: Speaker, sent: SentSet, said: Sequence[Said], on: date, created: str, number: int) -> list[str]:
    """One 277CA transaction set over the claims of one of our transaction sets."""
    total = sum((one.claim.charge for one in said), ZERO)
    accepted = [one.claim.charge for one in said if one.accepted]
    refused = [one.claim.charge for one in said if not one.accepted]
    body = [
        join("BHT", ("0085", "08", f"S{created}{number:04d}", day(on), created[8:12], "TH")),
        join("HL", ("1", "", "20", "1")),
        join("NM1", (speaker.entity, "2", speaker.name, "", "", "", "", speaker.qualifier, speaker.identity)),
        join("TRN", ("1", f"{created}{number:04d}")),
        join("DTP", ("050", "D8", day(on))),
        join("DTP", ("009", "D8", day(on))),
        join("HL", ("2", "1", "21", "1")),
        join("NM1", ("41", "2", sent.submitter_name, "", "", "", "", "46", sent.submitter_id)),
        join("TRN", ("2", sent.reference)),
        join("STC", ("A1:19:PR", day(on), "WQ", amount(total))),
        *_counts("90", len(accepted), "AA", len(refused)),
        *_sums(accepted, refused),
    ]
    level = 2
    for _, group in groupby(said, key=lambda one: one.claim.provider):
        members = list(group)
        provider = members[0].claim.provider
        level += 1
        parent = level
        body.append(join("HL", (str(level), "2", "19", "1")))
        body.append(join("NM1", ("85", "2", provider.name, "", "", "", "", "XX", provider.npi)))
        for one in members:
            level += 1
            body.append(join("HL", (str(level), str(parent), "PT")))
            body += _claim(one, on)
    return transaction_set("277", GUIDE, number, body)


def _claim(said: Said, on: date) -> list[str]:
    claim, status = said.claim, said.status
    action = "WQ" if said.accepted else "U"
    patient = claim.patient
    names = (patient.last or "", patient.first or "", patient.middle or "", "", patient.suffix or "")
    written = [
        join("NM1", ("QC", "1", *names, "MI", claim.member_id)),
        join("TRN", ("2", claim.number)),
        join("STC", (_composite(status), day(on), action, amount(claim.charge))),
    ]
    if said.payer_number:
        written.append(join("REF", ("1K", said.payer_number)))
    if said.clearinghouse_number:
        written.append(join("REF", ("D9", said.clearinghouse_number)))
    if claim.on:
        written.append(join("DTP", ("472", "D8", day(claim.on))))
    if status.on_line and claim.lines:
        line = claim.lines[0]
        procedure = ":".join(("HC", line.code, *line.modifiers))
        written.append(join("SVC", (procedure, amount(line.charge), "", "", "", "", amount(line.units))))
        written.append(join("STC", (_composite(status), "", action)))
        if line.control:
            written.append(join("REF", ("FJ", line.control)))
    return written


def _composite(status: Status) -> str:
    return ":".join(part for part in (status.category, status.status, status.entity) if part)


def _counts(good: str, accepted: int, bad: str, refused: int) -> list[str]:
    return [join("QTY", (code, str(count))) for code, count in ((good, accepted), (bad, refused)) if count]


def _sums(accepted: list[Decimal], refused: list[Decimal]) -> list[str]:
    return [
        join("AMT", (code, amount(sum(charges, ZERO))))
        for code, charges in (("YU", accepted), ("YY", refused))
        if charges
    ]
