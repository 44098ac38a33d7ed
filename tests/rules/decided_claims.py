"""A claim of two lines and what a payer decides on it, reason by reason, for tests of the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.money import ZERO, from_cents
from integration_engine.domain.ledger import Entry
from integration_engine.domain.posting import Posting
from integration_engine.domain.remit import Adjustment, Remit, RemitClaim, RemitLine
from integration_engine.domain.submission import SubmittedClaim, SubmittedLine
from integration_engine.rules.answers.remit_matching import match
from integration_engine.rules.posting.remits import post
from integration_engine.rules.responses.files import compile_responses

RESPONSES = compile_responses(MappingFiles(shipped_folder()).read())
ON = date(2026, 11, 3)
CHARGES = (12_000, 5_800)


def claim(number: str, **changes: object) -> SubmittedClaim:
    lines = tuple(
        SubmittedLine(
            number=n,
            line_control=f"{number}L{n:02d}",
            code=code,
            modifiers=("GP",),
            units=1,
            charge=from_cents(cents),
            date_of_service=date(2026, 10, 5),
        )
        for n, (code, cents) in enumerate(zip(("97110", "97140"), CHARGES, strict=True), start=1)
    )
    plain = SubmittedClaim(
        id=1,
        number=number,
        payer_key="SUMMIT",
        payer_id="SUMM1",
        profile="commercial_ama",
        date_of_service=date(2026, 10, 5),
        total=from_cents(sum(CHARGES)),
        lines=lines,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def answer(
    ours: SubmittedClaim, taken: tuple[tuple[tuple[str, int], ...], ...], status: str, sign: int = 1
) -> RemitClaim:
    lines = tuple(
        RemitLine(
            number=line.number,
            code=line.code,
            modifiers=line.modifiers,
            charge=line.charge * sign,
            paid=(line.charge - from_cents(sum(cents for _, cents in reasons))) * sign,
            date_of_service=line.date_of_service,
            line_control=line.line_control,
            adjustments=tuple(
                Adjustment(group=code[:2], reason=code[3:], amount=from_cents(cents) * sign) for code, cents in reasons
            ),
            position=10 + line.number,
        )
        for line, reasons in zip(ours.lines, taken, strict=True)
    )
    return RemitClaim(
        number=ours.number,
        status=status,
        charge=ours.total * sign,
        paid=sum((line.paid for line in lines), ZERO),
        position=8,
        payer_control_number=f"ICN{ours.number}",
        date_of_service=ours.date_of_service,
        lines=lines,
    )


def posted(told: RemitClaim, ours: SubmittedClaim, trace: str, earlier: list[Entry]) -> Posting:
    """A remit of this one claim, posted."""
    remit = Remit(
        transaction="0001", handling="I", amount=told.paid, method="ACH", trace=trace, payer_name="SUMMIT",
        payer_id="1999999999", claims=(told,), provider_adjustments=(), position=2,
    )  # fmt: skip
    return post(remit, [match(told, [ours])], RESPONSES, ON, earlier=earlier)
