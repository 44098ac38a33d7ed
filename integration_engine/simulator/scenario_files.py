"""The shape of a scenario file (samples/simulator/), checked with file, line and column, and compiled to a ``Scenario``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from integration_engine.core.documents import Document, read_document
from integration_engine.core.errors import MappingError, MappingProblem
from integration_engine.simulator.scenario import (
    OF_A_FILE,
    THOUSAND,
    Cause,
    Choice,
    Contract,
    Ending,
    Fee,
    Imbalance,
    Office,
    Outcome,
    Payment,
    ProviderTake,
    Refusal,
    Scenario,
    Share,
    Status,
)

Amount = Annotated[str, Field(pattern=r"^\d{1,7}\.\d{2}$")]
SignedAmount = Annotated[str, Field(pattern=r"^-?\d{1,7}\.\d{2}$")]
Percent = Annotated[str, Field(pattern=r"^(100|\d{1,2})(\.\d{1,2})?$")]
AUTOMATIC = ("prior_payer_missing", "unknown_original", "unlisted_code")
# What each ending needs beside its name.
_NEEDS = {
    Ending.INTERCHANGE_REFUSED: "refusal",
    Ending.SET_REFUSED: "refusal",
    Ending.CLEARINGHOUSE_REJECTED: "status",
    Ending.PAYER_REJECTED: "status",
    Ending.DENIED: "cause",
    Ending.CORRECTED: "first",
}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RefusalFile(_File):
    """TA1 note and 999 codes."""

    note: str = Field(default="000", pattern=r"^\d{3}$")
    positions: list[str] = Field(default_factory=list)
    segment_code: str = "8"
    element_code: str = "7"
    reason: str = "5"


class StatusFile(_File):
    """One STC."""

    category: Literal["A0", "A1", "A2", "A3", "A4", "A6", "A7", "A8"]
    status: str = Field(pattern=r"^\d{1,3}$")
    entity: str = Field(default="", max_length=3)
    on_line: bool = False


class CauseFile(_File):
    """Why a payer denies."""

    group: Literal["CO", "PR", "OA", "PI"]
    carc: str = Field(pattern=r"^[A-Z]?\d{1,3}$")
    rarcs: list[str] = Field(default_factory=list)
    category: str = Field(min_length=1)
    first_line_only: bool = False


class ForwardFile(_File):
    """The payer a claim crosses over to."""

    name: str = Field(min_length=1, max_length=60)
    payer_id: str = Field(min_length=2, max_length=80)


class PaymentFile(_File):
    """How a payer pays beyond its contract."""

    deductible: Amount | None = None
    all_to_deductible: bool = False
    drops_modifiers: bool = False
    drops_line_controls: bool = False
    split: bool = False
    forwarded_to: ForwardFile | None = None


class OutcomeFile(_File):
    """One fate."""

    ending: Ending
    refusal: RefusalFile | None = None
    status: StatusFile | None = None
    cause: CauseFile | None = None
    payment: PaymentFile = PaymentFile()
    first: str = ""
    then: str = ""


class ChoiceFile(_File):
    """Claims by what they have."""

    outcome: str
    claim: str = ""
    member: str = ""
    payer: str = ""
    code: str = ""


class ShareFile(_File):
    """So many of a thousand."""

    outcome: str
    of_1000: int = Field(ge=0, le=THOUSAND)


class FeeFile(_File):
    """One unit of one code; invented amounts."""

    allowed: Amount
    practice_expense: Amount | None = None


class ContractFile(_File):
    """Percentages and copay; the source of each that a regulation sets."""

    filings: list[str] = Field(default_factory=list)
    payers: list[str] = Field(default_factory=list)
    coinsurance_percent: Percent = "0"
    copay: Amount = "0.00"
    sequestration_percent: Percent = "0"
    assistant_percent: Percent = "0"
    multiple_procedure_percent: Percent = "0"
    source: str = ""


class TakeFile(_File):
    """One PLB."""

    payer: str
    reason: str = Field(pattern=r"^[A-Z0-9]{2}$")
    amount: SignedAmount
    reference: str = ""


class ImbalanceFile(_File):
    """A deliberate error."""

    at: Literal["line", "claim", "file"]
    amount: SignedAmount
    claim: str = ""


class OfficeFile(_File):
    """The invented payer's address, contact and bank."""

    street: str
    city: str
    state: str
    postal_code: str
    contact: str
    phone: str = Field(pattern=r"^\d{10}$")
    routing: str = Field(pattern=r"^\d{9}$")
    account: str
    method: Literal["ACH", "CHK"]
    filings: list[str]


