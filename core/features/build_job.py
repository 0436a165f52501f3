"""The process that builds a feature version: the only place where its SQL runs."""

from core.compute.process import JobContext, run_job
from core.features.building import build_rows
from core.features.job_side import in_words, limits_of, teller
from core.features.orders import RESULT, BuildOrder


def main(context: JobContext) -> None:
    order = BuildOrder.model_validate(context.payload)
    with in_words(context):
        result = build_rows(
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
