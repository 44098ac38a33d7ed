"""How many units does a treatment day earn, and which code gets them?

Decides units from minutes by the payer's method, for 15-minute codes, for families with thresholds of their own, for
codes counted in days and for untimed codes, and caps them where the payer does. It does not decide modifiers.
Authority: CMS Pub 100-04 ch. 5 §20.2 (8-minute rule), the CPT time rule (midpoint), and the payer's contract; all of
it dated data in mappings/rules/units.yaml, mappings/payers/ and mappings/codes/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, islice

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Finding, Outcome, ParameterUse, Queue, Severity
from integration_engine.domain.parties import Discipline
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.rules.parameters import (
    DeliveryRule,
    Parameters,
    PayerProfile,
    ProcedureFacts,
    UnitsMethod,
    UnitsRule,
    VisitCap,
)

MOST_ALTERNATIVES = 6
DOCUMENTATION = "treating clinician"
NOTE = Citation(document="CMS Pub 100-02 ch. 15", section="§220.3.E")
UNTIMED = ("more minutes change nothing; a code of the table that is billed by time would be counted by minutes",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All treatments of one code on one treatment day, taken together; of two codes where one goes on with the other.

    Shapes   further: the add-on code that takes every unit after the first (97129 goes on as 97130).
    Units    minutes: one-on-one minutes without rest; None when not documented. assistant_minutes: None when the
             share of an assistant who took part is not documented.
    """

    code: Hcpcs
    places: tuple[int, ...]  # indexes of its treatments, in the order sent
    minutes: int | None
    assistant_minutes: int | None
    units_sent: int | None
    facts: ProcedureFacts | None
    delivery: Delivery | None
    device_days: int | None = None
    live_contact: bool | None = None
    further: ProcedureFacts | None = None
    further_places: tuple[int, ...] = ()
    units: int = 0

    @property
    def lengths(self) -> tuple[int, ...]:
        """Minutes of each unit billed, in order; a family's further units have a length of their own."""
        if self.facts is None or self.facts.unit_minutes is None:
            return ()
        first = self.facts.unit_minutes
        after = self.further.unit_minutes if self.further is not None and self.further.unit_minutes else first
        return (first, *(after,) * (self.units - 1)) if self.units else ()

    @property
    def billed(self) -> tuple[tuple[Hcpcs, int], ...]:
        """Codes with their units; a family gives its first unit to the first code and the rest to the further one."""
        if not self.units:
            return ()
        if self.further is None or self.units == 1:
            return ((self.code, self.units),)
        return ((self.code, 1), (self.further.code, self.units - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsResult:
    """Services with their units, and how they came about. timed_minutes and total: of the pooled 15-minute codes."""

    services: tuple[Service, ...]
    timed_minutes: int
    total_timed_units: int
    tie: bool
    alternatives: tuple[tuple[tuple[Hcpcs, int], ...], ...]
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[tuple[Hcpcs, int], ...]:
        """Every billed code with its units."""
        return tuple(pair for service in self.services for pair in service.billed)


def count(minutes: int, unit_minutes: int, earned_at: int) -> int:
    """Units earned by ``minutes``: one at ``earned_at``, another for each ``unit_minutes`` beyond."""
    return 0 if minutes < earned_at else (minutes - earned_at) // unit_minutes + 1


def minutes_of(treatment: Treatment, *, rest_counts: bool = False) -> int | None:
    """Documented minutes of one treatment: as stated, else from start to stop less rest.

    Shapes   rest_counts: the payer counts rest between start and stop as treatment.
    """
    if treatment.minutes is not None:
        return treatment.minutes + ((treatment.rest_minutes or 0) if rest_counts else 0)
    if treatment.start is None or treatment.stop is None or treatment.stop <= treatment.start:
        return None
    whole = int((treatment.stop - treatment.start).total_seconds() // 60)
    return whole if rest_counts else max(whole - (treatment.rest_minutes or 0), 0)


def billed_units(
    treatments: Sequence[Treatment],
    profile: PayerProfile,
    as_of: date,
    parameters: Parameters,
    discipline: Discipline | None = None,
) -> UnitsResult:
    """Turn one treatment day's minutes into units, code by code.

    Shapes   treatments: one patient, discipline, date and payer; may be empty. Services in the order of their first
             treatment. discipline: whose group code takes treatments that were not one-on-one, where the payer asks.
    Raises   NotInForce: the payer has no units method on this date (a configuration error, never a fallback).
    Source   CMS Pub 100-04 ch. 5 §20.2 and §20.3; method from mappings/payers.
    """
    rule_value = profile.units_method.on(as_of)
    rule = rule_value.value
    method = parameters.methods[rule.method]
    used = (
        ParameterUse(name=f"{profile.key}.units_method", value=method.key, in_force_from=rule_value.effective_from),
    )
    services, findings = _Reading(treatments, profile, as_of, parameters, discipline).services()
    if rule.visit_code is not None:
        return _flat(services, rule, method, used, tuple(findings))
    pool = [s for s in services if _is_pooled(s, method)]
    timed = sum(s.minutes or 0 for s in pool)
    others: list[dict[Hcpcs, int]] = []
    if method.pooled:
        shares, others = _share(pool, method, timed)
        total = count(timed, method.unit_minutes, method.earned_at)
    else:
        shares = {s.code: count(s.minutes or 0, method.unit_minutes, method.earned_at) for s in pool}
        total = sum(shares.values())
    day = _Day(pool, shares, method, timed, total, used)
    differing = profile.units_sent.at(as_of)
    result: list[Service] = []
    decisions: list[Decision] = []
    for service in services:
        units, decision = day.decide(service)
        result.append(_counted(service, units))
        decisions.append(decision)
        findings.extend(_compare(service, units, differing, method))
        findings.extend(_not_earned(service, units, method))
    alternatives = [_as_billed(pool, given) for given in others]
    cap = profile.caps.find(as_of) if profile.caps is not None else None
    if cap is not None:
        earned, (result, steps) = result, _capped(result, cap)
        total = sum(s.units for s in result if _is_pooled(s, method))
        alternatives = _alternatives_capped(earned, result, others, cap, method)
        if steps:
            decisions = _as_capped(decisions, earned, result, cap)
            decisions.append(_cap_decision(earned, result, steps, cap))
            findings.extend(_over_the_cap(earned, result, cap))
    return UnitsResult(
        services=tuple(result),
        timed_minutes=timed,
        total_timed_units=total,
        tie=bool(alternatives),
        alternatives=tuple(alternatives),
        decisions=tuple(decisions),
        findings=tuple(findings),
    )


def _counted(service: Service, units: int) -> Service:
    """The service with its units; spelled out, since every treatment day does it for every code."""
    return Service(
        code=service.code,
        places=service.places,
        minutes=service.minutes,
        assistant_minutes=service.assistant_minutes,
        units_sent=service.units_sent,
        facts=service.facts,
        delivery=service.delivery,
        device_days=service.device_days,
        live_contact=service.live_contact,
        further=service.further,
        further_places=service.further_places,
        units=units,
    )


def _is_pooled(service: Service, method: UnitsMethod) -> bool:
    """A code of the method's own unit length, without thresholds of its own."""
    facts = service.facts
    return facts is not None and facts.unit_minutes == method.unit_minutes and facts.earned_at is None


def _is_missing(service: Service) -> bool:
    """Nothing can be counted: the code is unknown, or its minutes, days or live contact are not documented."""
    facts = service.facts
    if facts is None:
        return True
    if facts.device_days is not None:
        return service.device_days is None
    return (facts.unit_minutes is not None and service.minutes is None) or (
        facts.live_contact and service.live_contact is not True
    )


# --- what was done, code by code -------------------------------------------------------------------------------------


class _Reading:
    """Same codes taken together, before any rule looks at minutes."""

    def __init__(
        self,
        treatments: Sequence[Treatment],
        profile: PayerProfile,
        as_of: date,
        parameters: Parameters,
        discipline: Discipline | None,
    ) -> None:
        self.treatments = treatments
        self.profile = profile
        self.as_of = as_of
        self.parameters = parameters
        self.discipline = discipline
        self.findings: list[Finding] = []
        self.rest_counts = profile.rest_counts.at(as_of)
        self.not_one_on_one = profile.not_one_on_one.at(as_of)

    def services(self) -> tuple[list[Service], list[Finding]]:
        places: dict[Hcpcs, list[int]] = {}
        for index, treatment in enumerate(self.treatments):
            if treatment.code is not None:
                places.setdefault(self._code(treatment, treatment.code), []).append(index)
        facts = {code: self.parameters.procedure(code, self.as_of) for code in places}
        going_on = {f.further_code: code for code, f in facts.items() if f is not None and f.further_code is not None}
        services = []
        for code, indexes in places.items():
            if code in going_on:
                continue  # counted with the code it goes on from
            known = facts[code]
            further = known.further_code if known is not None else None
            after = places.get(further, []) if further is not None else []
            service = self._service(code, known, indexes, after)
            services.append(service)
            self._doubts(service)
        return services, self.findings

    def _code(self, treatment: Treatment, code: Hcpcs) -> Hcpcs:
        """The code as done; the group code instead where the payer bills treatment that was not one-on-one so."""
        if treatment.delivery in {None, Delivery.ONE_ON_ONE} or self.not_one_on_one is not DeliveryRule.GROUP:
            return code
        facts = self.parameters.procedure(code, self.as_of)
        if facts is None or facts.unit_minutes is None or self.discipline is None:
            return code
        return self.parameters.group_codes.get(self.discipline, code)

    def _service(
        self, code: Hcpcs, facts: ProcedureFacts | None, indexes: Sequence[int], after: Sequence[int]
    ) -> Service:
        group = [self.treatments[index] for index in (*indexes, *after)]
        minutes = [minutes_of(treatment, rest_counts=self.rest_counts) for treatment in group]
        further = facts.further_code if facts is not None else None
        first = group[0]
        return Service(
            code=code,
            places=tuple(indexes),
            minutes=None if None in minutes else sum(m for m in minutes if m is not None),
            assistant_minutes=_assistant_minutes(group, minutes),
            units_sent=None if any(t.units_sent is None for t in group) else sum(t.units_sent or 0 for t in group),
            facts=facts,
            delivery=next((t.delivery for t in group if t.delivery not in {None, Delivery.ONE_ON_ONE}), first.delivery),
            device_days=first.device_days,
            live_contact=first.live_contact,
            further=self.parameters.procedure(further, self.as_of) if further is not None else None,
            further_places=tuple(after),
        )

    def _doubts(self, service: Service) -> None:
        facts, subject = service.facts, f"encounter.treatments[{service.places[0]}]"
        if facts is None:
            self.findings.append(_unknown_code(service.code, subject))
            return
        if facts.device_days is not None:
            if service.device_days is None:
                self.findings.append(_no_days(service.code, subject, facts.citation))
            return
        if facts.unit_minutes is not None and service.minutes is None:
            self.findings.append(_no_minutes(service.code, subject))
        elif (
            facts.unit_minutes is not None
            and not facts.group
            and service.delivery in {Delivery.CONCURRENT, Delivery.GROUP}
            and self.not_one_on_one is DeliveryRule.HOLD
        ):
            self.findings.append(_not_one_on_one(service.code, subject, service.delivery))
        if facts.live_contact and service.live_contact is not True:
            self.findings.append(_no_contact(service.code, subject, facts.citation))


def _assistant_minutes(group: Sequence[Treatment], minutes: Sequence[int | None]) -> int | None:
    """Minutes without the therapist: stated, or all where only an assistant is named, or unknown."""
    total = 0
    for treatment, whole in zip(group, minutes, strict=True):
        if treatment.assistant_minutes is not None:
            total += treatment.assistant_minutes
        elif treatment.assistant is not None and (
            treatment.joint_minutes is None or whole is None or treatment.joint_minutes < whole
        ):
            return None
    return total


# --- minutes to units ------------------------------------------------------------------------------------------------


def _share(pool: Sequence[Service], method: UnitsMethod, timed: int) -> tuple[dict[Hcpcs, int], list[dict[Hcpcs, int]]]:
    """Whole units first, then one each by the largest remainder; equal remainders at the cut are a tie.

    Shapes   the share taken, and the other ways a tie leaves open.
    """
    unit = method.unit_minutes
    total = count(timed, unit, method.earned_at)
    shares = {s.code: (s.minutes or 0) // unit for s in pool}
    left = total - sum(shares.values())
    order = sorted(
        (s for s in pool if (s.minutes or 0) % unit),
        key=lambda s: (-((s.minutes or 0) % unit), -(s.minutes or 0), s.assistant_minutes or 0),
    )
    chosen, rest = order[:left], order[left:]
    tied: list[Service] = []
    if chosen and rest:
        cut = (chosen[-1].minutes or 0) % unit
        tied = [s for s in order if (s.minutes or 0) % unit == cut]
    among = sum(s in tied for s in chosen)
    alternatives = []
    if len(tied) > among:
        fixed = [s.code for s in chosen if s not in tied]
        for picked in islice(combinations(tied, among), 1, MOST_ALTERNATIVES):
            given = dict(shares)
            for code in (*fixed, *(s.code for s in picked)):
                given[code] += 1
            alternatives.append(given)
    for service in chosen:
        shares[service.code] += 1
    return shares, alternatives


def _as_billed(pool: Sequence[Service], shares: Mapping[Hcpcs, int]) -> tuple[tuple[Hcpcs, int], ...]:
    return tuple(pair for service in pool for pair in _counted(service, shares[service.code]).billed)


class _Day:
    """What every decision of one day leans on."""

    def __init__(
        self,
        pool: Sequence[Service],
        shares: Mapping[Hcpcs, int],
        method: UnitsMethod,
        timed: int,
        total: int,
        used: tuple[ParameterUse, ...],
    ) -> None:
        self.shares = shares
        self.method = method
        self.total = total
        self.used = used
        nearest = _next_total(timed, method)
        names = " + ".join(f"{s.minutes} ({s.code})" for s in pool)
        self.common = (
            f"timed minutes of the day: {names} = {timed}",
            f"{timed} min earn {total} units: first at {method.earned_at}, one more each {method.unit_minutes}",
        )
        self.otherwise = (f"with {nearest - timed} more timed minutes the day would earn {total + 1} units",)

    def decide(self, service: Service) -> tuple[int, Decision]:
        facts = service.facts
        if facts is None or _is_missing(service):
            why = ("minutes, days or code facts are missing",)
            return 0, self._decision(service, self.method.key, 0, why, self.method.citation, Outcome.NOT_CHECKED)
        if facts.device_days is not None:
            return self._by_days(service, facts.device_days, facts)
        if facts.unit_minutes is None:
            why = (f"{service.code} is billed by occurrence, whatever its minutes",)
            return 1, self._decision(service, "untimed", 1, why, facts.citation, used=facts.use, otherwise=UNTIMED)
        if not _is_pooled(service, self.method):
            return self._by_family(service, facts, facts.unit_minutes)
        return self._by_method(service)

    def _by_days(self, service: Service, band: tuple[int, int], facts: ProcedureFacts) -> tuple[int, Decision]:
        least, most = band
        inside = least <= (service.device_days or 0) <= most
        why = (f"{service.device_days} days with device data in the period; {service.code} covers {least} to {most}",)
        otherwise = (f"with {least} to {most} days with data it is one unit, with fewer or more none",)
        return int(inside), self._decision(
            service, "device_days", int(inside), why, facts.citation, used=facts.use, otherwise=otherwise
        )

    def _by_family(self, service: Service, facts: ProcedureFacts, length: int) -> tuple[int, Decision]:
        """A code, or a first and a further code, whose thresholds the code set itself gives."""
        minutes = service.minutes or 0
        earned_at = facts.earned_at or self.method.earned_at
        steps = [f"{minutes} min: first {length} min are earned at {earned_at}"]
        further = service.further
        if further is not None and further.unit_minutes is not None:
            after = length + (further.earned_at or self.method.earned_at)
            units = (minutes >= earned_at) + count(minutes - length, further.unit_minutes, after - length)
            steps.append(f"{further.code} from {after} min, one more each {further.unit_minutes}")
        elif facts.once:
            units = int(minutes >= earned_at)
            steps.append("at most once")
        else:
            units = count(minutes, length, earned_at)
            steps.append(f"one more each {length}")
        steps.append(" and ".join(f"{code} x {n}" for code, n in _counted(service, units).billed) or "no unit")
        otherwise = (
            (f"without {earned_at} minutes of it there would be no unit",) if units else (f"from {earned_at} min on",)
        )
        return units, self._decision(
            service, "own_threshold", units, tuple(steps), facts.citation, used=facts.use, otherwise=otherwise
        )

    def _by_method(self, service: Service) -> tuple[int, Decision]:
        method, minutes = self.method, service.minutes or 0
        units = self.shares[service.code]
        whole, rest = divmod(minutes, method.unit_minutes)
        working = [f"{service.code}: {minutes} min = {whole} x {method.unit_minutes} + {rest}"]
        if method.pooled:
            working = [
                *self.common,
                *working,
                f"{service.code}: {whole} whole + {units - whole} by remainder = {units}",
            ]
            otherwise = self.otherwise
        else:
            earns = "earns" if units > whole else "does not earn"
            step = f"the remainder of {rest} {earns} a unit, which takes {method.earned_at} min"
            working += [step if rest else "no remainder", f"{service.code}: {units} units"]
            more = _next_total(minutes, method) - minutes
            otherwise = (f"with {more} more minutes of {service.code} it would be {units + 1} units",)
        if service.further is not None and units > 1:
            working.append(f"the first unit is {service.code}, the other {units - 1} are {service.further.code}")
        return units, self._decision(service, method.key, units, tuple(working), method.citation, otherwise=otherwise)

    def _decision(
        self,
        service: Service,
        rule: str,
        units: int,
        working: tuple[str, ...],
        citation: Citation,
        outcome: Outcome = Outcome.PASS,
        *,
        otherwise: tuple[str, ...] = (),
        used: tuple[ParameterUse, ...] | None = None,
    ) -> Decision:
        return Decision(
            station="units",
            subject=service.code,
            rule=f"units.{rule}",
            value=str(units),
            outcome=outcome,
            inputs=(("minutes", str(service.minutes)),),
            working=working,
            parameters=self.used if used is None else used,
            citation=citation,
            otherwise=otherwise,
        )


def _next_total(minutes: int, method: UnitsMethod) -> int:
    return method.earned_at + method.unit_minutes * count(minutes, method.unit_minutes, method.earned_at)


def _flat(
    services: Sequence[Service],
    rule: UnitsRule,
    method: UnitsMethod,
    used: tuple[ParameterUse, ...],
    findings: tuple[Finding, ...],
) -> UnitsResult:
    """One unit of the contract's visit code, whatever was done."""
    assert rule.visit_code is not None
    done = ", ".join(f"{s.code} {s.minutes} min" if s.minutes is not None else s.code for s in services)
    blocked = any(_is_missing(s) for s in services)
    decision = Decision(
        station="units",
        subject=rule.visit_code,
        rule=f"units.{method.key}",
        value="0" if blocked or not services else "1",
        outcome=Outcome.NOT_CHECKED if blocked else Outcome.PASS,
        working=(f"documented: {done or 'nothing'}", f"the contract pays the visit: {rule.visit_code} x 1"),
        otherwise=("a payer that pays by units would count the minutes",),
        parameters=used,
        citation=method.citation,
    )
    whole = Service(
        code=rule.visit_code,
        places=tuple(sorted(place for s in services for place in (*s.places, *s.further_places))),
        minutes=sum(s.minutes or 0 for s in services),
        assistant_minutes=None
        if any(s.assistant_minutes is None for s in services)
        else sum(s.assistant_minutes or 0 for s in services),
        units_sent=None,
        facts=None,
        delivery=None,
        units=int(bool(services) and not blocked),
    )
    return UnitsResult(
        services=(whole,) if services else (),
        timed_minutes=sum(s.minutes or 0 for s in services if _is_pooled(s, method)),
        total_timed_units=0,
        tie=False,
        alternatives=(),
        decisions=(decision,),
        findings=findings,
    )


# --- the payer's caps ------------------------------------------------------------------------------------------------


def _capped(services: Sequence[Service], cap: VisitCap) -> tuple[list[Service], list[str]]:
    """Take units away until the payer's caps for a visit hold, and say what was taken.

    Why      Minutes say nothing about an evaluation or an untimed code, so those stay first; of timed codes the unit
             with the fewest minutes behind it goes first.
    """
    result = list(services)
    steps: list[str] = []
    if cap.most_codes is not None:
        ranked = sorted((s for s in result if s.units), key=_worth)
        for service in ranked[cap.most_codes :]:
            result[result.index(service)] = replace(service, units=0)
            steps.append(f"{service.code} is over the {cap.most_codes} codes a visit")
    while excess := _excess(result, cap):
        index = min(
            (i for i, s in enumerate(result) if s.lengths),
            key=lambda i: (_behind_the_last(result[i]), result[i].minutes or 0, -i),
        )
        steps.append(f"{result[index].code} gives up a unit: {excess}")
        result[index] = replace(result[index], units=result[index].units - 1)
    return result, steps


def _worth(service: Service) -> tuple[int, int, tuple[int, ...]]:
    """What stays first where a payer pays so many codes a visit: evaluations, untimed codes, then the most minutes."""
    facts = service.facts
    if facts is None or facts.unit_minutes is not None:
        return 2, -(service.minutes or 0), service.places
    return (0 if facts.evaluation else 1), 0, service.places


def _excess(services: Sequence[Service], cap: VisitCap) -> str:
    """Which cap the timed units are over, in words; empty when none."""
    lengths = [length for s in services for length in s.lengths]
    if cap.most_units is not None and len(lengths) > cap.most_units:
        return f"{cap.most_units} timed units a visit"
    if cap.most_minutes is not None and sum(lengths) > cap.most_minutes:
        return f"its units stand for {sum(lengths)} min with the others, and {cap.most_minutes} min a visit are paid"
    return ""


def _behind_the_last(service: Service) -> int:
    """Minutes that are behind the last unit alone."""
    return (service.minutes or 0) - sum(service.lengths[:-1])


def _alternatives_capped(
    earned: Sequence[Service],
    result: Sequence[Service],
    others: Sequence[Mapping[Hcpcs, int]],
    cap: VisitCap,
    method: UnitsMethod,
) -> list[tuple[tuple[Hcpcs, int], ...]]:
    """What a tie leaves open once the cap holds: each other way capped, without repetitions."""

    def pooled(services: Sequence[Service]) -> tuple[tuple[Hcpcs, int], ...]:
        return tuple(pair for s in services if _is_pooled(s, method) for pair in s.billed)

    ways = [pooled(result)]
    for given in others:
        way = pooled(_capped([replace(s, units=given.get(s.code, s.units)) for s in earned], cap)[0])
        if way not in ways:
            ways.append(way)
    return ways[1:]


def _as_capped(
    decisions: Sequence[Decision], earned: Sequence[Service], result: Sequence[Service], cap: VisitCap
) -> list[Decision]:
    """The decision of each service, with what the cap left of it."""
    told = []
    for decision, before, after in zip(decisions, earned, result, strict=True):
        if before.units == after.units:
            told.append(decision)
            continue
        step = f"{before.units} earned, {after.units} billed: the payer's cap for a visit ({cap.citation})"
        told.append(replace(decision, value=str(after.units), working=(*decision.working, step)))
    return told


def _cap_decision(
    earned: Sequence[Service], result: Sequence[Service], steps: Sequence[str], cap: VisitCap
) -> Decision:
    return Decision(
        station="units",
        subject="visit",
        rule="units.cap",
        value=f"{sum(s.units for s in earned)} earned, {sum(s.units for s in result)} billed",
        working=tuple(steps),
        citation=cap.citation,
        otherwise=("without the payer's cap every unit earned would be billed",),
    )


# --- findings --------------------------------------------------------------------------------------------------------


def _compare(service: Service, units: int, differing: str, method: UnitsMethod) -> list[Finding]:
    if service.units_sent is None or service.units_sent == units or differing == "accept" or _is_missing(service):
        return []
    holds = differing == "hold"
    return [
        Finding(
            id="units.differ_from_emr",
            severity=Severity.ERROR if holds else Severity.WARNING,
            text=f"The EMR counts {service.units_sent} units of {service.code}, the payer's rule gives {units}.",
            fix="Nothing to do when the minutes are right: the computed units are billed. Else correct the minutes in the note.",
            owner="biller",
            subject=f"encounter.treatments[{service.places[0]}].units_sent",
            observed=str(service.units_sent),
            expected=str(units),
            queue=Queue.EDITS if holds else None,
            citation=method.citation,
        )
    ]


def _not_earned(service: Service, units: int, method: UnitsMethod) -> list[Finding]:
    if units or _is_missing(service):
        return []
    subject = f"encounter.treatments[{service.places[0]}]"
    if service.facts is not None and service.facts.device_days is not None:
        least, most = service.facts.device_days
        return [
            Finding(
                id="units.device_days",
                severity=Severity.ERROR,
                text=f"{service.code} is for {least} to {most} days with device data, and there are {service.device_days}.",
                fix="Bill the code that fits the days, or nothing.",
                owner="biller",
                subject=f"{subject}.device_days",
                observed=str(service.device_days),
                expected=f"{least} to {most}",
                queue=Queue.EDITS,
                citation=service.facts.citation,
            )
        ]
    return [
        Finding(
            id="units.not_billable",
            severity=Severity.INFORMATION,
            text=f"{service.code}: {service.minutes} min earn no unit by this payer's method; documented, not billed.",
            fix="Nothing to do.",
            owner="biller",
            subject=subject,
            observed=str(service.minutes),
            citation=method.citation,
        )
    ]


def _over_the_cap(before: Sequence[Service], after: Sequence[Service], cap: VisitCap) -> list[Finding]:
    """What the cap cost: a number where only units went, a warning for a code that went as a whole."""
    earned, billed = sum(s.units for s in before), sum(s.units for s in after)
    lost = [one.code for one, other in zip(before, after, strict=True) if one.units and not other.units]
    whole = f"; {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} not billed at all" if lost else ""
    return [
        Finding(
            id="units.over_the_cap",
            severity=Severity.WARNING if lost else Severity.INFORMATION,
            text=f"{earned} units were earned and this payer pays {billed} for the visit{whole}; the rest is documented, not billed.",
            fix="See that what is billed is what the contract pays best; nothing to do otherwise."
            if lost
            else "Nothing to do.",
            owner="biller",
            subject="encounter.treatments",
            observed=str(earned),
            expected=str(billed),
            citation=cap.citation,
        )
    ]


def _no_minutes(code: Hcpcs, subject: str) -> Finding:
    return Finding(
        id="documentation.minutes_missing",
        severity=Severity.ERROR,
        text=f"{code} is billed by time and the note gives no minutes for it.",
        fix="Enter start and stop, or the treatment minutes, for this code in the daily note and sign it again.",
        owner=DOCUMENTATION,
        subject=f"{subject}.minutes",
        expected="whole minutes",
        queue=Queue.DOCUMENTATION,
        citation=NOTE,
    )


def _no_days(code: Hcpcs, subject: str, citation: Citation) -> Finding:
    return Finding(
        id="documentation.device_days_missing",
        severity=Severity.ERROR,
        text=f"{code} is billed by days with device data, and the note does not say how many there were.",
        fix="Enter the days with data of the monitoring period.",
        owner=DOCUMENTATION,
        subject=f"{subject}.device_days",
        expected="whole days",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _no_contact(code: Hcpcs, subject: str, citation: Citation) -> Finding:
    return Finding(
        id="documentation.live_contact_missing",
        severity=Severity.ERROR,
        text=f"{code} asks for a live contact with the patient in the month, and none is documented.",
        fix="Document the call or visit with its date, or do not bill the code.",
        owner=DOCUMENTATION,
        subject=f"{subject}.live_contact",
        expected="yes",
        queue=Queue.DOCUMENTATION,
        citation=citation,
    )


def _not_one_on_one(code: Hcpcs, subject: str, delivery: Delivery) -> Finding:
    return Finding(
        id="documentation.delivery_not_one_on_one",
        severity=Severity.ERROR,
        text=f"{code} counts one-on-one minutes only, and the note says {delivery.value} delivery.",
        fix="Bill group therapy with its own code, or document the one-on-one minutes apart.",
        owner=DOCUMENTATION,
        subject=f"{subject}.delivery",
        observed=delivery.value,
        expected="one_on_one",
        queue=Queue.DOCUMENTATION,
        citation=Citation(document="CMS 11 Part B Billing Scenarios"),
    )


def _unknown_code(code: Hcpcs, subject: str) -> Finding:
    return Finding(
        id="edits.code_unknown",
        severity=Severity.ERROR,
        text=f"{code} is not in mappings/codes/procedures.yaml for this date, so nothing could be checked about it.",
        fix="Add the code with its time basis and source, or correct it in the EMR.",
        owner="interface administrator",
        subject=f"{subject}.code",
        observed=str(code),
        queue=Queue.EDITS,
        outcome=Outcome.NOT_CHECKED,
        citation=Citation(document="house rule", section="a code without a time basis is not billed; mappings/codes"),
    )
