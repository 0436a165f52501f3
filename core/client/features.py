"""Feature views, training sets and the online store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, cast

from .errors import NotFound
from .frames import Kind, frame_of
from .lake import Lake, only_project
from .training_sets import TrainingSet, Use
from .transport import Transport

COLUMNS = ("id", "name", "entity", "keys", "owner", "description", "version")
Day = date | str


@dataclass(frozen=True)
class Features:
    """The features that one can see."""

    transport: Transport
    lake: Lake

    def views(self, *, project: str = "", frame: Kind = "pandas") -> Any:
        """Every feature view: id, name, entity, keys, owner, and the version that people get."""
        views = self.transport.every("features.list_views", {"project": project})
        rows = [view | {"version": (_shown(view) or {}).get("id", "")} for view in views]
        return frame_of([{name: row[name] for name in COLUMNS} for row in rows], frame, columns=COLUMNS)

    def create_training_set(
        self,
        name: str,
        *,
        sql: str,
        sources: Mapping[str, str] | Sequence[str],
        row_id: str,
        event_time: str = "",
        label: str = "",
        uses: Sequence[Use] = (),
        splits: Mapping[str, tuple[Day, Day]] = {},
        shares: Mapping[str, Any] | None = None,
        categories: Sequence[str] = (),
        numbers: Sequence[str] = (),
        texts: Sequence[str] = (),
        vectors: Sequence[str] = (),
        images: Mapping[str, str] = {},
        image_sizes: Mapping[str, Mapping[str, int]] = {},
        text_items: Mapping[str, str] = {},
        keys_only: Sequence[str] = (),
        label_kind: Literal["binary", "any"] = "binary",
        label_from: Mapping[str, Any] | None = None,
        task: str = "",
        group: str = "",
        weight: str = "",
        project: str = "",
        known_at: bool = True,
    ) -> TrainingSet:
        """Begins a training set of this name: the rows of `sql` over `sources`, joined with what each of `uses` knew at
        the event time of each row, and split by days, the end excluded.
        `sources` are the datasets that the SQL names: their names, or what it calls them with a dataset or snapshot.
        The rows' own inputs are named by kind; `images` and `text_items` each with the dataset of their files, sizes
        as {"photo": {"width": 32, "height": 32}}. Nothing is learned from `keys_only`. The label is 0 and 1, or what
        `task` names; of the kind "any" the set is for analysis. Without `event_time` there are `shares`, not `splits`:
        {"train": 0.7, ...} at random, or the portal's ShareSplits {"shares": ..., "by": ..., "column": ...}."""
        entity = {
            **{"sql": sql, "sources": self._snapshots(sources)},
            **{"row_id": row_id, "event_time": event_time, "label": label, "group": group, "weight": weight},
            **{"label_kind": label_kind, "label_from": label_from and dict(label_from), "task": task},
            **{"categories": list(categories), "numbers": list(numbers), "keys_only": list(keys_only)},
            **{"texts": list(texts), "vectors": list(vectors), "image_sizes": dict(image_sizes)},
            **{"images": self._snapshots(images), "text_items": self._snapshots(text_items)},
        }
        arguments = {
            **{"project": project or only_project(self.transport), "name": name},
            **{"entity": entity, "known_at": known_at, "shares": _shares(shares) if shares else None},
            "uses": [use.as_argument(self.version) for use in uses],
            "splits": [{"name": split, "start": str(days[0]), "end": str(days[1])} for split, days in splits.items()],
        }
        return TrainingSet(self.transport.call("features.create_training_set", arguments)["id"], self.transport)

    def training_set(self, name: str) -> TrainingSet:
        """A training set by its id (TS-3), or the newest ready one of a name or title."""
        return TrainingSet(name if name.startswith("TS-") else self._newest(name), self.transport)

    def get_training_set(self, name: str, *, split: str = "train", frame: Kind = "pandas") -> Any:
        """The rows of a split, types exact and times in UTC. `name` is an id (TS-3), or a name or title, whose newest
        ready set it then is."""
        return self.training_set(name).read(split, frame=frame)

    def get_online(
        self, view: str, keys: Sequence[Mapping[str, Any]], *, at: datetime | None = None, frame: Kind = "pandas"
    ) -> Any:
        """What the online store answers for each key, with `status` (present, null, not_found, expired) and
        `event_time`. `view` is the id, name or title of a view, or the id of a version (FEAT-3)."""
        arguments = {"version_id": self.version(view), "keys": [dict(key) for key in keys]}
        answers = self.transport.call("online.get_online", arguments | ({"at": at.isoformat()} if at else {}))
        rows = [
            {**key, "status": answer["status"], "event_time": _moment(answer["event_time"]), **answer["values"]}
            for key, answer in zip(keys, answers, strict=True)
        ]
        return frame_of(rows, frame)

    def version(self, view: str) -> str:
        """The id of the version that people get who name the view alone; a version's own id stays what it is."""
        if view.startswith("FEAT-"):
            return view
        version = _shown(self.transport.call("features.get_view", {"view_id": view}))
        if version is None:
            raise NotFound(f"{view} has no version yet", hint="Publish one first.")
        return str(version["id"])

    def _snapshots(self, sources: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
        """The snapshots of datasets by what they are called, or by their own names."""
        called = sources if isinstance(sources, Mapping) else dict(zip(sources, sources, strict=True))
        return {name: str(self.lake.snapshot(source)["id"]) for name, source in called.items()}

    def _newest(self, name: str) -> str:
        for item in self.transport.every("features.list_training_sets", {}):
            if name in (item["name"], item["title"]) and item["state"] == "ready":
                return str(item["id"])
        raise NotFound(f"There is no ready training set called {name!r}")


def _shares(given: Mapping[str, Any]) -> dict[str, Any]:
    """Names with their shares alone are split at random."""
    return dict(given) if {"by", "shares"} & set(given) else {"shares": dict(given)}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _shown(view: dict[str, Any]) -> dict[str, Any] | None:
    """The version that people get who name none."""
    return cast(dict[str, Any] | None, view["live"] or view["latest"])
