"""The bytes of a file that comes with a call: in memory, or in a file on disk that nobody has to hold whole."""

import io
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from pydantic import GetCoreSchemaHandler, ValidatorFunctionWrapHandler
from pydantic_core import core_schema

PART = 2**20


class Content:
    """What a file holds. In JSON it is base64. It belongs to the call with which it came, and to one thread."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def of(cls, data: bytes) -> Self:
        return cls(io.BytesIO(data))

    @cached_property
    def size(self) -> int:
        return self._file.seek(0, io.SEEK_END)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its bytes."""
        hashed = sha256()
        for part in self.parts():
            hashed.update(part)
        return hashed.hexdigest()

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing but white space."""
        return not any(part.strip() for part in self.parts())

    def parts(self) -> Iterator[bytes]:
        self._file.seek(0)
        while part := self._file.read(PART):
            yield part

    def read(self) -> bytes:
        """All of it, for whoever has a bound on its size."""
        self._file.seek(0)
        return self._file.read()

    def write_to(self, path: Path) -> None:
        with path.open("wb") as target:
            target.writelines(self.parts())

    def close(self) -> None:
        self._file.close()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def content_of(value: Any, as_bytes: ValidatorFunctionWrapHandler) -> Content:
            return value if isinstance(value, Content) else cls.of(cast(bytes, as_bytes(value)))

        as_bytes = core_schema.plain_serializer_function_ser_schema(cls.read, return_schema=core_schema.bytes_schema())
        return core_schema.no_info_wrap_validator_function(
            content_of, core_schema.bytes_schema(), serialization=as_bytes
        )
