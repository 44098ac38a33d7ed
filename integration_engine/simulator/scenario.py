"""What the simulated clearinghouse and payers do, and to which claim: the scenario as records, and the choice.

A claim that ``choices`` names gets its outcome; every other one falls into a share by a hash of seed and claim number,
so that the same claim meets the same fate in whatever file it comes. Whole files are chosen in the same way, by ISA13.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from integration_engine.simulator.sent import SentClaim, SentFile

THOUSAND = 1000


class Ending(StrEnum):
    """How far a claim gets."""

    FILE_LOST = "file_lost"  # no answer of any kind
    INTERCHANGE_REFUSED = "interchange_refused"  # TA1
    SET_REFUSED = "set_refused"  # 999
    CLEARINGHOUSE_REJECTED = "clearinghouse_rejected"  # 277CA
    PAYER_REJECTED = "payer_rejected"  # 277CA
    PENDING = "pending"  # accepted, and no remit yet
    DENIED = "denied"
    PAID = "paid"
    CORRECTED = "corrected"  # a first decision, later reversed and replaced by another


OF_A_FILE = frozenset({Ending.FILE_LOST, Ending.INTERCHANGE_REFUSED, Ending.SET_REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """TA1 and 999: the note (TA105), where the set is wrong, and the codes (IK304, IK403, IK502).

    Shapes   positions: as mappings write them (``2400/SV1-01-2``); the first one the claim has is named.
    """

    note: str
    positions: tuple[str, ...]
    segment_code: str
    element_code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One STC: category, claim status code, entity. on_line: said of the first service line as well."""

    category: str
    status: str
    entity: str = ""
    on_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a payer denies. category: the denial category this must be sorted into. lines: every line, or the first alone."""

    group: str
    reason: str
    remarks: tuple[str, ...]
    category: str
    first_line_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How a payer pays, beyond its contract.

    Shapes   deductible: taken from this claim first; None: none; all_to_deductible: the whole allowed amount.
             forwarded_to: name and id of the payer it crosses over to. split: the first line now, the others in a later
             remit.
    """

    deductible: Decimal | None = None
    all_to_deductible: bool = False
    drops_modifiers: bool = False
    drops_line_controls: bool = False
    split: bool = False
    forwarded_to: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One fate, by name; only the part its ending needs is filled."""

    name: str
    ending: Ending
    refusal: Refusal | None = None
    status: Status | None = None
    cause: Cause | None = None
    payment: Payment = Payment()
    first: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An outcome for the claims that have all that is named: claim number, member id, payer id, procedure code."""

    outcome: str
    claim: str = ""
    member: str = ""
    payer: str = ""
    code: str = ""

    def fits(self, claim: SentClaim) -> bool:
        """Whether this choice speaks of the claim."""
        return (
            self.claim in {"", claim.number}
            and self.member in {"", claim.member_id}
            and self.payer in {"", claim.payer_id}
            and (not self.code or any(line.code == self.code for line in claim.lines))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of a thousand claims, or files, have this outcome."""

    outcome: str
    of_1000: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Allowed amount of one unit, and the part of it that is practice expense (for the multiple-procedure reduction)."""

    allowed: Decimal
    practice_expense: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a payer leaves to the patient and takes off, as percentages of 100; empty selectors fit every claim."""

    filings: tuple[str, ...]
    payers: tuple[str, ...]
    coinsurance: Decimal
    copay: Decimal
    sequestration: Decimal
    assistant: Decimal
    multiple_procedure: Decimal

    def fits(self, claim: SentClaim) -> bool:
        """Whether the claim is priced by this contract."""
        return (not self.filings or claim.filing in self.filings) and (not self.payers or claim.payer_id in self.payers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTake:
    """A PLB on the first payment of a payer; positive takes away, negative adds."""

    payer: str
    reason: str
    amount: Decimal
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imbalance:
    """A deliberate error of ``amount`` in one place: ``line`` SVC03, ``claim`` CLP04, ``file`` BPR02. claim: "" the first."""

    at: str
    amount: Decimal
    claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The invented payer's address, contact and bank, where the 837P does not give them.

    Shapes   filings: claim filing codes an 835 may repeat in CLP06; any other is sent as mutually defined.
    """

    street: str
    city: str
    state: str
    postal_code: str
    contact: str
    phone: str
    routing: str
    account: str
    method: str
    filings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything the simulator does, in one record.

    Shapes   percent_of_charge: what an unlisted code is allowed, None: such a line is denied as ``unlisted_code``.
             automatic: outcomes for what a payer finds by itself (``unknown_original``, ``prior_payer_missing``,
             ``unlisted_code``). ta1_with_999: the TA1 of an accepted file stands before the group of its 999, as some
             clearinghouses send it, and not in a file of its own.
    """

    description: str
    seed: int
    outcomes: Mapping[str, Outcome]
    choices: tuple[Choice, ...]
    shares: tuple[Share, ...]
    file_shares: tuple[Share, ...]
    otherwise: str
    automatic: Mapping[str, str]
    clearinghouse_accepts: Status
    payer_accepts: Status
    fees: Mapping[str, Fee]
    percent_of_charge: Decimal | None
    contracts: tuple[Contract, ...]
    takes: tuple[ProviderTake, ...]
    office: Office
    claims_per_payment: int
    imbalance: Imbalance | None = None
    ta1_with_999: bool = False


def choose(claim: SentClaim, scenario: Scenario) -> Outcome:
    """What happens to one claim."""
    for choice in scenario.choices:
        if choice.fits(claim):
            return scenario.outcomes[choice.outcome]
    return scenario.outcomes[_share(scenario.shares, scenario.seed, claim.number) or scenario.otherwise]


def choose_for_file(file: SentFile, scenario: Scenario) -> Outcome | None:
    """What happens to a whole file, when anything does beyond what its claims are chosen for."""
    name = _share(scenario.file_shares, scenario.seed, f"ISA{file.control}")
    return scenario.outcomes[name] if name else None


def contract_of(claim: SentClaim, scenario: Scenario) -> Contract:
    """The first contract that fits; the compiled scenario always ends with one that does."""
    return next(contract for contract in scenario.contracts if contract.fits(claim))


def number_from(*parts: object, digits: int) -> str:
    """A number that looks allotted and depends on nothing but ``parts``."""
    text = "|".join(map(str, parts)).encode()
    return str(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) % 10**digits).zfill(digits)


def _share(shares: tuple[Share, ...], seed: int, key: str) -> str:
    place = int(number_from(seed, key, digits=12)) % THOUSAND
    for share in shares:
        if place < share.of_1000:
            return share.outcome
        place -= share.of_1000
    return ""
