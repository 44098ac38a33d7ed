"""A second opinion on 835 text: amounts added up with nothing but split()."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from integration_engine.simulator.truth import Simulation
from integration_engine.simulator.writing import Kind


def texts(simulation: Simulation, kind: Kind) -> list[str]:
    return [file.text for file in simulation.files if file.kind is kind]


def segments(text: str) -> list[list[str]]:
    return [segment.split("*") for segment in text.split("~") if segment]


def sets(text: str) -> Iterator[list[list[str]]]:
    current: list[list[str]] = []
    for segment in segments(text):
        if segment[0] == "ST":
            current = []
        current.append(segment)
        if segment[0] == "SE":
            yield current


def imbalances(text: str) -> list[str]:
    """``line``, ``claim`` or ``file`` for every sum that does not hold (X12.md B6)."""
    found = []
    for one in sets(text):
        groups = _groups(one)
        claims = [group for group in groups if group[0][0] == "CLP"]
        for claim in claims:
            services = _services(claim)
            found += ["line" for service in services if not _holds(service, 2)]
            charges = sum((Decimal(service[0][2]) for service in services), Decimal(0))
            if not _holds(claim, 3) or (services and charges != Decimal(claim[0][3])):
                found.append("claim")
        paid = sum((Decimal(claim[0][4]) for claim in claims), Decimal(0))
        if paid - sum(map(_taken, one), Decimal(0)) != Decimal(groups[0][1][2]):
            found.append("file")
    return found


def _groups(one: list[list[str]]) -> list[list[list[str]]]:
    """The header with ST and BPR first, then each claim with what belongs to it."""
    groups: list[list[list[str]]] = [[]]
    for segment in one:
        if segment[0] == "CLP":
            groups.append([])
        groups[-1].append(segment)
    return groups


def _services(claim: list[list[str]]) -> list[list[list[str]]]:
    services: list[list[list[str]]] = []
    for segment in claim:
        if segment[0] == "SVC":
            services.append([])
        if services:
            services[-1].append(segment)
    return services


def _holds(group: list[list[str]], charge: int) -> bool:
    """Charge less every CAS is what was paid; the payment stands right after the charge."""
    adjusted = [amount for segment in group if segment[0] == "CAS" for amount in segment[3::3]]
    return Decimal(group[0][charge]) - sum(map(Decimal, adjusted), Decimal(0)) == Decimal(group[0][charge + 1])


def _taken(segment: list[str]) -> Decimal:
    return sum(map(Decimal, segment[4::2]), Decimal(0)) if segment[0] == "PLB" else Decimal(0)
