"""What people are told of an error that nobody foresaw."""

import pytest

from core.foundation.errors import outline
from core.sandbox.locked_session import where


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError


OUTLINES = [
    (KeyError("x"), "KeyError: 'x'"),
    (ValueError(), "ValueError"),
    (Speechless(), "Speechless"),
    (
        FileNotFoundError(2, "No such file or directory", "/srv/causeway/store/ab/rows.parquet"),
        "FileNotFoundError: [Errno 2] No such file or directory: 'rows.parquet'",
    ),
    (
        RuntimeError('file:/srv/a/rows.parquet is cut\n  File "/srv/core/lake/read.py", line 3, in read\n    x = y'),
        "RuntimeError: rows.parquet is cut",
    ),
    (OSError("see https://example.org/a/b, s3://bucket/a/b and 30 km/h"), None),
    (ValueError("\ud800"), "ValueError: ?"),
]


@pytest.mark.parametrize(("error", "words"), OUTLINES, ids=lambda value: type(value).__name__)
def test_an_error_is_outlined_without_places_of_this_machine(error: Exception, words: str | None) -> None:
    assert outline(error) == (words or f"{type(error).__name__}: {error}")


def test_an_error_of_the_engine_shows_no_query_of_ours() -> None:
    message = "Conversion Error: no number\n\nLINE 1: {sql}\n        ^"
    assert where(message.format(sql="SELECT x FROM flights")) == (1, "Line 1: SELECT x FROM flights")
    assert where(message.format(sql="SELECT x").replace("LINE 1", "LINE 3"), lines_before=1) == (2, "Line 2: SELECT x")
    assert where(message.format(sql="SELECT x FROM ("), lines_before=1) == (0, "")
    for sql in (
        "SELECT * FROM read_parquet(['/srv/x.parquet'])",
        "CREATE OR REPLACE TEMP TABLE t AS SELECT 1",
        "SELECT __event",
    ):
        assert where(message.format(sql=sql)) == (0, "")
