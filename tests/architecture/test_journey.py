"""The table of contents names modules that are there, in the order a charge goes through them."""

from __future__ import annotations

from importlib import import_module

import pytest

from integration_engine import journey


@pytest.mark.parametrize(("station", "module", "does"), journey.STATIONS, ids=[one[0] for one in journey.STATIONS])
def test_station_of_the_journey_is_a_module_that_says_what_it_does(station: str, module: str, does: str) -> None:
    assert import_module(module).__doc__, station
    assert does
