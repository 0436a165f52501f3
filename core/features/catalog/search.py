"""The catalog of features: what there is, found by name, owner, entity, state, freshness and use. Views and the version
that people get are read in one query; what is heavy (distributions) is read for the page that is shown alone."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field as Bounded
from sqlalchemy.orm import defer
from sqlmodel import col, func, select

from core.features.catalog.freshness import freshness_by_version
from core.features.tables import AliasRow, FeatureVersionRow, FeatureViewRow
from core.features.values import Feature, VersionState
from core.features.versions.records import JOINED_INTO
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.listings import conditions
from core.foundation.objects import LinkRow
from core.foundation.ports import LiveUses
from core.foundation.values import Listing, Value
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.values import ColumnProfile

Use = Literal["", "used", "unused", "live"]
Fresh = Literal["", "fresh", "stale", "no data"]
States = Annotated[tuple[VersionState, ...], Bounded(max_length=len(VersionState))]
Row = tuple[FeatureViewRow, FeatureVersionRow | None]
HEAVY = ("statistics", "sql", "python", "checks", "notes", "tests")


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
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[CatalogFeature]:
        """Find features by what their name, view, description or tags say, and by state, entity, owner, use
        and freshness."""
        rows = _rows(call, project)
        views = _as_fresh(call, rows, fresh)
        live = self._live_uses.reached(call.session) if rows else frozenset()
        used = _uses(call, [version.id for _view, version in rows if version])
        every = [entry for view, version in rows for entry in _entries(view, version, used, live)]
        wanted = query.lower().split()
        matching = [
            entry
            for entry in every
            if all(word in entry.text for word in wanted)
            and (not states or entry.state in states)
            and entity in ("", entry.view.entity)
            and owner in ("", entry.view.owner)
            and entry.is_of(use)
            and entry.view.id in views
        ]
        items = _values(call, matching[offset : offset + limit])
        return Listing(items=items, total=len(matching), offset=offset, limit=limit)

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


class _Entry(NamedTuple):
    """A feature before it is a value: most of them are only looked at, and left out."""

    view: FeatureViewRow
    version: FeatureVersionRow | None
    feature: dict[str, Any]
    used_by: int
    is_live: bool

    @property
    def name(self) -> str:
        return str(self.feature.get("name", self.view.name))

    @property
    def state(self) -> VersionState:
        return VersionState(self.version.state) if self.version else VersionState.DRAFT

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.view.tags, *(self.version.tags if self.version else ()))))

    @property
    def text(self) -> str:
        """All that the search looks into."""
        return f"{self.view.name}.{self.name} {self.view.description} {' '.join(self.tags)}".lower()

    def is_of(self, use: Use) -> bool:
        return {"": True, "used": self.used_by > 0, "unused": self.used_by == 0, "live": self.is_live}[use]


def _rows(call: Call, project: str) -> list[Row]:
    """Every view that may be seen with the version that people get, by name."""
    light = [defer(getattr(FeatureVersionRow, name)) for name in HEAVY]
    wanted = _shown(call, select(FeatureViewRow, FeatureVersionRow), project).options(*light)
    return list(call.session.exec(wanted.order_by(FeatureViewRow.name, FeatureViewRow.id)).all())


def _shown(call: Call, columns: Any, project: str) -> Any:
    """A query of these columns of the views that may be seen and of the version of each that people get."""
    points = select(AliasRow.version_id).where(AliasRow.view_id == FeatureViewRow.id)
    live = points.order_by(col(AliasRow.number).desc()).limit(1).correlate(FeatureViewRow).scalar_subquery()
    written = select(FeatureVersionRow.id).where(
        FeatureVersionRow.view_id == FeatureViewRow.id, FeatureVersionRow.state != VersionState.DISCARDED
    )
    newest = written.order_by(col(FeatureVersionRow.version).desc()).limit(1).correlate(FeatureViewRow)
    shown = func.coalesce(live, newest.scalar_subquery())
    same = col(FeatureVersionRow.id) == shown
    joined = columns.select_from(FeatureViewRow).join(FeatureVersionRow, same, isouter=True)
    return joined.where(*conditions(call, FeatureViewRow, project=project))


def _as_fresh(call: Call, rows: list[Row], fresh: Fresh) -> set[str]:
    """The views whose version has that freshness, all when it does not matter; one without a version has no data."""
    freshness = freshness_by_version(call, [version for _view, version in rows if version]) if fresh else {}
    verdicts = {view.id: freshness[version.id].verdict if version and fresh else "no data" for view, version in rows}
    return {view_id for view_id, verdict in verdicts.items() if fresh in ("", verdict)}


def _uses(call: Call, version_ids: Collection[str]) -> dict[str, int]:
    counted = select(LinkRow.source, func.count()).where(
        col(LinkRow.source).in_(version_ids), LinkRow.relation == JOINED_INTO
    )
    return dict(call.session.exec(counted.group_by(LinkRow.source)).all())


def _entries(
    view: FeatureViewRow, version: FeatureVersionRow | None, used: Mapping[str, int], live: Collection[str]
) -> Iterator[_Entry]:
    known = version.id if version else ""
    for feature in (version.features if version else []) or [{}]:
        yield _Entry(view, version, feature, used.get(known, 0), known in live)


def _values(call: Call, entries: list[_Entry]) -> tuple[CatalogFeature, ...]:
    """The entries of one page, with their distributions."""
    ids = {entry.version.id for entry in entries if entry.version}
    wanted = select(FeatureVersionRow.id, FeatureVersionRow.statistics).where(col(FeatureVersionRow.id).in_(ids))
    profiles = {
        (version_id, item["name"]): ColumnProfile.model_validate(item)
        for version_id, statistics in call.session.exec(wanted)
        for item in statistics
    }
    return tuple(_value(entry, profiles) for entry in entries)


def _value(entry: _Entry, profiles: Mapping[tuple[str, str], ColumnProfile]) -> CatalogFeature:
    view, version = entry.view, entry.version
    return CatalogFeature(
        view_id=view.id,
        view=view.name,
        project=view.project,
        entity=view.entity,
        keys=tuple(view.keys),
        owner=view.owner,
        description=view.description,
        tags=entry.tags,
        version_id=version.id if version else "",
        version=version.version if version else 0,
        state=entry.state,
        feature=Feature.model_validate(entry.feature) if entry.feature else None,
        profile=profiles.get((version.id, entry.name)) if version else None,
        rows=version.rows if version else 0,
        ttl_seconds=version.ttl_seconds if version else 0,
        made_at=version.created_at if version else view.created_at,
        newest_event=version.newest_event if version else None,
        used_by=entry.used_by,
        is_live=entry.is_live,
    )
