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
from tests.features.materialization.in_process import DAY, START, Materializer
from tests.features.materialization.installation import Installation
from tests.features.online.stores import redis_server
from tests.installed import People, installed

HOUR = timedelta(hours=1)
PLAIN = "SELECT k, happened, written, CAST(x AS DOUBLE) + 0.1 AS x, g FROM events"
KINDS = {"g": "category", "x": "number"}
AT_US = round((START + 5 * DAY).timestamp() * 1e6)


@pytest.fixture
def scene(portal: Portal, people: People, tmp_path: Path) -> Installation:
    return furnished(Installation(portal, people, tmp_path))


@pytest.fixture(params=["sqlite", "redis"])
def scene_in(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Installation]:
    """The same over each of the stores."""
    with (
        redis_server() if request.param == "redis" else nullcontext("") as address,
        installed(settings.model_copy(update={"online_store": address})) as (portal, people),
    ):
        yield furnished(Installation(portal, people, tmp_path))
        portal.materialization.live_store.store.close()


def furnished(installation: Installation) -> Installation:
    for day in range(2, 6):
        moment = START + (day - 1) * DAY
        installation.days[f"2013-01-{day:02}"] = [
            (f"k{number}", moment + number * HOUR, moment + number * HOUR, number, "g") for number in range(day, 12)
        ]
    installation.version_id = installation.version(
        snapshot_id=installation.add_snapshot(), sql=PLAIN, kinds=KINDS, ttl_seconds=2 * 86_400
    )
    return installation


def checked(scene: Installation, **how: Any) -> FeatureParity:
    engineer = scene.people.engineer
    check = scene.portal.feature_parity.check_parity(engineer, version_id=scene.version_id, **how)
    done = run_job_here(scene.portal, check.job_id)
    assert done.cause == ""
    return scene.portal.feature_parity.get_parity(scene.people.viewer, parity_id=check.id)


def report_of(parity: FeatureParity) -> FeatureParityReport:
    assert parity.report is not None
    return parity.report


def live(scene: Installation) -> tuple[OnlineStore, ServedView]:
    """The live store, for whoever wants to tamper with it."""
    version = scene.portal.feature_versions.get_version(scene.people.viewer, version_id=scene.version_id)
    return scene.portal.materialization.live_store.store, live_view(version)


def row_of(scene: Installation, key: Any) -> OnlineRow:
    store, view = live(scene)
    (answer,) = store.get(view, [(key,)], at_us=AT_US)
    assert answer.event_us is not None
    return OnlineRow((key,), answer.event_us, answer.created_us, answer.values)


def put(scene: Installation, row: OnlineRow) -> None:
    store, view = live(scene)
    store.put(view, packed_rows([row]), replacing=True)


def test_every_key_answers_online_what_the_join_answers_offline(scene: Installation) -> None:
    scene.materialize()
    parity = checked(scene)
    report = report_of(parity)
    assert (parity.state, parity.verdict, parity.cause) == ("done", "pass", "")
    assert (report.mismatches, report.moved_on, report.compared, report.causes) == (0, 0, report.keys, {})
    assert report.statuses == {"present": 8, "expired": 4, "not_found": 1}
    assert report.at == START + 4 * DAY + 11 * HOUR
    stored = scene.portal.foundation.store.read(parity.digest)
    assert stored == canonical(report)
    listed = scene.portal.feature_parity.list_parity(scene.people.viewer, version_id=scene.version_id)
    assert [check.id for check in listed.items] == [parity.id]


def test_an_instant_of_ones_own_is_asked_on_both_sides(scene: Installation) -> None:
    scene.materialize()
    later = report_of(checked(scene, at=START + 30 * DAY))
    assert (later.mismatches, later.statuses) == (0, {"expired": 12, "not_found": 1})
    earlier = checked(scene, at=START + DAY)
    assert (earlier.verdict, report_of(earlier).mismatches) == ("inconclusive", 0)
    assert report_of(earlier).moved_on == 10


