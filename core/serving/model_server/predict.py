"""From rows of entities to arrays: what callers send is checked, what they do not send is looked up online
as of the row's own event time. The same contract made the training set, so the two cannot disagree
about names."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.features.online.store import KeyAnswer
from core.features.values import FeatureContract, RequestField, ServedView
from core.foundation.text import _
from core.serving.model_server.decode import check_size, numbers_of, parse_object, same_names, texts_of, wrong
from core.serving.server_spec import Limits

BODY = {"rows", "explain"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Cell = str | float | None


class Lookup(Protocol):
    """The online features of a request."""

    def find(self, view: ServedView, *, key: tuple[object, ...], at_us: int) -> KeyAnswer:
        """What a view answers for a key as of an instant; its values are in the order of the view's outputs."""


@dataclass(frozen=True)
class Row:
    """A row that was read: the values of the model's inputs by name, None where there is none, and what each view
    answered."""

    row_id: str | None
    values: dict[str, Cell]
    answers: tuple[KeyAnswer, ...]


@dataclass(frozen=True)
class Entities:
    """Rows ready for the model. `inputs` are the very values it gets, by name; a missing one is "" or NaN."""

    rows: tuple[Row, ...]
    inputs: dict[str, npt.NDArray[np.generic]]
    explain: bool

    def explained(self, at: int) -> dict[str, Any]:
        """The values given to the model for a row (None for a missing one), and which row of each view they are."""
        lookups = [
            {"status": answer.status, "event_us": answer.event_us, "created_us": answer.created_us}
            for answer in self.rows[at].answers
        ]
        return {"features": {name: _plain(column[at]) for name, column in self.inputs.items()}, "lookups": lookups}


class EntityReader:
    """Decodes what `predict` is sent."""

    def __init__(self, contract: FeatureContract, *, limits: Limits) -> None:
        self._contract, self._limits = contract, limits
        self._required = [contract.event_time, *(field.name for field in contract.request)]
        self._inputs = [*contract.categories(), *contract.numbers()]
        self._texts = frozenset(contract.categories())

    def read(self, body: bytes, *, lookup: Lookup) -> Entities:
        """The rows of a body, with what `lookup` finds for them. Invalid naming the row and the column that are
        wrong."""
        document = parse_object(body)
        same_names({**dict.fromkeys(BODY), **document}, sorted(BODY), where="body")
        rows, explain = document.get("rows"), document.get("explain", False)
        if not isinstance(rows, list) or not rows:
            raise wrong("rows", _("must be a list of rows, one at least"))
        if type(explain) is not bool:
            raise wrong("explain", _("must be true or false"))
        check_size(len(rows), columns=len(self._inputs), limits=self._limits, where="rows")
        entity_rows = tuple(self._row(row, lookup, where=f"rows[{at}]") for at, row in enumerate(rows))
        return Entities(rows=entity_rows, inputs=self._arrays([row.values for row in entity_rows]), explain=explain)

    def _row(self, row: Any, lookup: Lookup, *, where: str) -> Row:
        if not isinstance(row, dict):
            raise wrong(where, _("must be an object"))
        same_names(self._beside_id(row), self._required, where=where)
        at_us = _instant(row[self._contract.event_time], where=f"{where}.{self._contract.event_time}")
        values: dict[str, Cell] = {}
        for field in self._contract.request:
            _check(row[field.name], field=field, where=f"{where}.{field.name}")
            values[field.name] = row[field.name]
        answers = tuple(
            lookup.find(view, key=tuple(row[column] for _key, column in view.keys), at_us=at_us)
            for view in self._contract.views
        )
        for view, answer in zip(self._contract.views, answers, strict=True):
            values.update(zip((name for _feature, name, _kind in view.outputs), answer.values, strict=True))
        return Row(row_id=self._id(row), values=values, answers=answers)

    def _beside_id(self, row: dict[str, Any]) -> dict[str, Any]:
        """The columns that must be there: the id is the caller's own and may be left out."""
        extra = self._contract.row_id not in self._required and self._contract.row_id in row
        return {name: row[name] for name in row if name != self._contract.row_id} if extra else row

    def _id(self, row: dict[str, Any]) -> str | None:
        value = row.get(self._contract.row_id)
        if value is None or (isinstance(value, str | int) and len(str(value)) <= self._limits.text):
            return None if value is None else str(value)
        raise wrong(self._contract.row_id, _("must be a short text"))

    def _arrays(self, rows: list[dict[str, Cell]]) -> dict[str, npt.NDArray[np.generic]]:
        return {name: self._column([row[name] for row in rows], name=name) for name in self._inputs}

    def _column(self, values: list[Cell], *, name: str) -> npt.NDArray[np.generic]:
        if name in self._texts:
            return texts_of(values, where=name, limits=self._limits)
        return numbers_of(values, where=name)


def _check(value: Any, *, field: RequestField, where: str) -> None:
    if value is None:
        return
    wanted = (str,) if field.kind == "category" else (int, float)
    if type(value) not in wanted:
        reason = _("{value} is no text") if field.kind == "category" else _("{value} is no number")
        raise wrong(where, reason.format(value=repr(value)[:40]))


def _instant(value: Any, *, where: str) -> int:
    """Microseconds of an ISO 8601 time. A time without a zone is refused: guessing it is how training and serving come
    to differ by hours."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise wrong(
            where, _("{value} is no time").format(value=repr(value)[:40]), hint="2013-12-30T14:05:00Z"
        ) from error
    if moment.tzinfo is None:
        raise wrong(where, _("the time has no zone"), hint=_("End it with Z, or with an offset such as -05:00."))
    return (moment - EPOCH) // MICROSECOND


def _plain(value: Any) -> Cell:
    if isinstance(value, str):
        return value or None
    number = float(value)
    return None if math.isnan(number) else number
