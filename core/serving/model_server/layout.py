"""How the inputs of requests lie in memory. Those of one datatype and one shape lie side by side, in a block: a request
is read with one conversion for all of them instead of one for each, and requests are joined block by block."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from core.lake.images.values import ImageInput
from core.registry.signature import ANY, Datatype, TensorSpec

Array = npt.NDArray[np.generic]
# An array [inputs, rows, ...] for each block.
Arrays = tuple[Array, ...]


@dataclass(frozen=True)
class Block:
    """Inputs of one datatype and one shape. A tensor with named columns, of images, or with dimensions that differ
    from request to request, is a block of its own."""

    specs: tuple[TensorSpec, ...]

    @cached_property
    def datatype(self) -> Datatype:
        return self.specs[0].datatype

    @cached_property
    def row(self) -> tuple[int, ...]:
        return self.specs[0].row

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs)

    @cached_property
    def image(self) -> ImageInput | None:
        """What the files of images are decoded to that fill the block; None where none can."""
        return self.specs[0].image

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What fills the block by name, in order; empty where only whole tensors can."""
        return tuple(name for spec in self.specs for name in spec.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What fills the block by name: columns, or the vectors that its tensors are."""
        return self.columns or (self.inputs if len(self.row) == 1 and ANY not in self.row else ())

    def of_columns(self, values: Array, *, rows: int) -> Array:
        """The block, from the values of its columns one after the other."""
        by_column = values.reshape(-1, rows)
        return np.ascontiguousarray(by_column.T)[None] if self.row else by_column

    def filled(self, number: float, *, text: str) -> Array:
        """One row of the same value everywhere."""
        shape = (len(self.specs), 1, *(1 if size == ANY else size for size in self.row))
        return np.full(shape, text if self.datatype == "BYTES" else number, dtype=self.specs[0].dtype)


class Layout:
    """The blocks of a model's inputs."""

    def __init__(self, inputs: Sequence[TensorSpec]) -> None:
        alike: dict[tuple[str, tuple[int, ...], str], list[TensorSpec]] = {}
        for spec in inputs:
            own = spec.name if spec.columns or spec.image or ANY in spec.row else ""
            alike.setdefault((spec.datatype, spec.row, own), []).append(spec)
        self.blocks = tuple(Block(tuple(specs)) for specs in alike.values())
        self._inputs = [name for block in self.blocks for name in block.inputs]
        self._places = dict(_places(self.blocks))
        self.is_fixed = not any(ANY in block.row for block in self.blocks)

    def by_name(self, arrays: Arrays) -> dict[str, Array]:
        """What the session takes: an array [rows, ...] for each input."""
        return dict(zip(self._inputs, chain.from_iterable(arrays), strict=True))

    def column(self, arrays: Arrays, name: str) -> Array:
        """The values of a column, one a row; of a vector, a row of them."""
        block, at, column = self._places[name]
        tensor = arrays[block][at]
        values: Array = tensor if column is None else tensor[:, column]
        return values

    def columns(self, arrays: Arrays) -> Mapping[str, Array]:
        return {name: self.column(arrays, name) for name in self._places}

    def texts(self, arrays: Arrays) -> dict[str, list[str]]:
        """The columns of texts, all at once."""
        columns: dict[str, list[str]] = {}
        for block, array in zip(self.blocks, arrays, strict=True):
            if block.datatype == "BYTES" and block.columns:
                columns |= zip(block.columns, (array[0].T if block.row else array).tolist(), strict=True)
        return columns

    def joined(self, parts: Sequence[Arrays]) -> Arrays:
        """The rows of several requests, one after the other."""
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(of, axis=1) for of in zip(*parts, strict=True))

    def missing(self) -> Arrays:
        """A row of which everything is missing; a datatype that has no missing value gets zeros."""
        return tuple(block.filled(math.nan if block.datatype.startswith("FP") else 0, text="") for block in self.blocks)

    def filled(self, number: int) -> Arrays:
        """A row of this number everywhere, in figures where a text is wanted."""
        return tuple(block.filled(number, text=str(number)) for block in self.blocks)


def _places(blocks: Sequence[Block]) -> Iterator[tuple[str, tuple[int, int, int | None]]]:
    specs = ((spec, number, at) for number, block in enumerate(blocks) for at, spec in enumerate(block.specs))
    for spec, number, at in specs:
        names = spec.names or blocks[number].names[at : at + 1]
        yield from ((name, (number, at, column if spec.columns else None)) for column, name in enumerate(names))
