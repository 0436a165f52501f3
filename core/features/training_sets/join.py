"""A training set: entity rows joined with what was known at each of them, split by time, and held against leaks in
three ways. Columns must not be computed from what happened later (`future_leakage`); no joined row may be younger than
the entity it answers; and no column alone may tell a label of 0 and 1 suspiciously well (`label_leakage`). What late
rows would have changed is reported beside them (`leak_report`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.build import Progress, no_progress
from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import Engine, JoinView, Matches, Part, check_join, depends_on_known_at
from core.features.training_sets.entities import EntityRows, build_entity
from core.features.training_sets.job_spec import ENTITY_ROWS, EVENT_TIME, LABEL, JoinedView, JoinJobSpec, JoinResult
from core.features.training_sets.label_leakage import columns_auc
from core.features.training_sets.late_rows import Joined, leak_report
from core.features.training_sets.values import ViewMatches
from core.features.values import FeatureContract, LabelType, LeakFinding, ServedView, Split, SplitFile
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet, row_count
from core.foundation.text import _
from core.sandbox.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa

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
    entity = outputs / ENTITY_ROWS
    if rows is None:
        rows = build_entity(job_spec.entity, sources=job_spec.sources, inputs=inputs, path=entity, limits=limits)
    progress(0.4, _("Joining"))
    engine = engine or PolarsEngine()
    views = tuple(_join_view(view, inputs[view.input]) for view in job_spec.views)
    splits = tuple(sorted(job_spec.splits, key=lambda split: split.start))
    joined = _join(engine, job_spec, views, splits=splits, entity=entity)
    files = tuple(
        _split_file(split, part.path, entity, label=rows.label)
        for split, part in zip(splits, joined.parts, strict=True)
    )
    progress(0.7, _("Comparing what was known with what was latest"))
    late = [view for view in views if depends_on_known_at(view)]
    report = leak_report(engine, joined, late=late).model_copy(update={"suspicious_auc": job_spec.suspicious_auc})
    progress(0.9, _("Looking for leaks"))
    contract = contract_of(job_spec, rows)
    label_leaks = _label_leaks(contract, joined.parts[0].path, job_spec.suspicious_auc) if joined.can_teach else ()
    leaks = (*rows.leaks, *_from_the_future(joined), *label_leaks)
    total = row_count(entity)
    entity.unlink()
    return JoinResult(
        contract=contract,
        splits=files if all(leak.may_be_accepted for leak in leaks) else (),
        leaks=leaks,
        notes=_notes(outside=total - sum(file.rows for file in files)),
        rows=total,
        matches=tuple(
            _view_matches(view.served, joined.matches[use], late=use in late)
            for view, use in zip(job_spec.views, views, strict=True)
        ),
        nulls={name: count for matches in joined.matches.values() for name, count in matches.nulls},
        leak_report=report,
        engine=f"{engine.product} {engine.version}",
        label=rows.label,
    )


def contract_of(job_spec: JoinJobSpec, rows: EntityRows) -> FeatureContract:
    return FeatureContract(
        event_time=job_spec.entity.event_time,
        row_id=job_spec.entity.row_id,
        request=rows.request,
        views=tuple(view.served for view in job_spec.views),
    )


def _join_view(view: JoinedView, path: Path) -> JoinView:
    served = view.served
    return JoinView(
        name=served.view,
        rows=path,
        keys=served.keys,
        outputs=served.outputs,
        ttl_us=served.ttl_us or None,
        delay_us=served.delay_us,
    )


def _join(
    engine: Engine, job_spec: JoinJobSpec, views: Sequence[JoinView], *, splits: Sequence[Split], entity: Path
) -> Joined:
    """The join, written by split."""
    check_join(views, entity=entity, event_time=EVENT_TIME)
    parts = tuple(
        Part(entity.parent / f"{split.name}.parquet", start_us=_us(split.start), end_us=_us(split.end))
        for split in splits
    )
    matches_in_order = engine.join(views, entity=entity, event_time=EVENT_TIME, known_at=job_spec.known_at, parts=parts)
    matches = dict(zip(views, matches_in_order, strict=True))
    return Joined(entity, job_spec.known_at, parts, matches, can_teach=job_spec.entity.can_teach)


def _us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


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


def _split_file(split: Split, path: Path, entity: Path, *, label: LabelType) -> SplitFile:
    """Invalid when a split has no rows, or of a label of 0 and 1 one of them only."""
    import pyarrow.compute as pc

    table = read_parquet(path, columns=[EVENT_TIME] if label == "none" else [EVENT_TIME, LABEL])
    if not table.num_rows:
        raise Invalid(
            _("The split {name} has no rows").format(name=split.name),
            hint=_("The rows run from {first} to {last}.").format(**_span(entity)),
            field="splits",
        )
    return SplitFile(
        name=split.name,
        start=split.start,
        end=split.end,
        digest="",
        rows=table.num_rows,
        positive_share=_positive_share(table.column(LABEL), split=split.name) if label == "binary" else None,
        unlabeled=table.column(LABEL).null_count if label not in ("none", "binary") else 0,
        newest_event=pc.max(table.column(EVENT_TIME)).as_py(),
    )


def _positive_share(labels: "pa.ChunkedArray", *, split: str) -> float:
    import pyarrow.compute as pc

    positive = float(pc.mean(labels).as_py())
    if positive in (0.0, 1.0):
        raise Invalid(
            _("All labels of the split {name} are the same").format(name=split),
            hint=_("Its rows: {rows}, each with the label {label}.").format(rows=len(labels), label=int(positive)),
            field="splits",
        )
    return round(positive, 6)


def _span(entity: Path) -> dict[str, date]:
    import pyarrow.compute as pc

    ends = pc.min_max(read_parquet(entity, columns=[EVENT_TIME]).column(EVENT_TIME)).as_py()
    return {"first": ends["min"].date(), "last": ends["max"].date()}


def _notes(*, outside: int) -> tuple[str, ...]:
    return (_("{rows} rows lie in no split.").format(rows=outside),) if outside else ()


def _label_leaks(contract: FeatureContract, earliest: Path, suspicious: float) -> tuple[LeakFinding, ...]:
    """Columns of the earliest split, the one to learn from, that alone tell the label too well."""
    names = (*contract.categories(), *contract.numbers())
    table = read_parquet(earliest, columns=[LABEL, *names])
    reason = _("Alone it predicts the label with an AUC of {auc}, above {limit}: it seems to contain the outcome.")
    return tuple(
        LeakFinding(column=name, reason=reason.format(auc=f"{value:.3f}", limit=suspicious), auc=value)
        for name, value in columns_auc(table, label=LABEL, columns=names).items()
        if value > suspicious
    )
