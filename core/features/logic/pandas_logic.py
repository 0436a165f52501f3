"""The pandas form of a version's logic in a session: its tables go to a process of people's code, its rows come back
and are checked like a stranger's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from core.features.logic.python_call import ENTRY, Refusal
from core.features.logic.python_source import check_python
from core.features.logic.table_files import FRAME, load_foreign, save_table
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.asking import writable_folder
from core.sandbox.duckdb_session import BATCH_ROWS, quoted, types_of
from core.sandbox.limits import Limits
from core.sandbox.locked_session import translated
from core.sandbox.messages import malformed, plain
from core.sandbox.runner import run_sandboxed

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

OUTPUT = "__made"
REFUSALS = TypeAdapter(list[Refusal | None])


class PandasRunning:
    """`names` are the session's tables, which are the function's arguments."""

    def __init__(
        self, session: "duckdb.DuckDBPyConnection", source: str, *, names: Sequence[str], limits: Limits
    ) -> None:
        check_python(source, names=names)
        self._session, self._source, self._names, self._limits = session, source, tuple(names), limits
        # Only a run tells which columns there are. Its rows are those that the first call of `run` asks for.
        self._first: pa.Table | None = self._call()
        with translated():
            session.register(OUTPUT, self._first)
            self.types: Mapping[str, str] = types_of(session, OUTPUT)

    def run(self, into: str, *, ahead_seconds: int = 0) -> None:
        first = None if ahead_seconds else self._first
        table, self._first = self._call(ahead_seconds) if first is None else first, None
        if missing := [name for name in self.types if name not in table.column_names]:
            raise Invalid(
                _("Python: on other rows the frame lacks the column {name}").format(name=missing[0]), field="python"
            )
        # Without rows, or without values, a frame's types are other ones.
        columns = [f"CAST({quoted(name)} AS {of_type}) AS {quoted(name)}" for name, of_type in self.types.items()]
        with translated():
            self._session.register(OUTPUT, table)
            self._session.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {', '.join(columns)} FROM {OUTPUT}")

    def _call(self, ahead_seconds: int = 0) -> "pa.Table":
        (answer,) = run_python(
            self._source,
            [{name: self._rows(name) for name in self._names}],
            limits=self._limits,
            ahead_seconds=ahead_seconds,
        )
        if isinstance(answer, Invalid):
            raise answer
        return answer

    def _rows(self, name: str) -> "pa.RecordBatchReader":
        return self._session.sql(f"SELECT * FROM {quoted(name)}").to_arrow_reader(BATCH_ROWS)


def run_python(
    source: str,
    sets: "Sequence[Mapping[str, pa.Table | pa.RecordBatchReader]]",
    *,
    limits: Limits,
    ahead_seconds: int = 0,
) -> "list[pa.Table | Invalid]":
    """What a source makes of each set of its tables, all in one process. Raises Invalid when that was ended."""
    with TemporaryDirectory(prefix="call-", dir=writable_folder()) as folder:
        outputs = Path(folder, "outputs")
        named = [{name: f"{name}_{number}" for name in tables} for number, tables in enumerate(sets)]
        for names, tables in zip(named, sets, strict=True):
            for name, table in tables.items():
                save_table(table, Path(folder, names[name]))
        refusals = run_sandboxed(
            ENTRY,
            {"source": source, "sets": named},
            answers=REFUSALS,
            inputs={given: Path(folder, given) for names in named for given in names.values()},
            outputs=outputs,
            limits=limits,
            keep_warm=True,
            untrusted=True,
            ahead_seconds=ahead_seconds,
        )
        if len(refusals) != len(sets):
            raise malformed()
        return [_answer(refusal, outputs / FRAME.format(number=at), limits) for at, refusal in enumerate(refusals)]


def _answer(refusal: Refusal | None, path: Path, limits: Limits) -> "pa.Table | Invalid":
    if refusal is not None:
        *words, line = refusal
        message, hint = (plain(part) for part in words)
        return Invalid(message, hint=hint, field="python", line=max(0, line))
    table = load_foreign(path)
    if table.num_rows <= limits.rows:
        return table
    message = _("Python: more than {rows} rows").format(rows=limits.rows)
    return Invalid(message, hint=_("Give fewer rows."), field="python")
