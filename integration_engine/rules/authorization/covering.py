"""Does the payer's permission cover this treatment day, and is any of it left?

Consumption counts by date of service: what was used outside, what other days of this patient use, then this day.
Several authorizations are used earliest expiry first, then the most specific; one that covers the whole day goes before
two that share it, so that a claim carries one number where it can. Where no single one covers every code, each code is
billed under its own. Visits are counted once a treatment day. Authority: the payer's contract; house rule on the order
(THERAPY_RULES §4.1, §4.4). Benefit limits stand in rules/benefit_limits.py, bookings in rules/authorization/burn_down.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, Queue, Severity
from integration_engine.domain.authorization import Authorization
from integration_engine.domain.coverage import Basis, Coverage
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import Treatment
from integration_engine.domain.treatment_day import History, TreatmentDay
from integration_engine.rules.authorization.on_file import NOT_GIVEN, fitting, is_placeholder, known_to
from integration_engine.rules.benefit_limits import ONE_OF, Quantities, check_limits
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.rules.parameters.practice import PayerEntry

__all__ = ["AuthorizationResult", "Quantities", "check_authorization", "numbered"]

ONE, NOTHING = Decimal(1), Decimal(0)
CITATION = Citation(document="payer contract", section="authorization; mappings/practice.yaml")
EXEMPT = ("a code that the payer does not exempt would need an authorization",)
NOT_NEEDED = ("a payer for which mappings/practice.yaml asks for this discipline's authorizations would want one",)
RELEASED = ("an authorization that covers this date and code, with something left, would release it",)
COVERED = ("one that is ended, used up, or for other codes or another practitioner would have held the day",)
OWNER = "authorization coordinator"
Codes = tuple[tuple[Hcpcs, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationResult:
    """The authorization numbers to bill under, and what the day uses of each.

    Shapes   number: the one of the whole claim, None where none is needed or the codes need different ones. numbers:
             the number of each code that is billed under one. consumed: number and quantity.
    """

    number: str | None
    numbers: tuple[tuple[Hcpcs, str], ...] = ()
    consumed: tuple[tuple[str, Decimal], ...] = ()
    decisions: tuple[Decision, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What the day bills under one authorization.

    Shapes   consumers: the other days that draw on it, in words. amount: None where its basis cannot be counted.
    """

    authorization: Authorization
    codes: Codes
    used: Decimal
    consumers: tuple[str, ...]
    amount: Decimal | None

    @property
    def fits(self) -> bool:
        allowed = self.authorization.allowed
        return allowed is None or self.used + (self.amount or NOTHING) <= allowed


def check_authorization(
    day: TreatmentDay,
    discipline: Discipline,
    quantities: Quantities,
    coverage: Coverage,
    entry: PayerEntry,
    history: History,
    parameters: Parameters,
) -> AuthorizationResult:
    """Find the authorization each code of this day is billed under, and see that something of it is left."""
    threshold = parameters.profiles[entry.payer.profile].threshold.at(day.date_of_service)
    decisions, limits = check_limits(day, discipline, quantities, coverage, entry, history, threshold=threshold)
    search = _Search(day, discipline, quantities, coverage, entry, history, parameters)
    if not search.codes or not (search.required or search.candidates(search.codes)):
        exempt = " ".join(code for code, _ in quantities.codes) if search.required else ""
        key = ("no authorization", entry.payer.key, discipline, exempt)
        decision = parameters.remember(key, lambda: _none_needed(entry, discipline, exempt))
        findings = (*search.placeholders(covered=True), *limits)
        return AuthorizationResult(number=None, decisions=(*decisions, decision), findings=findings)
    shares = search.shares()
    findings = (*search.placeholders(covered=shares is not None), *limits)
    if shares is None:
        failed, share = search.refusal()
        working = (failed.text, *_drawn(share)) if share is not None else (failed.text,)
        decision = _decision(failed.id.removeprefix("authorization."), Outcome.FAIL, working, RELEASED)
        return AuthorizationResult(number=None, decisions=(*decisions, decision), findings=(*findings, failed))
    numbers = tuple((code, share.authorization.number or "") for share in shares for code, _ in share.codes)
    one = {number for _, number in numbers}
    return AuthorizationResult(
        number=one.pop() if len(one) == 1 else None,
        numbers=numbers,
        consumed=tuple((s.authorization.number or "", s.amount) for s in shares if s.amount is not None),
        decisions=(
            *decisions,
            _decision("covered", Outcome.PASS, tuple(step for s in shares for step in _steps(s)), COVERED),
        ),
        findings=(*findings, *(_not_counted(s.authorization) for s in shares if s.amount is None)),
    )


