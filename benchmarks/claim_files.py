"""Claim files to check: as long as an everyday claim, for subscribers, for dependents and after another payer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.crosswalk.claim_drafts import line, written
from tests.wire.defects import SECOND, WHOLE, for_child

CLAIMS = 1000


def claim_file() -> Iterator[tuple[str, int, bytes]]:
    """Name, segments a claim, and the bytes."""
    plain = replace(WHOLE, lines=tuple(line(n, 2, "60.00", "GP") for n in range(1, 5)), pay_to_address=None)
    for name, draft in (
        ("subscribers", plain),
        ("dependents", for_child(plain)),
        ("after another payer", SECOND),
    ):
        drafts = [replace(draft, subscriber=replace(draft.subscriber, member_id=f"M{n:05d}")) for n in range(CLAIMS)]
        data = written(*drafts).encode()
        yield name, round(data.count(b"~") / CLAIMS), data
