"""What can be checked of a training set before any SQL runs, and the job that joins it."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from core.compute.values import JobSpec, Resources
from core.features.job_specs import SourceTable
from core.features.normal_form import SECOND
from core.features.training_sets.items.files import check_files
from core.features.training_sets.job_spec import (
    EVENT_TIME,
    JOIN,
    LABEL,
    ROW_ID,
    WEIGHT,
    JoinedView,
    JoinJobSpec,
    LabelView,
)
from core.features.training_sets.values import EntityQuery, ShareSplits, Split
from core.features.values import FeatureVersion, Kind, ServedView, ViewUse
from core.features.versions.job_specs import SECONDS, check_apart, source_inputs, source_tables
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import _, in_state
from core.lake.values import Snapshot
from core.tasks.task import task_called


def join_job_spec(
    entity: EntityQuery,
    *,
    snapshots: Mapping[str, Snapshot],
    files: Mapping[str, Snapshot] | None = None,
    uses: Sequence[tuple[ViewUse, FeatureVersion]],
    label_version: FeatureVersion | None = None,
    splits: Sequence[Split],
    shares: ShareSplits | None = None,
    known_at: bool,
    suspicious_auc: float,
) -> JoinJobSpec:
    """The job spec, once names and splits are known to fit together. Invalid says what does not, Conflict that a
    version is not published."""
    check_entity(entity)
    check_splitting(entity, splits=splits, shares=shares)
    views = tuple(
        JoinedView(served=served_view(version, use, entity=entity), input=f"rows_{number}")
        for number, (use, version) in enumerate(uses)
    )
    inputs = list(entity.inputs)
    inputs += [name for view in views for _feature, name, _kind in view.served.outputs]
    beside = [WEIGHT] if entity.weight else []
    beside += [entity.group] if entity.group not in ("", *entity.inputs, *entity.keys_only) else []
    check_apart([*inputs, ROW_ID, EVENT_TIME, LABEL, *beside, *entity.keys_only], what=_("column of the training set"))
    if not inputs:
        raise Invalid(_("There is nothing to learn from"), hint=_("Add columns or feature views."), field="uses")
    return JoinJobSpec(
        entity=entity,
        sources=source_tables(snapshots),
        views=views,
        images=_file_tables(entity, files, of=entity.images, field="entity.images"),
        texts=_file_tables(entity, files, of=entity.text_items, field="entity.text_items"),
        splits=tuple(splits),
        shares=shares,
        label_view=label_view(entity, label_version) if label_version else None,
        known_at=known_at,
        suspicious_auc=suspicious_auc,
    )


def _file_tables(
    entity: EntityQuery, files: Mapping[str, Snapshot] | None, *, of: Collection[str], field: str
) -> tuple[SourceTable, ...]:
    """The indexes of files, by the column that names some."""
    snapshots = {name: snapshot for name, snapshot in (files or {}).items() if name in of}
    for name, snapshot in snapshots.items():
        check_files(name, snapshot, field=field)
    tables = source_tables(_called_apart(snapshots, entity))
    return tuple(table.model_copy(update={"name": name}) for name, table in zip(snapshots, tables, strict=True))


def _called_apart(files: Mapping[str, Snapshot], entity: EntityQuery) -> dict[str, Snapshot]:
    return {entity.source_of(name): snapshot for name, snapshot in files.items()}


def label_view(entity: EntityQuery, version: FeatureVersion) -> LabelView:
    """How the label is looked up in a version."""
    source = entity.label_from
    assert source is not None  # There is no version of it otherwise.
    refuse_unusable(version)
    _check_keys(version, source.keys, field="entity.label_from")
    feature = next((item for item in version.features if item.name == source.column), None)
    if feature is None:
        raise Invalid(
            _("{view} has no feature {name}").format(view=version.view, name=repr(source.column)),
            hint=_("It has: {names}.").format(names=", ".join(item.name for item in version.features)),
            field="entity.label_from",
        )
    served = _served(version, keys=source.keys, outputs=((feature.name, LABEL, feature.kind),))
    return LabelView(served=served, input="label_rows", horizon_us=source.horizon_seconds * SECOND)


def join_job(
    job_spec: JoinJobSpec,
    *,
    project: str,
    title: str,
    subject: str,
    snapshots: Mapping[str, Snapshot],
    files: Mapping[str, Snapshot],
) -> JobSpec:
    views = (*job_spec.views, *([job_spec.label_view] if job_spec.label_view else []))
    rows = {view.input: view.served.rows_digest for view in views}
    return JobSpec(
        kind=JOIN,
        project=project,
        title=_("Join {what}").format(what=title),
        subject=subject,
        payload=job_spec.model_dump(mode="json"),
        inputs=source_inputs({**snapshots, **_called_apart(files, job_spec.entity)}) | rows,
        resources=Resources(cpus=2, memory_mb=job_spec.memory_mb, seconds=SECONDS),
    )


def served_view(version: FeatureVersion, use: ViewUse, *, entity: EntityQuery) -> ServedView:
    """How serving looks a version up."""
    refuse_unusable(version)
    _check_keys(version, use.keys, field="uses")
    _check_sent(use, entity)
    outputs = tuple((feature.name, use.prefix + feature.name, feature.kind) for feature in version.features)
    return _served(version, keys=use.keys, outputs=outputs)


def _served(
    version: FeatureVersion, *, keys: Mapping[str, str], outputs: tuple[tuple[str, str, Kind], ...]
) -> ServedView:
    return ServedView(
        version_id=version.id,
        view=version.view,
        digest=version.digest,
        rows_digest=version.rows_digest,
        keys=tuple((key, keys[key]) for key in version.keys),
        outputs=outputs,
        ttl_us=version.ttl_seconds * SECOND,
        delay_us=version.delay_seconds * SECOND,
    )


def refuse_unusable(version: FeatureVersion) -> None:
    """Conflict for a version that is not built, or breaks what its author promised."""
    if not version.state.can_be_joined:
        raise Conflict(
            in_state(f"{version.view} v{version.version}", version.state),
            hint=_("Use a version that is published or staged."),
        )
    if failed := [check.name for check in version.checks if check.verdict == "fail"]:
        raise Conflict(
            _("A check of {view} v{version} failed: {names}").format(
                view=version.view, version=version.version, names=", ".join(failed)
            ),
            hint=_("Change its logic or the rule, and use the version that comes of it."),
        )


def _check_keys(version: FeatureVersion, keys: Mapping[str, str], *, field: str) -> None:
    if set(keys) != set(version.keys):
        raise Invalid(
            _("{view} is found by {keys}").format(view=version.view, keys=", ".join(version.keys) or _("time alone")),
            hint=_("Name a column of the entity rows for each key."),
            field=field,
        )


def check_splitting(entity: EntityQuery, *, splits: Sequence[Split], shares: ShareSplits | None) -> None:
    """The rows are split either by windows of time, which they must have, or by shares."""
    if bool(splits) == (shares is not None):
        raise Invalid(
            _("Splits are missing") if shares is None else _("There are splits by time and by share"),
            hint=_("Name either windows of time or shares."),
            field="splits",
        )
    if shares is None:
        if not entity.event_time:
            raise Invalid(
                _("Rows without an event time lie in no window of time"),
                hint=_("Split them by share, or name the column with their moment."),
                field="splits",
            )
        return check_splits(splits)
    return check_shares(shares, entity)


def check_shares(shares: ShareSplits, entity: EntityQuery) -> None:
    """What decides on the splits is there, and nobody gets more than there is."""
    total = sum(shares.shares.values())
    problems = {
        _("Splits by a column take their names from it, and no shares"): shares.by == "column" and shares.shares,
        _("No split has a share"): shares.by != "column" and not shares.shares,
        _("The shares of the splits add up to {total}").format(total=round(total, 4)): total > 1 + 1e-9,
        _("The column that decides on the splits is missing"): shares.by in ("grouped", "column") and not shares.column,
        _("Splits by the label need a label or another column"): (
            shares.by == "stratified" and not (shares.column or entity.label)
        ),
        _("Random splits need no column"): shares.by == "random" and shares.column,
    }
    for words, holds in problems.items():
        if holds:
            hint = _("Shares are for instance 0.7, 0.15 and 0.15 for train, validation and test.")
            raise Invalid(words, hint=hint, field="shares")


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
    """Every column has one use, and what the label needs is there. NotFound for a task that is none."""
    names = [entity.row_id, entity.event_time, entity.label, *entity.inputs, *entity.keys_only]
    check_apart([name for name in (*names, entity.weight) if name], what=_("column of the entity rows"))
    if unknown := entity.image_sizes.keys() - entity.images.keys():
        words = _("{names} are no images").format(names=", ".join(sorted(unknown)))
        raise Invalid(words, field="entity.image_sizes")
    if entity.task:
        task_called(entity.task)
    unnamed = entity.task or entity.label_from
    if unnamed and not entity.label:
        raise Invalid(_("The label has no name"), hint=_("Say what the label is called."), field="entity.label")
    if entity.group in filter(None, (entity.row_id, entity.event_time, entity.label, entity.weight)):
        raise Invalid(_("{name} has two uses").format(name=entity.group), field="entity.group")
    if entity.label_from and not entity.event_time:
        raise Invalid(
            _("A label that arrives later needs the moment of each row"),
            hint=_("Name the column with the event time, or take the label from the rows."),
            field="entity.event_time",
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