class AcceptFile(_File):
    """What is said of a claim that goes on."""

    clearinghouse: StatusFile
    payer: StatusFile


class ScenarioFile(_File):
    """The whole file."""

    description: str
    seed: int
    outcomes: dict[str, OutcomeFile]
    choices: list[ChoiceFile] = Field(default_factory=list)
    shares: list[ShareFile] = Field(default_factory=list)
    file_shares: list[ShareFile] = Field(default_factory=list)
    otherwise: str
    automatic: dict[Literal["prior_payer_missing", "unknown_original", "unlisted_code"], str]
    accepts: AcceptFile
    fees: dict[str, FeeFile]
    percent_of_charge: Percent | None = None
    contracts: list[ContractFile]
    provider_adjustments: list[TakeFile] = Field(default_factory=list)
    office: OfficeFile
    claims_per_payment: int = Field(ge=1, le=10_000)
    imbalance: ImbalanceFile | None = None
    ta1_with_999: bool = False


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors."""
    return ScenarioFile.model_json_schema()


def compile_scenario(name: str, text: str) -> Scenario:
    """A scenario from its file.

    Raises   MappingError with file:line:column of every problem.
    """
    document = read_document(name, text)
    file = document.check(ScenarioFile)
    problems = tuple(_problems(document, file))
    if problems:
        raise MappingError(problems)
    return Scenario(
        description=file.description,
        seed=file.seed,
        outcomes={key: _outcome(key, one) for key, one in file.outcomes.items()},
        choices=tuple(Choice(**one.model_dump()) for one in file.choices),
        shares=tuple(Share(**one.model_dump()) for one in file.shares),
        file_shares=tuple(Share(**one.model_dump()) for one in file.file_shares),
        otherwise=file.otherwise,
        automatic={str(kind): outcome for kind, outcome in file.automatic.items()},
        clearinghouse_accepts=Status(**file.accepts.clearinghouse.model_dump()),
        payer_accepts=Status(**file.accepts.payer.model_dump()),
        fees={code: _fee(fee) for code, fee in file.fees.items()},
        percent_of_charge=Decimal(file.percent_of_charge) if file.percent_of_charge is not None else None,
        contracts=tuple(map(_contract, file.contracts)),
        takes=tuple(
            ProviderTake(payer=one.payer, reason=one.reason, amount=Decimal(one.amount), reference=one.reference)
            for one in file.provider_adjustments
        ),
        office=Office(**(file.office.model_dump() | {"filings": tuple(file.office.filings)})),
        claims_per_payment=file.claims_per_payment,
        imbalance=_imbalance(file.imbalance),
        ta1_with_999=file.ta1_with_999,
    )


def _outcome(name: str, file: OutcomeFile) -> Outcome:
    refusal, status, cause = file.refusal, file.status, file.cause
    return Outcome(
        name=name,
        ending=file.ending,
        refusal=Refusal(
            note=refusal.note,
            positions=tuple(refusal.positions),
            segment_code=refusal.segment_code,
            element_code=refusal.element_code,
            reason=refusal.reason,
        )
        if refusal
        else None,
        status=Status(**status.model_dump()) if status else None,
        cause=Cause(
            group=cause.group,
            reason=cause.carc,
            remarks=tuple(cause.rarcs),
            category=cause.category,
            first_line_only=cause.first_line_only,
        )
        if cause
        else None,
        payment=_payment(file.payment),
        first=file.first,
        then=file.then,
    )


def _payment(file: PaymentFile) -> Payment:
    return Payment(
        deductible=Decimal(file.deductible) if file.deductible is not None else None,
        all_to_deductible=file.all_to_deductible,
        drops_modifiers=file.drops_modifiers,
        drops_line_controls=file.drops_line_controls,
        split=file.split,
        forwarded_to=(file.forwarded_to.name, file.forwarded_to.payer_id) if file.forwarded_to else None,
    )


def _fee(file: FeeFile) -> Fee:
    expense = file.practice_expense
    return Fee(allowed=Decimal(file.allowed), practice_expense=Decimal(expense) if expense is not None else None)


def _contract(file: ContractFile) -> Contract:
    return Contract(
        filings=tuple(file.filings),
        payers=tuple(file.payers),
        coinsurance=Decimal(file.coinsurance_percent),
        copay=Decimal(file.copay),
        sequestration=Decimal(file.sequestration_percent),
        assistant=Decimal(file.assistant_percent),
        multiple_procedure=Decimal(file.multiple_procedure_percent),
    )


def _imbalance(file: ImbalanceFile | None) -> Imbalance | None:
    return Imbalance(at=file.at, amount=Decimal(file.amount), claim=file.claim) if file else None


def _problems(document: Document, file: ScenarioFile) -> list[MappingProblem]:
    everything = frozenset(Ending)
    decisions = frozenset({Ending.DENIED, Ending.PAID})
    named: list[tuple[tuple[str | int, ...], str, frozenset[Ending]]] = [
        *((("choices", index, "outcome"), one.outcome, everything) for index, one in enumerate(file.choices)),
        # A share of the claims that refused whole files would refuse nearly every file: that is what file_shares are for.
        *((("shares", index, "outcome"), one.outcome, everything - OF_A_FILE) for index, one in enumerate(file.shares)),
        *((("file_shares", index, "outcome"), one.outcome, OF_A_FILE) for index, one in enumerate(file.file_shares)),
        (("otherwise",), file.otherwise, everything - OF_A_FILE),
        *((("automatic", kind), outcome, frozenset({Ending.DENIED})) for kind, outcome in file.automatic.items()),
    ]
    found: list[MappingProblem] = []
    for key, one in file.outcomes.items():
        need = _NEEDS.get(one.ending)
        if need and not getattr(one, need):
            found.append(document.problem(("outcomes", key), f"an outcome that ends as {one.ending} needs `{need}`"))
        if one.ending is Ending.CORRECTED:
            named += [(("outcomes", key, part), getattr(one, part), decisions) for part in ("first", "then")]
    for path, outcome, allowed in named:
        if outcome not in file.outcomes:
            text = f"there is no outcome {outcome!r}; there are {', '.join(sorted(file.outcomes))}"
            found.append(document.problem(path, text))
        elif file.outcomes[outcome].ending not in allowed:
            text = f"{outcome!r} ends as {file.outcomes[outcome].ending}, which cannot stand here"
            found.append(document.problem(path, text))
    found += _problems_of_sums(document, file)
    return found


def _problems_of_sums(document: Document, file: ScenarioFile) -> list[MappingProblem]:
    found = [document.problem(("automatic",), f"`{key}` is missing") for key in AUTOMATIC if key not in file.automatic]
    for part, shares in (("shares", file.shares), ("file_shares", file.file_shares)):
        if sum(share.of_1000 for share in shares) > THOUSAND:
            found.append(document.problem((part,), "the shares come to more than 1000"))
    if not file.contracts or file.contracts[-1].filings or file.contracts[-1].payers:
        found.append(document.problem(("contracts",), "the last contract has no selector, so that every claim has one"))
    return found
