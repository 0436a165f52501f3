"""Builds a version's rows with an engine that runs SQL itself. What has to run the logic again and again stays on one
machine, in the sandbox: the guard, the types of the columns, and the checks for future leakage, look-back and agreement
with pandas. It is rehearsed there on the sources, of which large ones are represented by their last rows. The
rehearsal's rows then judge the engine: the online store is filled by DuckDB, so an engine that answers otherwise would
train on what is never served."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.build import Progress, no_progress, result_of, shape_of
from core.features.building.column_tests import Checks, few_rows, filled
from core.features.building.future_leakage_queries import ROWS as MISSING
from core.features.building.future_leakage_queries import compare
from core.features.engines.port import BuildEngine
from core.features.job_specs import ROWS, BuildJobSpec, BuildResult, SourceTable, tables_of
from core.features.logic.samples import last_rows
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN, LATEST, RowShape, count_rows, refuse_beyond
from core.features.values import Check
from core.foundation.errors import Invalid
from core.foundation.parquet import row_count, write_parquet
from core.foundation.text import _, thousands
from core.sandbox.duckdb_session import listed, open_session, parquet_rows, quoted
from core.sandbox.limits import Limits
from core.sandbox.locked_session import grant, plain

if TYPE_CHECKING:
    import duckdb

# A source with more rows is represented by its last ones.
MOST_ROWS = 500_000
MARKS = {KNOWN: "BIGINT", LATEST: "BOOLEAN", BEST: "BOOLEAN"}
RunInSandbox = Callable[[BuildJobSpec, Mapping[str, Path]], BuildResult]


@dataclass(frozen=True)
class Rehearsal:
    """A build on one machine: `rows` is the file that came of it, `short` names the sources that were not read whole,
    of which it had the last `most` rows."""

    job_spec: BuildJobSpec
    inputs: Mapping[str, Path]
    rows: Path
    result: BuildResult
    short: tuple[str, ...]
    most: int


def rehearse(
    job_spec: BuildJobSpec, *, inputs: Mapping[str, Path], folder: Path, run: RunInSandbox, most: int = MOST_ROWS
) -> Rehearsal:
    """`run` builds a job spec in the sandbox and leaves its rows in `folder`. Raises Invalid for all that is wrong with
    the logic, and for future leakage."""
    folder.mkdir()
    given, sources = dict(inputs), []
    for source in job_spec.sources:
        if sum(row_count(file) for file in source.files(inputs)) > most:
            given[_short(source)] = _shortened(source, inputs, folder=folder, most=most)
            source = source.model_copy(update={"inputs": (_short(source),)})
        sources.append(source)
    rehearsed = job_spec.without_address().model_copy(update={"sources": tuple(sources)})
    short = tuple(source.name for source in sources if source.inputs == (_short(source),))
    try:
        result = run(rehearsed, given)
    except Invalid as refusal:
        if not short:
            raise
        where = _("It was rehearsed on the last {most} rows of {names}.").format(
            most=thousands(most), names=", ".join(short)
        )
        hint = f"{refusal.hint} {where}".strip()
        raise Invalid(refusal.message, hint=hint, field=refusal.field, line=refusal.line) from refusal
    return Rehearsal(rehearsed, given, folder / ROWS, result, short, most)


def build_with_engine(
    job_spec: BuildJobSpec,
    rehearsal: Rehearsal,
    *,
    engine: BuildEngine,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> BuildResult:
    """Writes `rows.parquet` below `outputs`, as `build_rows` does, and judges its rows by the version's own tests."""
    began = time.perf_counter()
    building = _Building(job_spec, rehearsal, engine, rehearsal.rows.with_name("raw"))
    trial = rehearsal.rows.with_name("trial.parquet")
    progress(0.5, _("Running the logic with {engine}").format(engine=engine.title))
    raw = building.build(rehearsal.job_spec, inputs=rehearsal.inputs, path=trial)
    with open_session(threads=limits.threads, memory_mb=limits.memory_mb) as session:
        alike = building.alike(session, trial)
        if rehearsal.short:
            raw = building.build(job_spec, inputs=inputs, path=outputs / ROWS)
        else:
            trial.rename(outputs / ROWS)
        progress(0.8, _("Checking"))
        result = building.tested(session, outputs / ROWS, inputs, raw=raw)
    # What was found in the rehearsal stands, unless it could be judged by all rows.
    checks = {check.name: check for check in (*rehearsal.result.checks, *result.checks, alike)}
    seconds = rehearsal.result.seconds + time.perf_counter() - began
    return result.model_copy(update={"checks": tuple(checks.values()), "seconds": round(seconds, 3)})


