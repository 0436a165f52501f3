"""The process that joins a training set. Its entity SQL runs in the sandbox, in a process of its own."""

from pydantic import TypeAdapter

from core.compute.process import JobContext, run_job
from core.features.engines.opening import engine_called
from core.features.job_specs import RESULT
from core.features.sandboxed_job import in_words, limits_of, progress_of, run_in_sandbox
from core.features.training_sets.entities import EntityRows
from core.features.training_sets.job_spec import JoinJobSpec
from core.features.training_sets.join import join_training_set
from core.features.training_sets.sandbox_entry import ENTRY


def main(context: JobContext) -> None:
    job_spec = JoinJobSpec.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=job_spec.memory_mb, sandboxed=job_spec.cage)
        given = job_spec.without_address()
        # The query sees its sources, and not each of the files that its rows may name.
        sources = {name: context.inputs[name] for table in job_spec.sources for name in table.inputs}
        answers = TypeAdapter(EntityRows)
        rows = run_in_sandbox(context, ENTRY, given, answers=answers, limits=limits, inputs=sources)
        with engine_called(job_spec.engine).opened(job_spec.spark_address) as engine:
            result = join_training_set(
                job_spec,
                inputs=context.inputs,
                outputs=context.outputs,
                engine=engine,
                limits=limits,
                rows=rows,
                progress=progress_of(context),
            )
        (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
