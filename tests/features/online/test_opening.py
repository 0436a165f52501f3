"""A store is found by the scheme of its address, and one file is enough to add another."""

from pathlib import Path

import pytest

from core.features.online.opening import ENTRY_POINTS, live_address, open_store
from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from tests.fakes.plugin_packages import install
from tests.features.online.stores import row, view

# What a team writes to keep rows in a place of its own.
MEMORY_STORE = '''
from core.features.online.store import OnlineStore, answers, pack_key, packed_keys


class MemoryStore(OnlineStore):
    """Rows in the memory of the process."""

    name, title, schemes = "memory", "Memory", ("memory",)

    def __init__(self):
        self.rows = {}

    @classmethod
    def open(cls, address, *, namespace):
        return cls()

    def put(self, view, rows, *, replacing=False):
        kept = self.rows.setdefault(view.digest, {})
        kept.update({key: rest for key, *rest in rows})
        return len(kept)

    def get(self, view, keys, *, at_us):
        return answers(view, packed_keys(keys), rows_by_key=self.rows.get(view.digest, {}), at_us=at_us)

    def remove(self, view, keys):
        for key in keys:
            self.rows[view.digest].pop(pack_key(key))

    def clear(self, view):
        self.rows.pop(view.digest, None)

    def count(self, view):
        return len(self.rows.get(view.digest, {}))

    def close(self):
        self.rows.clear()
'''


def test_a_store_of_another_package_is_opened_by_its_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid):
        open_store("memory://")
    install(
        tmp_path,
        monkeypatch,
        module="memory_store",
        source=MEMORY_STORE,
        group=ENTRY_POINTS,
        plugin="MemoryStore",
    )
    store = open_store("memory://")
    assert store.put(view(), [row("a", 1, 2.5)]) == 1
    assert [answer.status for answer in store.get(view(), [("a",), ("b",)], at_us=0)] == ["present", "not_found"]


def test_an_address_of_no_store_is_refused_with_those_there_are_and_is_not_repeated() -> None:
    with pytest.raises(Invalid, match="no online store for mongodb://") as refusal:
        open_store("mongodb://user:secret@host")
    assert "redis://" in refusal.value.hint
    assert "secret" not in str(refusal.value)


def test_the_live_store_is_a_file_of_the_home_folder_unless_the_settings_name_another(tmp_path: Path) -> None:
    assert live_address(Settings(home=tmp_path)) == str(tmp_path / "online" / "live.sqlite")
    assert live_address(Settings(home=tmp_path, online_store="redis://cache:6379/1")) == "redis://cache:6379/1"
