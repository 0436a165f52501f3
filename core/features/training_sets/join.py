"""A training set: entity rows joined with what was known at each of them, split by time or by share, and held against
leaks in three ways. Columns must not be computed from what happened later (`future_leakage`); no joined row may be
younger than the entity it answers; and no column alone may tell the label suspiciously well (`label_leakage`). What
late rows would have changed is reported beside them (`leak_report`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from core.features.building.build import Progress, no_progress
from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import Engine, JoinView, Matches, Part, check_join, depends_on_known_at
from core.features.training_sets.entities import EntityRows, build_entity
from core.features.training_sets.items.writing import with_items
from core.features.training_sets.job_spec import (
    ENTITY_ROWS,
    EVENT_TIME,
    JOINED_ROWS,
    LABEL,
    SPLIT_BY,
    JoinedView,
    JoinJobSpec,
    JoinResult,
)
from core.features.training_sets.label_leakage import columns_auc, suspicion
from core.features.training_sets.label_lookup import LabelsFound, look_up_labels
from core.features.training_sets.late_rows import Joined, leak_report
from core.features.training_sets.shares import write_splits
from core.features.training_sets.split_files import cut_groups, split_files
from core.features.training_sets.values import EntityQuery, ViewMatches
from core.features.values import FeatureContract, LabelType, LeakFinding, ServedView
from core.foundation.parquet import read_parquet, row_count
from core.foundation.text import _
from core.sandbox.limits import Limits
from core.tasks.task import task_of
from core.tasks.values import Target

SECOND = 1_000_000


def join_training_set(
    job_spec: JoinJobSpec,
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    engine: Engine | None = None,
    progress: Progress = no_progress,
    rows: EntityRows | None = None,
) -> JoinResult:
    """Writes `<split>.parquet` below `outputs` for every split, unless a leak is found that nobody may accept: then the
    result names it and there are no splits. `rows` says that the entity rows lie there already, built in the sandbox.
    Raises Invalid for what is wrong with the query, the keys and the splits."""
    entity, engine = outputs / ENTITY_ROWS, engine or PolarsEngine()
    if rows is None:
        query, shares = job_spec.entity, job_spec.shares
        rows = build_entity(query, sources=job_spec.sources, inputs=inputs, path=entity, limits=limits, shares=shares)
    progress(0.4, _("Joining"))
    total = row_count(entity)
    labels = _labels(engine, job_spec, inputs=inputs, entity=entity, label=rows.label)
    views = tuple(_join_view(view, inputs[view.input], job_spec.entity) for view in job_spec.views)
    joined = _join(engine, job_spec, views, entity=entity)
    files, target = split_files(job_spec, joined.files, entity=entity, label=labels.label)
    progress(0.7, _("Comparing what was known with what was latest"))
    late = [view for view in views if job_spec.entity.event_time and depends_on_known_at(view)]
    report = leak_report(engine, joined, target=target, late=late)
    progress(0.9, _("Looking for leaks"))
    contract, written = contract_of(job_spec, rows), [*joined.files.values()]
    contract = with_items(job_spec, contract, files=written, inputs=inputs, processes=limits.threads)
    suspicious = task_of(target).suspicious_above(job_spec.suspicious_auc) if target else job_spec.suspicious_auc
    label_leaks = _label_leaks(contract, joined.learned, target, suspicious) if target else ()
    leaks = (*rows.leaks, *_from_the_future(joined), *label_leaks)
    outside = row_count(entity) - sum(file.rows for file in files)
    for path in (entity, outputs / JOINED_ROWS):
        path.unlink(missing_ok=True)
    return JoinResult(
        contract=contract,
        splits=files if all(leak.may_be_accepted for leak in leaks) else (),
        leaks=leaks,
        notes=(*labels.notes, *_notes(job_spec, joined, outside=outside)),
        rows=total,
        matches=_matches(job_spec, joined, views=views, late=late),
        nulls={name: count for matches in joined.matches.values() for name, count in matches.nulls},
        leak_report=report.model_copy(update={"suspicious_auc": suspicious}),
        engine=f"{engine.product} {engine.version}",
        label=labels.label,
        target=target or Target(),
        label_views=(job_spec.label_view.served,) if job_spec.label_view else (),
    )


def contract_of(job_spec: JoinJobSpec, rows: EntityRows) -> FeatureContract:
    return FeatureContract(
        event_time=job_spec.entity.event_time,
        row_id=job_spec.entity.row_id,
        request=rows.request,
        views=tuple(view.served for view in job_spec.views),
    )


def _labels(
    engine: Engine, job_spec: JoinJobSpec, *, inputs: Mapping[str, Path], entity: Path, label: LabelType
) -> LabelsFound:
    """Those of the query, or of the view that the label comes from."""
    view = job_spec.label_view
    if view is None:
        return LabelsFound(label=label, notes=())
    return look_up_labels(engine, view, rows=inputs[view.input], entity=entity, query=job_spec.entity)


def _join_view(view: JoinedView, path: Path, entity: EntityQuery) -> JoinView:
    """Of rows without a moment every value is asked for that is known at all, however old it is."""
    served = view.served
    return JoinView(
        name=served.view,
        rows=path,
        keys=served.keys,
        outputs=served.outputs,
        ttl_us=(served.ttl_us or None) if entity.event_time else None,
        delay_us=served.delay_us,
    )


def _join(engine: Engine, job_spec: JoinJobSpec, views: Sequence[JoinView], *, entity: Path) -> Joined:
    """The join, written by split."""
    check_join(views, entity=entity, event_time=EVENT_TIME)
    windows = sorted(job_spec.splits, key=lambda split: split.start)
    by_time = tuple(
        Part(entity.parent / f"{split.name}.parquet", start_us=_us(split.start), end_us=_us(split.end))
        for split in windows
    )
    parts = (Part(entity.parent / JOINED_ROWS),) if job_spec.shares else by_time
    known_at = job_spec.known_at or not job_spec.entity.event_time
    matches_in_order = engine.join(views, entity=entity, event_time=EVENT_TIME, known_at=known_at, parts=parts)
    matches = dict(zip(views, matches_in_order, strict=True))
    files = {split.name: part.path for split, part in zip(windows, by_time, strict=True)}
    if job_spec.shares:
        passing = [SPLIT_BY] if job_spec.shares.column else []
        passing += [] if job_spec.entity.event_time else [EVENT_TIME]
        files = write_splits(parts[0].path, job_spec.shares, without=passing)
    return Joined(entity, known_at, parts, matches, files)


def _us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


def _matches(
    job_spec: JoinJobSpec, joined: Joined, *, views: Sequence[JoinView], late: Sequence[JoinView]
) -> tuple[ViewMatches, ...]:
    return tuple(
        _view_matches(view.served, joined.matches[use], late=use in late)
        for view, use in zip(job_spec.views, views, strict=True)
    )


def _view_matches(served: ServedView, matches: Matches, *, late: bool) -> ViewMatches:
    return ViewMatches(
        view=served.view,
        version_id=served.version_id,
        present=matches.present,
        null=matches.null,
        expired=matches.expired,
        not_found=matches.not_found,
        late=matches.late,
        uses_known_at=late,
    )


def _from_the_future(joined: Joined) -> tuple[LeakFinding, ...]:
    """Views whose answers were not known at the entity's time. The join cannot give any when it asks what was known at
    that time; when it asks for the latest event, late rows and corrections are found here."""
    reason = _(
        "{rows} rows were answered with values that were written only after their time. Ask what was known then."
    )
    return tuple(
        LeakFinding(column=view.name, reason=reason.format(rows=matches.late), auc=None)
        for view, matches in joined.matches.items()
        if matches.late
    )


def _notes(job_spec: JoinJobSpec, joined: Joined, *, outside: int) -> tuple[str, ...]:
    has_time, notes = bool(job_spec.entity.event_time), []
    if outside:
        notes.append(_("{rows} rows lie in no split.").format(rows=outside))
    group = job_spec.entity.group
    if group and (cut := cut_groups(joined.files, group=group)):
        notes.append(_("{n} groups of {name} lie in more than one split.").format(n=cut, name=group))
    if job_spec.shares and has_time:
        notes.append(_("The splits are not by time: rows to judge on may be older than rows to learn from."))
    if job_spec.views and not has_time:
        notes.append(
            _(
                "The rows have no moment, so the features are joined with their latest known values. It cannot be "
                "checked whether these contain the outcome."
            )
        )
    return tuple(notes)


def _label_leaks(
    contract: FeatureContract, learned: Path, target: Target, suspicious: float
) -> tuple[LeakFinding, ...]:
    """Columns of the split to learn from that alone tell the label too well."""
    names = tuple(name for name, kind in contract.kinds().items() if kind != "image")
    aucs = columns_auc(read_parquet(learned, columns=[LABEL, *names]), target=target, columns=names)
    return tuple(
        LeakFinding(column=name, reason=suspicion(value, limit=suspicious, target=target), auc=value)
        for name, value in aucs.items()
        if value > suspicious
    )
