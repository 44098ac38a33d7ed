"""Realistic invented messages: a 2.9 KB DFT of three charge lines, each message the first visit of another patient."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from integration_engine.adapters.mapping_files import shipped_folder

PATIENTS = 1_000_000


@cache
def template() -> str:
    """The benchmark message of samples/, with {control}, {patient}, {visit} and {line} left open."""
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
    }
    text = template()
    for name, value in fields.items():
        text = text.replace("{" + name + "}", value)
    return text.encode()


def framed(number: int, salt: str) -> bytes:
    return b"\x0b" + message(number, salt) + b"\x1c\r"
