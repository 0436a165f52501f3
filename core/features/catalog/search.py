"""The catalog of features: what there is, found by name, owner, entity, state, freshness and use. Views and the version
that people get are read in one query; what is heavy (distributions) is read for the page that is shown alone."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field as Bounded
from sqlalchemy.orm import defer
from sqlmodel import col, func, select

from core.features.catalog.freshness import freshness_by_version
from core.features.tables import AliasRow, FeatureVersionRow, FeatureViewRow
from core.features.values import Feature, VersionState
from core.features.versions.records import uses_of
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.ids import Kind
from core.foundation.listings import conditions
from core.foundation.objects import are_kept
from core.foundation.ports import LiveUses
from core.foundation.values import Listing, Value
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.values import ColumnProfile

Use = Literal["", "used", "unused", "live"]
Fresh = Literal["", "fresh", "stale", "no data"]
States = Annotated[tuple[VersionState, ...], Bounded(max_length=len(VersionState))]
UNSHOWN = ("sql", "python", "checks", "notes", "tests")
HEAVY = ("statistics", *UNSHOWN)


class CatalogFeature(Value):
    """A feature of the version of its view that people get: the live one, else the newest. A version that is not built
    yet has one entry without a feature, and so has a view without a version (version 0). `used_by` counts training
    sets, `is_live` says that an endpoint needs it."""

    view_id: str
    view: str
    project: str
    entity: str
    keys: tuple[str, ...]
    owner: str
    description: str
    tags: tuple[str, ...]
    version_id: str
    version: int
    state: VersionState
    feature: Feature | None
    profile: ColumnProfile | None = None
    rows: int
    ttl_seconds: int
    made_at: datetime
    newest_event: datetime | None
    used_by: int
    is_live: bool

    @property
    def name(self) -> str:
        return self.feature.name if self.feature else self.view

    @property
    def reference(self) -> str:
        """What people call it by, which the search finds too."""
        return f"{self.view}.{self.name}@v{self.version}"


class CatalogScope(Value):
    """What there is in the catalog before it is narrowed: `entries` are the `features` and the views that have none
    yet; `entities` and `owners` are what it can be narrowed to."""

    entries: int
    features: int
    views: int
    entities: tuple[str, ...]
    owners: tuple[str, ...]


class FeatureCatalogService(Service):
    domain = "features"

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses) -> None:
        super().__init__(foundation)
        self._live_uses = live_uses

    @action(permission=Permission.READ, reads=True)
    def catalog(
        self,
        call: Call,
        *,
        project: str = "",
        query: str = "",
        states: States = (),
        entity: str = "",
        owner: str = "",
        use: Use = "",
        fresh: Fresh = "",
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[CatalogFeature]:
        """Find features by what their name, view, description or tags say, and by state, entity, owner, use
        and freshness."""
        candidates = _candidates(call, project, states=states, archived=archived, entity=entity, owner=owner)
        in_use = _in_use(call, candidates, use, self._live_uses)
        words = query.lower().split()
        places = [place for shown in _as_fresh(call, in_use, fresh) for place in _places(shown, words)]
        items = _values(call, places[offset : offset + limit], live_uses=self._live_uses)
        return Listing(items=items, total=len(places), offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def catalog_scope(self, call: Call, *, project: str = "") -> CatalogScope:
        """Show how much there is in the catalog, and what it can be narrowed to."""
        columns = select(FeatureViewRow.entity, FeatureViewRow.owner, FeatureVersionRow.features)
        scopes = call.session.exec(_shown(call, columns, project)).all()
        counts = [len(features or ()) for _entity, _owner, features in scopes]
        return CatalogScope(
            entries=sum(max(count, 1) for count in counts),
            features=sum(counts),
            views=len(scopes),
            entities=tuple(sorted({entity for entity, _owner, _features in scopes})),
            owners=tuple(sorted({owner for _entity, owner, _features in scopes})),
        )


class _Shown(NamedTuple):
    """A view with the version that people get, as far as it is searched: most are only looked at, and left out."""

    view_id: str
    view: str
    description: str
    view_tags: list[str]
    version_id: str | None
    version_tags: list[str] | None
    features: list[dict[str, Any]] | None

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.view_tags, *(self.version_tags or ()))))


class _Place(NamedTuple):
    """One entry of the catalog: a feature by its place in its version, or what has none yet."""

    shown: _Shown
    number: int


SHOWN = (
    FeatureViewRow.id,
    FeatureViewRow.name,
    FeatureViewRow.description,
    FeatureViewRow.tags,
    FeatureVersionRow.id,
    FeatureVersionRow.tags,
    FeatureVersionRow.features,
)


def _candidates(call: Call, project: str, *, states: States, archived: bool, **equal: str) -> list[_Shown]:
    """Every view that may be seen and that the database can tell to be asked for, by name."""
    wanted = _shown(call, select(*SHOWN), project, archived=archived, **equal)  # type: ignore[call-overload]
    if states:
        wanted = wanted.where(func.coalesce(FeatureVersionRow.state, VersionState.DRAFT).in_(states))
    return [_Shown(*row) for row in call.session.exec(wanted.order_by(FeatureViewRow.name, FeatureViewRow.id))]


def _shown(call: Call, columns: Any, project: str, *, archived: bool = False, **equal: str) -> Any:
    """A query of these columns of the views that may be seen and of the version of each that people get."""
    filters = conditions(call, FeatureViewRow, project=project, **equal)
    filters.append(are_kept(FeatureViewRow.id, kind=Kind.FEATURE_VIEW, archived=archived))
    return with_shown_version(columns).where(*filters)


def with_shown_version(columns: Any) -> Any:
    """A query of these columns of every view and of the version of it that people get: the live one, else the
    newest."""
    points = select(AliasRow.version_id).where(AliasRow.view_id == FeatureViewRow.id)
    live = points.order_by(col(AliasRow.number).desc()).limit(1).correlate(FeatureViewRow).scalar_subquery()
    written = select(FeatureVersionRow.id).where(
        FeatureVersionRow.view_id == FeatureViewRow.id, FeatureVersionRow.state != VersionState.DISCARDED
    )
    newest = written.order_by(col(FeatureVersionRow.version).desc()).limit(1).correlate(FeatureViewRow)
    shown = func.coalesce(live, newest.scalar_subquery())
    same = col(FeatureVersionRow.id) == shown
    return columns.select_from(FeatureViewRow).join(FeatureVersionRow, same, isouter=True)


def _in_use(call: Call, candidates: list[_Shown], use: Use, live_uses: LiveUses) -> list[_Shown]:
    if not use:
        return candidates
    if use == "live":
        live = live_uses.reached(call.session)
        return [shown for shown in candidates if shown.version_id in live]
    used = uses_of(call, [shown.version_id for shown in candidates if shown.version_id])
    return [shown for shown in candidates if (shown.version_id in used) == (use == "used")]


def _as_fresh(call: Call, candidates: list[_Shown], fresh: Fresh) -> list[_Shown]:
    """Those whose version has that freshness, all when it does not matter; one without a version has no data."""
    if not fresh:
        return candidates
    rows = _versions(call, {shown.version_id for shown in candidates if shown.version_id}, without=HEAVY)
    freshness = freshness_by_version(call, list(rows.values()))
    verdicts = {version_id: state.verdict for version_id, state in freshness.items()}
    return [shown for shown in candidates if verdicts.get(shown.version_id or "", "no data") == fresh]


def _places(shown: _Shown, words: Sequence[str]) -> Iterator[_Place]:
    """The entries of a view in whose name, view, description or tags every word stands."""
    about = f"{shown.description} {' '.join(shown.tags)}" if words else ""
    for number, feature in enumerate(shown.features or [{}]):
        name = feature.get("name", shown.view)
        text = f"{shown.view}.{name} {about}".lower()
        if all(word in text for word in words):
            yield _Place(shown, number)


def _versions(call: Call, ids: Collection[str], *, without: Sequence[str]) -> dict[str, FeatureVersionRow]:
    light = [defer(getattr(FeatureVersionRow, name)) for name in without]
    rows = call.session.exec(select(FeatureVersionRow).where(col(FeatureVersionRow.id).in_(ids)).options(*light))
    return {row.id: row for row in rows}


def _values(call: Call, places: Sequence[_Place], *, live_uses: LiveUses) -> tuple[CatalogFeature, ...]:
    """The entries of one page, with their distributions."""
    view_ids = {place.shown.view_id for place in places}
    named = select(FeatureViewRow).where(col(FeatureViewRow.id).in_(view_ids))
    views = {row.id: row for row in call.session.exec(named)}
    ids = {place.shown.version_id for place in places if place.shown.version_id}
    versions = _versions(call, ids, without=UNSHOWN)
    used = uses_of(call, ids)
    live = live_uses.reached(call.session) if ids else frozenset()
    return tuple(
        _value(
            place,
            views[place.shown.view_id],
            versions.get(place.shown.version_id or ""),
            used_by=used.get(place.shown.version_id or "", 0),
            is_live=place.shown.version_id in live,
        )
        for place in places
    )


def _value(
    place: _Place, view: FeatureViewRow, version: FeatureVersionRow | None, *, used_by: int, is_live: bool
) -> CatalogFeature:
    features = version.features if version else []
    feature = Feature.model_validate(features[place.number]) if features else None
    return CatalogFeature(
        view_id=view.id,
        view=view.name,
        project=view.project,
        entity=view.entity,
        keys=tuple(view.keys),
        owner=view.owner,
        description=view.description,
        tags=place.shown.tags,
        version_id=version.id if version else "",
        version=version.version if version else 0,
        state=VersionState(version.state) if version else VersionState.DRAFT,
        feature=feature,
        profile=_profile(version, feature.name) if version and feature else None,
        rows=version.rows if version else 0,
        ttl_seconds=version.ttl_seconds if version else 0,
        made_at=version.created_at if version else view.created_at,
        newest_event=version.newest_event if version else None,
        used_by=used_by,
        is_live=is_live,
    )


def _profile(version: FeatureVersionRow, feature: str) -> ColumnProfile | None:
    profiles = (item for item in version.statistics if item["name"] == feature)
    return next((ColumnProfile.model_validate(item) for item in profiles), None)
