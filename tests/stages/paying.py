"""A payer in a test that decides exactly what it is told: one remit a call, of any claims of ours, in any words."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from integration_engine.core.money import ZERO
from integration_engine.domain.claim import ServiceLine
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.store.queries.overview import treatment_days
from tests.stages.office import Office


@dataclass(frozen=True)
class Decision:
    """What a payer says of one claim. reasons: for each line, as ``CO-45 20 PR-2 5``; what is left is paid."""

    claim: SentClaim
    reasons: tuple[str, ...]
    status: str = "1"
    number: str = ""

    def taken_back(self) -> Decision:
        return Decision(self.claim, self.reasons, "22", self.number)


def adjustments(text: str) -> list[tuple[str, str, Decimal]]:
    parts = text.split()
    return [(code[:2], code[3:], Decimal(amount)) for code, amount in zip(parts[::2], parts[1::2], strict=True)]


@dataclass
class Payer:
    """Writes remits and lets the office take them. wrote: every file, by name."""

    office: Office
    key: str = "GRAN1"
    wrote: dict[str, bytes] = field(default_factory=dict)
    _numbers: count = field(default_factory=lambda: count(501))  # type: ignore[type-arg]

    def decides(self, *decisions: Decision, on: str = "20261124", trace: str = "", key: str = "") -> str:
        """One remit, taken in; how it stands then."""
        name, data = self.writes(*decisions, on=on, trace=trace, key=key)
        return self.office.take((name, data))[0].state

    def writes(self, *decisions: Decision, on: str = "20261124", trace: str = "", key: str = "") -> tuple[str, bytes]:
        name, data = written(*decisions, on=on, trace=trace, key=key or self.key, number=next(self._numbers))
        self.wrote[name] = data
        return name, data


def written(*decisions: Decision, on: str, key: str, number: int, trace: str = "") -> tuple[str, bytes]:
    """One remit: its file's name and its bytes. number: of the interchange."""
    body, total = [], ZERO
    for one in decisions:
        segments, paid = _claim(one)
        body += segments
        total += paid
    if total < 0:
        body.append(f"PLB*1999902004*20261231*FB:{number}*{total}")  # carried forward: nobody pays a payment below zero
        total = ZERO
    head = [
        "ST*835*0001",
        f"BPR*I*{total}*C*ACH*CCP*01*999999992*DA*123456*1574961554**01*999999992*DA*185441983*{on}",
        f"TRN*1*{trace or f'TRACE{number}'}*1574961554",
        f"DTM*405*{on}",
        f"N1*PR*{key}*XV*{key}",
        f"REF*2U*{key}",
        "N1*PE*TEST REHABILITATION CENTER*XX*1999902004",
        "LX*1",
    ]
    inner = [*head, *body]
    inner.append(f"SE*{len(inner) + 1}*0001")
    isa = (
        f"ISA*00*          *00*          *ZZ*CLEARPATH      *ZZ*TESTREHAB01    *261124*0150*^*00501*{number:09d}*0*T*:"
    )
    outer = [isa, f"GS*HP*CLEARPATH*TESTREHAB01*20261124*0150*{number}*X*005010X221A1", *inner]
    outer += [f"GE*1*{number}", f"IEA*1*{number:09d}"]
    name = f"remit_{number}.835"
    return name, ("~".join(outer) + "~").encode("ascii")


def _claim(one: Decision) -> tuple[list[str], Decimal]:
    sign = -1 if one.status == "22" else 1
    segments: list[str] = []
    charged = paid = patient = ZERO
    for line, text in zip(one.claim.draft.lines, one.reasons, strict=True):
        taken = adjustments(text)
        of_line = line.charge - sum((amount for _, _, amount in taken), ZERO)
        charged, paid = charged + line.charge, paid + of_line
        patient += sum((amount for group, _, amount in taken if group == "PR"), ZERO)
        segments += _line(line, of_line, taken, sign)
    number = one.number or one.claim.number
    share = "" if sign < 0 else patient
    head = f"CLP*{number}*{one.status}*{charged * sign}*{paid * sign}*{share}*12*ICN{one.claim.number}*11*1"
    return [head, "NM1*QC*1*TESTPATIENT*X****MI*X1", *segments], paid * sign


def _line(line: ServiceLine, paid: Decimal, taken: list[tuple[str, str, Decimal]], sign: int) -> list[str]:
    procedure = ":".join(("HC", str(line.code), *map(str, line.modifiers)))
    return [
        f"SVC*{procedure}*{line.charge * sign}*{paid * sign}**{line.units * sign}",
        f"DTM*472*{line.date_of_service:%Y%m%d}",
        *(f"CAS*{group}*{reason}*{amount * sign}" for group, reason, amount in taken),
        f"REF*6R*{line.line_control}",
    ]


def sent_claims(office: Office) -> list[SentClaim]:
    """Every claim that has left, oldest first."""
    with office.store.database.read() as connection:
        listed = office.store.submissions.of_days(connection, _days(office))
    return sorted(listed, key=lambda claim: claim.id)


def _days(office: Office) -> set[int]:
    with office.store.database.read() as connection:
        return {day.id for day in treatment_days(connection)}


def accounts(office: Office, claim: SentClaim) -> dict[str, Decimal]:
    """What stands on each account of a claim, in dollars; nothing where nothing stands."""
    with office.store.database.read() as connection:
        found = office.store.ledger.balances(connection, [claim.id]).get(claim.id, {})
    return {account: Decimal(cents) / 100 for account, cents in found.items() if cents}


def owes(office: Office, claim: SentClaim) -> Decimal:
    """What the payer owes on a claim, in dollars."""
    return accounts(office, claim).get("receivable_payer", ZERO)
