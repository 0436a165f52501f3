"""The values of features over time against a plain reading of the same rows, drift, freshness, and who uses what."""

import math
import random
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.catalog.drift import FIRST, LAST, begin_before, end_after
from core.features.catalog.freshness import freshness_by_version
from core.features.catalog.known_rows import newest_known_event
from core.features.catalog.statistics_queries import Rows, distances_of, windows_of
from core.features.catalog.values import FeatureWindow, Window
from core.features.normal_form import CREATED, EVENT, KNOWN, LATEST, RowShape, normal_form
from core.features.tables import FeatureVersionRow
from core.features.values import Feature
from core.foundation.actors import Actor
from core.foundation.errors import Invalid
from core.identity.permissions import Permission
from core.lake.tables import SnapshotRow
from core.sandbox.duckdb_session import save, shared_session
from tests.features.versions.test_service import Scene, scene  # noqa: F401
from tests.registry.onnx_files import calling

START = datetime(2013, 1, 1, tzinfo=UTC)
NUMBER, CATEGORY = Feature(name="x", type="DOUBLE", kind="number"), Feature(name="c", type="VARCHAR", kind="category")
Number = float | int | None
NOW = START + timedelta(days=4_000)


def rows_file(folder: Path, values: list[Number], words: list[str | bool | None], *, hours: int = 7) -> Path:
    times = [START + hours * at * timedelta(hours=1) for at in range(len(values))]
    columns = {
        EVENT: pa.array(times, pa.timestamp("us", "UTC")),
        CREATED: pa.nulls(len(values), pa.timestamp("us", "UTC")),
        KNOWN: pa.array([round(time.timestamp() * 1e6) for time in times], pa.int64()),
        LATEST: pa.array([True] * len(values)),
        "x": pa.array(values),
        "c": pa.array(words),
    }
    pq.write_table(pa.table(columns), path := folder / "rows.parquet")
    return path


def shown_windows(path: Path, features: tuple[Feature, ...], *, window: Window) -> tuple[FeatureWindow, ...]:
    return windows_of(path, features, keys=(), window=window, now=NOW)


def drawn(seed: int, rows: int = 300) -> tuple[list[Number], list[str | bool | None]]:
    dice = random.Random(seed)
    values = [dice.choice([None, math.nan, math.inf, dice.gauss(10, 3), dice.gauss(10, 3)]) for _row in range(rows)]
    return values, [dice.choice(["a", "b", "", None]) for _row in range(rows)]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_of_a_window_are_those_of_its_rows(tmp_path: Path, seed: int) -> None:
    values, words = drawn(seed)
    windows = shown_windows(rows_file(tmp_path, values, words), (NUMBER, CATEGORY), window="day")
    days = [(START + 7 * at * timedelta(hours=1)).date() for at in range(len(values))]
    numbers = [item for item in windows if item.feature == "x"]
    assert [item.start.date() for item in numbers] == sorted(set(days))
    for item in numbers:
        mine = [value for value, day in zip(values, days, strict=True) if day == item.start.date()]
        finite = sorted(value for value in mine if value is not None and math.isfinite(value))
        assert (item.rows, item.nulls) == (len(mine), mine.count(None))
        assert item.not_finite == len(mine) - item.nulls - len(finite)
        assert item.distinct == len(set(finite))
        assert item.mean == (pytest.approx(statistics.fmean(finite)) if finite else None)
        assert item.deviation == (pytest.approx(statistics.stdev(finite)) if len(finite) > 1 else None)
        for share, value in item.percentiles:
            assert value == finite[max(0, math.ceil(share * len(finite)) - 1)]
    for item in (item for item in windows if item.feature == "c"):
        seen = [word for word, day in zip(words, days, strict=True) if day == item.start.date()]
        assert dict(item.frequent) == {word: seen.count(word) for word in set(seen) - {None}}
        assert item.nulls == seen.count(None)


@pytest.mark.parametrize("window", ["week", "month"])
def test_windows_add_up_to_the_whole(tmp_path: Path, window: Window) -> None:
    values, words = drawn(3)
    path = rows_file(tmp_path, values, words)
    days, wide = (shown_windows(path, (NUMBER,), window=size) for size in ("day", window))
    for name in ("rows", "nulls", "not_finite"):
        assert sum(getattr(item, name) for item in days) == sum(getattr(item, name) for item in wide)
    assert _weighted(days) == pytest.approx(_weighted(wide))
    assert min(float(item.minimum) for item in days if item.minimum) == min(float(item.minimum) for item in wide)


