"""Rows that name files of a snapshot become rows with the pixels that a model takes."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.job_specs import SourceTable
from core.features.training_sets.plan import check_entity
from core.foundation.errors import Invalid
from core.lake.images.decoding import decode
from core.lake.images.values import ImageInput
from tests.features.departures import entity, join, split_rows
from tests.pictures import noise, png

SQL = "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, {photo} AS photo FROM flights"
BY_PATH = "'photos/' || id % 3 || '.png'"
PHOTOS = {f"photos/{number}.png": png(noise(9 + number, 5, seed=number)) for number in range(3)}


def joined(folder: Path, *, photo: str = BY_PATH, photos: dict[str, bytes] | None = None, **changes: Any) -> Any:
    """The flights with photos, as a job joins them."""
    files = PHOTOS if photos is None else photos
    items = {f"{number:064x}": folder / f"item-{number}" for number in range(len(files))}
    for path, content in zip(items.values(), files.values(), strict=True):
        path.write_bytes(content)
    sides = {"width": [9 + number for number in range(len(files))], "height": [5] * len(files)}
    pq.write_table(pa.table({"path": list(files), "item": list(items), **sides}), folder / "index.parquet")
    query = entity(
        SQL.format(photo=photo), categories=(), numbers=(), images={"photo": "SNAP-2"}, **changes.pop("query", {})
    )
    images = (SourceTable(name="photo", inputs=("index",), known={}),)
    more = {"index": folder / "index.parquet", **items}
    return join(folder, query, images=images, more_inputs=more, **changes)


def test_each_row_has_the_pixels_of_its_file(tmp_path: Path) -> None:
    result = joined(tmp_path)
    image = ImageInput(width=11, height=5)
    (field,) = result.contract.request
    assert (field.name, field.kind, field.image) == ("photo", "image", image)
    for row in split_rows(tmp_path, "test")[:6]:
        assert row["photo"] == decode(PHOTOS[f"photos/{int(row['row_id']) % 3}.png"], image)
    assert pq.read_schema(tmp_path / "set" / "train.parquet").field("photo").type == pa.binary(image.bytes)


def test_a_file_is_named_by_its_digest_too_and_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    image = ImageInput(width=4, height=4, channels=1)
    joined(tmp_path, photo="lpad(CAST(id % 3 AS VARCHAR), 64, '0')", query={"image_sizes": {"photo": image}})
    row = split_rows(tmp_path, "train")[0]
    assert row["photo"] == decode(PHOTOS[f"photos/{int(row['row_id']) % 3}.png"], image)


@pytest.mark.parametrize(
    ("photo", "photos", "words"),
    [
        (f"CASE WHEN id <> 7 THEN {BY_PATH} END", PHOTOS, "1 rows name no file.*row 7 has None"),
        (f"CASE WHEN id = 7 THEN 'photos/9.png' ELSE {BY_PATH} END", PHOTOS, "row 7 has 'photos/9.png'"),
        (BY_PATH, PHOTOS | {"photos/2.png": b"garbage"}, "photos/2.png, the photo of the row 2: it is no image"),
    ],
)
def test_a_row_without_an_image_is_named(tmp_path: Path, photo: str, photos: dict[str, bytes], words: str) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        joined(tmp_path, photo=photo, photos=photos)
    assert refusal.value.field == "entity.images"


def test_what_names_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="photo is INTEGER"):
        joined(tmp_path, photo="CAST(id AS INTEGER)")
    with pytest.raises(Invalid, match="scan are no images"):
        check_entity(entity(images={"photo": "SNAP-1"}, image_sizes={"scan": ImageInput(width=1, height=1)}))
