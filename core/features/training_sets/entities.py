"""The rows to learn from: run, checked, and converted to the columns that callers will later send."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.future_leakage import marked_tables
from core.features.building.future_leakage_queries import entity_leaks
from core.features.columns import (
    BROKEN,
    CASTS,
    TEXT,
    check_column,
    check_key,
    check_moment,
    infinite,
    kinds_of,
    label_type,
    model_value,
)
from core.features.job_specs import SourceTable, tables_of
from core.features.normal_form import is_beyond
from core.features.training_sets.job_spec import EVENT_TIME, LABEL, LABEL_KEY, ROW_ID, SPLIT_BY, WEIGHT
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.features.values import Kind, LabelType, LeakFinding, RequestField
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value
from core.sandbox.duckdb_session import listed, one_row, quoted, save
from core.sandbox.guard import check_query
from core.sandbox.limits import Limits, Stop
from core.sandbox.locked_session import locked_session, run_query, translated
from core.tasks.values import BINARY

if TYPE_CHECKING:
    import duckdb

RAW, ENTITY = "__raw", "__entity"
LONGEST_VECTOR = 4096
# The moment of rows that have none: whatever is known is known by then.
ALWAYS = "TIMESTAMPTZ '9999-12-31 00:00:00+00'"


class EntityRows(Value):
    """What was found: the fields that callers send, columns that leak the future, and what the label is, unless it
    comes from elsewhere."""

    request: tuple[RequestField, ...]
    leaks: tuple[LeakFinding, ...]
    label: LabelType


def build_entity(
    query: EntityQuery,
    *,
    sources: tuple[SourceTable, ...],
    inputs: Mapping[str, Path],
    path: Path,
    limits: Limits,
    stop: Stop = None,
    shares: ShareSplits | None = None,
) -> EntityRows:
    """Writes the entity rows to `path`, in the order of time: `row_id`, `event_time`, `label` where there is one, what
    callers send, and what `shares` and the label from elsewhere are decided by. Raises Invalid for all that is wrong
    with the query: rows without or with the same id, without a time, with a weight that is none, and rows whose label
    is not 0 or 1 where it must be."""
    with locked_session(tables_of(sources, inputs), limits) as session:
        builder = EntityBuilder(session, query, limits, stop, shares)
        builder.build(ENTITY)
        with translated():
            builder.check()
            leaks = entity_leaks(
                session,
                marked_tables(sources, inputs),
                rows=ENTITY,
                row_id=query.row_id,
                columns=builder.compared(),
                rebuild=builder.build,
            )
            order = listed(filter(None, [query.event_time, query.row_id]))
            save(session, f"SELECT {builder.renamed()} FROM {ENTITY} ORDER BY {order}", path)
    return EntityRows(request=builder.request(), leaks=leaks, label=builder.label)


@dataclass
class EntityBuilder:
    """The query in one session, which can be run again on other data."""

    session: "duckdb.DuckDBPyConnection"
    query: EntityQuery
    limits: Limits
    stop: Stop
    shares: ShareSplits | None = None

    def __post_init__(self) -> None:
        query = self.query
        self.types = check_query(self.session, query.sql)
        check_key(self.types, query.row_id)
        if query.event_time:
            check_moment(self.types, query.event_time)
        self.has_label = bool(query.label) and query.label_from is None
        kind = label_type(self.types, query.label, with_lists=bool(query.task)) if self.has_label else "none"
        self.label: LabelType = "binary" if self.has_label and query.learned_task == BINARY else kind
        for name in query.keys_only:
            check_key(self.types, name)
        self.sizes: dict[str, int] = {}
        self.beside = self._beside()
        own = [query.row_id, query.event_time, query.label, *query.keys_only]
        self.kinds: dict[str, Kind] = {}
        if query.inputs:
            named = {"categories": query.categories, "numbers": query.numbers}
            texts = (*query.texts, *query.text_items)
            of_many = {"texts": texts, "images": tuple(query.images), "vectors": query.vectors}
            self.kinds = kinds_of(self.types, **named, **of_many, reserved=own)

    def build(self, name: str) -> None:
        run_query(self.session, self.query.sql, into=RAW, limits=self.limits, stop=self.stop)
        with translated():
            self.session.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {self._columns()} FROM {RAW}")

    def check(self) -> None:
        self.sizes = {name: self._size(name) for name in self.query.vectors}
        names = list(self.query.numbers)
        refuse_infinite(self.session, ENTITY, types=dict.fromkeys(names, "DOUBLE"), names=names)
        row_id, time, group = map(quoted, (self.query.row_id, self.query.event_time, self.query.group))
        checks = {
            _("{rows} rows have no id"): _rows_where(f"{row_id} IS NULL"),
            _("{rows} rows have an id that another row has"): f"count({row_id}) - count(DISTINCT {row_id})",
        }
        if self.query.event_time:
            checks |= {
                _("{rows} rows have no event time"): _rows_where(f"{time} IS NULL OR NOT isfinite({time})"),
                _("{rows} rows have an event time outside the years 1 to 9999"): _rows_where(is_beyond(time)),
            }
        if self.query.weight:
            unfit = f"{WEIGHT} IS NULL OR {WEIGHT} < 0 OR NOT isfinite({WEIGHT})"
            checks[_("{rows} rows have a weight that is missing, negative or infinite")] = _rows_where(unfit)
        if self.query.group:
            checks[_("{rows} rows have no group")] = _rows_where(f"{group} IS NULL")
        self._refuse(checks)
        if self.has_label and self.query.can_teach:
            self._check_label(quoted(self.query.label))

    def _size(self, name: str) -> int:
        """How many numbers the vectors of a column have. Invalid with the first row that has another length, or a
        number that is missing or infinite."""
        vector, row_id = quoted(name), quoted(self.query.row_id)
        (size,) = one_row(self.session, f"SELECT coalesce(max(len({vector})), 0) FROM {ENTITY}")
        broken = f"len(list_filter({vector}, lambda value: value IS NULL OR NOT isfinite(value)))"
        unfit = f"{vector} IS NULL OR len({vector}) <> {size} OR {broken} > 0"
        row = self.session.execute(f"SELECT {row_id} FROM {ENTITY} WHERE {unfit} ORDER BY 1 LIMIT 1").fetchone()
        if row or not 0 < size <= LONGEST_VECTOR:
            raise Invalid(
                _("{name} is no vector of 1 to {most} numbers in every row").format(name=name, most=LONGEST_VECTOR),
                hint=_(
                    "Look at the row {id}: vectors have as many numbers in every row, none missing or infinite."
                ).format(id=row[0] if row else "-"),
                field="entity.vectors",
            )
        return int(size)

    def _check_label(self, label: str) -> None:
        checks = {_("{rows} rows have no label: leave them out with WHERE"): _rows_where(f"{label} IS NULL")}
        if self.label == "binary":
            checks[_("{rows} rows have a label that is neither 0 nor 1")] = _rows_where(f"{label} NOT IN (0, 1)")
        if self.types[self.query.label] in BROKEN:
            checks[_("{rows} rows have a label that is no finite number")] = _rows_where(f"NOT isfinite({label})")
        hint = _("Name the task of another label; for one that teaches nothing, or has gaps, the label kind is any.")
        self._refuse(checks, hint=hint)

    def _refuse(self, checks: Mapping[str, str], *, hint: str = "") -> None:
        """Invalid in the first words that are true of some rows; the SQL beside them counts such rows."""
        counts = one_row(self.session, f"SELECT {', '.join(checks.values())} FROM {ENTITY}")
        for words, rows in zip(checks, counts, strict=True):
            if rows:
                raise Invalid(words.format(rows=rows), hint=hint, field="entity.sql")

    def compared(self) -> dict[str, str]:
        """The columns that must not depend on the future, with their types; the label does."""
        columns = {name: CASTS[kind] for name, kind in self.kinds.items()}
        own = filter(None, (*self.query.keys_only, self.query.event_time))
        return columns | {name: self.types[name] for name in own}

    def request(self) -> tuple[RequestField, ...]:
        fields = [
            RequestField(name=name, kind=kind, is_model_input=True, size=self.sizes.get(name, 0))
            for name, kind in self.kinds.items()
        ]
        for name in self.query.keys_only:
            kind: Kind = "category" if self.types[name] == TEXT else "number"
            fields.append(RequestField(name=name, kind=kind, is_model_input=False))
        return tuple(fields)

    def renamed(self) -> str:
        """The columns that every training set has under the names that they have in all of them."""
        query = self.query
        moment = quoted(query.event_time) if query.event_time else ALWAYS
        own = [f"{quoted(query.row_id)} AS {ROW_ID}", f"{moment} AS {EVENT_TIME}"]
        own += [f"{quoted(query.label)} AS {LABEL}"] if self.has_label else []
        return ", ".join([*own, *map(quoted, (*self.beside, *self.kinds, *query.keys_only))])

    def _columns(self) -> str:
        query = self.query
        time = quoted(query.event_time)
        columns = [f"CAST({quoted(query.row_id)} AS VARCHAR) AS {quoted(query.row_id)}"]
        columns += [f"CAST({time} AS TIMESTAMPTZ) AS {time}"] if query.event_time else []
        columns += [f"{self._label()} AS {quoted(query.label)}"] if self.has_label else []
        columns += [f"{expression} AS {quoted(name)}" for name, expression in self.beside.items()]
        columns += [f"{model_value(quoted(name), kind)} AS {quoted(name)}" for name, kind in self.kinds.items()]
        return ", ".join([*columns, *(quoted(name) for name in query.keys_only)])

    def _label(self) -> str:
        """0 and 1 are numbers, any other label is kept as it is."""
        label = quoted(self.query.label)
        return zero_or_one(label) if self.label == "binary" else label

    def _beside(self) -> dict[str, str]:
        """What stands in the entity rows and is never sent, with its SQL."""
        query, expressions = self.query, {}
        if query.weight:
            check_column(self.types, query.weight)
            expressions[WEIGHT] = f"TRY_CAST({quoted(query.weight)} AS DOUBLE)"
        if query.group and query.group not in (*query.inputs, *query.keys_only):
            check_key(self.types, query.group)
            expressions[query.group] = quoted(query.group)
        if self.shares and self.shares.column:
            check_column(self.types, self.shares.column)
            expressions[SPLIT_BY] = f"CAST({quoted(self.shares.column)} AS VARCHAR)"
        for number, name in enumerate(query.label_from.keys.values() if query.label_from else ()):
            check_key(self.types, name)
            expressions[LABEL_KEY.format(number)] = quoted(name)
        return expressions


def zero_or_one(label: str) -> str:
    """The SQL of 0 and 1 however they are written, and of 2 for what is neither, which a cast would round."""
    number = f"CASE TRY_CAST({label} AS DOUBLE) WHEN 0 THEN 0 WHEN 1 THEN 1 ELSE 2 END"
    return f"CASE WHEN {label} IS NOT NULL THEN CAST({number} AS INTEGER) END"


def _rows_where(rule: str) -> str:
    return f"count(*) FILTER (WHERE {rule})"


def refuse_infinite(
    session: "duckdb.DuckDBPyConnection", relation: str, *, types: Mapping[str, str], names: list[str]
) -> None:
    """A division by zero gives infinity, of which no model can learn anything."""
    counts = infinite(types, names)
    infinite_counts = one_row(session, f"SELECT {', '.join(counts.values())} FROM {relation}") if counts else ()
    for name, count in zip(counts, infinite_counts, strict=True):
        if count:
            raise Invalid(
                _("{name} is infinite in {count} rows").format(name=name, count=count),
                hint=_("Divide by nullif(x, 0): a missing value is a better answer."),
                field="sql",
            )