def test_a_version_that_is_not_online_fails_for_missing_materialization(scene: Installation) -> None:
    parity = checked(scene)
    assert (parity.verdict, report_of(parity).causes) == ("fail", {"missing materialization": 12})


def test_days_that_were_not_brought_are_missing_materialization(scene: Installation) -> None:
    scene.materialize()
    moment = START + 8 * DAY
    scene.days["2013-01-09"] = [("k5", moment, moment, 1, "g"), ("new", moment, moment, 1, "g")]
    scene.add_snapshot()
    report = report_of(checked(scene))
    assert report.causes == {"missing materialization": 2}
    assert {mismatch.key["k"] for mismatch in report.worst} == {"k5", "new"}


def test_a_row_that_came_late_into_an_old_day_is_told_as_late(scene: Installation) -> None:
    scene.materialize()
    scene.days["2013-01-02"].append(("late", START + DAY, START + 4 * DAY, 1, "g"))
    scene.days["2013-01-05"].append(("k7", START + 4 * DAY + 8 * HOUR, START + 4 * DAY + 8 * HOUR, 1, "g"))
    scene.add_snapshot()
    report = report_of(checked(scene, at=START + 4 * DAY + 11 * HOUR))
    assert report.causes == {"late row": 2}
    assert {mismatch.key["k"] for mismatch in report.worst} == {"late", "k7"}


def test_corrections_and_events_ahead_of_now_change_neither_side(scene_in: Installation) -> None:
    """Both are right today: the value before the correction, and the row before the one that is still to come."""
    moment, ahead = START + 4 * DAY, scene_in.portal.foundation.clock.now() + 300 * DAY
    scene_in.days["2013-01-05"] = [
        ("corrected", moment, moment, 10, "g"),
        ("corrected", moment, ahead, 20, "g"),
        ("planned", moment, moment, 10, "g"),
    ]
    planned = [(key, ahead, moment, 20, "g") for key in ("planned", "only planned")]
    scene_in.days[str(ahead.date())] = planned
    scene_in.add_snapshot()
    materialization = scene_in.materialize()
    assert materialization.watermark == START + 4 * DAY
    report = report_of(checked(scene_in, at=moment))
    assert (report.causes, report.moved_on, report.compared) == ({}, 0, report.keys)
    values = {key: row_of(scene_in, key).values[1] for key in ("corrected", "planned")}
    assert values == {"corrected": 10.1, "planned": 10.1}
    assert scene_in.statuses("only planned") == ["not_found"]


def test_a_row_that_the_store_lost_is_told_from_one_that_came_late(scene_in: Installation) -> None:
    scene_in.materialize()
    newest = row_of(scene_in, "k8")
    older = newest._replace(event_us=newest.event_us - 1, values=("g", 1.5))
    scene_in.days["2013-01-02"].append(("late", START + DAY, START + 4 * DAY, 1, "g"))
    scene_in.add_snapshot()
    store, view = live(scene_in)
    store.remove(view, [("k6",)])
    put(scene_in, older)
    report = report_of(checked(scene_in, at=START + 4 * DAY + 11 * HOUR))
    assert report.causes == {"lost from the store": 2, "late row": 1}
    assert {mismatch.key["k"]: str(mismatch.cause) for mismatch in report.worst} == {
        "k6": "lost from the store",
        "k8": "lost from the store",
        "late": "late row",
    }


def test_a_store_that_lost_everything_is_told_so_and_filled_again(scene_in: Installation) -> None:
    materialization = scene_in.materialize()
    store, view = live(scene_in)
    store.clear(view)
    assert report_of(checked(scene_in)).causes == {"lost from the store": 12}
    scene_in.run(materialization.id, whole=True)
    assert checked(scene_in).verdict == "pass"