def _none_needed(entry: PayerEntry, discipline: Discipline, exempt: str) -> Decision:
    if exempt:
        return _decision("exempt", Outcome.PASS, (f"{entry.payer.name} exempts {exempt}",), EXEMPT)
    why = f"{entry.payer.name} asks for no authorization of {discipline}"
    return _decision("not needed", Outcome.PASS, (why,), NOT_NEEDED)


class _Search:
    """One day looking for its authorizations; codes: those that need or may use one."""

    def __init__(
        self,
        day: TreatmentDay,
        discipline: Discipline,
        quantities: Quantities,
        coverage: Coverage,
        entry: PayerEntry,
        history: History,
        parameters: Parameters,
    ) -> None:
        self.day, self.discipline, self.quantities = day, discipline, quantities
        self.coverage, self.entry, self.history, self.parameters = coverage, entry, history, parameters
        self.required = discipline in entry.authorization_required
        exempt = entry.authorization_exempt if self.required else ()
        self.codes: Codes = tuple((code, units) for code, units in quantities.codes if code not in exempt)
        self.stated = {
            t.code: t.authorization_number
            for e in day.encounters
            for t in e.treatments
            if t.code is not None and t.authorization_number and not is_placeholder(t.authorization_number, parameters)
        }
        self.own = known_to(day.authorizations, coverage, parameters, self.stated.values())

    def placeholders(self, *, covered: bool) -> list[Finding]:
        """Placeholders wherever the messages carry a number: authorization, coverage, charge line.

        Shapes   covered: real numbers carry the whole day. Then one that came with the insurance or a line is left out
                 and told; one entered as an authorization holds wherever the payer asks for authorizations.
        """
        given = [("authorization", a.number, True) for a in self.day.authorizations if self._ours(a)]
        given.append(("coverage.authorization_number", self.coverage.authorization_number, False))
        lines = [t.authorization_number for e in self.day.encounters for t in e.treatments]
        given.extend((f"treatments[{i}].authorization_number", number, False) for i, number in enumerate(lines))
        found = []
        for subject, number, entered in given:
            if number and is_placeholder(number, self.parameters):
                finding = _finding(
                    "placeholder", "The authorization number is a placeholder.", "Enter the payer's own number.", number
                )
                holds = self.required and (entered or not covered)
                severity, queue = (Severity.ERROR, Queue.AUTHORIZATION) if holds else (Severity.WARNING, None)
                found.append(replace(finding, subject=subject, severity=severity, queue=queue))
        return found

    def _ours(self, authorization: Authorization) -> bool:
        """One that would otherwise be used on this day."""
        mine = authorization.payer_id in (None, self.coverage.payer_id)
        return mine and bool(fitting([authorization], self.day.date_of_service, self.discipline, ()))

    def candidates(self, codes: Codes, *, any_provider: bool = False) -> list[Authorization]:
        """Those that cover all these codes on this date, in the order they are used up."""
        stated = {self.stated[code] for code, _ in codes if code in self.stated}
        return [
            a
            for a in fitting(self.own, self.day.date_of_service, self.discipline, codes)
            if stated <= {a.number} and (any_provider or _fits_provider(a, self.day, self.parameters))
        ]

    def shares(self) -> tuple[_Share, ...] | None:
        """One authorization for the whole day if there is one, else one for each code; None when a code finds none."""
        for authorization in self.candidates(self.codes):
            share = self.share(authorization, self.codes)
            if share.fits:
                return (share,)
        taken: dict[str, _Share] = {}
        for code in self.codes:
            for authorization in self.candidates((code,)):
                before = taken.get(authorization.number or "")
                share = self.share(authorization, (*(before.codes if before else ()), code))
                if share.fits:
                    taken[authorization.number or ""] = share
                    break
            else:
                return None
        return tuple(taken.values())

    def share(self, authorization: Authorization, codes: Codes) -> _Share:
        """What this day would take of one authorization for these codes, beside what is used already."""
        drawn = [
            (prior, quantity)
            for prior in self.history.days
            for number, quantity in prior.authorizations
            if number == authorization.number
        ]
        return _Share(
            authorization=authorization,
            codes=codes,
            used=(authorization.used_before or NOTHING) + sum((quantity for _, quantity in drawn), NOTHING),
            consumers=tuple(f"{p.discipline} {p.date_of_service} ({p.state}) {quantity}" for p, quantity in drawn),
            amount=self._amount(authorization, codes),
        )

    def _amount(self, authorization: Authorization, codes: Codes) -> Decimal | None:
        """On the basis it counts; minutes and dollars are known for the day as a whole only."""
        basis, whole = authorization.basis, codes == self.quantities.codes
        if basis is Basis.UNITS:
            return Decimal(sum(units for _, units in codes))
        if basis is Basis.MINUTES:
            return Decimal(self.quantities.minutes) if whole else None
        if basis is Basis.AMOUNT:
            return self.quantities.amount if whole else None
        if basis is Basis.EPISODE:
            return NOTHING
        counted = self.entry.visit_counts == "day" and any(
            prior.date_of_service == self.day.date_of_service and number == authorization.number and quantity
            for prior in self.history.days
            for number, quantity in prior.authorizations
        )
        return NOTHING if counted else ONE  # the payer may count the day once, whatever the disciplines

    def refusal(self) -> tuple[Finding, _Share | None]:
        """Why the day, or the first code of it without cover, finds no authorization; with the one that is used up."""
        for codes in (self.codes,) if self.candidates(self.codes) else tuple((code,) for code in self.codes):
            found = self.candidates(codes)
            if any(self.share(a, codes).fits for a in found):
                continue
            if found:
                share = self.share(found[-1], codes)
                total = share.used + (share.amount or NOTHING)
                one = ONE_OF.get(found[-1].basis or Basis.VISITS, "visit")
                text = f"This would be {one} {total} of {found[-1].allowed} authorized."
                fix = "Request an extension, or mark the visit patient-pay."
                return _finding("exhausted", text, fix, str(total), str(found[-1].allowed)), share
            if self.candidates(codes, any_provider=True):
                text = "The authorization is bound to another practitioner."
                return _finding("other_provider", text, "Have it changed to who treats, or move the patient."), None
            return self._why_none(codes), None
        # Each code alone would fit; together they ask for more than is left.
        text = "The authorizations on file do not leave enough for all codes of this day together."
        return _finding("exhausted", text, "Request an extension, or mark the visit patient-pay."), None

    def _why_none(self, codes: Codes) -> Finding:
        on, own = self.day.date_of_service, self.own
        if any(self.stated.get(code) not in (None, *(a.number for a in own)) for code, _ in codes):
            text = "A charge line names an authorization that is not on file."
            return _finding("number_unknown", text, "Enter that authorization in the EMR, or correct the line.")
        for a in own:
            if a.status in NOT_GIVEN:
                return _finding("not_given", f"The authorization is {a.status}.", "Follow up with the payer.")
            if a.ends_on is not None and a.ends_on < on:
                text = f"The authorization ended {(on - a.ends_on).days} days before this visit."
                return _finding("expired", text, "Request a new one or an extension.")
            if a.effective_on is not None and on < a.effective_on:
                text = f"The authorization begins {(a.effective_on - on).days} days after this visit."
                return _finding("not_yet", text, "Ask the payer to date it back, or request one for this visit.")
            if a.disciplines and self.discipline not in a.disciplines:
                text = f"The authorization does not cover {self.discipline}."
                return _finding("other_discipline", text, "Request one for this discipline.")
            missing = [code for code, _ in codes if a.codes and code not in a.codes]
            if missing:
                text = f"No authorization on file covers {' '.join(missing)}."
                return _finding("other_code", text, "Request one for this code.", " ".join(missing))
        text = "This payer asks for an authorization and none is on file."
        return _finding("missing", text, "Request one and enter it in the EMR.")


