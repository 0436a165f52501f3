"""What is special about the online store in a file: batches are whole or not there, nobody who reads waits for one who
writes, and files of an older form are carried over."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.features.online.store import PACK, KeyAnswer, pack_key
from core.features.online.stores.sqlite_store import SqliteStore
from tests.features.online.stores import row, view

FIRST_FORM = """
CREATE TABLE rows (
  view TEXT NOT NULL, key BLOB NOT NULL, event_us INTEGER NOT NULL, created_us INTEGER NOT NULL, answer BLOB NOT NULL,
  PRIMARY KEY (view, key)
) WITHOUT ROWID
"""


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


def test_a_file_of_the_first_form_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "online.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(FIRST_FORM)
        given = [(f"/{digest}", pack_key(("a",)), 1, 2, PACK((value,))) for digest, value in (("d", 1.5), ("e", 2.5))]
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", given)
        connection.commit()
    for _opened in range(2):
        store = SqliteStore(path)
        assert store.get(view("d"), [("a",)], at_us=3) == [KeyAnswer("present", (1.5,), 1, 2)]
        assert store.get(view("e"), [("a",)], at_us=3) == [KeyAnswer("present", (2.5,), 1, 2)]
        store.close()


def test_a_store_is_opened_and_read_while_another_process_writes(store: SqliteStore, tmp_path: Path) -> None:
    store.put(view(), [row("a", 1, 1.0)])

    def rows() -> Any:
        yield row("a", 2, 2.0)
        second = SqliteStore(tmp_path / "online.sqlite")
        assert second.get(view(), [("a",)], at_us=3)[0].values == (1.0,)
        second.close()

    store.put(view(), rows())
    assert store.get(view(), [("a",)], at_us=3)[0].values == (2.0,)
