"""How far a view's newest values have moved away from what they were in the window that a training set learned from:
rows against rows, so that what differs is the data and not how often a join took each row. To measure it reads all the
rows, which no list can wait for: it is measured in the background, once for each version and training set. Neither ever
changes, so the result holds for good, and is a file that their digests name."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from core.compute.folders import write_atomically
from core.features.catalog.known_rows import newest_known_event
from core.features.catalog.statistics_queries import Rows, distances_between
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureVersion, ServedView
from core.foundation.storage import Store
from core.foundation.values import Value
from core.lake.comparison.distance_values import Distance

DRIFT_DAYS, MICROSECOND = timedelta(days=28), timedelta(microseconds=1)
FIRST, LAST = (end.replace(tzinfo=UTC) for end in (datetime.min, datetime.max))


class DriftResult(Value):
    """What was measured, in short: of the features of a version the one that moved most. `effect` is that of its
    distance."""

    verdict: Literal["same", "drifted", "no data"]
    measured_at: datetime
    feature: str = ""
    effect: float = 0.0


class DriftResults:
    """Those that were measured, by the digests of the version's rows and of the training set."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "drift"

    def find(self, *, rows_digest: str, set_digest: str) -> DriftResult | None:
        """None for what was not measured yet."""
        try:
            return DriftResult.model_validate_json(self._path(rows_digest, set_digest).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def keep(self, result: DriftResult, *, rows_digest: str, set_digest: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path(rows_digest, set_digest), result.model_dump_json().encode())

    def _path(self, rows_digest: str, set_digest: str) -> Path:
        return self._folder / f"{rows_digest}-{set_digest}.json"


def drift_since_training(
    store: Store, version: FeatureVersion, *, training_set: TrainingSet, now: datetime
) -> Mapping[str, Distance]:
    """By feature, the 28 days up to the version's newest known row against the rows in the split called train, else the
    earliest. Empty where no row is younger than that split, or the set has nothing of the view."""
    view = _view(version, training_set)
    split = min(training_set.splits, key=lambda item: (item.name != "train", item.start), default=None)
    newest = newest_known_event(store, version, now=now)
    if view is None or split is None or split.start is None or split.end is None or newest is None:
        return {}
    until = end_after(newest)
    since = max(begin_before(until), _midnight(split.end))
    if since >= until:
        return {}
    learned_names = {feature for feature, _column, _kind in view.outputs}
    return distances_between(
        Rows(store.verified_path(view.rows_digest), version.keys, _midnight(split.start), _midnight(split.end), now),
        Rows(store.verified_path(version.rows_digest), version.keys, since, until, now),
        features=[feature for feature in version.features if feature.name in learned_names],
    )


def end_after(newest: datetime) -> datetime:
    """The excluded end of a window up to that moment, of which only the very last has none after it."""
    return newest + min(MICROSECOND, LAST - newest)


def begin_before(end: datetime) -> datetime:
    """28 days before, as far as the calendar goes back."""
    return end - min(DRIFT_DAYS, end - FIRST)


def result_of(distances: Mapping[str, Distance], *, now: datetime) -> DriftResult:
    """The feature that drifted furthest, if one did."""
    effects = {name: distance.size for name, distance in distances.items() if distance.verdict != "no data"}
    drifted = {name: effect for name, effect in effects.items() if distances[name].verdict == "drifted"}
    if not effects:
        return DriftResult(verdict="no data", measured_at=now)
    feature = max(drifted or effects, key=lambda name: effects[name])
    verdict: Literal["drifted", "same"] = "drifted" if drifted else "same"
    return DriftResult(verdict=verdict, measured_at=now, feature=feature, effect=effects[feature])


def _view(version: FeatureVersion, training_set: TrainingSet) -> ServedView | None:
    """What the training set knows of the version, else of another one of its view."""
    views = training_set.contract.views if training_set.contract else ()
    same = [view for view in views if view.version_id == version.id]
    of_view = [view for view in views if view.view == version.view and training_set.project == version.project]
    return next(iter((*same, *of_view)), None)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
