"""A Spark Connect server of the tests' own, for suites that hold every engine to the same cases. Spark is an extra:
without pyspark or Java its cases are skipped."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.compute.running import wait_until

ENGINES = ("polars", "spark")
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
STARTED = re.compile(r"Spark Connect server started at: (127\.0\.0\.1:\d+)")
# Tables of ten rows: what Spark does for large ones would only be waited for.
SMALL = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def skip_without_spark() -> None:
    if find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("Spark needs pyspark and Java")


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """The address of a real server, on a port that the system chose, while the block lasts."""
    import pyspark

    options = [part for name, value in SMALL.items() for part in ("--conf", f"{name}={value}")]
    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[2]", *options]
    log = folder / "spark.log"
    with log.open("w") as out:
        # The launcher becomes the server, so this process is the one to end.
        server = subprocess.Popen([*command, "--class", SERVER], stdout=out, stderr=out, cwd=folder)
    try:
        wait_until(lambda: STARTED.search(log.read_text()), seconds=90, what="the Spark Connect server")
        started = STARTED.search(log.read_text())
        assert started is not None
        yield f"sc://{started[1]}"
    finally:
        server.terminate()
        server.wait()