def numbered(
    treatments: Sequence[Treatment], result: AuthorizationResult, parameters: Parameters
) -> tuple[Treatment, ...]:
    """The charge lines, each with the number it is billed under, so that a line differs from its claim only where it must.

    Shapes   where the day found no authorization, what the EMR gave with the line stays, but for placeholders.
    """
    numbers = dict(result.numbers)
    told = []
    for treatment in treatments:
        stated = treatment.authorization_number
        kept = None if stated is None or is_placeholder(stated, parameters) else stated
        number = numbers.get(treatment.code) if numbers and treatment.code is not None else kept
        told.append(treatment if number == stated else replace(treatment, authorization_number=number))
    return tuple(told)


def _fits_provider(authorization: Authorization, day: TreatmentDay, parameters: Parameters) -> bool:
    """True unless it is bound to a practitioner and someone else rendered."""
    if authorization.rendering_npi is None:
        return True
    people = [parameters.practitioner(e.rendering) for e in day.encounters]
    npis = {person.npi for person in people if person is not None and person.npi}
    return not npis or authorization.rendering_npi in npis


def _steps(share: _Share) -> tuple[str, ...]:
    a = share.authorization
    codes = " ".join(code for code, _ in share.codes)
    span = f"{a.effective_on or 'no first day'} to {a.ends_on or 'no last day'}"
    left = "unknown" if a.allowed is None or share.amount is None else str(a.allowed - share.used - share.amount)
    this = "not known" if share.amount is None else str(share.amount)
    quantity = f"{a.allowed} {a.basis or ''}".rstrip() if a.allowed is not None else "quantity not known"
    return (
        f"{a.number}: {span}, {quantity}, for {codes}",
        f"used before this day {share.used}, this day {this}, left after it {left}",
        *_drawn(share),
    )


