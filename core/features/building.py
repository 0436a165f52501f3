"""From a feature version's SQL to its rows in normal form: checked, built, held against hindsight, and profiled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.columns import check_key, check_moment, infinite, kinds_of
from core.features.duckdb_hindsight import view_leaks
from core.features.duckdb_rows import RESERVED_PREFIX, SECOND, RowCounts, RowShape, count_rows, normal_form
from core.features.hindsight import marked_tables
from core.features.orders import ROWS, BuildOrder, BuildResult, tables_of
from core.features.values import Feature, Kind, LeakFinding
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.lake.profile import profile_table
from core.sandbox.duckdb_sandbox import Limits, Stop, check_query, locked_session, run_query, translated
from core.sandbox.duckdb_session import one_row, quoted, save, types_of

if TYPE_CHECKING:
    import duckdb

RAW, BUILT = "__raw", "__rows"
Tell = Callable[[float, str], None]


def silent(_fraction: float, _stage: str) -> None:
    return None


def build_rows(
    order: BuildOrder,
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    tell: Tell = silent,
    stop: Stop = None,
) -> BuildResult:
    """Writes `rows.parquet` below `outputs`. Raises Invalid for all that is wrong with the query, and for hindsight."""
    with locked_session(tables_of(order.sources, inputs), limits) as session:
        builder = Builder(session, order, limits, stop)
        tell(0.05, _("Running the query"))
        builder.build(BUILT)
        counts = builder.counts()
        tell(0.5, _("Looking for hindsight"))
        with translated():
            _refuse_leaks(builder.leaks(inputs))
        tell(0.85, _("Writing"))
        with translated():
            save(session, f"SELECT * FROM {BUILT}", outputs / ROWS)
            types = types_of(session, BUILT)
    return _result(builder.kinds, types, outputs / ROWS, counts)


@dataclass
class Builder:
    """One query in one session, which can be run again on the same or other data."""

    session: "duckdb.DuckDBPyConnection"
    order: BuildOrder
    limits: Limits
    stop: Stop

    def __post_init__(self) -> None:
        self.types = check_query(self.session, self.order.sql)
        _check_shape(self.order, self.types)
        taken = [*self.order.keys, self.order.event_time, self.order.created_time]
        self.kinds = kinds_of(self.types, categories=self.order.categories, numbers=self.order.numbers, taken=taken)
        _check_features(self.kinds)
        self.shape = RowShape(
            keys=self.order.keys,
            event_time=self.order.event_time,
            created_time=self.order.created_time or None,
            features=tuple(self.kinds),
            delay_us=self.order.delay_seconds * SECOND,
        )

    def build(self, name: str) -> None:
        """Makes the table `name` in normal form."""
        run_query(self.session, self.order.sql, into=RAW, limits=self.limits, stop=self.stop)
        if name == BUILT:
            refuse_infinite(self.session, RAW, types=self.types, names=list(self.kinds))
        with translated():
            self.session.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS {normal_form(self.shape, source=self._raw())}"
            )

    def counts(self) -> RowCounts:
        (kept,) = one_row(self.session, f"SELECT count(*) FROM {BUILT}")
        if not kept:
            raise Invalid(_("No row has both its keys and an event time"), hint=_("Check the query."), field="sql")
        return count_rows(self.session, self.shape, source=self._raw(), kept=kept)

    def leaks(self, inputs: Mapping[str, Path]) -> tuple[LeakFinding, ...]:
        return view_leaks(
            self.session,
            marked_tables(self.order.sources, inputs),
            rows=BUILT,
            columns={name: self.types[name] for name in self.kinds},
            keys=self.order.keys,
            rebuild=self.build,
        )

    def _raw(self) -> str:
        """The query's rows; sums of whole numbers, which the engine makes wider than any file holds, as BIGINT."""
        wide = [name for name, data_type in self.types.items() if data_type == "HUGEINT"]
        replaced = ", ".join(f"CAST({quoted(name)} AS BIGINT) AS {quoted(name)}" for name in wide)
        return f"(SELECT * {f'REPLACE ({replaced})' if wide else ''} FROM {RAW})"


def refuse_infinite(
    session: "duckdb.DuckDBPyConnection", relation: str, *, types: Mapping[str, str], names: list[str]
) -> None:
    """A division by zero gives infinity, of which no model can learn anything."""
    counts = infinite(types, names)
    found = one_row(session, f"SELECT {', '.join(counts.values())} FROM {relation}") if counts else ()
    for name, count in zip(counts, found, strict=True):
        if count:
            raise Invalid(
                _("{name} is infinite in {count} rows").format(name=name, count=count),
                hint=_("Divide by nullif(x, 0): a missing value is a better answer."),
                field="sql",
            )


def _check_shape(order: BuildOrder, types: Mapping[str, str]) -> None:
    for key in order.keys:
        check_key(types, key)
    check_moment(types, order.event_time)
    if order.created_time:
        check_moment(types, order.created_time)


def _check_features(kinds: Mapping[str, Kind]) -> None:
    if not kinds:
        raise Invalid(_("The query gives no feature beside its keys and times"), field="sql")
    for name in kinds:
        if name.startswith(RESERVED_PREFIX) or not name.isidentifier() or len(name) > 60:
            raise Invalid(
                _("{name} cannot be the name of a feature").format(name=repr(name)),
                hint=_("Use letters, digits and underscores, and no two underscores first."),
                field="sql",
            )


def _refuse_leaks(leaks: tuple[LeakFinding, ...]) -> None:
    if leaks:
        names = ", ".join(leak.column for leak in leaks)
        raise Invalid(_("Hindsight in {names}. {reason}").format(names=names, reason=leaks[0].reason), field="sql")


def _result(kinds: Mapping[str, Kind], types: Mapping[str, str], rows: Path, counts: RowCounts) -> BuildResult:
    table = read_parquet(rows, columns=list(kinds))
    statistics = profile_table(table)
    features = tuple(
        Feature(name=profile.name, type=types[profile.name], kind=kinds[profile.name], null_share=share)
        for profile in statistics
        for share in [round(profile.nulls / table.num_rows, 6)]
    )
    return BuildResult(features=features, rows=table.num_rows, notes=_notes(counts), statistics=statistics)


def _notes(counts: RowCounts) -> tuple[str, ...]:
    told = (
        (counts.without_event, _("{rows} rows without an event time were left out.")),
        (counts.without_key, _("{rows} rows without a key were left out.")),
        (counts.superseded, _("{rows} rows were superseded and can never be an answer.")),
    )
    return tuple(words.format(rows=rows) for rows, words in told if rows)
