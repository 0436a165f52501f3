"""The process that joins a training set: the only place where its entity SQL runs."""

from core.compute.process import JobContext, run_job
from core.features.job_side import in_words, limits_of, teller
from core.features.joining import join_training_set
from core.features.orders import RESULT, JoinOrder


def main(context: JobContext) -> None:
    order = JoinOrder.model_validate(context.payload)
    with in_words(context):
        result = join_training_set(
            order,
            inputs=context.inputs,
            outputs=context.outputs,
            limits=limits_of(context, memory_mb=order.memory_mb),
            tell=teller(context),
            stop=lambda: context.stop_requested,
        )
        (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
