"""Pictures: a name becomes the pixels that a model takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.columns import sent
from core.features.training_sets.items.files import Files, paths_in
from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.lake.images.decoders import Decoders, Encoded
from core.lake.images.decoding import is_gray
from core.lake.images.values import ImageInput
from core.lake.values import TablePreview

if TYPE_CHECKING:
    import pyarrow as pa

# Larger images are scaled to this, where nobody says otherwise.
USUAL_SIDE = 64
# Of so many images it is looked at whether they have colors.
SAMPLED = 20


@dataclass(frozen=True)
class ImageItems:
    """A column of them, and what they are decoded to."""

    files: Files
    image: ImageInput
    decoders: Decoders

    @property
    def type(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.binary(self.image.bytes)

    def values(self, batch: "pa.RecordBatch", inputs: Mapping[str, Path]) -> "pa.Array":
        """Their pixels."""
        import pyarrow as pa

        contents = [Encoded(path.read_bytes(), self.image) for path in paths_in(batch, files=self.files, inputs=inputs)]
        decoded = list(self.decoders.decoded(contents))
        for at, pixels in enumerate(decoded):
            if isinstance(pixels, Invalid):
                raise self.files.refuse(pixels, batch=batch, place=at)
        return pa.array(decoded, type=self.type)


def with_files(preview: TablePreview, contract: FeatureContract) -> TablePreview:
    """With pixels, which a preview has in hexadecimal, as PNG files in base64: as callers send them."""
    images = {field.name: field.image for field in contract.request if field.image}
    columns = [images.get(name) for name in preview.columns]
    rows = [tuple(map(_as_file, row, columns)) for row in preview.rows]
    return preview.model_copy(update={"rows": tuple(rows)}) if images else preview


def _as_file(cell: Any, image: ImageInput | None) -> Any:
    return sent(bytes.fromhex(cell), image=image) if image else cell


def usual_size(width: int, height: int) -> tuple[int, int]:
    """Small images stay what they are, the largest of them where they differ; others are scaled to a usual size."""
    sides = width or USUAL_SIDE, height or USUAL_SIDE
    return sides if max(sides) <= USUAL_SIDE else (USUAL_SIDE, USUAL_SIDE)


def proposed(index: "pa.Table", contents: Mapping[str, Path]) -> ImageInput:
    """What the files are decoded to where nobody says otherwise."""
    import pyarrow.compute as pc

    width, height = usual_size(*(pc.max(index[side]).as_py() or 0 for side in ("width", "height")))
    sampled = [contents[item].read_bytes() for item in index["item"][:SAMPLED].to_pylist()]
    return ImageInput(width=width, height=height, channels=1 if all(map(is_gray, sampled)) else 3)