def _drawn(share: _Share) -> tuple[str, ...]:
    """Who used it: outside, and each day of the patient that draws on it."""
    outside = share.authorization.used_before
    listed = (*((f"outside {outside}",) if outside else ()), *share.consumers)
    return (f"{share.authorization.number} is drawn on by {', '.join(listed)}",) if listed else ()


def _not_counted(authorization: Authorization) -> Finding:
    return Finding(
        id="configuration.authorization_not_counted",
        severity=Severity.WARNING,
        text=f"What this day uses of its authorization in {authorization.basis} is not known, so the balance was not checked.",
        fix="Load the payer's fee schedule in mappings/practice.yaml, or ask for one authorization for all codes.",
        owner=OWNER,
        subject="authorization",
        outcome=Outcome.NOT_CHECKED,
        citation=CITATION,
    )


def _finding(what: str, text: str, fix: str, observed: str = "", expected: str = "") -> Finding:
    return Finding(
        id=f"authorization.{what}",
        severity=Severity.ERROR,
        text=text,
        fix=fix,
        owner=OWNER,
        subject="authorization",
        observed=observed,
        expected=expected,
        queue=Queue.AUTHORIZATION,
        citation=CITATION,
        due_in_days=2,
    )


def _decision(value: str, outcome: Outcome, working: tuple[str, ...], otherwise: tuple[str, ...]) -> Decision:
    return Decision(
        station="authorization",
        subject="treatment day",
        rule="authorization",
        value=value,
        outcome=outcome,
        working=working,
        citation=CITATION,
        otherwise=otherwise,
    )
