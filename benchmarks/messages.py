"""Realistic invented messages: a 2.9 KB DFT of three charge lines, each message the first visit of another patient."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from integration_engine.adapters.mapping_files import shipped_folder

PATIENTS = 1_000_000
VISITS_A_DAY, FIRST_HOUR = 9, 8  # of one therapist, one after the other: one minute is one patient's


@cache
def template() -> str:
    """The benchmark message of samples/, with ids, the therapist and the hour left open."""
    return (samples() / "benchmark" / "dft_three_lines.template").read_text().replace("\n", "\r")


def samples() -> Path:
    return shipped_folder().parent / "samples"


def message(number: int, salt: str) -> bytes:
    """One DFT^P03; ``salt`` keeps the control ids of one run apart from another's."""
    fields = {
        "control": f"{salt}{number:08d}",
        "patient": f"B{number % PATIENTS:06d}{salt}",
        "visit": f"{salt}V{number:07d}",
        "line": f"{salt}{number:07d}",
        "therapist": npi(number // VISITS_A_DAY),
        "hour": f"20261012{FIRST_HOUR + number % VISITS_A_DAY:02d}",
        "next": f"20261012{FIRST_HOUR + 1 + number % VISITS_A_DAY:02d}",
    }
    text = template()
    for name, value in fields.items():
        text = text.replace("{" + name + "}", value)
    return text.encode()


def npi(number: int) -> str:
    """An invented NPI with its check digit; another one for each number below a hundred thousand."""
    base = f"1999{number % 100_000:05d}"
    doubled = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(base[::-1])]
    total = 24 + sum(digit // 10 + digit % 10 for digit in doubled)  # 24: the prefix 80840
    return f"{base}{-total % 10}"


def framed(number: int, salt: str) -> bytes:
    return b"\x0b" + message(number, salt) + b"\x1c\r"
