"""From the columns of some rows, each with its role, to the query and the names that make a training set of them. What
is proposed and what a person chose instead go the same way."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from core.features.training_sets.proposals.names import named_for_models, query_of
from core.features.training_sets.proposals.roles import DAY, ONLY_ONE
from core.features.training_sets.proposals.values import ColumnProposal
from core.features.training_sets.values import EntityQuery, LabelFrom
from core.features.values import Kind
from core.tasks.task import task_called
from core.tasks.values import BINARY

NUMBERED = "row_number"
# Under which name the columns of a kind stand in the query of a training set.
PLACES: dict[Kind, str] = {"category": "categories", "number": "numbers", "text": "texts", "vector": "vectors"}
NO_LABEL_TASK = "any"
NO_FILES: Mapping[str, str] = MappingProxyType({})


def named(columns: Sequence[ColumnProposal]) -> tuple[ColumnProposal, ...]:
    """The columns under the names that they have in the query, which follow from their roles."""
    own = [column.source for role in ("id", "moment", "label") for column in columns if column.role == role]
    names = named_for_models([column.source for column in columns], own=own)
    return tuple(column.model_copy(update={"name": names[column.source]}) for column in columns)


def entity_of(
    sql: str,
    *,
    sources: Mapping[str, str],
    columns: Sequence[ColumnProposal],
    task: str = "",
    label_from: LabelFrom | None = None,
    keys: Collection[str] = (),
    images: Mapping[str, str] = NO_FILES,
    text_items: Mapping[str, str] = NO_FILES,
) -> EntityQuery:
    """The rows of a training set: `columns` are named. Without a `task` the label has the likeliest one; with "any" it
    is kept as it is, and no model learns it. `keys` are columns (by their name) that feature views are looked up by,
    besides those whose role that is; `images` and `text_items` are those of columns with the ids of files, by their
    names."""
    by_role = {column.role: column for column in columns if column.role not in ("input", "key", "left out")}
    row_id, moment, label, group = (by_role.get(role) for role in ONLY_ONE[:4])
    names = {column.source: column.name for column in columns}
    numbered = "" if row_id else _unused(NUMBERED, names.values())
    learned = task or (label.tasks[0] if label and label.tasks else "" if label_from else NO_LABEL_TASK)
    teaches = learned != NO_LABEL_TASK
    placed = {place: tuple(_inputs(columns, kind)) for kind, place in PLACES.items()}
    sent = [*placed.get("categories", ()), *(column.name for column in columns if column.role == "key")]
    weight = by_role.get("weight")
    return EntityQuery.model_validate(
        {
            "sql": query_of(
                sql,
                names=names,
                moment=moment.source if moment and moment.type == DAY else "",
                numbered=numbered,
                labeled=label.source if label and label.missing and teaches else "",
            ),
            "sources": dict(sources),
            "row_id": row_id.name if row_id else numbered,
            "event_time": moment.name if moment else "",
            "label": label.name if label else label_from.column if label_from else "",
            "label_kind": "any" if label and not teaches else "binary",
            "label_from": label_from,
            "task": learned if teaches and learned != BINARY and (label or label_from) else "",
            "group": group.name if group and teaches and label and _ranks(learned) else "",
            "weight": weight.name if weight else "",
            **placed,
            **_of_files(columns, texts=placed["texts"], text_items=text_items, images=images),
            "keys_only": (
                *(column.name for column in columns if column.role == "key"),
                *(name for name in dict.fromkeys(keys) if name not in sent),
            ),
        }
    )


def _of_files(
    columns: Sequence[ColumnProposal],
    *,
    texts: Sequence[str],
    text_items: Mapping[str, str],
    images: Mapping[str, str],
) -> dict[str, object]:
    """The columns with the ids of files, and the texts that are in no file."""
    return {
        "texts": tuple(name for name in texts if name not in text_items),
        "text_items": {name: text_items[name] for name in texts if name in text_items},
        "images": {name: images[name] for name in _inputs(columns, "image") if name in images},
    }


def _inputs(columns: Sequence[ColumnProposal], kind: Kind) -> list[str]:
    return [column.name for column in columns if column.role == "input" and column.kind == kind]


def _ranks(task: str) -> bool:
    """Whether the task judges rows within groups."""
    return bool(task) and task_called(task).has_groups


def _unused(name: str, names: Collection[str]) -> str:
    used = {other.casefold() for other in names}
    return name if name not in used else _unused(f"{name}_", names)
