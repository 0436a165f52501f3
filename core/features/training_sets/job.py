"""The process that joins a training set. Its entity SQL runs in a cage, in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.compute.process import JobContext, run_job
from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import Engine
from core.features.engines.spark.session import spark_session
from core.features.engines.spark_engine import SparkEngine
from core.features.job_specs import RESULT, JoinOrder
from core.features.job_support import in_words, limits_of, run_in_cage, teller
from core.features.training_sets.entities import EntityRows
from core.features.training_sets.join import join_training_set


@contextmanager
def engine_of(order: JoinOrder) -> Iterator[Engine]:
    """What joins: one machine, or the cluster of the settings."""
    if order.engine == "local":
        yield PolarsEngine()
        return
    with spark_session(order.spark_address) as session:
        yield SparkEngine(session)


def main(context: JobContext) -> None:
    order = JoinOrder.model_validate(context.payload)
    with in_words(context):
        limits = limits_of(context, memory_mb=order.memory_mb, cage=order.cage)
        rows = EntityRows.model_validate(run_in_cage(context, "entity", order.without_address(), limits=limits))
        with engine_of(order) as engine:
            result = join_training_set(
                order,
                inputs=context.inputs,
                outputs=context.outputs,
                engine=engine,
                limits=limits,
                rows=rows,
                tell=teller(context),
            )
        (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
