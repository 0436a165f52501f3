"""The process of a parity check: builds the version's rows anew, asks the point-in-time join and the online store about
the same keys at the same instant, and finds the cause of every difference."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from core.compute.process import JobContext, run_job
from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import JoinView, Part
from core.features.job_specs import ROWS
from core.features.materialization.sandbox_entries import ROWS_ENTRY
from core.features.normal_form import CREATED, EVENT, KNOWN, microseconds, moment_of
from core.features.online.newest_rows import Known, newest_rows, of_keys, online_rows
from core.features.online.opening import open_store
from core.features.online.store import Key, KeyAnswer, OnlineRow, OnlineStore
from core.features.parity.comparison import FeatureComparison, Sides, lookalikes
from core.features.parity.job_spec import REPORT, ParityJobSpec, ParityResult
from core.features.sandboxed_job import in_words, limits_of, run_in_sandbox
from core.features.values import ServedView
from core.foundation.digests import digest_file
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.sandbox.duckdb_session import listed, literal, one_row, parquet_rows, quoted, save, shared_session

if TYPE_CHECKING:
    import duckdb

AT = "__at"
# Beside the keys that there are, some that there are not: their answer is "not found" on both sides.
ABSENT_EVERY = 20


def main(context: JobContext) -> None:
    """Outputs: `report.json`, a ParityResult."""
    job_spec = ParityJobSpec.model_validate(context.payload)
    with in_words(context):
        run_in_sandbox(
            context,
            ROWS_ENTRY,
            job_spec.build,
            answers=TypeAdapter(None),
            limits=limits_of(context, memory_mb=job_spec.memory_mb, sandboxed=job_spec.cage),
            keep_warm=bool(job_spec.build.python),
        )
        rows = context.outputs / ROWS
        context.progress(0.6, stage=_("comparing"))
        others = [context.inputs[name] for name in job_spec.others]
        parts = [context.inputs[name] for name in job_spec.parts]
        result = _compare(job_spec, rows, parts=parts, others=others, folder=context.outputs)
        (context.outputs / REPORT).write_text(result.model_dump_json())


def _compare(
    job_spec: ParityJobSpec, rows: Path, *, parts: Sequence[Path], others: Sequence[Path], folder: Path
) -> ParityResult:
    at_us = _instant(job_spec, rows)
    keys = _sample_keys(job_spec, rows, parts, at_us=at_us, path=folder / "entity.parquet")
    offline = offline_answers(job_spec.view, rows, keys=folder / "entity.parquet", folder=folder)
    store = open_store(job_spec.online)
    online = store.get(job_spec.view, keys, at_us=at_us)
    comparison = FeatureComparison(job_spec.view, at_us, job_spec.watermark_us)
    differing = [at for at in range(len(keys)) if comparison.differs(offline[at], online[at])]
    answers_by_other, materialized = [], dict[Key, OnlineRow]()
    if differing:
        entity = folder / "entity.parquet"
        answers_by_other = [offline_answers(job_spec.view, other, keys=entity, folder=folder) for other in others]
        materialized = _materialized_rows(job_spec, parts, keys=entity)
    lookalike_answers = _lookalike_answers(store, job_spec.view, [keys[at] for at in differing], at_us=at_us)
    for at, alike in zip(differing, lookalike_answers, strict=True):
        other_answers = [answers[at] for answers in answers_by_other]
        comparison.add(
            keys[at],
            Sides(offline[at], online[at], alike, other_answers, job_spec.watermark_us, materialized.get(keys[at])),
        )
    store.close()
    report = comparison.report(
        version_digest=job_spec.version_digest,
        at=moment_of(at_us),
        snapshots=job_spec.snapshots,
        rows=digest_file(rows),
    )
    return ParityResult(report=report)


def _materialized_rows(job_spec: ParityJobSpec, parts: Sequence[Path], *, keys: Path) -> dict[Key, OnlineRow]:
    """What the store was filled with for the keys of a file."""
    if job_spec.as_of_us is None or not parts:
        return {}
    newest, width = newest_rows(job_spec.view, [Known(parts, job_spec.as_of_us)]), len(job_spec.view.keys)
    with shared_session() as session:
        session.execute(f"CREATE TEMP VIEW sampled AS FROM {parquet_rows([keys])}")
        return {row.key: row for row in online_rows(session, of_keys(newest, "sampled", keys=width), keys=width)}


def offline_answers(view: ServedView, rows: Path, *, keys: Path, folder: Path) -> list[KeyAnswer]:
    """What the point-in-time join answers for the keys of a file at their instants: once as training sets are joined,
    and once without a ttl, which tells what has expired from what was never there."""
    path, answers = folder / "answers.parquet", []
    alive, ever = ("alive_", view.ttl_us), ("ever_", 0)
    uses = [_use(view, rows, prefix=prefix, ttl_us=ttl_us) for prefix, ttl_us in (alive, ever)]
    PolarsEngine().join(uses, entity=keys, event_time=AT, known_at=True, parts=[Part(path)])
    for row in read_parquet(path).to_pylist():
        answers.append(_offline_answer(view, row))
    path.unlink()
    return answers


def _use(view: ServedView, rows: Path, *, prefix: str, ttl_us: int) -> JoinView:
    values = tuple((feature, f"{prefix}{at}", kind) for at, (feature, _name, kind) in enumerate(view.outputs))
    times = ((EVENT, f"{prefix}event", None), (CREATED, f"{prefix}created", None))
    return JoinView(
        name=view.view,
        rows=rows,
        keys=tuple((key, f"key_{at}") for at, (key, _column) in enumerate(view.keys)),
        outputs=(*values, *times),
        ttl_us=ttl_us or None,
        delay_us=view.delay_us,
    )


def _offline_answer(view: ServedView, row: Mapping[str, Any]) -> KeyAnswer:
    nothing = (None,) * len(view.outputs)
    moments = [row[f"ever_{name}"] for name in ("event", "created")]
    times = [None if moment is None else microseconds(moment) for moment in moments]
    if times[0] is None:
        return KeyAnswer("not_found", nothing)
    if row["alive_event"] is None:
        return KeyAnswer("expired", nothing, *times)
    values = tuple(row[f"alive_{at}"] for at in range(len(view.outputs)))
    return KeyAnswer("null" if values == nothing else "present", values, *times)


def _instant(job_spec: ParityJobSpec, rows: Path) -> int:
    if job_spec.at_us is not None:
        return job_spec.at_us
    with shared_session() as session:
        known = f"SELECT max({KNOWN}) FROM read_parquet({literal(rows)}) WHERE {KNOWN} <= {job_spec.now_us}"
        (newest,) = one_row(session, known)
    return job_spec.now_us if newest is None else int(newest)


def _sample_keys(job_spec: ParityJobSpec, rows: Path, parts: Sequence[Path], *, at_us: int, path: Path) -> list[Key]:
    """Some of the keys that either side has, and a few that neither has, also written as a file for the join."""
    names = [key for key, _column in job_spec.view.keys]
    aliased = ", ".join(f"{quoted(name)} AS key_{at}" for at, name in enumerate(names))
    columns = listed(f"key_{at}" for at in range(len(names)))
    with shared_session() as session:
        if not names:
            session.execute("CREATE TEMP TABLE sampled AS SELECT 1 AS one")
        else:
            sides = [f"SELECT DISTINCT {aliased} FROM {parquet_rows(files)}" for files in ([rows], parts) if files]
            session.execute(
                f"CREATE TEMP TABLE sampled AS SELECT * FROM ({' UNION '.join(sides)})"
                f" ORDER BY hash({columns}, {job_spec.seed}), {columns} LIMIT {job_spec.rows}"
            )
            _add_absent_keys(session, len(names))
        moment = f"make_timestamptz({at_us}::BIGINT) AS {AT}"
        save(session, f"SELECT *, {moment} FROM sampled", path)
        sampled = session.execute("SELECT * FROM sampled").fetchall()
    return [tuple(row) for row in sampled] if names else [()]


def _add_absent_keys(session: "duckdb.DuckDBPyConnection", width: int) -> None:
    types = {row[0]: row[1] for row in session.execute("DESCRIBE sampled").fetchall()}
    changed = [_absent_value(f"key_{at}", types[f"key_{at}"]) for at in range(width)]
    every = f"SELECT {', '.join(changed)} FROM (SELECT *, row_number() OVER () AS place FROM sampled)"
    some = f"SELECT * FROM ({every} WHERE place % {ABSENT_EVERY} = 1) AS absent"
    session.execute(f"INSERT INTO sampled {some} EXCEPT SELECT * FROM sampled")


def _absent_value(column: str, data_type: str) -> str:
    if data_type == "VARCHAR":
        return f"{column} || ' (nobody)'"
    return column if data_type == "BOOLEAN" else f"CAST(-({column} // 2) - 7 AS {data_type})"


def _lookalike_answers(
    store: OnlineStore, view: ServedView, keys: Sequence[Key], *, at_us: int
) -> Iterator[list[KeyAnswer]]:
    """For each key what the store answers for those that look like it, in one look-up for all."""
    alike = [lookalikes(key) for key in keys]
    answers = iter(store.get(view, list(chain.from_iterable(alike)), at_us=at_us))
    return (list(islice(answers, len(forms))) for forms in alike)


if __name__ == "__main__":
    run_job(main)
