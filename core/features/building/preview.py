"""What logic gives on a small part of its sources, for its author to look at while writing: the latest rows of a few
keys, so that windows mean something. Nothing is kept. It runs in the sandbox."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.building.build import BUILT, Builder, Progress, no_progress
from core.features.job_specs import BuildJobSpec, tables_of
from core.features.logic.runner import replaced
from core.features.logic.samples import latest_rows
from core.features.normal_form import CREATED, EVENT, LATEST
from core.features.values import Feature, LogicPreview
from core.foundation.text import _
from core.lake.cells import json_rows
from core.lake.values import TablePreview
from core.sandbox.duckdb_session import listed, one_row, quoted, types_of
from core.sandbox.limits import Limits
from core.sandbox.locked_session import locked_session, translated

if TYPE_CHECKING:
    import duckdb

SAMPLE_ROWS, SHOWN_ROWS = 20_000, 50


def preview_in_sandbox(
    job_spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,  # noqa: ARG001 - every entry of the sandbox gets a folder; a preview leaves nothing in it.
    limits: Limits,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """The preview of a build job spec, as JSON."""
    progress(0.1, _("Running the logic"))
    return preview_rows(BuildJobSpec.model_validate(job_spec), inputs=inputs, limits=limits).model_dump(mode="json")


def preview_rows(job_spec: BuildJobSpec, *, inputs: Mapping[str, Path], limits: Limits) -> LogicPreview:
    """Raises Invalid for all that is wrong with the logic; what its tests say of the sample comes as checks."""
    began = time.perf_counter()
    paths = tables_of(job_spec.sources, inputs)
    with locked_session(paths, limits) as session, translated():
        sample = latest_rows(session, tuple(paths), keys=job_spec.keys, most=SAMPLE_ROWS)
        with replaced(session, sample, paths):
            builder = Builder(session, job_spec, limits, None)
            builder.build(BUILT)
            builder.counts()
            features, table = _features(builder), _newest(session, builder)
            checks = builder.checks(paths)
    return LogicPreview(
        preview=table,
        features=features,
        checks=checks,
        seconds=round(time.perf_counter() - began, 3),
        sample_rows=sum(rows.num_rows for rows in sample.values()),
    )


def _features(builder: Builder) -> tuple[Feature, ...]:
    types = types_of(builder.session, BUILT)
    counts = [f"count({quoted(name)})" for name in builder.kinds]
    rows, *valued = one_row(builder.session, f"SELECT count(*), {', '.join(counts)} FROM {BUILT}")
    return tuple(
        Feature(name=name, type=types[name], kind=kind, null_share=round(1 - count / rows, 6))
        for (name, kind), count in zip(builder.kinds.items(), valued, strict=True)
    )


def _newest(session: "duckdb.DuckDBPyConnection", builder: Builder) -> TablePreview:
    """The newest rows, under the names that the author gave them."""
    job_spec = builder.job_spec
    times = {EVENT: job_spec.event_time} | ({CREATED: job_spec.created_time} if job_spec.created_time else {})
    columns = [*job_spec.keys, *times, *builder.kinds]
    query = f"SELECT {listed(columns)} FROM {BUILT} WHERE {LATEST} ORDER BY {EVENT} DESC, {listed(columns)}"
    table = session.sql(f"{query} LIMIT {SHOWN_ROWS}").to_arrow_table()
    types = types_of(session, BUILT)
    (total,) = one_row(session, f"SELECT count(*) FROM {BUILT} WHERE {LATEST}")
    names = tuple(times.get(name, name) for name in columns)
    return TablePreview(columns=names, types=tuple(types[name] for name in columns), rows=json_rows(table), total=total)
