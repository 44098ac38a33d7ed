"""Identifiers and code shapes, checked when built: an ``Npi`` in hand is proof that its check digit holds.

These judge shape only. Whether a code exists and is active on a date is dated data in mappings/codes/.
"""

from __future__ import annotations

import re
from typing import NewType

Npi = NewType("Npi", str)
Hcpcs = NewType("Hcpcs", str)
Modifier = NewType("Modifier", str)
Icd10 = NewType("Icd10", str)
Taxonomy = NewType("Taxonomy", str)

_HCPCS = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_ICD10 = re.compile(r"[A-TV-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?|U[0-9]{2}(?:\.?[0-9A-Z]{1,4})?")
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")


def parse_npi(text: str) -> Npi:
    """A ten-digit NPI whose check digit holds.

    Raises   ValueError with what is wrong; the text never repeats the value.
    Source   45 CFR 162.406; Luhn over the prefix 80840 (ISO/IEC 7812), THERAPY_RULES §5.6.
    """
    if len(text) != 10 or not (text.isascii() and text.isdigit()):  # noqa: PLR2004 - the length of an NPI
        msg = "an NPI has ten digits"
        raise ValueError(msg)
    total = 24  # what the constant prefix 80840 contributes
    for index, character in enumerate(text):
        digit = int(character)
        if index % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 - Luhn
        total += digit
    if total % 10:
        msg = "the NPI check digit does not hold"
        raise ValueError(msg)
    return Npi(text)


def parse_hcpcs(text: str) -> Hcpcs:
    """A five-character CPT or HCPCS code, by shape."""
    code = text.strip().upper()
    if not _HCPCS.fullmatch(code):
        msg = "a procedure code has five characters, such as 97110 or G0283"
        raise ValueError(msg)
    return Hcpcs(code)


def parse_modifier(text: str) -> Modifier:
    """A two-character modifier, by shape."""
    code = text.strip().upper()
    if not _MODIFIER.fullmatch(code):
        msg = "a modifier has two characters"
        raise ValueError(msg)
    return Modifier(code)


def parse_icd10(text: str) -> Icd10:
    """An ICD-10-CM code with its dot where it belongs (``M54.50``), by shape."""
    code = text.strip().upper()
    if not _ICD10.fullmatch(code):
        msg = "an ICD-10-CM code has a letter, a digit, a third character and up to four more after a dot"
        raise ValueError(msg)
    bare = code.replace(".", "")
    return Icd10(bare if len(bare) == 3 else f"{bare[:3]}.{bare[3:]}")  # noqa: PLR2004 - category length


def parse_taxonomy(text: str) -> Taxonomy:
    """A ten-character provider taxonomy code ending in X, by shape."""
    code = text.strip().upper()
    if not _TAXONOMY.fullmatch(code):
        msg = "a taxonomy code has ten characters and ends in X"
        raise ValueError(msg)
    return Taxonomy(code)
