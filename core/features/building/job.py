"""The process that builds a feature version. Its logic runs in a cage, in a process of its own; with Spark it is
rehearsed there first."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from core.compute.process import JobContext, run_job
from core.features.building.spark_build import build_with_spark, rehearse
from core.features.engines.spark.session import spark_session
from core.features.engines.spark_engine import SparkEngine
from core.features.job_specs import RESULT, BuildOrder, BuildResult
from core.features.job_support import in_words, limits_of, run_in_cage, teller
from core.foundation.text import _
from core.sandbox.limits import Limits

REHEARSAL = "rehearsal"


def main(context: JobContext) -> None:
    order = BuildOrder.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=order.memory_mb, cage=order.cage)
        result = _build(context, order, limits)
        (context.outputs / RESULT).write_text(result.model_dump_json())


def _build(context: JobContext, order: BuildOrder, limits: Limits) -> BuildResult:
    if order.engine == "spark" and order.sql.strip():
        return _with_spark(context, order, limits)
    made = BuildResult.model_validate(run_in_cage(context, "build", order.without_address(), limits=limits))
    if order.engine == "local":
        return made
    note = _("Built on one machine: Spark runs SQL, and this version is pandas alone.")
    return made.model_copy(update={"notes": (*made.notes, note)})


def _with_spark(context: JobContext, order: BuildOrder, limits: Limits) -> BuildResult:
    folder = context.outputs / REHEARSAL

    def in_cage(asked: BuildOrder, inputs: Mapping[str, Path]) -> BuildResult:
        found = run_in_cage(context, "build", asked, limits=limits, inputs=inputs, outputs=folder, share=0.5)
        return BuildResult.model_validate(found)

    rehearsal = rehearse(order, inputs=context.inputs, folder=folder, run=in_cage)
    with spark_session(order.spark_address) as session:
        made = build_with_spark(
            order,
            rehearsal,
            engine=SparkEngine(session),
            inputs=context.inputs,
            outputs=context.outputs,
            limits=limits,
            tell=teller(context),
        )
    shutil.rmtree(folder)
    return made


if __name__ == "__main__":
    run_job(main)
