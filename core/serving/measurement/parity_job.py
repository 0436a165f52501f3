"""The process of a parity check: held-out rows go through the running endpoint, and every input and prediction is
compared with what was computed offline."""

import random
from functools import partial
from typing import Any

from core.compute.process import JobContext, run_job
from core.foundation.text import _
from core.serving.measurement.comparison import Comparison, OfflineRow, ServedRow
from core.serving.measurement.endpoint_client import (
    Caller,
    HeldOut,
    JourneyOrder,
    Said,
    feed_of,
    held_out_rows,
    refuse_silence,
)
from core.serving.measurement.known_rows import KnownRows
from core.serving.measurement.parity_evidence import REPORT, Measured
from core.serving.model_server.decode import numbers_of, texts_of
from core.serving.model_server.session import Feeds, open_session
from core.serving.server_spec import Limits

MODEL = "model"
LIMITS = Limits()


class ParityOrder(JourneyOrder):
    """Compares `rows` rows, drawn by `seed`, with the version of `digest`, whose ONNX file is the input `model`."""

    rows: int
    seed: int
    version_id: str
    digest: str
    holdout: str
    output: str


def main(context: JobContext) -> None:
    """Outputs: `report.json`, a Measured."""
    order = ParityOrder.model_validate(context.payload)
    context.progress(0.0, stage=_("reading held-out rows"))
    inputs = (*order.contract.categories(), *order.contract.numbers())
    rows = _drawn(held_out_rows(context, order, inputs=inputs), order)
    offline = _predict_offline(context, order, rows)
    feed, caller, comparison = feed_of(context, order), Caller(order), Comparison(order.contract, order.digest)
    known = KnownRows(order.contract, {digest: context.inputs[name] for digest, name in order.views.items()})
    for at, row in enumerate(rows):
        if context.stop_requested:
            return
        feed.load(row.at_us) if at == 0 else feed.advance(row.at_us)
        said = caller.predict(row, explain=True)
        refuse_silence(said)
        comparison.add(
            OfflineRow(row_id=row.row_id, probability=offline[at], inputs=row.inputs),
            _served(said),
            answers=partial(known.answers, row),
        )
        context.progress((at + 1) / len(rows), stage=_("comparing rows"))
    known.close()
    measured = Measured(version_id=order.version_id, report=comparison.report(holdout=order.holdout))
    (context.outputs / REPORT).write_text(measured.model_dump_json())


def _drawn(rows: list[HeldOut], order: ParityOrder) -> list[HeldOut]:
    """Some of the rows, in the order of their time."""
    chosen = random.Random(order.seed).sample(range(len(rows)), k=min(order.rows, len(rows)))
    return [rows[at] for at in sorted(chosen)]


def _predict_offline(context: JobContext, order: ParityOrder, rows: list[HeldOut]) -> list[float]:
    if not rows:
        return []
    session = open_session(context.inputs[MODEL].read_bytes())
    feeds: Feeds = {name: numbers_of(_column(rows, name), where=name) for name in order.contract.numbers()}
    for name in order.contract.categories():
        feeds[name] = texts_of(_column(rows, name), where=name, limits=LIMITS)
    return list(session.run([order.output], feeds)[0].tolist())


def _column(rows: list[HeldOut], name: str) -> list[Any]:
    return [row.inputs[name] for row in rows]


def _served(said: Said) -> ServedRow:
    prediction = said.document["predictions"][0]
    return ServedRow(
        digest=said.digest,
        probability=prediction["probability"],
        features=prediction["features"],
        lookups=prediction["lookups"],
    )


if __name__ == "__main__":
    run_job(main)
