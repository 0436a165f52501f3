"""From rows of entities to arrays: what callers send is checked, what they do not send is looked up online
as of the row's own event time. The same contract made the training set, so the two cannot disagree
about names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np

from core.features.online.store import Instants, Key, KeyAnswer
from core.features.values import FeatureContract, Kind, RequestField, ServedView
from core.foundation.text import N_, _
from core.serving.model_server.columns import filled
from core.serving.model_server.decode import check_size, parse_object, same_names, wrong
from core.serving.model_server.layout import Arrays, Layout
from core.serving.model_server.pictures import Picture, digest_of_pixels, picture_of
from core.serving.server_spec import Limits

BODY = {"rows", "explain"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Cell = str | float | bool | list[Any] | None
TYPES: dict[Kind, tuple[type, ...]] = {"number": (int, float), "vector": (list,)}
NO_TYPE: dict[Kind, str] = {"number": N_("{value} is no number"), "vector": N_("{value} is no list of numbers")}


class Lookup(Protocol):
    """The online features of a request."""

    def find(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        """What a view answers for every key at its instant; the values are in the order of the view's outputs."""


@dataclass(frozen=True)
class Entities:
    """Rows ready for the model: their ids and instants in microseconds, what each view of the contract answered for
    each of them, and the very values that the model gets; a missing one is "" or NaN."""

    ids: Sequence[str | None]
    instants: Sequence[int]
    answers: Sequence[Sequence[KeyAnswer]]
    arrays: Arrays
    layout: Layout
    explain: bool
    pictures: Sequence[Picture] = ()

    def explained(self, at: int) -> dict[str, Any]:
        """The values given to the model for a row (None for a missing one), and which row of each view they are."""
        lookups = [
            {"status": answer.status, "event_us": answer.event_us, "created_us": answer.created_us}
            for answer in (answers[at] for answers in self.answers)
        ]
        columns = self.layout.columns(self.arrays)
        return {"features": {name: _plain(column[at]) for name, column in columns.items()}, "lookups": lookups}


