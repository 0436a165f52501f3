"""The files of a dataset of files: searched by what its index says of them, and shown one by one."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlmodel import Session

from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.errors import Invalid, NotFound
from core.foundation.text import N_, _
from core.foundation.validation import shaped
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.lake.datasets.records import kept_row
from core.lake.readers.images import thumbnail
from core.lake.tables import DatasetRow, SnapshotRow
from core.lake.values import Item, ItemContent
from core.sandbox.duckdb_session import one_row, open_session, parquet_rows

Words = Annotated[str, StringConstraints(max_length=200)]
Digest = Annotated[
    str,
    shaped(
        r"^[0-9a-f]{64}$",
        allowed=N_("the 64 hexadecimal digits of a SHA-256 digest"),
        example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
]
Side = Annotated[int, Field(ge=0, le=1024)]
Pixels = Annotated[int, Field(ge=0)]
MEMORY_MB = 512
COLUMNS = "path, item, bytes, media_type, label, width, height, characters"
# An empty text or a zero asks for nothing.
WHERE = """
($query = '' OR contains(lower(path), lower($query)))
AND ($label = '' OR label = $label) AND ($media_type = '' OR starts_with(media_type, $media_type))
AND ($least = 0 OR least(width, height) >= $least)
"""


class ItemActions(Service):
    domain = "lake"

    @action(permission=Permission.READ, reads=True)
    def search_items(
        self,
        call: Call,
        *,
        snapshot_id: str,
        query: Words = "",
        label: Words = "",
        media_type: Words = "",
        least_pixels: Pixels = 0,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Item]:
        """Find files of a snapshot by name, label, media type ("image" is all images) and size in pixels."""
        call.may_reach(snapshot_id)
        given = {"query": query, "label": label, "media_type": media_type, "least": least_pixels}
        with open_session(memory_mb=MEMORY_MB) as session:
            rows = f"FROM {self._index(call, snapshot_id)} WHERE {WHERE}"
            total = session.execute(f"SELECT count(*) {rows}", given).fetchall()[0][0]
            page = session.execute(
                f"SELECT {COLUMNS} {rows} ORDER BY path LIMIT {int(limit)} OFFSET {int(offset)}", given
            ).fetchall()
        return Listing(items=tuple(_item(row) for row in page), total=total, offset=offset, limit=limit)

    @action(permission=Permission.READ, reads=True)
    def item(self, call: Call, *, snapshot_id: str, digest: Digest, side: Side = 0) -> ItemContent:
        """Show a file of a snapshot; with `side` a picture of an image, at most so many pixels wide and high."""
        call.may_reach(snapshot_id)
        with open_session(memory_mb=MEMORY_MB) as session:
            of_it = f"FROM {self._index(call, snapshot_id)} WHERE item = ?"
            count, media_type = one_row(session, f"SELECT count(*), any_value(media_type) {of_it}", given=[digest])
        if not count:
            raise NotFound(_("{id} has no such file").format(id=snapshot_id))
        content = self.foundation.store.read(digest)
        if side and media_type.startswith("image"):
            return ItemContent(digest=digest, media_type="image/png", content=thumbnail(content, side=side))
        return ItemContent(digest=digest, media_type=media_type, content=content)

    def _index(self, call: Call, snapshot_id: str) -> str:
        row = kept_row(call, snapshot_id)
        _check_holds_files(call.session, row)
        return parquet_rows([self.foundation.store.verified_path(file["digest"]) for file in row.files])


def _check_holds_files(session: Session, row: SnapshotRow) -> None:
    if session.get_one(DatasetRow, row.dataset_id).form != "files":
        raise Invalid(_("{id} holds rows, not files").format(id=row.id), field="snapshot_id")


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
