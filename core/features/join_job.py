"""The process that joins a training set. Its entity SQL runs in a cage, in a process of its own."""

from core.compute.process import JobContext, run_job
from core.features.entities import EntityRows
from core.features.job_side import in_words, limits_of, run_in_cage, teller
from core.features.joining import join_training_set
from core.features.orders import RESULT, JoinOrder


def main(context: JobContext) -> None:
    order = JoinOrder.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=order.memory_mb, cage=order.cage)
        result = join_training_set(
            order,
            inputs=context.inputs,
            outputs=context.outputs,
            limits=limits,
            rows=EntityRows.model_validate(run_in_cage(context, "entity", order, limits=limits)),
            tell=teller(context),
        )
        (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
