"""The process that builds a feature version. Its logic runs in the sandbox, in a process of its own; with an engine
that runs SQL itself it is rehearsed there first."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter

from core.compute.process import JobContext, run_job
from core.features.building.engine_build import build_with_engine, rehearse
from core.features.building.sandbox_entry import ENTRY
from core.features.engines.opening import engine_called
from core.features.engines.port import BuildEngine
from core.features.job_specs import RESULT, BuildJobSpec, BuildResult
from core.features.sandboxed_job import in_words, limits_of, progress_of, run_in_sandbox
from core.foundation.text import _
from core.sandbox.limits import Limits

REHEARSAL = "rehearsal"
RESULTS = TypeAdapter(BuildResult)


def main(context: JobContext) -> None:
    job_spec = BuildJobSpec.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=job_spec.memory_mb, sandboxed=job_spec.cage)
        result = _build(context, job_spec, limits)
        (context.outputs / RESULT).write_text(result.model_dump_json())


def _build(context: JobContext, job_spec: BuildJobSpec, limits: Limits) -> BuildResult:
    engine = engine_called(job_spec.engine)
    if issubclass(engine, BuildEngine) and job_spec.sql.strip():
        return _with_engine(context, job_spec, limits, engine=engine)
    result = run_in_sandbox(
        context, ENTRY, job_spec.without_address(), answers=RESULTS, limits=limits, keep_warm=bool(job_spec.python)
    )
    if not issubclass(engine, BuildEngine):
        return result
    note = _("Built on one machine: {engine} runs SQL, and this version is pandas alone.").format(engine=engine.title)
    return result.model_copy(update={"notes": (*result.notes, note)})


def _with_engine(
    context: JobContext, job_spec: BuildJobSpec, limits: Limits, *, engine: type[BuildEngine]
) -> BuildResult:
    folder = context.outputs / REHEARSAL

    def in_sandbox(rehearsed: BuildJobSpec, inputs: Mapping[str, Path]) -> BuildResult:
        return run_in_sandbox(
            context,
            ENTRY,
            rehearsed,
            answers=RESULTS,
            limits=limits,
            inputs=inputs,
            outputs=folder,
            share=0.5,
            keep_warm=bool(rehearsed.python),
        )

    rehearsal = rehearse(job_spec, inputs=context.inputs, folder=folder, run=in_sandbox)
    # What the engine cannot run is refused before a cluster is waited for.
    engine.check_sql(job_spec.sql)
    with engine.opened(job_spec.spark_address) as opened:
        result = build_with_engine(
            job_spec,
            rehearsal,
            engine=opened,
            inputs=context.inputs,
            outputs=context.outputs,
            limits=limits,
            progress=progress_of(context),
        )
    shutil.rmtree(folder)
    return result


if __name__ == "__main__":
    run_job(main)
