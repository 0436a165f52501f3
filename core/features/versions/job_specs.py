"""What can be checked before any SQL runs, and the orders that jobs then get."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from core.compute.values import JobSpec, Resources
from core.features.job_specs import (
    BUILD,
    EVENT_TIME,
    JOIN,
    LABEL,
    ROW_ID,
    BuildOrder,
    JoinedView,
    JoinOrder,
    SourceTable,
)
from core.features.logic.definition import Logic
from core.features.normal_form import SECOND
from core.features.tables import FeatureVersionRow
from core.features.values import EntityQuery, FeatureVersion, ServedView, Split, VersionTests, ViewUse
from core.foundation.errors import Conflict, Invalid
from core.foundation.settings import Settings
from core.foundation.text import _
from core.lake.values import Snapshot

# People's code ends sooner, in its cage; this is for what comes after it.
SECONDS = 3600


def source_tables(snapshots: Mapping[str, Snapshot]) -> tuple[SourceTable, ...]:
    """The tables of a query by the names it calls them."""
    return tuple(
        SourceTable(
            name=name,
            inputs=tuple(_inputs_of(name, snapshot)),
            known={column.name: column.known for column in snapshot.columns if column.known},
        )
        for name, snapshot in snapshots.items()
    )


def source_inputs(snapshots: Mapping[str, Snapshot]) -> dict[str, str]:
    return {key: digest for name, snapshot in snapshots.items() for key, digest in _inputs_of(name, snapshot).items()}


def _inputs_of(name: str, snapshot: Snapshot) -> dict[str, str]:
    """The files of a source, in their order, as inputs of a job."""
    return {f"source_{name}_{number}": file.digest for number, file in enumerate(snapshot.files)}


def build_order(
    row: FeatureVersionRow | Logic,
    *,
    view: str,
    keys: Sequence[str],
    snapshots: Mapping[str, Snapshot],
    categories: Sequence[str],
    numbers: Sequence[str],
) -> BuildOrder:
    check_apart([*keys, row.event_time, *categories, *numbers], what=_("column"))
    return BuildOrder(
        view=view,
        sql=row.sql,
        sources=source_tables(snapshots),
        keys=tuple(keys),
        event_time=row.event_time,
        created_time=row.created_time,
        ttl_seconds=row.ttl_seconds,
        delay_seconds=row.delay_seconds,
        categories=tuple(categories),
        numbers=tuple(numbers),
        python=row.python,
        lookback_seconds=row.lookback_seconds,
        tests=VersionTests.model_validate(row.tests),
    )


def join_order(
    entity: EntityQuery,
    *,
    snapshots: Mapping[str, Snapshot],
    uses: Sequence[tuple[ViewUse, FeatureVersion]],
    splits: Sequence[Split],
    known_at: bool,
) -> JoinOrder:
    """The order, once names and splits are known to fit together. Invalid says what does not, Conflict that a version
    is not published."""
    check_splits(splits)
    check_entity(entity)
    views = tuple(
        JoinedView(served=served_view(version, use, entity=entity), input=f"rows_{number}")
        for number, (use, version) in enumerate(uses)
    )
    inputs = [*entity.categories, *entity.numbers]
    inputs += [name for view in views for _feature, name, _kind in view.served.outputs]
    check_apart([*inputs, ROW_ID, EVENT_TIME, LABEL, *entity.keys_only], what=_("column of the training set"))
    if not inputs:
        raise Invalid(_("There is nothing to learn from"), hint=_("Add columns or feature views."), field="uses")
    return JoinOrder(
        entity=entity, sources=source_tables(snapshots), views=views, splits=tuple(splits), known_at=known_at
    )


def build_job(
    order: BuildOrder, *, project: str, title: str, subject: str, snapshots: Mapping[str, Snapshot]
) -> JobSpec:
    """One core: versions of several views are built side by side."""
    return JobSpec(
        kind=BUILD,
        project=project,
        title=_("Build {what}").format(what=title),
        subject=subject,
        payload=order.model_dump(mode="json"),
        inputs=source_inputs(snapshots),
        resources=Resources(cpus=1, memory_mb=order.memory_mb, seconds=SECONDS),
    )


def join_job(order: JoinOrder, *, project: str, title: str, subject: str, snapshots: Mapping[str, Snapshot]) -> JobSpec:
    rows = {view.input: view.served.rows_digest for view in order.views}
    return JobSpec(
        kind=JOIN,
        project=project,
        title=_("Join {what}").format(what=title),
        subject=subject,
        payload=order.model_dump(mode="json"),
        inputs=source_inputs(snapshots) | rows,
        resources=Resources(cpus=2, memory_mb=order.memory_mb, seconds=SECONDS),
    )


def fitted(job: JobSpec, settings: Settings) -> JobSpec:
    """The job with no more than this installation has: fewer cores make it slower, less memory lets it do less."""
    wanted = job.resources
    memory_mb = min(wanted.memory_mb, settings.memory_mb)
    resources = wanted.model_copy(update={"cpus": min(wanted.cpus, settings.cpus), "memory_mb": memory_mb})
    return job.model_copy(update={"resources": resources, "payload": job.payload | {"memory_mb": memory_mb}})


def served_view(version: FeatureVersion, use: ViewUse, *, entity: EntityQuery) -> ServedView:
    """How serving looks a version up."""
    if not version.state.can_be_joined:
        raise Conflict(
            _("{view} v{version} is {state}").format(view=version.view, version=version.version, state=version.state),
            hint=_("Use a version that is published or staged."),
        )
    if failed := [check.name for check in version.checks if check.verdict == "fail"]:
        raise Conflict(
            _("A check of {view} v{version} failed: {names}").format(
                view=version.view, version=version.version, names=", ".join(failed)
            ),
            hint=_("Change its logic or the rule, and use the version that comes of it."),
        )
    if set(use.keys) != set(version.keys):
        raise Invalid(
            _("{view} is found by {keys}").format(view=version.view, keys=", ".join(version.keys) or _("time alone")),
            hint=_("Name a column of the entity rows for each key."),
            field="uses",
        )
    _check_sent(use, entity)
    return ServedView(
        version_id=version.id,
        view=version.view,
        digest=version.digest,
        rows_digest=version.rows_digest,
        keys=tuple((key, use.keys[key]) for key in version.keys),
        outputs=tuple((feature.name, use.prefix + feature.name, feature.kind) for feature in version.features),
        ttl_us=version.ttl_seconds * SECOND,
        delay_us=version.delay_seconds * SECOND,
    )


def check_splits(splits: Sequence[Split]) -> None:
    """Every split has days, and no day lies in two."""
    check_apart([split.name for split in splits], what=_("split"))
    for split in splits:
        if split.end <= split.start:
            raise Invalid(_("The split {name} ends before it begins").format(name=split.name), field="splits")
    for left, right in pairwise(sorted(splits, key=lambda split: split.start)):
        if right.start < left.end:
            raise Invalid(
                _("The splits {left} and {right} overlap").format(left=left.name, right=right.name),
                hint=_("What a model is judged on must be new to it."),
                field="splits",
            )


def check_entity(entity: EntityQuery) -> None:
    names = [entity.row_id, entity.event_time, entity.label, *entity.categories, *entity.numbers, *entity.keys_only]
    check_apart([name for name in names if name], what=_("column of the entity rows"))


def check_apart(names: Sequence[str], *, what: str) -> None:
    """No name is used twice, in whatever case."""
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        raise Invalid(
            _("Two uses of the {what} {name}").format(what=what, name=repr(twice[0])),
            hint=_("Give each a name of its own, a view for instance by a prefix."),
        )


def _check_sent(use: ViewUse, entity: EntityQuery) -> None:
    """Keys are columns that callers send; a number would not match a key exactly."""
    for column in use.keys.values():
        if column not in (*entity.categories, *entity.keys_only):
            raise Invalid(
                _("{column} is neither a category nor a key of the entity rows").format(column=repr(column)),
                hint=_("List it among the categories, or among the keys only."),
                field="uses",
            )
