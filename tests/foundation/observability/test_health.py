"""Health says in words what is wrong with a part, and waits for none of them."""

import threading
import time
from pathlib import Path

import pytest

from core.foundation.actions.call import Foundation
from core.foundation.database import Database
from core.foundation.errors import Unavailable
from core.foundation.observability.health import Health, checks_of, document_of, status_of
from core.foundation.storage import Store

MORE_THAN_ANY_DISK = 1 << 50


def report_of(base: Foundation, *, least_free_mb: int = 0, store: Store | None = None) -> dict[str, str]:
    home = base.settings.home
    checks = checks_of(base.database, store=store or base.store, home=home, least_free_mb=least_free_mb)
    return Health(checks).report()


def test_a_sound_installation_is_ready(foundation_on: Foundation) -> None:
    report = report_of(foundation_on)
    assert report == {"database": "ok", "store": "ok", "disk": "ok"}
    assert (status_of(report), document_of(report)["status"]) == (200, "ok")
    assert not list((foundation_on.store.root / "incoming").iterdir())


def test_a_full_disk_is_said_with_its_figures(foundation: Foundation) -> None:
    report = report_of(foundation, least_free_mb=MORE_THAN_ANY_DISK)
    assert report["disk"].endswith(f"MB of the disk are free, {MORE_THAN_ANY_DISK} MB are needed")
    assert (status_of(report), document_of(report)["status"]) == (503, "unavailable")


def test_a_database_without_tables_is_not_ready(foundation: Foundation, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    checks = checks_of(database, store=foundation.store, home=tmp_path, least_free_mb=0)
    assert Health(checks).report()["database"] == "The database has no tables yet"
    database.close()


def test_a_database_that_is_not_there_is_not_ready(foundation: Foundation, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}")
    checks = checks_of(database, store=foundation.store, home=tmp_path, least_free_mb=0)
    assert Health(checks).report()["database"] == "The database does not answer"
    database.close()


def test_a_store_that_takes_nothing_is_not_ready(foundation: Foundation, tmp_path: Path) -> None:
    (tmp_path / "incoming").write_text("a file where a folder should be")
    assert report_of(foundation, store=Store(tmp_path))["store"] == "The store cannot be written"


def test_a_check_that_hangs_keeps_no_other_from_answering_and_is_not_started_twice() -> None:
    released, starts = threading.Event(), []

    def hang() -> None:
        starts.append(1)
        released.wait()

    health = Health({"database": hang, "disk": lambda: None}, seconds=0.05)
    began = time.monotonic()
    for _attempt in range(3):
        assert health.report() == {"database": "It does not answer in time", "disk": "ok"}
    assert time.monotonic() - began < 5
    assert len(starts) == 1
    released.set()


def test_a_mistake_of_ours_says_where_to_look(caplog: pytest.LogCaptureFixture) -> None:
    def mistake() -> None:
        raise RuntimeError("secret detail")

    def refuse() -> None:
        raise Unavailable("The store cannot be written")

    report = Health({"disk": mistake, "store": refuse}).report()
    assert report == {"disk": "It cannot be checked; the log says why", "store": "The store cannot be written"}
    assert "secret detail" in caplog.text
