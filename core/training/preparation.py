"""From raw values to what a network takes: ids of categories and standardized numbers. Everything is learned from the
training rows alone, and the very same maps are written into the ONNX file: there is no second preparation to drift."""

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from core.features.values import FeatureContract, RequestField
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.training.torch_recipes.torch_recipe import ImageMap, Shape

if TYPE_CHECKING:
    import pyarrow as pa

# A column that was missing in fewer training rows gets no flag: its weight would never have been learned.
LEAST_MISSING = 10
# Standardized numbers end here, so that an absurd value gives a defined answer and no infinity.
CLIP = 8.0
MOST_ROWS, LEAST_ROWS = 65_536, 32


class Vocabulary(Value):
    """The values of a category in the training rows, the most frequent first, and how often each was there. The value
    at place i has id i + 1; id 0 is everything unknown. A missing value is the empty text, a value like any other."""

    name: str
    values: tuple[str, ...]
    counts: tuple[int, ...]


class NumberMap(Value):
    """A number becomes clip((x - mean) / scale), `fill` (the median) standing in for what is missing. `flagged` adds a
    column that is 1 where it was missing."""

    name: str
    fill: float
    mean: float
    scale: float
    flagged: bool


class Preparation(Value):
    """The maps of all inputs, in the order of the contract."""

    categories: tuple[Vocabulary, ...]
    numbers: tuple[NumberMap, ...]
    images: tuple[ImageMap, ...] = Field(default=(), exclude_if=lambda images: not images)

    @property
    def shape(self) -> Shape:
        cardinalities = tuple(len(vocabulary.values) + 1 for vocabulary in self.categories)
        numbers = [item.name for item in self.numbers] + [self.numbers[place].name for place in self.flagged]
        return Shape(
            cardinalities=cardinalities,
            numbers=len(numbers),
            category_names=tuple(item.name for item in self.categories),
            number_names=tuple(numbers),
            images=self.images,
        )

    @property
    def flagged(self) -> list[int]:
        """The places of the numbers that have a flag."""
        return [place for place, number in enumerate(self.numbers) if number.flagged]

    def limited(self, minimum_count: int) -> "Preparation":
        """With the categories that at least so many training rows had. Ids stay what they are."""
        return self.model_copy(update={"categories": tuple(_limited(item, minimum_count) for item in self.categories)})


def learn(table: "pa.Table", *, contract: FeatureContract) -> Preparation:
    """The maps of the training rows."""
    return Preparation(
        categories=tuple(_vocabulary(table[name], name=name) for name in contract.categories()),
        numbers=tuple(_number_map(numbers_of(table, name=name), name=name) for name in numbers_in(contract)),
        images=tuple(_image_map(table, contract.field(name)) for name in contract.images()),
    )


def numbers_in(contract: FeatureContract) -> tuple[str, ...]:
    """The numbers of a contract, those of its vectors among them."""
    vectors = (parts_of(field.name, size=field.size) for field in map(contract.field, contract.vectors()))
    return (*contract.numbers(), *chain.from_iterable(vectors))


def parts_of(vector: str, *, size: int) -> tuple[str, ...]:
    """What the numbers of a vector are called. No column is called so."""
    return tuple(f"{vector}[{place}]" for place in range(size))


