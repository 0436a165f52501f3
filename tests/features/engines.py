"""Every engine there is, for suites that hold them all to the same cases. Spark is an extra: without pyspark or Java
its cases are skipped. Its session is started once, in the first test that asks for it."""

import shutil
from functools import cache
from importlib.util import find_spec

import pytest

from core.features.engine import Engine
from core.features.polars_join import PolarsEngine
from core.features.spark_engine import SparkEngine, spark_session

ENGINES = ("polars", "spark")
SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def engine_of(name: str) -> Engine:
    return PolarsEngine() if name == "polars" else spark_engine()


def spark_engine() -> SparkEngine:
    if find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("Spark needs pyspark and Java")
    return _started()


@cache
def _started() -> SparkEngine:
    """Tables of ten rows: what Spark does for large ones would only be waited for."""
    return SparkEngine(spark_session(options=SMALL))
