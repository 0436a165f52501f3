"""Frozen values that cross the borders between domains, pages, REST and the command line."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Value(BaseModel):
    """A frozen value. Unknown fields are refused, NaN and infinity too."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Listing(Value, Generic[T]):
    """One page of a list: `items` from `offset`, out of `total`."""

    items: tuple[T, ...]
    total: int
    offset: int
    limit: int


class Verification(Value):
    """What was found where the portal looked itself through: all is well where `problems`, in words, is empty."""

    problems: tuple[str, ...]


class Part(Verification):
    """What was found in one part of what is looked through: how far that is, from 0 to 1, and what to name for the next
    part; empty in the last one."""

    progress: float
    next: str