def test_odd_values_have_figures_that_json_can_say(tmp_path: Path) -> None:
    big = 2**53
    cases: list[tuple[list[Number], str, str]] = [
        ([None, None], "", ""),
        ([7, 7], "7", "7"),
        ([big + 1, big + 3], str(big + 1), str(big + 3)),
        ([math.nan, -math.inf], "", ""),
        ([1e308, -1e308], "-1e+308", "1e+308"),
    ]
    for values, low, high in cases:
        array: list[str | bool | None] = [True, False]
        windows = shown_windows(rows_file(tmp_path, values, array), (NUMBER, CATEGORY), window="month")
        assert (windows[0].minimum, windows[0].maximum) == (low, high)
        assert dict(windows[1].frequent) == {"true": 1, "false": 1}
        assert FeatureWindow.model_validate_json(windows[0].model_dump_json()) == windows[0]
    assert shown_windows(rows_file(tmp_path, [], []), (NUMBER,), window="day") == ()


def test_only_the_newest_windows_are_told(tmp_path: Path) -> None:
    windows = shown_windows(rows_file(tmp_path, [1.0] * 200, ["a"] * 200, hours=24), (NUMBER,), window="day")
    assert (len(windows), windows[-1].start) == (120, START + timedelta(days=199))


LATER = START + timedelta(days=9)


def rows_ahead(folder: Path) -> Path:
    """A correction and an event ahead of most, a row that is late, and one whose created time is missing."""
    hour = timedelta(hours=1)
    rows = [
        ("a", START, START, 10.0),
        ("a", START, LATER, 20.0),
        ("a", LATER, START, 30.0),
        ("b", START, START + hour, 40.0),
        ("b", START + hour, None, 50.0),
    ]
    columns = zip(("k", "event", "created", "x"), zip(*rows, strict=True), strict=True)
    given = pa.table({name: pa.array(list(values)) for name, values in columns})
    shape = RowShape(keys=("k",), event_time="event", created_time="created", features=("x",))
    with shared_session() as session:
        session.register("given", given)
        save(session, normal_form(shape, source="given"), folder / "rows.parquet")
    return folder / "rows.parquet"


def test_what_is_known_only_later_is_in_no_figure_before(tmp_path: Path) -> None:
    path, figures = rows_ahead(tmp_path), []
    for now in (START, START + timedelta(days=1), LATER):
        windows = windows_of(path, (NUMBER,), keys=("k",), window="day", now=now)
        figures.append([(item.start, item.rows, item.minimum, item.maximum) for item in windows])
    assert figures == [
        [(START, 2, "10.0", "50.0")],
        [(START, 3, "10.0", "50.0")],
        [(START, 3, "20.0", "50.0"), (LATER, 1, "30.0", "30.0")],
    ]


def test_a_shift_is_seen_and_the_same_values_are_not(tmp_path: Path) -> None:
    dice = random.Random(5)
    before = [dice.gauss(0, 1) for _row in range(400)]
    after = before + [value + 1 for value in before]
    rows = rows_file(tmp_path, [*after], ["a"] * 400 + ["b"] * 400, hours=1)
    pq.write_table(pa.table({"p_x": before, "p_c": ["a"] * 400}), split := tmp_path / "train.parquet")
    columns = {"x": (NUMBER, "p_x"), "c": (CATEGORY, "p_c")}
    middle, end = START + timedelta(hours=400), START + timedelta(hours=800)

    def within(since: datetime, until: datetime) -> Rows:
        return Rows(rows, (), since, until, NOW)

    count, same = distances_of(within(START, middle), split, columns=columns)
    assert (count, {item.verdict for item in same.values()}) == (400, {"same"})
    _count, moved = distances_of(within(middle, end), split, columns=columns)
    assert (moved["x"].verdict, moved["c"].verdict, moved["c"].effect) == ("drifted", "drifted", 1.0)
    assert moved["x"].effect == pytest.approx(_largest_gap(before, after[400:]))
    count, nothing = distances_of(within(end, end + timedelta(days=1)), split, columns=columns)
    assert (count, {item.verdict for item in nothing.values()}) == (0, {"no data"})


def test_a_window_up_to_the_last_moment_of_the_calendar_is_one() -> None:
    assert end_after(START) - START == timedelta(microseconds=1)
    assert begin_before(START) == START - timedelta(days=28)
    assert (end_after(LAST), begin_before(FIRST)) == (LAST, FIRST)


