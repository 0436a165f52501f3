"""How Spark is reached and how its failures read. The cluster is one of Spark Connect, or a session within the process:
the two cannot be mixed in one process, so a job opens one and closes it at its end."""

import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid, Unavailable, without_folders
from core.foundation.text import _

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
# A session within a job is mostly start: the first of Java's compilers alone takes half as long for it.
LOCAL = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.log.level": "ERROR",
}
ADDRESS = re.compile(
    r"sc://(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?(?:/(?:;[\w.-]+=[^;]+)*;?)?", re.ASCII
)
PORT, SECONDS = 15_002, 10.0
# What Spark says when it does not find a file that lies here.
UNSEEN = "PATH_NOT_FOUND"


@contextmanager
def spark_session(address: str = "") -> "Iterator[SparkSession]":
    """A session in UTC: of the cluster at the address (`sc://...`), or on this machine. Unavailable says what is
    missing."""
    session = _connected(address)
    try:
        yield session
    finally:
        session.stop()


def _connected(address: str) -> "SparkSession":
    place = ADDRESS.fullmatch(address)
    if address and place is None:
        # Spark would repeat what it cannot read, and that may be a token.
        raise Unavailable(
            _("CAUSEWAY_SPARK_ADDRESS is no address of Spark Connect"), hint=_("Write sc://host:port/;token=...")
        )
    try:
        if place:
            # Spark Connect itself would go on trying for ten minutes.
            to = (place["host"].strip("[]"), int(place["port"] or PORT))
            socket.create_connection(to, timeout=SECONDS).close()
        with warnings.catch_warnings():
            # Rows cross as files; the pandas that Spark warns of is never asked for.
            warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
            from pyspark.sql import SparkSession

            builder = SparkSession.builder.remote(address) if address else SparkSession.builder.master("local[2]")
            for name, value in (SETTINGS if address else SETTINGS | LOCAL).items():
                builder = builder.config(name, value)
            return builder.getOrCreate()
    except Exception as error:
        raise Unavailable(
            _("Spark cannot be reached: {why}").format(why=_first_line(error)),
            hint=_("Install the extra `spark` and Java, or set CAUSEWAY_FEATURE_ENGINE=local."),
        ) from error


@contextmanager
def in_words() -> "Iterator[None]":
    """Spark's errors: what has a name in its catalog of errors is the query's, as Invalid; everything else, and a file
    that it does not see, is the cluster's, as Unavailable."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        raise _portal_error(error, error.getCondition() or "") from error
    except Py4JError as error:
        raise _portal_error(error, "") from error


def _portal_error(error: Exception, condition: str) -> Invalid | Unavailable:
    if condition == UNSEEN:
        return Unavailable(
            _("Spark does not see the files: {why}").format(why=_first_line(error)),
            hint=_("Mount CAUSEWAY_HOME in the cluster under the same path."),
        )
    if condition:
        return Invalid(f"SQL: {_first_line(error)}", field="sql")
    return Unavailable(_("Spark failed: {why}").format(why=_first_line(error)))


def _first_line(error: Exception) -> str:
    return without_folders(str(error).strip().partition("\n")[0])[:300]
