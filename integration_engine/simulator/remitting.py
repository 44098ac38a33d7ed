"""835: one payment of one payer to one billing provider, from the records of what was decided.

    ST ─ BPR · TRN · DTM*405 ─ N1*PR payer ─ N1*PE payee ─ LX ─ CLP claim ─ CAS · NM1 · MOA · DTM · AMT
                                                              └ SVC line ─ DTM · CAS · REF*6R · AMT*B6 · LQ     PLB ─ SE

Source  005010X221A1; X12.md §2.9 B6. What the record says is written, so that a stated imbalance stays one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from integration_engine.core.money import ZERO
from integration_engine.domain.remit import Adjustment, ProviderAdjustment, Remit, RemitClaim, RemitLine
from integration_engine.simulator.scenario import Imbalance, Office, ProviderTake, number_from
from integration_engine.simulator.sent import SentClaim
from integration_engine.simulator.writing import MOST_REASONS, amount, day, transaction_set
from integration_engine.wire.x12.segments import join

GROUPS = ("CO", "OA", "PI", "PR")
MOST_REMARKS = 5
_FORWARD = "FB"
_OTHER_FILING = "ZZ"


def payment(
    transaction: int,
    trace: str,
    claims: Sequence[RemitClaim],
    sample: SentClaim,
    takes: Sequence[ProviderTake],
    office: Office,
    as_of: date,
) -> Remit:
    """What one payment pays: the sum of its claims less its provider adjustments, and never below zero.

    Why      A payer cannot take money by remit: what reversals take beyond the payments is carried forward (PLB FB).
    """
    year_end = date(as_of.year, 12, 31)
    adjustments = [
        ProviderAdjustment(
            provider=sample.provider.npi,
            reason=take.reason,
            amount=take.amount,
            reference=take.reference or None,
            fiscal_period_on=year_end,
        )
        for take in takes
    ]
    due = sum((claim.paid for claim in claims), ZERO) - sum((one.amount for one in adjustments), ZERO)
    if due < ZERO:
        adjustments.append(
            ProviderAdjustment(
                provider=sample.provider.npi,
                reason=_FORWARD,
                amount=due,
                reference=trace,
                fiscal_period_on=year_end,
            )
        )
        due = ZERO
    return Remit(
        transaction=f"{transaction:04d}",
        handling="I" if due else "H",
        amount=due,
        method=office.method if due else "NON",
        trace=trace,
        payer_name=sample.payer_name,
        payer_id=payer_tax_id(sample.payer_id),
        claims=tuple(claims),
        paid_on=as_of,
        produced_on=as_of,
        payee_name=sample.provider.name,
        payee_id=sample.provider.npi,
        provider_adjustments=tuple(adjustments),
    )


def unbalanced(remit: Remit, imbalance: Imbalance) -> Remit:
    """The remit with the stated error in it: only the level that is named is wrong."""
    if imbalance.at == "file":
        return replace(remit, amount=remit.amount + imbalance.amount)
    claims = list(remit.claims)
    index = next((i for i, claim in enumerate(claims) if imbalance.claim in {"", claim.number}), None)
    if index is None:
        return remit
    claim = claims[index]
    if imbalance.at == "claim":
        claims[index] = replace(claim, paid=claim.paid + imbalance.amount)
        return replace(remit, claims=tuple(claims), amount=remit.amount + imbalance.amount)
    if not claim.lines:
        return remit
    first = replace(claim.lines[0], paid=claim.lines[0].paid + imbalance.amount)
    claims[index] = replace(claim, lines=(first, *claim.lines[1:]))
    return replace(remit, claims=tuple(claims))


def remit_set(remit: Remit, sample: SentClaim, office: Office, forwarded: Mapping[str, str]) -> tuple[list[str], Remit]:
    """The transaction set, and the record with the segment number of each claim.

    Shapes   forwarded: name → id of the payers that claims cross over to.
    """
    assert remit.paid_on is not None
    body = [
        _payment_order(remit, office),
        join("TRN", ("1", remit.trace, remit.payer_id)),
        join("DTM", ("405", day(remit.paid_on))),
        join("N1", ("PR", remit.payer_name)),
        join("N3", (sample.payer_street or office.street,)),
        join("N4", _place(sample, office)),
        join("REF", ("2U", sample.payer_id)),
        join("PER", ("BL", office.contact, "TE", office.phone)),
        join("N1", ("PE", remit.payee_name or "", "XX", remit.payee_id or "")),
        join("REF", ("TJ", sample.provider.tax_id)),
        join("LX", ("1",)),
    ]
    placed = []
    for claim in remit.claims:
        first = len(body) + 2
        body += _claim(claim, remit, office, forwarded)
        services = [first + index for index, text in enumerate(body[first - 2 :]) if text.startswith("SVC*")]
        lines = tuple(
            replace(line, number=number, position=at)
            for number, (line, at) in enumerate(zip(claim.lines, services, strict=True), start=1)
        )
        placed.append(replace(claim, position=first, lines=lines))
    body += _provider_adjustments(remit.provider_adjustments)
    return transaction_set("835", "", int(remit.transaction), body), replace(remit, claims=tuple(placed))


def payer_tax_id(payer_id: str) -> str:
    """An invented number for TRN03 and BPR10: ``1`` and nine digits, one a payer."""
    return "1" + number_from("tax", payer_id, digits=9)


def _payment_order(remit: Remit, office: Office) -> str:
    assert remit.paid_on is not None
    head = (remit.handling, amount(remit.amount), "C", remit.method)
    if remit.method != "ACH":
        return join("BPR", (*head, *[""] * 11, day(remit.paid_on)))
    payer = ("CCP", "01", office.routing, "DA", office.account, remit.payer_id, "")
    payee = ("01", office.routing, "DA", number_from("account", remit.payee_id, digits=9))
    return join("BPR", (*head, *payer, *payee, day(remit.paid_on)))


def _place(sample: SentClaim, office: Office) -> tuple[str, str, str]:
    if sample.payer_city:
        return sample.payer_city, sample.payer_state, sample.payer_postal_code
    return office.city, office.state, office.postal_code


def _claim(claim: RemitClaim, remit: Remit, office: Office, forwarded: Mapping[str, str]) -> list[str]:
    filing = claim.claim_filing or ""
    responsibility = claim.patient_responsibility
    written = [
        join(
            "CLP",
            (
                claim.number,
                claim.status,
                amount(claim.charge),
                amount(claim.paid),
                amount(responsibility) if responsibility else "",
                filing if filing in office.filings else _OTHER_FILING,
                claim.payer_control_number or "",
                claim.place_of_service or "",
                claim.frequency or "",
            ),
        ),
        *_adjustments(claim.adjustments),
        _patient(claim),
    ]
    if claim.rendering_npi and claim.rendering_npi != remit.payee_id:
        written.append(join("NM1", ("82", "1", "", "", "", "", "", "XX", claim.rendering_npi)))
    if claim.crossover_payer:
        identity = forwarded[claim.crossover_payer]
        written.append(join("NM1", ("TT", "2", claim.crossover_payer, "", "", "", "", "PI", identity)))
    if claim.remarks:
        written.append(join("MOA", ("", "", *claim.remarks[:MOST_REMARKS])))
    if claim.date_of_service:
        written.append(join("DTM", ("232", day(claim.date_of_service))))
    if claim.received_on:
        written.append(join("DTM", ("050", day(claim.received_on))))
    if claim.allowed:
        written.append(join("AMT", ("AU", amount(claim.allowed))))
    for line in claim.lines:
        written += _line(line)
    return written


def _patient(claim: RemitClaim) -> str:
    assert claim.patient_name is not None
    name = claim.patient_name
    identity = ("MI", claim.member_id) if claim.member_id else ("", "")
    return join(
        "NM1", ("QC", "1", name.last or "", name.first or "", name.middle or "", "", name.suffix or "", *identity)
    )


def _line(line: RemitLine) -> list[str]:
    procedure = ":".join(("HC", line.code, *line.modifiers))
    units = amount(line.units_paid) if line.units_paid is not None else ""
    written = [join("SVC", (procedure, amount(line.charge), amount(line.paid), "", units))]
    if line.date_of_service:
        written.append(join("DTM", ("472", day(line.date_of_service))))
    written += _adjustments(line.adjustments)
    if line.line_control:
        written.append(join("REF", ("6R", line.line_control)))
    if line.allowed:
        written.append(join("AMT", ("B6", amount(line.allowed))))
    written += [join("LQ", ("HE", remark)) for remark in line.remarks]
    return written


def _adjustments(adjustments: tuple[Adjustment, ...]) -> list[str]:
    """One CAS a group code, and another one after six reasons."""
    written = []
    for group in GROUPS:
        members = [one for one in adjustments if one.group == group]
        for start in range(0, len(members), MOST_REASONS):
            triples: list[str] = []
            for one in members[start : start + MOST_REASONS]:
                quantity = amount(one.quantity) if one.quantity is not None else ""
                triples += [one.reason, amount(one.amount), quantity]
            written.append(join("CAS", (group, *triples)))
    return written


def _provider_adjustments(adjustments: tuple[ProviderAdjustment, ...]) -> list[str]:
    written = []
    for start in range(0, len(adjustments), MOST_REASONS):
        part = adjustments[start : start + MOST_REASONS]
        assert part[0].fiscal_period_on is not None
        pairs: list[str] = []
        for one in part:
            pairs += [f"{one.reason}:{one.reference}" if one.reference else one.reason, amount(one.amount)]
        written.append(join("PLB", (part[0].provider, day(part[0].fiscal_period_on), *pairs)))
    return written
