"""The crosswalk as a document: EMR position → model field → 837P element, by domain, with the gaps and their remedy.

Behind the fields of the therapy model stand those of the 837P that no feed fills: where they come from, or why they stay
empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from integration_engine.crosswalk.claim_sources import Origin, origin_of
from integration_engine.crosswalk.feeds.feed import Feed, Feeds
from integration_engine.crosswalk.feeds.model import model_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosswalkRow:
    """One model field, or a claim field that no feed fills.

    Shapes   positions: of the EMR's message; of a claim field the setting or answer it comes from. target: 837P position,
             or ``internal only``. gap: why it can be empty; remedy: what closes it.
    """

    feed: str
    domain: str
    path: str
    positions: tuple[str, ...]
    target: str
    gap: str
    remedy: str


def crosswalk_report(
    feeds: Feeds, targets: Mapping[str, str], claim_fields: Mapping[str, str]
) -> tuple[CrosswalkRow, ...]:
    """Every field of the therapy model, for every feed, then every field of the claim that a feed does not fill.

    Shapes   targets: model field → 837P position. claim_fields: claim field → 837P position.
    """
    domains = {
        target.name: target.domain for feed in feeds.feeds for listed in feed.targets.values() for target in listed
    }
    unfed = [row for source, position in claim_fields.items() if (row := _unfed(source, position)) is not None]
    return tuple(
        row
        for feed in feeds.feeds
        for row in (*_rows(feed, targets, domains), *(replace(one, feed=feed.name) for one in unfed))
    )


def _unfed(source: str, position: str) -> CrosswalkRow | None:
    """A claim field that comes from elsewhere than the EMR; None for one that a model field becomes."""
    origin, where = origin_of(source) or (Origin.NONE, "nothing says where it comes from")
    if origin is Origin.EMR:
        return None
    empty = origin is Origin.NONE
    return CrosswalkRow(
        feed="",
        domain="administrative",
        path=source,
        positions=() if empty else (where,),
        target=position,
        gap=where if empty else "",
        remedy="policy" if empty else "",
    )


def _rows(feed: Feed, targets: Mapping[str, str], domains: Mapping[str, str]) -> list[CrosswalkRow]:
    mapped = {target.name: target for listed in feed.targets.values() for target in listed}
    rows = []
    for path in dict.fromkeys((*model_paths(), *mapped)):
        target = mapped.get(path)
        rows.append(
            CrosswalkRow(
                feed=feed.name,
                domain=target.domain if target else domains.get(path, "administrative"),
                path=path,
                positions=tuple(target.file.positions) if target else (),
                target=targets.get(path, "internal only"),
                gap="" if target else "no position in this feed",
                remedy="" if target else _remedy(path, domains),
            )
        )
    return sorted(rows, key=lambda row: (row.domain, row.path))


def _remedy(path: str, domains: Mapping[str, str]) -> str:
    """What would close a gap: facts HL7 has a place for are configuration; timing and compliance need a custom field."""
    if path.startswith(("patient.", "coverage.", "diagnosis.")):
        return "configuration"
    return "custom_field" if domains.get(path) in {"timing", "compliance", "clinical"} else "configuration"
