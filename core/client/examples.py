"""The rows that show how a model takes its inputs, in the forms in which people have them: frames, arrays, several
arrays by the names of inputs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from .frames import rows_of

INPUT, TEXT = "float_input", "text"


def as_rows(example: Any) -> list[dict[str, Any]]:
    """Rows by column of a frame, of an array, or of several arrays by the names of a model's inputs."""
    if isinstance(example, Mapping):
        frames = [columns_of(values, prefix=name, is_alone=False) for name, values in example.items()]
        columns = {name: values for frame in frames for name, values in frame.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if are_texts(example):
        return [{TEXT: _text(value)} for value in example]
    if hasattr(example, "dtype") or hasattr(example, "numpy"):
        columns = columns_of(example, prefix="x", is_alone=True)
        return rows_of([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    return rows_of(example)


def are_texts(example: Any) -> bool:
    """Whether it is a list, a column or an array of texts alone, as models of texts take them."""
    if hasattr(example, "columns") or isinstance(example, Mapping) or getattr(example, "ndim", 1) != 1:
        return False
    return len(example) > 0 and all(isinstance(value, str) for value in example)


def columns_of(values: Any, *, prefix: str, is_alone: bool) -> dict[str, list[Any]]:
    """An array [rows, k] as k columns; one of single values is one column of that name."""
    table = values.detach().cpu().numpy() if hasattr(values, "detach") else import_module("numpy").asarray(values)
    if table.ndim == 1:
        return {prefix: table.tolist()}
    flat = table.reshape(len(table), -1)
    mark = "" if is_alone else "_"
    return {f"{prefix}{mark}{number}": flat[:, number].tolist() for number in range(flat.shape[1])}


def plain(values: Any) -> Any:
    """Numbers as doubles, [n, 1] as [n]."""
    values = values.detach().cpu().numpy() if hasattr(values, "detach") else import_module("numpy").asarray(values)
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    return flat.tolist()


def by_input(example: Any) -> dict[str, Any] | None:
    """Which columns fill which input, where there are several."""
    if not isinstance(example, Mapping):
        return None
    names = {name: columns_of(values, prefix=name, is_alone=False) for name, values in example.items()}
    kinds = {name: import_module("numpy").asarray(values).dtype.kind for name, values in example.items()}
    filled = [
        {
            "tensor": name,
            "columns": [{"name": column, "missing": 0.0 if kinds[name] in "iu" else None} for column in columns],
        }
        for name, columns in names.items()
    ]
    return {"inputs": filled}


def with_texts(example: Any) -> Any:
    """Categories as texts, whatever they are."""
    names = _categorical(example)
    return example.assign(**{name: example[name].astype("object").map(_text) for name in names}) if names else example


def _text(value: Any) -> Any:
    return None if value is None or value != value else str(value)


def _categorical(example: Any) -> list[str]:
    if not hasattr(example, "columns"):
        return []
    return [name for name in example.columns if str(example[name].dtype) == "category"]


def with_codes(example: Any, trained: list[list[Any]]) -> dict[str, Any] | None:
    """The codes of categories as the model was trained with them: their places in the list that it keeps, or that the
    example has."""
    names = _categorical(example)
    if not names:
        return None
    known = trained or [list(example[name].cat.categories) for name in names]
    codes = {
        name: {str(value): float(place) for place, value in enumerate(values)}
        for name, values in zip(names, known, strict=True)
    }
    columns = [
        {"name": name, "kind": "text", "codes": codes[name]} if name in codes else {"name": name}
        for name in example.columns
    ]
    return {"inputs": [{"tensor": INPUT, "columns": columns}]}