class EntityReader:
    """Decodes what `predict` is sent. Rows without a moment of their own are asked about as of now."""

    def __init__(self, contract: FeatureContract, *, layout: Layout, limits: Limits) -> None:
        self._contract, self._layout, self._limits = contract, layout, limits
        moment = [contract.event_time] if contract.event_time else []
        self._required = [*moment, *(field.name for field in contract.request)]
        # A row has these columns, and the id that is the caller's own may be among them.
        self._complete = (frozenset(self._required), frozenset([contract.row_id, *self._required]))
        self._columns = sum(spec.cells for block in layout.blocks if block.names for spec in block.specs)
        self._images = [(field.name, field.image) for field in contract.request if field.image]
        self._can_fill = can_fill(layout, contract)

    def read(self, body: bytes, *, lookup: Lookup) -> Entities:
        """The rows of a body, with what `lookup` finds for them. Invalid naming the row and the column that are
        wrong."""
        if not self._can_fill:
            raise wrong("rows", _("this model takes whole tensors"), hint=_("Send them by the protocol of inference."))
        document = parse_object(body)
        same_names({**dict.fromkeys(BODY), **document}, sorted(BODY), where="body")
        rows, explain = document.get("rows"), document.get("explain", False)
        if not isinstance(rows, list) or not rows:
            raise wrong("rows", _("must be a list of rows, one at least"))
        if type(explain) is not bool:
            raise wrong("explain", _("must be true or false"))
        check_size(len(rows), columns=self._columns, limits=self._limits, where="rows")
        instants = [self._instant(row, where=f"rows[{at}]") for at, row in enumerate(rows)]
        ids = [self._id(row) for row in rows]
        answers = [lookup.find(view, _keys(view, rows), at_us=instants) for view in self._contract.views]
        columns = self._sources(rows, answers)
        arrays = filled(self._layout, columns, rows=len(rows), most_text=self._limits.text)
        return Entities(
            ids=ids,
            instants=instants,
            answers=answers,
            arrays=arrays,
            layout=self._layout,
            explain=explain,
            pictures=self._pictures(rows, arrays) if self._images else (),
        )

    def _pictures(self, rows: list[dict[str, Any]], arrays: Arrays) -> Sequence[Picture]:
        """The files of images, which are decoded into the arrays."""
        pixels = {name: self._layout.column(arrays, name) for name, _image in self._images}
        return [
            picture_of(row[name], image=image, where=f"rows[{at}].{name}", pixels=pixels[name][at])
            for at, row in enumerate(rows)
            for name, image in self._images
        ]

    def _instant(self, row: Any, *, where: str) -> int:
        """The instant of a row in microseconds, once all of its columns are there and are what they should be."""
        if not isinstance(row, dict):
            raise wrong(where, _("must be an object"))
        if row.keys() not in self._complete:
            beside_id = {name: row[name] for name in row if name != self._contract.row_id}
            same_names(row if self._contract.row_id in self._required else beside_id, self._required, where=where)
        for field in self._contract.request:
            _check(row[field.name], field=field, where=where)
        if not self._contract.event_time:
            return (datetime.now(UTC) - EPOCH) // MICROSECOND
        return _instant(row[self._contract.event_time], where=where, name=self._contract.event_time)

    def _id(self, row: dict[str, Any]) -> str | None:
        value = row.get(self._contract.row_id)
        if value is None or (isinstance(value, str | int) and len(str(value)) <= self._limits.text):
            return None if value is None else str(value)
        raise wrong(self._contract.row_id, _("must be a short text"))

    def _sources(self, rows: list[dict[str, Any]], answers: Sequence[Sequence[KeyAnswer]]) -> dict[str, Sequence[Cell]]:
        """The values of each column, as they were sent or looked up."""
        columns: dict[str, Sequence[Cell]] = {
            field.name: [row[field.name] for row in rows] for field in self._contract.request if field.is_model_input
        }
        columns.update((name, [None] * len(rows)) for name, _image in self._images)
        for view, of_view in zip(self._contract.views, answers, strict=True):
            looked_up = zip(*(answer.values for answer in of_view), strict=True)
            columns.update(zip((name for _feature, name, _kind in view.outputs), looked_up, strict=True))
        return columns


def _keys(view: ServedView, rows: Sequence[dict[str, Any]]) -> list[Key]:
    columns = [column for _key, column in view.keys]
    return [tuple([row[column] for column in columns]) for row in rows]


def _check(value: Any, *, field: RequestField, where: str) -> None:
    if value is None or field.image:
        return
    if type(value) not in TYPES.get(field.kind, (str,)):
        reason = _(NO_TYPE.get(field.kind, N_("{value} is no text")))
        raise wrong(f"{where}.{field.name}", reason.format(value=repr(value)[:40]))


def _instant(value: Any, *, where: str, name: str) -> int:
    """Microseconds of an ISO 8601 time. A time without a zone is refused: guessing it is how training and serving come
    to differ by hours."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        problem = _("{value} is no time").format(value=repr(value)[:40])
        raise wrong(f"{where}.{name}", problem, hint="2013-12-30T14:05:00Z") from error
    if moment.tzinfo is None:
        hint = _("End it with Z, or with an offset such as -05:00.")
        raise wrong(f"{where}.{name}", _("the time has no zone"), hint=hint)
    return (moment - EPOCH) // MICROSECOND


def can_fill(layout: Layout, contract: FeatureContract) -> bool:
    """Whether rows of named values are all that the model takes."""
    inputs = set(contract.inputs())
    return all(block.names and inputs.issuperset(block.names) for block in layout.blocks)


def _plain(value: Any) -> Cell:
    if np.ndim(value) > 1:
        return digest_of_pixels(value)
    if getattr(value, "ndim", 0):
        return list(value.tolist())
    if isinstance(value, str):
        return value or None
    number = value.item()
    return None if math.isnan(number) else number
