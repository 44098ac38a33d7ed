"""What the tests of the stages start from: a practice with an empty store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_engine.store import Store
from tests.stages.office import Office


@pytest.fixture
def office(migrated_database_url: str, tmp_path: Path) -> Iterator[Office]:
    store = Store.open(migrated_database_url)
    (tmp_path / "outbound").mkdir()
    yield Office(store, tmp_path / "outbound")
    store.close()
