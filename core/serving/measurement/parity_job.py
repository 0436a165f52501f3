"""The process of a parity check: held-out rows go through the running endpoint, and every input and prediction is
compared with what was computed offline."""

import random
from functools import partial
from typing import Any

from core.compute.process import JobContext, run_job
from core.foundation.text import _
from core.registry.signature import Signature
from core.serving.measurement.comparison import Comparison, OfflineRow, ServedRow
from core.serving.measurement.endpoint_client import (
    EndpointClient,
    EndpointJobSpec,
    HeldOut,
    Response,
    backfill_of,
    expect_prediction,
    held_out_rows,
)
from core.serving.measurement.known_rows import KnownRows
from core.serving.measurement.parity_evidence import REPORT, Measured
from core.serving.model_server.columns import filled
from core.serving.model_server.layout import Layout
from core.serving.model_server.pictures import digest_of_pixels
from core.serving.model_server.session import open_session
from core.serving.server_spec import Limits
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import Target

MODEL = "model"
LIMITS = Limits()


class ParitySpec(EndpointJobSpec):
    """Compares `rows` rows, drawn by `seed`, with the version of `digest`, whose ONNX file is the input `model`."""

    rows: int
    seed: int
    version_id: str
    digest: str
    holdout: str
    signature: Signature


def main(context: JobContext) -> None:
    """Outputs: `report.json`, a Measured."""
    job_spec = ParitySpec.model_validate(context.payload)
    context.progress(0.0, stage=_("reading held-out rows"))
    inputs = job_spec.contract.inputs()
    rows = _drawn(held_out_rows(context, job_spec, inputs=inputs), job_spec)
    offline = _predict_offline(context, job_spec, rows)
    backfill, client = backfill_of(context, job_spec), EndpointClient(job_spec)
    comparison = Comparison(job_spec.contract, job_spec.digest, job_spec.target)
    known = KnownRows(job_spec.contract, {digest: context.inputs[name] for digest, name in job_spec.views.items()})
    for at, row in enumerate(rows):
        if context.stop_requested:
            return
        backfill.load(row.at_us) if at == 0 else backfill.advance(row.at_us)
        response = client.predict(row, explain=True)
        expect_prediction(response)
        comparison.add(
            OfflineRow(
                row_id=row.row_id,
                outputs={name: values[at : at + 1] for name, values in offline.items()},
                inputs={name: _plain(value) for name, value in row.inputs.items()},
            ),
            _served(response, target=job_spec.target),
            answers=partial(known.answers, row),
        )
        context.progress((at + 1) / len(rows), stage=_("comparing rows"))
    known.close()
    measured = Measured(version_id=job_spec.version_id, report=comparison.report(holdout=job_spec.holdout))
    (context.outputs / REPORT).write_text(measured.model_dump_json())


def _drawn(rows: list[HeldOut], job_spec: ParitySpec) -> list[HeldOut]:
    """Some of the rows, in the order of their time."""
    chosen = random.Random(job_spec.seed).sample(range(len(rows)), k=min(job_spec.rows, len(rows)))
    return [rows[at] for at in sorted(chosen)]


def _predict_offline(context: JobContext, job_spec: ParitySpec, rows: list[HeldOut]) -> Outputs:
    if not rows:
        return {}
    session, layout = open_session(context.inputs[MODEL].read_bytes()), Layout(job_spec.signature.inputs)
    columns = {name: [row.inputs[name] for row in rows] for block in layout.blocks for name in block.names}
    arrays = filled(layout, columns, rows=len(rows), most_text=LIMITS.long_text)
    names = [spec.name for spec in job_spec.signature.gives]
    return dict(zip(names, session.run(names, layout.by_name(arrays)), strict=True))


def _plain(value: Any) -> Any:
    """A value as the endpoint explains it."""
    return digest_of_pixels(value) if isinstance(value, bytes) else value


def _served(response: Response, *, target: Target) -> ServedRow:
    prediction = response.document["predictions"][0]
    return ServedRow(
        digest=response.digest,
        outputs=task_of(target).outputs_of([prediction], target=target),
        features=prediction["features"],
        lookups=prediction["lookups"],
    )


if __name__ == "__main__":
    run_job(main)
