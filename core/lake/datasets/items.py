"""The files of a dataset of files: searched by what its index says of them, and shown one by one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from core.foundation.storage import Store
from core.foundation.text import N_
from core.foundation.validation import shaped
from core.foundation.values import Listing
from core.lake.images.measuring import thumbnail
from core.lake.values import Item, ItemContent
from core.sandbox.duckdb_session import one_row, open_session, parquet_rows

Search = Annotated[str, StringConstraints(max_length=200)]
Digest = Annotated[
    str,
    shaped(
        r"^[0-9a-f]{64}$",
        allowed=N_("the 64 hexadecimal digits of a SHA-256 digest"),
        example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
]
Side = Annotated[int, Field(ge=0, le=1024)]
Pixels = Annotated[int, Field(ge=0, le=10**12)]
MEMORY_MB = 512
COLUMNS = "path, item, bytes, media_type, label, width, height, characters"
# An empty text or a zero asks for nothing.
WHERE = """
($query = '' OR contains(lower(path), lower($query)))
AND ($label = '' OR label = $label) AND ($media_type = '' OR starts_with(media_type, $media_type))
AND ($least = 0 OR least(width, height) >= $least)
"""


def find_items(index: Sequence[Path], *, wanted: Mapping[str, Any], offset: int, limit: int) -> Listing[Item]:
    """A page of the items that an index names, by their paths. `wanted` has every name of WHERE."""
    with open_session(memory_mb=MEMORY_MB) as session:
        rows = f"FROM {parquet_rows(index)} WHERE {WHERE}"
        total = session.execute(f"SELECT count(*) {rows}", wanted).fetchall()[0][0]
        page = session.execute(
            f"SELECT {COLUMNS} {rows} ORDER BY path LIMIT {int(limit)} OFFSET {int(offset)}", wanted
        ).fetchall()
    return Listing(items=tuple(_item(row) for row in page), total=total, offset=offset, limit=limit)


def read_item(store: Store, *, index: Sequence[Path], digest: str, side: int) -> ItemContent | None:
    """What an item holds, or a picture of an image at most `side` pixels wide and high; None where the index does not
    name it."""
    with open_session(memory_mb=MEMORY_MB) as session:
        rows = f"FROM {parquet_rows(index)} WHERE item = ?"
        count, media_type = one_row(session, f"SELECT count(*), any_value(media_type) {rows}", given=[digest])
    if not count:
        return None
    content = store.read(digest)
    if side and media_type.startswith("image"):
        return ItemContent(digest=digest, media_type="image/png", content=thumbnail(content, side=side))
    return ItemContent(digest=digest, media_type=media_type, content=content)


def _item(row: tuple[Any, ...]) -> Item:
    path, digest, size, media_type, label, width, height, characters = row
    return Item(
        path=path,
        digest=digest,
        bytes=size,
        media_type=media_type,
        label=label or "",
        width=width,
        height=height,
        characters=characters,
    )
