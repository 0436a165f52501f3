"""The process that builds a feature version. Its logic runs in the sandbox, in a process of its own; with an engine
that runs SQL itself it is rehearsed there first."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from core.compute.process import JobContext, run_job
from core.features.building.engine_build import build_with_engine, rehearse
from core.features.building.sandbox_entry import ENTRY
from core.features.engines.opening import engine_called
from core.features.engines.port import BuildEngine
from core.features.job_specs import RESULT, BuildOrder, BuildResult
from core.features.sandboxed_job import in_words, limits_of, run_in_sandbox, teller
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
    engine = engine_called(order.engine)
    if issubclass(engine, BuildEngine) and order.sql.strip():
        return _with_engine(context, order, limits, engine=engine)
    result = BuildResult.model_validate(run_in_sandbox(context, ENTRY, order.without_address(), limits=limits))
    if not issubclass(engine, BuildEngine):
        return result
    note = _("Built on one machine: {engine} runs SQL, and this version is pandas alone.").format(engine=engine.title)
    return result.model_copy(update={"notes": (*result.notes, note)})


def _with_engine(context: JobContext, order: BuildOrder, limits: Limits, *, engine: type[BuildEngine]) -> BuildResult:
    folder = context.outputs / REHEARSAL

    def in_sandbox(asked: BuildOrder, inputs: Mapping[str, Path]) -> BuildResult:
        answer = run_in_sandbox(context, ENTRY, asked, limits=limits, inputs=inputs, outputs=folder, share=0.5)
        return BuildResult.model_validate(answer)

    rehearsal = rehearse(order, inputs=context.inputs, folder=folder, run=in_sandbox)
    # What the engine cannot run is refused before a cluster is waited for.
    engine.check_sql(order.sql)
    with engine.opened(order.spark_address) as opened:
        result = build_with_engine(
            order,
            rehearsal,
            engine=opened,
            inputs=context.inputs,
            outputs=context.outputs,
            limits=limits,
            tell=teller(context),
        )
    shutil.rmtree(folder)
    return result


if __name__ == "__main__":
    run_job(main)
