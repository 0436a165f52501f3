"""A training set: entity rows joined with what was known at each of them, split by time, and held against leaks in
three ways. Columns must not be computed from what happened later (`hindsight`); no joined row may be younger than the
entity it answers; and no column alone may tell the label suspiciously well (`telling`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building import Tell, silent
from core.features.columns import model_value
from core.features.duckdb_join import JOINED, TIME, JoinView, join_views
from core.features.entities import EntityRows, build_entity
from core.features.orders import EVENT_TIME, LABEL, ROW_ID, JoinedView, JoinOrder, JoinResult
from core.features.telling import SUSPICIOUS_AUC, columns_auc
from core.features.values import FeatureContract, LeakFinding, Split, SplitFile
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.sandbox.duckdb_sandbox import Limits, Stop
from core.sandbox.duckdb_session import literal, one_row, open_session, quoted, save

if TYPE_CHECKING:
    import duckdb


def join_training_set(
    order: JoinOrder,
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    tell: Tell = silent,
    stop: Stop = None,
    suspicious_auc: float = SUSPICIOUS_AUC,
) -> JoinResult:
    """Writes `<split>.parquet` below `outputs` for every split, unless a leak is found: then the result names it and
    there are no files. Raises Invalid for what is wrong with the query, the keys and the splits."""
    entity = outputs / "entity.parquet"
    tell(0.05, _("Running the query"))
    rows = build_entity(order.entity, sources=order.sources, inputs=inputs, path=entity, limits=limits, stop=stop)
    contract = contract_of(order, rows)
    tell(0.4, _("Joining"))
    with open_session(threads=limits.threads, memory_mb=limits.memory_mb) as session:
        views = [_join_view(view, inputs[view.input]) for view in order.views]
        join_views(session, views, entity=entity, event_time=order.entity.event_time, known_at=order.known_at)
        entity.unlink()
        leaks = (*rows.leaks, *_from_the_future(session, views))
        tell(0.7, _("Writing the splits"))
        splits = tuple(_write(session, order, contract, split, outputs) for split in order.splits)
        notes = _notes(session, order.splits)
    tell(0.85, _("Looking for leaks"))
    leaks = (*leaks, *_too_telling(order, contract, outputs, suspicious_auc))
    return JoinResult(contract=contract, splits=() if leaks else splits, leaks=leaks, notes=notes)


def contract_of(order: JoinOrder, rows: EntityRows) -> FeatureContract:
    return FeatureContract(
        event_time=order.entity.event_time,
        row_id=order.entity.row_id,
        request=rows.request,
        views=tuple(view.served for view in order.views),
    )


def _join_view(view: JoinedView, path: Path) -> JoinView:
    served = view.served
    return JoinView(
        name=served.view,
        rows=path,
        keys=served.keys,
        outputs=tuple((feature, name) for feature, name, _kind in served.outputs),
        ttl_us=served.ttl_us or None,
        delay_us=served.delay_us,
    )


def _from_the_future(session: "duckdb.DuckDBPyConnection", views: list[JoinView]) -> tuple[LeakFinding, ...]:
    """Views whose answers were not known at the entity's time. The join cannot give any when it asks what was known at
    that time; when it asks for the latest event, late rows and corrections are found here."""
    if not views:
        return ()
    late = [
        f"count(*) FILTER (WHERE greatest(__event_{index} + {view.delay_us}, __created_{index}) > {TIME})"
        for index, view in enumerate(views)
    ]
    found = one_row(session, f"SELECT {', '.join(late)} FROM {JOINED}")
    reason = _(
        "{rows} rows were answered with values that were written only after their time. Ask what was known then."
    )
    return tuple(
        LeakFinding(column=view.name, reason=reason.format(rows=rows), auc=None)
        for view, rows in zip(views, found, strict=True)
        if rows
    )


def _write(
    session: "duckdb.DuckDBPyConnection", order: JoinOrder, contract: FeatureContract, split: Split, outputs: Path
) -> SplitFile:
    """One split's rows in the order of time. Invalid when it has none, or labels of one class only."""
    path = outputs / f"{split.name}.parquet"
    query = order.entity
    start, end = (f"TIMESTAMPTZ '{day.isoformat()} 00:00:00+00'" for day in (split.start, split.end))
    time, row_id, label = (quoted(name) for name in (query.event_time, query.row_id, query.label))
    columns = [f"{row_id} AS {ROW_ID}", f"{time} AS {EVENT_TIME}", f"{label} AS {LABEL}", *_inputs(contract)]
    rows = save(
        session,
        f"SELECT {', '.join(columns)} FROM {JOINED} WHERE {time} >= {start} AND {time} < {end}"
        f" ORDER BY {TIME}, {row_id}",
        path,
    )
    if not rows:
        raise Invalid(
            _("The split {name} has no rows").format(name=split.name),
            hint=_("The rows run from {first} to {last}.").format(**_span(session)),
            field="splits",
        )
    (positive,) = one_row(session, f"SELECT avg({LABEL}) FROM read_parquet({literal(path)})")
    if positive in (0.0, 1.0):
        raise Invalid(_("All labels of the split {name} are the same").format(name=split.name), field="splits")
    return SplitFile(
        name=split.name, start=split.start, end=split.end, digest="", rows=rows, positive_share=round(positive, 6)
    )


def _inputs(contract: FeatureContract) -> list[str]:
    """Request fields and looked-up inputs, cast as a model takes them; what is only a key keeps its type."""
    fields = [quoted(field.name) for field in contract.request]
    looked_up = [(name, kind) for view in contract.views for _feature, name, kind in view.outputs]
    return [*fields, *(f"{model_value(quoted(name), kind)} AS {quoted(name)}" for name, kind in looked_up)]


def _span(session: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    first, last = (f"strftime(make_timestamptz({end}({TIME})), '%Y-%m-%d')" for end in ("min", "max"))
    ends = one_row(session, f"SELECT {first}, {last} FROM {JOINED}")
    return {"first": ends[0], "last": ends[1]}


def _notes(session: "duckdb.DuckDBPyConnection", splits: tuple[Split, ...]) -> tuple[str, ...]:
    inside = " OR ".join(
        f"({TIME} >= epoch_us(TIMESTAMPTZ '{split.start} 00:00:00+00')"
        f" AND {TIME} < epoch_us(TIMESTAMPTZ '{split.end} 00:00:00+00'))"
        for split in splits
    )
    (outside,) = one_row(session, f"SELECT count(*) FROM {JOINED} WHERE NOT ({inside})")
    return (_("{rows} rows lie in no split.").format(rows=outside),) if outside else ()


def _too_telling(
    order: JoinOrder, contract: FeatureContract, outputs: Path, suspicious: float
) -> tuple[LeakFinding, ...]:
    """Columns of the earliest split, the one to learn from, that alone tell the label too well."""
    earliest = min(order.splits, key=lambda split: split.start)
    names = (*contract.categories(), *contract.numbers())
    table = read_parquet(outputs / f"{earliest.name}.parquet", columns=[LABEL, *names])
    reason = _("Alone it tells the label with an AUC of {auc}, above {limit}: it seems to know the outcome.")
    return tuple(
        LeakFinding(column=name, reason=reason.format(auc=f"{value:.3f}", limit=suspicious), auc=value)
        for name, value in columns_auc(table, label=LABEL, columns=names).items()
        if value > suspicious
    )
