"""Minutes become units: whole units, remainders, thresholds of a family, days; each with its working."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, islice

from integration_engine.core.codes import Hcpcs
from integration_engine.core.findings import Citation, Decision, Outcome, ParameterUse
from integration_engine.rules.parameters.codes import ProcedureFacts
from integration_engine.rules.parameters.payers import UnitsMethod
from integration_engine.rules.units.services import Service, counted, is_missing, is_pooled

MOST_ALTERNATIVES = 6
UNTIMED = ("more minutes change nothing; a code of the table that is billed by time would be counted by minutes",)


def count(minutes: int, unit_minutes: int, earned_at: int) -> int:
    """Units earned by ``minutes``: one at ``earned_at``, another for each ``unit_minutes`` beyond."""
    return 0 if minutes < earned_at else (minutes - earned_at) // unit_minutes + 1


def shared(pool: Sequence[Service], method: UnitsMethod, timed: int) -> tuple[dict[Hcpcs, int], list[dict[Hcpcs, int]]]:
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


def as_billed(pool: Sequence[Service], shares: Mapping[Hcpcs, int]) -> tuple[tuple[Hcpcs, int], ...]:
    """A way of sharing the units, as codes and units billed."""
    return tuple(pair for service in pool for pair in counted(service, shares[service.code]).billed)


class DayCount:
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
        """The units of one code, with their working."""
        facts = service.facts
        if facts is None or is_missing(service):
            why = ("minutes, days or code facts are missing",)
            return 0, self._decision(service, self.method.key, 0, why, self.method.citation, Outcome.NOT_CHECKED)
        if facts.device_days is not None:
            return self._by_days(service, facts.device_days, facts)
        if facts.unit_minutes is None:
            why = (f"{service.code} is billed by occurrence, whatever its minutes",)
            return 1, self._decision(service, "untimed", 1, why, facts.citation, used=facts.use, otherwise=UNTIMED)
        if not is_pooled(service, self.method):
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
        steps.append(" and ".join(f"{code} x {n}" for code, n in counted(service, units).billed) or "no unit")
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