def test_a_row_that_the_sources_have_no_more_is_withdrawn_and_one_that_nobody_put_unknown(scene: Installation) -> None:
    scene.materialize()
    scene.days["2013-01-02"] = [row for row in scene.days["2013-01-02"] if row[0] != "k2"]
    scene.add_snapshot()
    first = row_of(scene, "k6")
    for number in range(12):
        put(scene, first._replace(key=(f"k{number} (nobody)",)))
    report = report_of(checked(scene))
    assert report.causes == {"withdrawn row": 1, "unknown": 1}
    assert [mismatch.key["k"] for mismatch in report.worst if mismatch.cause == "withdrawn row"] == ["k2"]


def test_every_tampered_row_gets_its_own_cause(scene: Installation) -> None:
    scene.materialize()
    store, view = live(scene)
    rounded, filled, other, alike = (row_of(scene, f"k{number}") for number in (6, 7, 8, 9))
    put(scene, rounded._replace(values=("g", 6.0999999)))
    put(scene, filled._replace(values=(None, filled.values[1])))
    put(scene, other._replace(values=("g", 8.5)))
    put(scene, alike._replace(key=("K9",)))
    store.remove(view, [("k9",)])
    parity = checked(scene)
    causes = {mismatch.key["k"]: str(mismatch.cause) for mismatch in report_of(parity).worst}
    assert causes == {"k6": "type or rounding", "k7": "default", "k8": "unknown", "k9": "key"}
    assert report_of(parity).by_feature == {"x": 3, "g": 2}
    assert parity.verdict == "fail"


def test_rows_of_another_version_of_the_view_are_told_as_such(scene: Installation) -> None:
    scene.materialize()
    sql, viewer = PLAIN.replace("+ 0.1", "+ 100"), scene.people.viewer
    version = scene.portal.feature_versions.get_version(viewer, version_id=scene.version_id)
    (scene.folder / "other").mkdir()
    built = Materializer(scene.folder / "other", version.model_copy(update={"sql": sql}))
    built.store = scene.portal.foundation.store
    snapshot_id = version.sources["events"]
    snapshot = scene.portal.datasets.get_snapshot(viewer, snapshot_id=snapshot_id)
    rows = scene.portal.foundation.store.put_file(built.full(snapshot))
    scene.version(snapshot_id=snapshot_id, sql=sql, kinds=KINDS, rows_digest=rows, ttl_seconds=2 * 86_400)
    row = row_of(scene, "k6")
    put(scene, row._replace(values=("g", 106.0)))
    assert report_of(checked(scene)).causes == {"code version": 1}


def test_a_store_that_enforces_another_ttl_is_told_as_ttl(scene: Installation) -> None:
    """The comparison itself, since one setting decides the ttl on both sides."""
    from core.features.online.store import KeyAnswer
    from core.features.parity.comparison import FeatureComparison, Sides, verdict_on

    view = live(scene)[1]
    comparison = FeatureComparison(view, AT_US, AT_US)
    offline, online = KeyAnswer("expired", (None, None), 5, None), KeyAnswer("present", ("g", 1.0), 5, None)
    assert comparison.differs(offline, online)
    comparison.add(("k",), Sides(offline, online, [], [], AT_US))
    report = comparison.report(version_digest="d", at=START, snapshots={}, rows="")
    assert report.causes == {"ttl": 1}
    nothing = FeatureComparison(view, AT_US, None).report(version_digest="d", at=START, snapshots={}, rows="")
    assert (verdict_on(report), verdict_on(nothing)) == ("fail", "no data")


def test_a_check_that_cannot_be_made_says_why(scene: Installation) -> None:
    scene.change(FeatureVersionRow, scene.version_id, sql="SELECT k, happened, written, nothing AS x, g FROM events")
    check = scene.portal.feature_parity.check_parity(scene.people.engineer, version_id=scene.version_id)
    run_job_here(scene.portal, check.job_id)
    parity = scene.portal.feature_parity.get_parity(scene.people.viewer, parity_id=check.id)
    assert (parity.state, parity.verdict, parity.report) == ("failed", "", None)
    assert "nothing not found" in parity.cause
