"""The versions of HL7 that can be judged, and the structure a trigger has in them."""

from __future__ import annotations

import re
from typing import Final

VERSIONS: Final = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
ASSUMED_VERSION: Final = "2.5.1"  # where MSH-12 says nothing; reported each time
# HL7 v2.5.1 §2.17.3 (table 0354): the structure of a trigger that has no structure of its own name.
STRUCTURES: Final = {
    **dict.fromkeys(("ADT_A04", "ADT_A08", "ADT_A13"), "ADT_A01"),
    **dict.fromkeys(("ADT_A05", "ADT_A14", "ADT_A28", "ADT_A31"), "ADT_A05"),
    **dict.fromkeys(("ADT_A39", "ADT_A40", "ADT_A41", "ADT_A42"), "ADT_A39"),
    **{f"SIU_S{number}": "SIU_S12" for number in range(12, 27)},
    **{f"MDM_T0{number}": "MDM_T01" for number in (1, 3, 5, 7, 9)},
    **{f"MDM_T{number:02}": "MDM_T02" for number in (2, 4, 6, 8, 10)},
    "MDM_T11": "MDM_T01",
}
VERSION_SHAPE: Final = re.compile(r"\d(?:\.\d){1,2}")


def nearest_version(asked: str) -> str:
    """The version to judge by: the one asked for, else the newest one before it, else the oldest."""
    if asked in VERSIONS:
        return asked
    if not VERSION_SHAPE.fullmatch(asked):
        return ASSUMED_VERSION
    parts = [int(part) for part in asked.split(".")]
    before = [version for version in VERSIONS if [int(part) for part in version.split(".")] <= parts]
    return before[-1] if before else VERSIONS[0]
