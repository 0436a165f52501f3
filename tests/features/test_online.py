"""What is special about the online store in a file: batches are whole or not there, and it is fast enough to be asked
four times for every request."""

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from core.features.online_sqlite import SqliteStore
from tests.features.stores import row, view


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "online.sqlite")


def test_a_put_that_fails_half_way_changes_nothing(store: SqliteStore) -> None:
    def rows() -> Any:
        yield row("a", 1, 1.0)
        raise RuntimeError("torn")

    with pytest.raises(RuntimeError):
        store.put(view(), rows())
    assert store.count(view()) == 0
    store.put(view(), [row("a", 1, 1.0)])


def test_a_row_of_four_views_is_found_in_well_under_200_microseconds(store: SqliteStore) -> None:
    views = [view(digest, outputs=8) for digest in "abcd"]
    for asked in views:
        store.put(asked, [row(f"key {number}", 1, *([1.5] * 8)) for number in range(20_000)])
    taken = []
    for number in range(3000):
        begun = time.perf_counter()
        for asked in views:
            store.get(asked, [(f"key {number * 7 % 20_000}",)], at_us=1)
        taken.append(time.perf_counter() - begun)
    assert statistics.median(taken) < 200e-6
