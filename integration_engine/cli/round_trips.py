"""``claims trips`` for people: how often claims went back and forth, days to cash, and where the work ate the margin."""

from __future__ import annotations

import sys
from dataclasses import asdict
from decimal import Decimal, InvalidOperation

from integration_engine.bootstrap import open_store
from integration_engine.cli.output import print_json, print_note, print_table
from integration_engine.core.money import from_cents
from integration_engine.rules.denials.rework import Rework, ReworkFigures, rework
from integration_engine.settings import Settings
from integration_engine.store.queries.round_trips import round_trips

WRONG_USE = 2
COLUMNS = ("claim", "visits", "payer", "sent", "refused", "answers", "denials", "touches", "days to cash", "allowed")


def show_trips(settings: Settings, payer: str | None, minutes: str, rate: str, margin: str, *, as_json: bool) -> int:
    """Claims with the most trips first; cost and margin where all three figures are given."""
    try:
        figures = _figures(minutes, rate, margin)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    with open_store(settings) as store, store.database.read() as connection:
        trips = round_trips(connection, payer)
    costs = rework(trips, figures) if figures is not None else (None,) * len(trips)
    rows = []
    for trip, cost in zip(trips, costs, strict=True):
        told = asdict(trip) | {"days_to_cash": trip.days_to_cash}
        told["paid"], told["allowed"] = (
            str(from_cents(told.pop("paid_cents"))),
            str(from_cents(told.pop("allowed_cents"))),
        )
        rows.append(told | _cost(cost))
    if as_json:
        print_json(rows)
        return 0
    print_table(
        "Claims back and forth",
        (*COLUMNS, *(("cost", "margin") if figures is not None else ())),
        [
            (
                r["numbers"][-1],
                r["visits"],
                r["payer"],
                r["submissions"],
                r["refused"],
                r["answers"],
                r["denials"],
                r["touches"],
                "unpaid" if r["days_to_cash"] is None else r["days_to_cash"],
                r["allowed"],
                *((r["cost"], r["margin"]) if figures is not None else ()),
            )
            for r in rows
        ],
    )
    if figures is None:
        print_note("give --minutes-per-touch, --rate and --margin to see where the work cost more than the claim earns")
    else:
        losing = [cost for cost in costs if cost is not None and cost.loses]
        print_note(f"rework exceeds the margin on {len(losing)} of {len(trips)} claims")
        for one in losing:
            print_note(f"  {one.trip.numbers[-1]}: {one.trip.touches} touches cost {one.cost}, margin {one.margin}")
    return 0


def _figures(minutes: str, rate: str, margin: str) -> ReworkFigures | None:
    given = (minutes, rate, margin)
    if not any(given):
        return None
    if not all(given):
        raise ValueError("give all of --minutes-per-touch, --rate and --margin, or none: no figure is guessed")
    try:
        numbers = [Decimal(one) for one in given]
    except InvalidOperation:
        raise ValueError(
            "--minutes-per-touch, --rate and --margin are plain numbers, such as 12, 28.50 and 15"
        ) from None
    if not all(one.is_finite() for one in numbers):
        raise ValueError("--minutes-per-touch, --rate and --margin are finite numbers")
    return ReworkFigures(minutes_per_touch=numbers[0], hourly_rate=numbers[1], margin_percent=numbers[2])


def _cost(cost: Rework | None) -> dict[str, object]:
    if cost is None:
        return {}
    return {"cost": str(cost.cost), "margin": str(cost.margin), "loses": cost.loses}
