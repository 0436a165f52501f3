"""The process of a materialization: computes the parts that are new or have changed, and puts what they make newest
into the online store. Everything it does may be done twice: a second attempt finds the same parts and puts the same
rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from core.compute.process import JobContext, run_job
from core.features.job_specs import RESULT
from core.features.materialization.job_spec import MaterializeJobSpec, MaterializeResult, PartResult
from core.features.materialization.sandbox_entries import WINDOWS_ENTRY
from core.features.online.newest_rows import (
    Known,
    has_rows,
    newest_event,
    newest_rows,
    of_keys,
    packed_rows,
    withdrawn,
)
from core.features.online.opening import open_store
from core.features.online.store import OnlineStore, Packed, pack_key
from core.features.sandboxed_job import in_words, limits_of, run_in_sandbox
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import one_row, open_session

if TYPE_CHECKING:
    import duckdb

PARTS = TypeAdapter(tuple[PartResult, ...])


def main(context: JobContext) -> None:
    """Outputs: `result.json`, a MaterializeResult, and the file of every part that has rows."""
    job_spec = MaterializeJobSpec.model_validate(context.payload)
    with in_words(context):
        parts = _compute(context, job_spec)
        if not context.stop_requested:
            context.progress(0.7, stage=_("putting the newest rows online"))
            result = put_online(context, job_spec, parts=parts)
            (context.outputs / RESULT).write_text(result.model_dump_json())


def _compute(context: JobContext, job_spec: MaterializeJobSpec) -> tuple[PartResult, ...]:
    limits = limits_of(context, memory_mb=job_spec.memory_mb, sandboxed=job_spec.cage)
    if not job_spec.stretches:
        return ()
    # The address of the store may hold a password: people's code has no business with it.
    given = job_spec.model_copy(update={"online": ""})
    warm = any(window.build.python for window in job_spec.stretches)
    parts = run_in_sandbox(context, WINDOWS_ENTRY, given, answers=PARTS, limits=limits, keep_warm=warm)
    # The names become files: code in the sandbox may answer what it likes.
    if {part.name for part in parts} - {name for window in job_spec.stretches for name in window.parts}:
        raise Invalid(_("The logic returned parts that were not requested"))
    return parts


def put_online(context: JobContext, job_spec: MaterializeJobSpec, *, parts: Sequence[PartResult]) -> MaterializeResult:
    computed = [context.outputs / part.file for part in parts if part.rows]
    store = open_store(job_spec.online)
    with open_session(
        threads=context.cpus,
        memory_mb=limits_of(context, memory_mb=job_spec.memory_mb, sandboxed=job_spec.cage).memory_mb,
    ) as session:
        update = StoreUpdate(
            job_spec, store, session, computed, {name: context.inputs[key] for name, key in job_spec.kept.items()}
        )
        before = [context.inputs[key] for key in job_spec.replaced.values()]
        withdrawn = 0 if job_spec.whole else update.correct(before)
        put = update.everything() if job_spec.whole else update.new_rows()
        watermark_us = update.newest_event()
    keys = store.count(job_spec.view)
    store.close()
    return MaterializeResult(
        at_us=job_spec.at_us,
        snapshots=job_spec.snapshots,
        parts=tuple(parts),
        gone=job_spec.gone,
        put=put,
        withdrawn=withdrawn,
        keys=keys,
        watermark_us=watermark_us,
    )


class StoreUpdate:
    """Brings the store from what it held to what the parts say: `computed` are the files of the computed parts,
    `unchanged` those of the others, by name."""

    def __init__(
        self,
        job_spec: MaterializeJobSpec,
        store: OnlineStore,
        session: "duckdb.DuckDBPyConnection",
        computed: Sequence[Path],
        unchanged: dict[str, Path],
    ) -> None:
        self._job_spec, self._store, self._session = job_spec, store, session
        self._computed, self._unchanged = computed, unchanged
        self._view, self._width = job_spec.view, len(job_spec.view.keys)

    def new_rows(self) -> int:
        """Puts what became known since the last time; returns how many rows."""
        pending = [self._unchanged[name] for name in self._job_spec.pending]
        until = self._job_spec.at_us
        new = [Known(self._computed, until), Known(pending, until, after_us=self._job_spec.since_us)]
        return self._store.put(self._view, self._rows_of(newest_rows(self._view, new))) if has_rows(new) else 0

    def newest_event(self) -> int | None:
        """How far the store is filled, in microseconds of event time."""
        files = [*self._unchanged.values(), *self._computed]
        return newest_event(self._session, files, until_us=self._job_spec.at_us)

    def everything(self) -> int:
        """Puts the newest row of every key, whatever the store holds, and forgets the keys that no part has."""
        every = [Known([*self._unchanged.values(), *self._computed], self._job_spec.at_us)]
        if not has_rows(every):
            self._store.clear(self._view)
            return 0
        query = newest_rows(self._view, every)
        put = self._store.put(self._view, self._rows_of(query), replacing=True)
        if self._store.count(self._view) > put:
            self._store.clear(self._view)
            self._store.put(self._view, self._rows_of(query))
        return put

    def correct(self, before: Sequence[Path]) -> int:
        """Takes back the rows that a correction has made older or removed; returns how many keys that concerned."""
        since = self._job_spec.since_us
        if since is None:
            return 0
        old, new = [Known(before, since)], [Known(self._computed, self._job_spec.at_us)]
        table = withdrawn(self._session, self._view, before=old, after=new)
        if not table or not (count := one_row(self._session, f"SELECT count(*) FROM {table}")[0]):
            return 0
        every = [Known([*self._unchanged.values(), *self._computed], self._job_spec.at_us)]
        remaining = list(self._remaining(every, table))
        self._store.put(self._view, remaining, replacing=True)
        named = {key for key, *_rest in remaining}
        keys = self._session.execute(f"SELECT * FROM {table}").fetchall() if self._width else [()]
        self._store.remove(self._view, [key for key in keys if pack_key(key) not in named])
        return int(count)

    def _remaining(self, every: Sequence[Known], table: str) -> Iterator[Packed]:
        if has_rows(every):
            yield from self._rows_of(of_keys(newest_rows(self._view, every), table, keys=self._width))

    def _rows_of(self, query: str) -> Iterator[Packed]:
        return packed_rows(self._session, query, keys=self._width)


if __name__ == "__main__":
    run_job(main)
