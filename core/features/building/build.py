"""From a feature version's logic to its rows in normal form: built, tested for future leakage, and
profiled."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.agreement import SAMPLE_ROWS, Forms, agreement
from core.features.building.column_tests import Checks, check_rules, filled
from core.features.building.future_leakage import marked_tables
from core.features.building.future_leakage_queries import view_leaks
from core.features.building.later_rows import later_rows_check
from core.features.building.lookback import lookback_check
from core.features.building.present_time import present_time_check, present_time_check_of_sample
from core.features.columns import check_key, check_moment, kinds_of
from core.features.job_specs import ROWS, BuildJobSpec, BuildResult, tables_of
from core.features.logic.pandas_logic import PandasRunning, run_python
from core.features.logic.python_source import check_python
from core.features.logic.runner import Running, SqlRunning
from core.features.logic.samples import Tables, latest_rows
from core.features.normal_form import (
    CREATED,
    EVENT,
    KNOWN,
    RESERVED_PREFIX,
    SECOND,
    RowCounts,
    RowShape,
    count_rows,
    known_moment,
    moment_of,
    normal_form,
    refuse_beyond,
)
from core.features.values import Check, Feature, Kind, LeakFinding
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.profiles.profile import profile_files
from core.sandbox.duckdb_session import one_row, quoted, save, types_of
from core.sandbox.limits import Limits, Stop
from core.sandbox.locked_session import locked_session, translated
from core.sandbox.present_time import library

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

RAW, BUILT = "__raw", "__rows"
NARROW = {"HUGEINT": "BIGINT"}
Progress = Callable[[float, str], None]


def no_progress(_fraction: float, _stage: str) -> None:
    return None


def build_rows(
    job_spec: BuildJobSpec,
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
    stop: Stop = None,
) -> BuildResult:
    """Writes `rows.parquet` below `outputs`. Raises Invalid for all that is wrong with the logic, and for future
    leakage; tests that its values break are reported as checks."""
    began = time.perf_counter()
    paths = tables_of(job_spec.sources, inputs)
    with locked_session(paths, limits) as session:
        progress(0.05, _("Running the logic"))
        builder = Builder(session, job_spec, limits, stop)
        builder.build(BUILT)
        counts = builder.counts()
        progress(0.4, _("Checking"))
        with translated():
            checks = builder.checks(paths)
        progress(0.5, _("Looking for future leakage"))
        with translated():
            checks = (*checks, *builder.refuse_chance())
            _refuse_leaks(builder.leaks(inputs))
            checks = (*checks, builder.later_rows(paths))
        progress(0.85, _("Writing"))
        with translated():
            save(session, f"SELECT * FROM {BUILT}", outputs / ROWS)
            result = result_of(session, BUILT, path=outputs / ROWS, kinds=builder.kinds, counts=counts)
    return result.model_copy(update={"checks": checks, "seconds": round(time.perf_counter() - began, 3)})


@dataclass
class Builder:
    """The logic of a version in one session, which can be run again on the same or other data."""

    session: "duckdb.DuckDBPyConnection"
    job_spec: BuildJobSpec
    limits: Limits
    stop: Stop

    def __post_init__(self) -> None:
        self.logic = self._sql() if self.job_spec.sql.strip() else self._pandas()
        self.types = dict(self.logic.types)
        _check_shape(self.job_spec, self.types)
        reserved = [*self.job_spec.keys, self.job_spec.event_time, self.job_spec.created_time]
        self.kinds = kinds_of(
            self.types, categories=self.job_spec.categories, numbers=self.job_spec.numbers, reserved=reserved
        )
        _check_features(self.kinds)
        check_rules(self.job_spec.tests, self._feature_types())
        self.shape = shape_of(self.job_spec, tuple(self.kinds))

    @property
    def names(self) -> tuple[str, ...]:
        """The tables that the logic reads."""
        return tuple(source.name for source in self.job_spec.sources)

    def build(self, name: str, *, ahead_seconds: int = 0) -> None:
        """Makes the table `name` in normal form, by a clock that is that far ahead. It may have no rows."""
        self.logic.run(RAW, ahead_seconds=ahead_seconds)
        with translated():
            self.session.execute(
                f"CREATE OR REPLACE TEMP TABLE {name} AS {normal_form(self.shape, source=self._raw())}"
            )
        refuse_beyond(self.session, self.shape, rows=name)

    def counts(self) -> RowCounts:
        """How many rows became of how many. Invalid when none did."""
        (given,) = one_row(self.session, f"SELECT count(*) FROM {RAW}")
        (built,) = one_row(self.session, f"SELECT count(*) FROM {BUILT}")
        if not given:
            raise Invalid(_("The logic gives no rows"), hint=_("Check its conditions."), field="sql")
        if not built:
            raise Invalid(_("No row has both its keys and an event time"), hint=_("Check the query."), field="sql")
        return count_rows(self.session, self.shape, source=self._raw(), built=built)

    def checks(self, paths: Mapping[str, Sequence[Path]]) -> tuple[Check, ...]:
        """What the tests of the version gave, and whether its two forms agree where it has two."""
        tests = Checks(
            session=self.session,
            rows=BUILT,
            raw=self._raw(),
            keys=self.job_spec.keys,
            event_time=self.job_spec.event_time,
            created_time=self.job_spec.created_time,
            types=self._feature_types(),
        )
        checks = tuple(tests.of(self.job_spec.tests, sources=tuple(paths)))
        if self.job_spec.lookback_seconds:
            checks = (*checks, self._lookback(paths))
        both = self.job_spec.sql.strip() and self.job_spec.python.strip()
        return (*checks, agreement(self._forms(paths))) if both else checks

    def _lookback(self, paths: Mapping[str, Sequence[Path]]) -> Check:
        return lookback_check(
            self.session,
            paths,
            rows=BUILT,
            keys=self.job_spec.keys,
            columns=self._feature_types(),
            seconds=self.job_spec.lookback_seconds,
            rebuild=self.build,
        )

    def refuse_chance(self) -> tuple[Check, ...]:
        """Invalid for pandas logic that gives other rows on the same data, now or by another clock. The guard of SQL
        refuses chance and clock by name."""
        python, has_clock = self.job_spec.python, library() is not None
        if not python.strip():
            return ()
        if self.job_spec.sql.strip():
            tables = latest_rows(self.session, self.names, keys=self.job_spec.keys, most=SAMPLE_ROWS)
            return (present_time_check_of_sample(python, tables, limits=self.limits, has_clock=has_clock),)
        identity = [*(quoted(key) for key in self.job_spec.keys), EVENT, CREATED]
        check = present_time_check(
            self.session,
            BUILT,
            identity=identity,
            columns=self._feature_types(),
            rebuild=self.build,
            has_clock=has_clock,
        )
        return (check,)

    def leaks(self, inputs: Mapping[str, Path]) -> tuple[LeakFinding, ...]:
        return view_leaks(
            self.session,
            marked_tables(self.job_spec.sources, inputs),
            rows=BUILT,
            columns={name: self.types[name] for name in self.kinds},
            keys=self.job_spec.keys,
            rebuild=self.build,
        )

    def later_rows(self, paths: Mapping[str, Sequence[Path]]) -> Check:
        return later_rows_check(
            self.session,
            paths,
            rows=BUILT,
            keys=self.job_spec.keys,
            columns=self._feature_types(),
            event_type=self.types[self.job_spec.event_time],
            rebuild=self.build,
        )

    def _sql(self) -> Running:
        return SqlRunning(self.session, self.job_spec.sql, limits=self.limits, stop=self.stop)

    def _pandas(self) -> Running:
        return PandasRunning(self.session, self.job_spec.python, names=self.names, limits=self.limits)

    def _pandas_of_samples(self, samples: "Sequence[Tables]") -> "Sequence[pa.Table | Invalid]":
        check_python(self.job_spec.python, names=self.names)
        return run_python(self.job_spec.python, samples, limits=self.limits)

    def _forms(self, paths: Mapping[str, Sequence[Path]]) -> Forms:
        times = [self.job_spec.event_time, *([self.job_spec.created_time] if self.job_spec.created_time else [])]
        return Forms(
            session=self.session,
            sql=self.logic,
            pandas=self._pandas_of_samples,
            paths=paths,
            keys=self.job_spec.keys,
            identity=(*self.job_spec.keys, *times),
            features=tuple(self.kinds),
        )

    def _feature_types(self) -> dict[str, str]:
        """The features with the types of their rows: sums of whole numbers, which the engine makes wider than any file
        holds, are BIGINT."""
        return {name: NARROW.get(self.types[name], self.types[name]) for name in self.kinds}

    def _raw(self) -> str:
        """The rows of the logic in those types, with nulls filled where a rule says so."""
        wide = [name for name, data_type in self.types.items() if data_type in NARROW]
        narrowed = {name: f"CAST({quoted(name)} AS {NARROW[self.types[name]]})" for name in wide}
        columns = filled(narrowed, tests=self.job_spec.tests, types=self._feature_types())
        replaced = ", ".join(f"{column} AS {quoted(name)}" for name, column in columns.items())
        return f"(SELECT * {f'REPLACE ({replaced})' if columns else ''} FROM {RAW})"


def _check_shape(job_spec: BuildJobSpec, types: Mapping[str, str]) -> None:
    for key in job_spec.keys:
        check_key(types, key)
    check_moment(types, job_spec.event_time)
    if job_spec.created_time:
        check_moment(types, job_spec.created_time)


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
        raise Invalid(_("Future leakage in {names}. {reason}").format(names=names, reason=leaks[0].reason), field="sql")


def shape_of(job_spec: BuildJobSpec, features: tuple[str, ...]) -> RowShape:
    return RowShape(
        keys=job_spec.keys,
        event_time=job_spec.event_time,
        created_time=job_spec.created_time or None,
        features=features,
        delay_us=job_spec.delay_seconds * SECOND,
    )


def result_of(
    session: "duckdb.DuckDBPyConnection", rows: str, *, path: Path, kinds: Mapping[str, Kind], counts: RowCounts
) -> BuildResult:
    """What is reported of the built rows, the relation `rows` that lies at `path`, before their checks."""
    types = types_of(session, rows)
    newest, known = one_row(session, f"SELECT epoch_us(max({EVENT})), max({KNOWN}) FROM {rows}")
    statistics = tuple(profile_files([path], spill=path.parent, columns=list(kinds)))
    features = tuple(
        Feature(name=profile.name, type=types[profile.name], kind=kinds[profile.name], null_share=share)
        for profile in statistics
        for share in [round(profile.nulls / counts.built, 6)]
    )
    return BuildResult(
        features=features,
        rows=counts.built,
        notes=_notes(counts),
        statistics=statistics,
        newest_event=moment_of(newest),
        newest_known=known_moment(known),
    )


def _notes(counts: RowCounts) -> tuple[str, ...]:
    sentences = (
        (counts.without_event, _("{rows} rows without an event time were left out.")),
        (counts.without_key, _("{rows} rows without a key were left out.")),
        (counts.superseded, _("{rows} rows were superseded and can never be an answer.")),
    )
    return tuple(words.format(rows=rows) for rows, words in sentences if rows)
