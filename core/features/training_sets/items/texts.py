"""Texts of files: a name becomes the text, in UTF-8."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.training_sets.items.files import Files, paths_in
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.texts.decoding import decode_text

if TYPE_CHECKING:
    import pyarrow as pa

# No recipe reads more words than these hold.
MOST_BYTES = 256 * 2**10


@dataclass(frozen=True)
class TextItems:
    """A column of them."""

    files: Files

    @property
    def type(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.string()

    def values(self, batch: "pa.RecordBatch", inputs: Mapping[str, Path]) -> "pa.Array":
        import pyarrow as pa

        texts: list[str] = []
        for path in paths_in(batch, files=self.files, inputs=inputs):
            try:
                texts.append(_read(path))
            except Invalid as error:
                raise self.files.refuse(error, batch=batch, place=len(texts)) from error
        return pa.array(texts, type=self.type)


def _read(path: Path) -> str:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Invalid(_("it has {size} KB, and {most} KB are the most").format(size=size >> 10, most=MOST_BYTES >> 10))
    return decode_text(path.read_bytes())
