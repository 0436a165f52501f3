"""What can be checked of a training set before any SQL runs, and the job that joins it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from core.compute.values import JobSpec, Resources
from core.features.normal_form import SECOND
from core.features.training_sets.job_spec import EVENT_TIME, JOIN, LABEL, ROW_ID, JoinedView, JoinJobSpec
from core.features.values import EntityQuery, FeatureVersion, ServedView, Split, ViewUse
from core.features.versions.job_specs import SECONDS, check_apart, source_inputs, source_tables
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import _, in_state
from core.lake.values import Snapshot


def join_job_spec(
    entity: EntityQuery,
    *,
    snapshots: Mapping[str, Snapshot],
    uses: Sequence[tuple[ViewUse, FeatureVersion]],
    splits: Sequence[Split],
    known_at: bool,
    suspicious_auc: float,
) -> JoinJobSpec:
    """The job spec, once names and splits are known to fit together. Invalid says what does not, Conflict that a
    version is not published."""
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
    return JoinJobSpec(
        entity=entity,
        sources=source_tables(snapshots),
        views=views,
        splits=tuple(splits),
        known_at=known_at,
        suspicious_auc=suspicious_auc,
    )


def join_job(
    job_spec: JoinJobSpec, *, project: str, title: str, subject: str, snapshots: Mapping[str, Snapshot]
) -> JobSpec:
    rows = {view.input: view.served.rows_digest for view in job_spec.views}
    return JobSpec(
        kind=JOIN,
        project=project,
        title=_("Join {what}").format(what=title),
        subject=subject,
        payload=job_spec.model_dump(mode="json"),
        inputs=source_inputs(snapshots) | rows,
        resources=Resources(cpus=2, memory_mb=job_spec.memory_mb, seconds=SECONDS),
    )


def served_view(version: FeatureVersion, use: ViewUse, *, entity: EntityQuery) -> ServedView:
    """How serving looks a version up."""
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


def _check_sent(use: ViewUse, entity: EntityQuery) -> None:
    """Keys are columns that callers send; a number would not match a key exactly."""
    for column in use.keys.values():
        if column not in (*entity.categories, *entity.keys_only):
            raise Invalid(
                _("{column} is neither a category nor a key of the entity rows").format(column=repr(column)),
                hint=_("List it among the categories, or among the keys only."),
                field="uses",
            )
