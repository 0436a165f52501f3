"""The process that builds a feature version. Its logic runs in a cage, in a process of its own."""

from core.compute.process import JobContext, run_job
from core.features.job_side import in_words, limits_of, run_in_cage
from core.features.orders import RESULT, BuildOrder, BuildResult


def main(context: JobContext) -> None:
    order = BuildOrder.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=order.memory_mb, cage=order.cage)
        result = BuildResult.model_validate(run_in_cage(context, "build", order, limits=limits))
        (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
