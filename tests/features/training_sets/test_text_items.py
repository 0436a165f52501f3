"""Rows that name text files of a snapshot become rows with the texts."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.job_specs import SourceTable
from core.features.training_sets.items.texts import MOST_BYTES
from core.features.training_sets.plan import check_entity, join_job_spec
from core.features.training_sets.values import EntityQuery, ShareSplits
from core.foundation.errors import Invalid
from core.lake.values import ColumnSpec, Snapshot
from tests.features.departures import entity, join, split_rows

SQL = "SELECT id, due_at, CAST(delay > 10 AS INTEGER) AS late, {note} AS note FROM flights"
BY_PATH = "'notes/' || id % 3 || '.txt'"
NOTES = {f"notes/{number}.txt": f"Note {number}: grün\n".encode() for number in range(3)}


def joined(folder: Path, *, note: str = BY_PATH, notes: dict[str, bytes] | None = None) -> Any:
    """The flights with notes, as a job joins them."""
    files = NOTES if notes is None else notes
    items = {f"{number:064x}": folder / f"item-{number}" for number in range(len(files))}
    for path, content in zip(items.values(), files.values(), strict=True):
        path.write_bytes(content)
    sides = pa.nulls(len(files), pa.int64())
    index = pa.table({"path": list(files), "item": list(items), "width": sides, "height": sides})
    pq.write_table(index, folder / "index.parquet")
    query = entity(SQL.format(note=note), categories=(), numbers=(), text_items={"note": "SNAP-2"})
    texts = (SourceTable(name="note", inputs=("index",), known={}),)
    return join(folder, query, texts=texts, more_inputs={"index": folder / "index.parquet", **items})


@pytest.mark.parametrize("note", [BY_PATH, "lpad(CAST(id % 3 AS VARCHAR), 64, '0')"])
def test_each_row_has_the_text_of_its_file_by_path_or_digest(tmp_path: Path, note: str) -> None:
    (field,) = joined(tmp_path, note=note).contract.request
    assert (field.name, field.kind) == ("note", "text")
    for row in split_rows(tmp_path, "test")[:6]:
        assert row["note"] == f"Note {int(row['row_id']) % 3}: grün\n"
    assert pq.read_schema(tmp_path / "set" / "train.parquet").field("note").type == pa.string()


@pytest.mark.parametrize(
    ("note", "notes", "words"),
    [
        (f"CASE WHEN id <> 7 THEN {BY_PATH} END", NOTES, "1 rows name no file.*row 7 has None"),
        (BY_PATH, NOTES | {"notes/2.txt": b"gr\xfcn"}, "notes/2.txt, the note of the row 2: the text is not UTF-8"),
        (BY_PATH, NOTES | {"notes/1.txt": b"x" * (MOST_BYTES + 1)}, "notes/1.txt, .* 256 KB are the most"),
    ],
)
def test_a_row_without_a_text_is_named(tmp_path: Path, note: str, notes: dict[str, bytes], words: str) -> None:
    with pytest.raises(Invalid, match=words) as refusal:
        joined(tmp_path, note=note, notes=notes)
    assert refusal.value.field == "entity.text_items"


def test_a_column_names_images_or_texts_of_a_snapshot_with_files() -> None:
    with pytest.raises(Invalid, match="note"):
        check_entity(entity(images={"note": "SNAP-2"}, text_items={"note": "SNAP-2"}))
    query = EntityQuery(sql="SELECT 1", sources={}, row_id="id", text_items={"note": "SNAP-2"})
    assert query.snapshots == {"texts.note": "SNAP-2"}
    table = Snapshot.model_construct(id="SNAP-2", columns=(ColumnSpec.model_construct(name="path"),))
    with pytest.raises(Invalid, match="SNAP-2, which note names files of, has no files") as refusal:
        join_job_spec(
            query,
            snapshots={},
            files={"note": table},
            uses=(),
            splits=(),
            shares=ShareSplits(shares={"train": 0.8, "test": 0.2}),
            known_at=False,
            suspicious_auc=0.8,
        )
    assert refusal.value.field == "entity.text_items"


def test_what_is_not_said_is_left_out() -> None:
    assert "text_items" not in entity().model_dump(mode="json")
