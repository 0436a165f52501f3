"""The online store against the point-in-time join: 100 % where all is well, and the right cause for every planted
mismatch."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.features.materialization.plan import live_view
from core.features.materialization.values import FeatureParity, FeatureParityReport
from core.features.online.store import OnlineRow, OnlineStore, packed_rows
from core.features.tables import FeatureVersionRow
from core.features.values import ServedView
from core.foundation.digests import canonical
from core.foundation.settings import Settings
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.features.materialization.in_process import DAY, START, Keeper
from tests.features.materialization.installation import Installation
from tests.features.online.stores import redis_server
from tests.installed import People, installed

HOUR = timedelta(hours=1)
PLAIN = "SELECT k, happened, written, CAST(x AS DOUBLE) + 0.1 AS x, g FROM events"
KINDS = {"g": "category", "x": "number"}
AT_US = round((START + 5 * DAY).timestamp() * 1e6)


@pytest.fixture
def kept(portal: Portal, people: People, tmp_path: Path) -> Installation:
    return furnished(Installation(portal, people, tmp_path))


@pytest.fixture(params=["sqlite", "redis"])
def kept_in(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Installation]:
    """The same over each of the stores."""
    with (
        redis_server() if request.param == "redis" else nullcontext("") as address,
        installed(settings.model_copy(update={"online_store": address})) as (portal, people),
    ):
        yield furnished(Installation(portal, people, tmp_path))
        portal.materialization.live_store.store.close()


def furnished(made: Installation) -> Installation:
    for day in range(2, 6):
        moment = START + (day - 1) * DAY
        made.days[f"2013-01-{day:02}"] = [
            (f"k{number}", moment + number * HOUR, moment + number * HOUR, number, "g") for number in range(day, 12)
        ]
    made.version_id = made.version(snapshot_id=made.tell(), sql=PLAIN, kinds=KINDS, ttl_seconds=2 * 86_400)
    return made


def checked(kept: Installation, **how: Any) -> FeatureParity:
    engineer = kept.people.engineer
    made = kept.portal.feature_parity.check_parity(engineer, version_id=kept.version_id, **how)
    done = run_job_here(kept.portal, made.job_id)
    assert done.cause == ""
    return kept.portal.feature_parity.get_parity(kept.people.viewer, parity_id=made.id)


def report_of(found: FeatureParity) -> FeatureParityReport:
    assert found.report is not None
    return found.report


def live(kept: Installation) -> tuple[OnlineStore, ServedView]:
    """The live store, for whoever wants to tamper with it."""
    version = kept.portal.feature_versions.get_version(kept.people.viewer, version_id=kept.version_id)
    return kept.portal.materialization.live_store.store, live_view(version)


def row_of(kept: Installation, key: Any) -> OnlineRow:
    store, view = live(kept)
    (found,) = store.get(view, [(key,)], at_us=AT_US)
    assert found.event_us is not None
    return OnlineRow((key,), found.event_us, found.created_us, found.values)


def put(kept: Installation, row: OnlineRow) -> None:
    store, view = live(kept)
    store.put(view, packed_rows([row]), replacing=True)


def test_every_key_answers_online_what_the_join_answers_offline(kept: Installation) -> None:
    kept.materialize()
    found = checked(kept)
    report = report_of(found)
    assert (found.state, found.verdict, found.cause) == ("done", "pass", "")
    assert (report.mismatches, report.moved_on, report.compared, report.causes) == (0, 0, report.keys, {})
    assert report.statuses == {"present": 8, "expired": 4, "not_found": 1}
    assert report.at == START + 4 * DAY + 11 * HOUR
    kept_bytes = kept.portal.foundation.store.read(found.digest)
    assert kept_bytes == canonical(report)
    listed = kept.portal.feature_parity.list_parity(kept.people.viewer, version_id=kept.version_id)
    assert [each.id for each in listed.items] == [found.id]


def test_an_instant_of_ones_own_is_asked_on_both_sides(kept: Installation) -> None:
    kept.materialize()
    later = report_of(checked(kept, at=START + 30 * DAY))
    assert (later.mismatches, later.statuses) == (0, {"expired": 12, "not_found": 1})
    earlier = checked(kept, at=START + DAY)
    assert (earlier.verdict, report_of(earlier).mismatches) == ("inconclusive", 0)
    assert report_of(earlier).moved_on == 10


def test_a_version_that_is_not_online_fails_for_missing_materialization(kept: Installation) -> None:
    found = checked(kept)
    assert (found.verdict, report_of(found).causes) == ("fail", {"missing materialization": 12})


def test_days_that_were_not_brought_are_missing_materialization(kept: Installation) -> None:
    kept.materialize()
    moment = START + 8 * DAY
    kept.days["2013-01-09"] = [("k5", moment, moment, 1, "g"), ("new", moment, moment, 1, "g")]
    kept.tell()
    report = report_of(checked(kept))
    assert report.causes == {"missing materialization": 2}
    assert {mismatch.key["k"] for mismatch in report.worst} == {"k5", "new"}


def test_a_row_that_came_late_into_an_old_day_is_told_as_late(kept: Installation) -> None:
    kept.materialize()
    kept.days["2013-01-02"].append(("late", START + DAY, START + 4 * DAY, 1, "g"))
    kept.days["2013-01-05"].append(("k7", START + 4 * DAY + 8 * HOUR, START + 4 * DAY + 8 * HOUR, 1, "g"))
    kept.tell()
    report = report_of(checked(kept, at=START + 4 * DAY + 11 * HOUR))
    assert report.causes == {"late row": 2}
    assert {mismatch.key["k"] for mismatch in report.worst} == {"late", "k7"}


def test_a_row_that_the_store_lost_is_told_from_one_that_came_late(kept_in: Installation) -> None:
    kept_in.materialize()
    newest = row_of(kept_in, "k8")
    older = newest._replace(event_us=newest.event_us - 1, values=("g", 1.5))
    kept_in.days["2013-01-02"].append(("late", START + DAY, START + 4 * DAY, 1, "g"))
    kept_in.tell()
    store, view = live(kept_in)
    store.remove(view, [("k6",)])
    put(kept_in, older)
    report = report_of(checked(kept_in, at=START + 4 * DAY + 11 * HOUR))
    assert report.causes == {"lost from the store": 2, "late row": 1}
    assert {mismatch.key["k"]: str(mismatch.cause) for mismatch in report.worst} == {
        "k6": "lost from the store",
        "k8": "lost from the store",
        "late": "late row",
    }


def test_a_store_that_lost_everything_is_told_so_and_filled_again(kept_in: Installation) -> None:
    made = kept_in.materialize()
    store, view = live(kept_in)
    store.clear(view)
    assert report_of(checked(kept_in)).causes == {"lost from the store": 12}
    kept_in.run(made.id, whole=True)
    assert checked(kept_in).verdict == "pass"


def test_a_row_that_the_sources_have_no_more_is_withdrawn_and_one_that_nobody_put_unknown(kept: Installation) -> None:
    kept.materialize()
    kept.days["2013-01-02"] = [row for row in kept.days["2013-01-02"] if row[0] != "k2"]
    kept.tell()
    first = row_of(kept, "k6")
    for number in range(12):
        put(kept, first._replace(key=(f"k{number} (nobody)",)))
    report = report_of(checked(kept))
    assert report.causes == {"withdrawn row": 1, "unknown": 1}
    assert [mismatch.key["k"] for mismatch in report.worst if mismatch.cause == "withdrawn row"] == ["k2"]


def test_every_tampered_row_gets_its_own_cause(kept: Installation) -> None:
    kept.materialize()
    store, view = live(kept)
    rounded, filled, other, alike = (row_of(kept, f"k{number}") for number in (6, 7, 8, 9))
    put(kept, rounded._replace(values=("g", 6.0999999)))
    put(kept, filled._replace(values=(None, filled.values[1])))
    put(kept, other._replace(values=("g", 8.5)))
    put(kept, alike._replace(key=("K9",)))
    store.remove(view, [("k9",)])
    found = checked(kept)
    causes = {mismatch.key["k"]: str(mismatch.cause) for mismatch in report_of(found).worst}
    assert causes == {"k6": "type or rounding", "k7": "default", "k8": "unknown", "k9": "key"}
    assert report_of(found).by_feature == {"x": 3, "g": 2}
    assert found.verdict == "fail"


def test_rows_of_another_version_of_the_view_are_told_as_such(kept: Installation) -> None:
    kept.materialize()
    sql, viewer = PLAIN.replace("+ 0.1", "+ 100"), kept.people.viewer
    version = kept.portal.feature_versions.get_version(viewer, version_id=kept.version_id)
    (kept.folder / "other").mkdir()
    built = Keeper(kept.folder / "other", version.model_copy(update={"sql": sql}))
    built.store = kept.portal.foundation.store
    snapshot_id = version.sources["events"]
    snapshot = kept.portal.datasets.get_snapshot(viewer, snapshot_id=snapshot_id)
    rows = kept.portal.foundation.store.put_file(built.full(snapshot))
    kept.version(snapshot_id=snapshot_id, sql=sql, kinds=KINDS, rows_digest=rows, ttl_seconds=2 * 86_400)
    row = row_of(kept, "k6")
    put(kept, row._replace(values=("g", 106.0)))
    assert report_of(checked(kept)).causes == {"code version": 1}


def test_a_store_that_enforces_another_ttl_is_told_as_ttl(kept: Installation) -> None:
    """The comparison itself, since one setting decides the ttl on both sides."""
    from core.features.online.store import KeyAnswer
    from core.features.parity.comparison import FeatureComparison, Sides, verdict_on

    view = live(kept)[1]
    comparison = FeatureComparison(view, AT_US, AT_US)
    offline, online = KeyAnswer("expired", (None, None), 5, None), KeyAnswer("present", ("g", 1.0), 5, None)
    assert comparison.differs(offline, online)
    comparison.add(("k",), Sides(offline, online, [], [], AT_US))
    report = comparison.report(version_digest="d", at=START, snapshots={}, rows="")
    assert report.causes == {"ttl": 1}
    nothing = FeatureComparison(view, AT_US, None).report(version_digest="d", at=START, snapshots={}, rows="")
    assert (verdict_on(report), verdict_on(nothing)) == ("fail", "no data")


def test_a_check_that_cannot_be_made_says_why(kept: Installation) -> None:
    kept.change(FeatureVersionRow, kept.version_id, sql="SELECT k, happened, written, nothing AS x, g FROM events")
    made = kept.portal.feature_parity.check_parity(kept.people.engineer, version_id=kept.version_id)
    run_job_here(kept.portal, made.job_id)
    found = kept.portal.feature_parity.get_parity(kept.people.viewer, parity_id=made.id)
    assert (found.state, found.verdict, found.report) == ("failed", "", None)
    assert "nothing not found" in found.cause