@dataclass(frozen=True)
class _Building:
    """One version on the way through an engine, which leaves in the folder `raw` what the logic gave last."""

    job_spec: BuildJobSpec
    rehearsal: Rehearsal
    engine: BuildEngine
    raw: Path

    @property
    def types(self) -> dict[str, str]:
        return {feature.name: feature.type for feature in self.rehearsal.result.features}

    @property
    def shape(self) -> RowShape:
        return shape_of(self.job_spec, tuple(self.types))

    def build(self, job_spec: BuildJobSpec, *, inputs: Mapping[str, Path], path: Path) -> tuple[Path, ...]:
        """The files of what the logic gave."""
        import pyarrow.parquet as pq

        return self.engine.build(
            self._query(),
            tables=tables_of(job_spec.sources, inputs),
            shape=self.shape,
            schema=pq.read_schema(self.rehearsal.rows),
            raw=self.raw,
            path=path,
        )

    def _query(self) -> str:
        """The columns that make rows, with nulls filled where a rule says so."""
        job_spec = self.job_spec
        times = [job_spec.event_time, *([job_spec.created_time] if job_spec.created_time else [])]
        filling = filled({}, tests=job_spec.tests, types=self.types)
        columns = [*job_spec.keys, *times, *self.types]
        values = [f"{filling.get(name, quoted(name))} AS {quoted(name)}" for name in columns]
        return f"SELECT {', '.join(values)} FROM (\n{plain(job_spec.sql)}\n) AS logic"

    def alike(self, session: "duckdb.DuckDBPyConnection", trial: Path) -> Check:
        """Whether the engine gave the rows that the rehearsal gave."""
        words = _("{engine} and DuckDB agree").format(engine=self.engine.title)
        here, there = (parquet_rows([path]) for path in (self.rehearsal.rows, trial))
        identity = [*(quoted(key) for key in self.job_spec.keys), EVENT, CREATED]
        changed = compare(session, here, there, identity=identity, columns=self.types | MARKS)
        if not changed:
            return Check(name=words, verdict="pass", detail=self._on(_("Both give the same {rows} rows{of}.")))
        named = ", ".join(_("which rows there are") if name == MISSING else name for name in changed)
        detail = self._on(_("They differ in {names}; DuckDB gives {rows} rows{of}."), names=named)
        shown = listed([*self.job_spec.keys, EVENT, CREATED, *self.types])
        only = [
            f"SELECT '{name}' AS \"made by\", * FROM (SELECT {shown} FROM {left} EXCEPT SELECT {shown} FROM {right})"
            for name, left, right in ((self.engine.title, there, here), ("DuckDB", here, there))
        ]
        columns, rows = few_rows(session, f"{' UNION ALL '.join(only)} ORDER BY ALL DESC")
        return Check(name=words, verdict="fail", detail=detail, columns=columns, rows=rows)

    def _on(self, words: str, **names: str) -> str:
        """Says which rows were compared; where the rehearsal read less than all, future leakage was sought in no
        more."""
        rehearsed, version = self.rehearsal, f"{self.engine.title} {self.engine.version}"
        short = _(" of the last {most} of {names}, on which future leakage was sought too")
        of = short.format(most=thousands(rehearsed.most), names=", ".join(rehearsed.short)) if rehearsed.short else ""
        return f"{version}: " + words.format(rows=thousands(rehearsed.result.rows), of=of, **names)

    def tested(
        self,
        session: "duckdb.DuckDBPyConnection",
        path: Path,
        inputs: Mapping[str, Path],
        *,
        raw: Sequence[Path],
    ) -> BuildResult:
        """The result with the tests of the version on all rows."""
        job_spec, rows, given = self.job_spec, parquet_rows([path]), parquet_rows(raw)
        tables = tables_of(job_spec.sources, inputs)
        for name, files in tables.items():
            grant(session, name, files)
        refuse_beyond(session, self.shape, rows=rows)
        counts = count_rows(session, self.shape, source=given, built=row_count(path))
        kinds = {feature.name: feature.kind for feature in self.rehearsal.result.features}
        checks = Checks(session, rows, given, job_spec.keys, job_spec.event_time, job_spec.created_time, self.types)
        result = result_of(session, rows, path=path, kinds=kinds, counts=counts)
        return result.model_copy(update={"checks": tuple(checks.of(job_spec.tests, sources=tuple(tables)))})


def _short(source: SourceTable) -> str:
    return f"last_rows_{source.name}"


def _shortened(source: SourceTable, inputs: Mapping[str, Path], *, folder: Path, most: int) -> Path:
    table, path = last_rows(source.files(inputs), most=most), folder / f"{_short(source)}.parquet"
    write_parquet(table.to_batches(), path, schema=table.schema)
    return path