class TestThroughTheActions:
    def test_windows_are_of_the_version(self, scene: Scene) -> None:  # noqa: F811
        windows = scene.portal.feature_statistics.windows(
            scene.people.viewer, version_id=scene.version.id, window="day"
        )
        assert sum(item.rows for item in windows) == scene.version.rows
        assert {item.feature for item in windows} == {"mean_delay"}

    def test_drift_names_the_column_and_its_limits(self, scene: Scene) -> None:  # noqa: F811
        ids = {"version_id": scene.version.id, "training_set_id": scene.training_set.id}
        (drift,) = scene.portal.feature_statistics.drift(scene.people.viewer, **ids)
        assert (drift.feature, drift.column, drift.split) == ("mean_delay", "carrier_mean_delay", "train")
        assert drift.rows > 0
        assert "cannot see a wrong join" in drift.caveat

    def test_a_set_of_other_features_is_refused(self, scene: Scene) -> None:  # noqa: F811
        bare = scene.join(name="bare", uses=())
        with pytest.raises(Invalid, match="no feature of carrier_delay"):
            scene.portal.feature_statistics.drift(
                scene.people.viewer, version_id=scene.version.id, training_set_id=bare.id
            )

    def test_rows_of_2013_have_outlived_their_ttl(self, scene: Scene) -> None:  # noqa: F811
        freshness = scene.portal.feature_statistics.freshness(scene.people.viewer, view_id=scene.view.id)
        assert (freshness.verdict, freshness.expected_seconds, freshness.newest_event) == (
            "stale",
            7200,
            scene.version.newest_event,
        )
        assert freshness.behind_seconds == 0
        assert freshness.newest_source == freshness.newest_event

    def test_rows_ahead_of_now_make_nothing_fresh(self, scene: Scene, tmp_path: Path) -> None:  # noqa: F811
        store, day = scene.portal.foundation.store, timedelta(days=1)
        with scene.portal.foundation.database.read() as session:
            row = session.get_one(FeatureVersionRow, scene.version.id)
            session.expunge(row)
        row.rows_digest = store.put_file(rows_ahead(tmp_path))
        row.newest_event = row.newest_known = LATER
        moments = [newest_known_event(store, row, now=now) for now in (START - day, START + day, LATER)]
        assert moments == [None, START, LATER]
        row.newest_event, row.newest_known = START, datetime(2999, 1, 1, tzinfo=UTC)
        with calling(scene.portal, Actor.system("test"), permission=Permission.READ) as call:
            freshness = freshness_by_version(call, [row])[row.id]
        assert (freshness.newest_event, freshness.verdict) == (LATER, "stale")

    @pytest.mark.parametrize("end", ["+010000-01-01T04:59:59Z", "infinity"])
    def test_a_source_with_an_open_end_is_not_newer(self, scene: Scene, end: str) -> None:  # noqa: F811
        with scene.portal.foundation.database.write() as session:
            row = session.get_one(SnapshotRow, scene.snapshot.id)
            before = row.profile
            row.profile = [item | ({"maximum": end} if item["name"] == "left_at" else {}) for item in before]
            session.add(row)
        freshness = scene.portal.feature_statistics.freshness(scene.people.viewer, view_id=scene.view.id)
        assert (freshness.newest_source, freshness.behind_seconds) == (None, None)
        with scene.portal.foundation.database.write() as session:
            row = session.get_one(SnapshotRow, scene.snapshot.id)
            row.profile = before
            session.add(row)

    def test_drift_at_the_beginning_of_the_calendar_has_no_rows(self, scene: Scene) -> None:  # noqa: F811
        (drift,) = scene.portal.feature_statistics.drift(
            scene.people.viewer,
            version_id=scene.version.id,
            training_set_id=scene.training_set.id,
            until=datetime(1, 1, 2, tzinfo=UTC),
        )
        assert (drift.since, drift.rows) == (datetime(1, 1, 1, tzinfo=UTC), 0)

    def test_a_view_without_rows_has_no_data(self, scene: Scene) -> None:  # noqa: F811
        view = scene.portal.feature_views.create_view(
            scene.people.engineer, project="PROJ-1", name="bare_view", entity="carrier", keys=("carrier",)
        )
        assert scene.portal.feature_statistics.freshness(scene.people.viewer, view_id=view.id).verdict == "no data"

    def test_what_is_used_is_told_and_what_is_not_is_dead(self, scene: Scene) -> None:  # noqa: F811
        unused = scene.build()
        portal, viewer = scene.portal, scene.people.viewer
        used = portal.feature_statistics.usage(viewer, version_id=scene.version.id)
        assert scene.training_set.id in {consumer.object_id for consumer in used.consumers}
        assert (used.live, used.cost.rows) == (0, scene.version.rows)
        assert used.cost.bytes > 0
        assert used.last_used is not None
        dead = {item.version_id: item for item in portal.feature_statistics.dead_features(viewer)}
        assert unused.id in dead
        assert scene.version.id not in dead
        assert dead[unused.id].cost.rows == unused.rows


def _weighted(windows: tuple[FeatureWindow, ...]) -> float:
    weights = [(item.mean, item.rows - item.nulls - item.not_finite) for item in windows if item.mean is not None]
    return sum(mean * weight for mean, weight in weights) / sum(weight for _mean, weight in weights)


def _largest_gap(left: list[float], right: list[float]) -> float:
    return max(
        abs(sum(v <= cut for v in left) / len(left) - sum(v <= cut for v in right) / len(right))
        for cut in [*left, *right]
    )
