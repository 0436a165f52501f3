"""Which training sets tell what a view's values were like when they were learned from: the newest of each view, and
those that something live was trained on."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from core.features.catalog.drift import DriftResults
from core.features.catalog.search import with_shown_version
from core.features.tables import FeatureVersionRow, FeatureViewRow, TrainingSetRow
from core.features.training_sets.values import TrainingSetState
from core.features.versions.records import JOINED_INTO
from core.features.versions.states import GIVEN_UP
from core.foundation.objects import LinkRow

# Further back nobody looks for what was learned from a view.
NEWEST_VERSIONS = 10


class LearnedSet(NamedTuple):
    """A training set that is ready, by which its files are known."""

    id: str
    digest: str


class Pair(NamedTuple):
    """A version whose values are compared, and the training set that they are compared with."""

    version_id: str
    rows_digest: str
    training_set: LearnedSet


def newest_sets(session: Session, view_ids: Collection[str]) -> Mapping[str, LearnedSet]:
    """By view, the newest training set that is ready and was made of one of its ten newest versions. Asked once,
    however many views there are."""
    if not view_ids:
        return {}
    age = func.row_number().over(
        partition_by=col(FeatureVersionRow.view_id), order_by=col(FeatureVersionRow.version).desc()
    )
    versions = select(FeatureVersionRow.id, FeatureVersionRow.view_id, age.label("age"))
    recent = versions.where(col(FeatureVersionRow.view_id).in_(view_ids)).subquery()
    place = func.row_number().over(partition_by=recent.c.view_id, order_by=col(TrainingSetRow.created_at).desc())
    sets = (
        select(recent.c.view_id, TrainingSetRow.id, TrainingSetRow.digest, place.label("place"))
        .select_from(recent)
        .join(LinkRow, (col(LinkRow.source) == recent.c.id) & (col(LinkRow.relation) == JOINED_INTO))
        .join(TrainingSetRow, col(TrainingSetRow.id) == LinkRow.target)
        .where(recent.c.age <= NEWEST_VERSIONS, TrainingSetRow.state == TrainingSetState.READY)
        .subquery()
    )
    newest = select(sets.c.view_id, sets.c.id, sets.c.digest).where(sets.c.place == 1)
    return {view_id: LearnedSet(set_id, digest) for view_id, set_id, digest in session.exec(newest)}


def unmeasured(session: Session, results: DriftResults, *, live: Collection[str], most: int) -> tuple[Pair, ...]:
    """At most so many pairs whose drift was not measured: of each view the version that people get, with the newest
    training set of the view and with those among the `live` objects."""
    shown = with_shown_version(select(FeatureViewRow.id, FeatureVersionRow.id, FeatureVersionRow.rows_digest))
    is_built = (FeatureVersionRow.rows_digest != "", col(FeatureVersionRow.state).not_in(GIVEN_UP))
    versions = session.exec(shown.where(*is_built).order_by(FeatureViewRow.id)).all()
    view_ids = [view_id for view_id, _version_id, _digest in versions]
    newest, learned = newest_sets(session, view_ids), _live_sets(session, live)
    pairs = (
        Pair(version_id, digest, training_set)
        for view_id, version_id, digest in versions
        for training_set in dict.fromkeys((*learned.get(view_id, ()), *_named(newest, view_id)))
    )
    return tuple(_first(pairs, results, most=most))


def _live_sets(session: Session, live: Collection[str]) -> dict[str, list[LearnedSet]]:
    """By view, the training sets among these objects that were made of it."""
    wanted = (
        select(FeatureVersionRow.view_id, TrainingSetRow.id, TrainingSetRow.digest)
        .join(LinkRow, (col(LinkRow.target) == TrainingSetRow.id) & (col(LinkRow.relation) == JOINED_INTO))
        .join(FeatureVersionRow, col(FeatureVersionRow.id) == LinkRow.source)
        .where(col(TrainingSetRow.id).in_(live), TrainingSetRow.state == TrainingSetState.READY)
    )
    learned: dict[str, list[LearnedSet]] = {}
    for view_id, set_id, digest in session.exec(wanted.order_by(TrainingSetRow.id)):
        learned.setdefault(view_id, []).append(LearnedSet(set_id, digest))
    return learned


def _named(newest: Mapping[str, LearnedSet], view_id: str) -> tuple[LearnedSet, ...]:
    return (newest[view_id],) if view_id in newest else ()


def _first(pairs: Iterator[Pair], results: DriftResults, *, most: int) -> Iterator[Pair]:
    count = 0
    for pair in pairs:
        if count == most:
            return
        if results.find(rows_digest=pair.rows_digest, set_digest=pair.training_set.digest) is None:
            count += 1
            yield pair