def encode_categories(table: "pa.Table", *, preparation: Preparation) -> Any:
    """int32 [rows, categories]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = np.zeros((table.num_rows, len(preparation.categories)), dtype=np.int32)
    for place, vocabulary in enumerate(preparation.categories):
        known = pa.array(vocabulary.values, type=pa.string())
        places = pc.index_in(texts_of(table, name=vocabulary.name), value_set=known)
        ids[:, place] = pc.add(pc.fill_null(places, -1), 1).to_numpy()
    return ids


def encode_numbers(table: "pa.Table", *, preparation: Preparation, dtype: Any = np.float32) -> Any:
    """[rows, numbers + flags], computed in float64 as the ONNX file does. Its columns lie one behind the other."""
    rows = np.zeros((table.num_rows, preparation.shape.numbers), dtype=dtype, order="F")
    flags = len(preparation.numbers)
    for place, number in enumerate(preparation.numbers):
        raw = numbers_of(table, name=number.name)
        missing = np.isnan(raw)
        with np.errstate(over="ignore"):
            standard = (np.where(missing, number.fill, raw) - number.mean) / number.scale
        rows[:, place] = np.clip(standard, -CLIP, CLIP)
        if number.flagged:
            rows[:, flags] = missing
            flags += 1
    return rows


def part_rows(pixels: int, *, most: int = MOST_ROWS) -> int:
    """So many rows with images of so many values are computed at once: a network has many more of them."""
    return max(LEAST_ROWS, most // (1 + pixels // 8))


def pixels_of(table: "pa.Table", *, name: str, image: ImageInput) -> Any:
    """An image column as uint8 [rows, height, width, channels]."""
    import pyarrow as pa

    column = table[name]
    if column.type != pa.binary(image.bytes):
        raise Invalid(_("{name} has no images of the size that it should").format(name=name))
    parts = [np.frombuffer(_buffer(chunk), dtype=np.uint8) for chunk in column.chunks]
    return np.concatenate([*parts, np.zeros(0, dtype=np.uint8)]).reshape(-1, *image.shape)


def _buffer(chunk: Any) -> Any:
    """The values of an array of one size, which begins where it was cut."""
    width = chunk.type.byte_width
    return chunk.buffers()[1][chunk.offset * width : (chunk.offset + len(chunk)) * width]


def texts_of(table: "pa.Table", *, name: str) -> Any:
    """A category column as text without nulls: missing is the empty text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(table[name].cast(pa.string()).combine_chunks(), "")


def numbers_of(table: "pa.Table", *, name: str) -> Any:
    """A number column, or a number of a vector, as float64: missing is NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    vector, _bracket, place = name.partition("[")
    column = pc.list_element(table[vector], int(place[:-1])) if place else table[name]
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def _vocabulary(column: Any, *, name: str) -> Vocabulary:
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = pc.value_counts(pc.fill_null(column.cast(pa.string()).combine_chunks(), ""))
    pairs = zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    values, counts = zip(*ordered, strict=True) if ordered else ((), ())
    return Vocabulary(name=name, values=values, counts=counts)


def _number_map(raw: Any, *, name: str) -> NumberMap:
    seen = raw[np.isfinite(raw)]
    if not len(seen):
        return NumberMap(name=name, fill=0.0, mean=0.0, scale=1.0, flagged=False)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(seen.mean()), float(seen.std())
    # A column of one value has no scale of its own, and one beyond float64 has none at all.
    usable = np.isfinite(scale) and scale > 1e-12 * max(1.0, abs(mean))
    return NumberMap(
        name=name,
        fill=float(np.median(seen)),
        mean=mean if np.isfinite(mean) else 0.0,
        scale=scale if usable else 1.0,
        flagged=bool(np.isnan(raw).sum() >= LEAST_MISSING),
    )


def _image_map(table: "pa.Table", field: RequestField) -> ImageMap:
    assert field.image is not None  # The join has said what it is decoded to.
    pixels = pixels_of(table, name=field.name, image=field.image)
    means = [float(pixels[..., channel].mean(dtype=np.float64)) for channel in range(field.image.channels)]
    scales = [float(pixels[..., channel].std(dtype=np.float64)) or 1.0 for channel in range(field.image.channels)]
    return ImageMap(name=field.name, image=field.image, means=tuple(means), scales=tuple(scales))


def _limited(vocabulary: Vocabulary, minimum_count: int) -> Vocabulary:
    size = sum(count >= minimum_count for count in vocabulary.counts)
    return vocabulary.model_copy(update={"values": vocabulary.values[:size], "counts": vocabulary.counts[:size]})
