"""Labels that arrive later: looked up in a feature view as of the event time plus a horizon, by what was known then."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.features.columns import label_type
from core.features.engines.port import BEGINNING, Engine, JoinView, Part, check_join
from core.features.normal_form import KNOWN
from core.features.training_sets.entities import zero_or_one
from core.features.training_sets.job_spec import EVENT_TIME, LABEL, LABEL_KEY, ROW_ID, LabelView
from core.features.training_sets.values import EntityQuery
from core.features.values import LabelType
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value
from core.sandbox.duckdb_session import listed, literal, one_row, open_session, quoted, save, types_of
from core.tasks.values import BINARY

if TYPE_CHECKING:
    import duckdb

LABELED, KEY_NAME, SINCE = "labeled", "key_{}", "__since"


class LabelsFound(Value):
    """What the label is, and sentences about the rows that were left out."""

    label: LabelType
    notes: tuple[str, ...]


def look_up_labels(engine: Engine, view: LabelView, *, rows: Path, entity: Path, query: EntityQuery) -> LabelsFound:
    """Adds the labels to the entity rows, which are written anew without those whose horizon has not passed, and where
    models learn also without those that have no label. Invalid when no row is left, or a label is none of its task."""
    with TemporaryDirectory(dir=entity.parent) as folder, open_session() as session:
        moments, answers = Path(folder) / "moments.parquet", Path(folder) / "answers.parquet"
        _write_moments(session, view, entity=entity, path=moments)
        looked_up = JoinView(
            name=view.served.view,
            rows=rows,
            keys=tuple((key, KEY_NAME.format(number)) for number, (key, _column) in enumerate(view.served.keys)),
            outputs=(*((feature, LABEL, None) for feature, _name, _kind in view.served.outputs), (KNOWN, SINCE, None)),
            ttl_us=view.served.ttl_us or None,
            delay_us=view.served.delay_us,
        )
        check_join((looked_up,), entity=moments, event_time=EVENT_TIME)
        engine.join((looked_up,), entity=moments, event_time=EVENT_TIME, known_at=True, parts=(Part(answers),))
        (newest,) = one_row(session, f"SELECT coalesce(max({KNOWN}), {BEGINNING}) FROM read_parquet({literal(rows)})")
        return _write_labeled(session, answers, entity=entity, query=query, newest=newest)


def _write_moments(session: "duckdb.DuckDBPyConnection", view: LabelView, *, entity: Path, path: Path) -> None:
    """The keys of the label and the moment at which it is known, for every entity row in its order."""
    keys = [
        f"{quoted(LABEL_KEY.format(number))} AS {KEY_NAME.format(number)}" for number in range(len(view.served.keys))
    ]
    moment = f"{EVENT_TIME} + to_microseconds({view.horizon_us}) AS {EVENT_TIME}"
    save(session, f"SELECT {', '.join([moment, *keys])} FROM read_parquet({literal(entity)})", path)


def _write_labeled(
    session: "duckdb.DuckDBPyConnection", answers: Path, *, entity: Path, query: EntityQuery, newest: int
) -> LabelsFound:
    assert query.label_from is not None  # Nothing is looked up otherwise.
    own = types_of(session, f"read_parquet({literal(answers)})")[LABEL]
    kind = label_type({query.label: own}, query.label, with_lists=bool(query.task))
    is_binary = query.learned_task == BINARY
    label = zero_or_one(f"a.{LABEL}") if is_binary else f"a.{LABEL}"
    # Rows of both files lie in one order.
    session.execute(
        f"CREATE TEMP TABLE {LABELED} AS SELECT e.*, {label} AS {LABEL}, a.{SINCE},"
        f" epoch_us(a.{EVENT_TIME}) > {newest} AS __early"
        f" FROM read_parquet({literal(entity)}) e POSITIONAL JOIN read_parquet({literal(answers)}) a"
    )
    counts = {
        "early": "__early",
        "missing": f"NOT __early AND {LABEL} IS NULL",
        "labeled": f"NOT __early AND {LABEL} IS NOT NULL",
        "old": f"NOT __early AND {LABEL} IS NOT NULL AND {SINCE} <= epoch_us({EVENT_TIME})",
    }
    counters = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in counts.values())
    early, missing, labeled, old = one_row(session, f"SELECT {counters} FROM {LABELED}")
    _refuse(session, is_binary=is_binary, early=early, missing=missing, labeled=labeled)
    dropped = {"__early", SINCE, *(LABEL_KEY.format(number) for number in range(len(query.label_from.keys)))}
    first = (ROW_ID, EVENT_TIME, LABEL)
    columns = [*first, *(name for name in types_of(session, LABELED) if name not in (*first, *dropped))]
    chosen = f"NOT __early AND {LABEL} IS NOT NULL" if query.can_teach else "NOT __early"
    save(session, f"SELECT {listed(columns)} FROM {LABELED} WHERE {chosen}", entity)
    notes = {
        _("{rows} rows were left out: the horizon of their label has not passed yet."): early,
        _("{rows} rows were left out: no label was known for them at its horizon."): missing if query.can_teach else 0,
        _("{rows} rows have a label that was known at their event time already: it is no outcome of it."): old,
    }
    sentences = tuple(words.format(rows=rows) for words, rows in notes.items() if rows)
    return LabelsFound(label="binary" if is_binary else kind, notes=sentences)


def _refuse(session: "duckdb.DuckDBPyConnection", *, is_binary: bool, early: int, missing: int, labeled: int) -> None:
    if not labeled:
        raise Invalid(
            _("No row has a label: for {early} the horizon has not passed, for {missing} none was known").format(
                early=early, missing=missing
            ),
            hint=_("Look at the keys, and at what the view knows at the horizon."),
            field="entity.label_from",
        )
    if not is_binary:
        return
    (other,) = one_row(session, f"SELECT count(*) FROM {LABELED} WHERE NOT __early AND {LABEL} NOT IN (0, 1)")
    if other:
        raise Invalid(
            _("{rows} rows have a label that is neither 0 nor 1").format(rows=other),
            hint=_("Name the task of another label."),
            field="entity.label_from",
        )
