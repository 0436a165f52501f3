"""Versions from models that were trained elsewhere."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, cast

from .conversion import Converted, convert
from .errors import NotReady
from .examples import as_rows
from .files import is_content
from .lake import only_project
from .transport import Transport
from .waiting import waited_for

FILENAME = "model.onnx"
# Where a word begins in what is written as one.
BEGINNINGS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Registry:
    """The models that one can see."""

    transport: Transport

    def register(
        self,
        model: Any,
        *,
        name: str = "",
        example: Any = None,
        expected: Any = None,
        project: str = "",
        note: str = "",
        mapping: Mapping[str, Any] | None = None,
        tolerance: Mapping[str, float] | None = None,
        compared: Mapping[str, Sequence[str]] | None = None,
        **rows: str,
    ) -> dict[str, Any]:
        """Registers a trained model of scikit-learn, XGBoost, LightGBM, CatBoost or PyTorch, or an ONNX file (bytes or
        a path), as the next version of the model `name`, which is made where there is none.

        A model is converted here, by its library's converter. The portal compares the file row by row on the `example`,
        a frame or an array with some rows as the model takes them, with what is `expected`: the answers by name, or
        those alone. Of a model they are computed here; of a file without them the version says that it was not
        compared. `mapping` says which columns fill which tensors, and what the outputs are, where the proposal is
        wrong; `tolerance` is {"absolute": 1e-4, "relative": 1e-4} unless given.

        The example of a file may be `rows` of the project: those of a `training_set_id` (and its `split`), or of a
        `snapshot_id`; `compared` names by answer the columns of the example that hold what is expected.
        Returns the version. Raises Invalid with the row where the file answers something else."""
        converted = _given(model, example) if _is_file(model) else convert(model, example)
        if expected is not None:
            converted = replace(converted, expected=_by_name(expected))
        if mapping is not None:
            converted = replace(converted, mapping={**(converted.mapping or {}), **mapping})
        arguments = {
            "project": project or only_project(self.transport),
            **_naming(name or type(model).__name__),
            "filename": model.name if isinstance(model, Path) else FILENAME,
            "content": converted.content,
            "source": converted.source,
            "note": note,
            **_optional(converted, tolerance),
            **({"compared": {name: list(columns) for name, columns in compared.items()}} if compared else {}),
            **rows,
        }
        return cast(dict[str, Any], self.transport.call("registry.upload_version", arguments))

    def judge(self, version: str, *, timeout: float | None = None, **rows: Any) -> dict[str, Any]:
        """Judges a version (its id), ours or one from elsewhere, on rows with labels, and waits for it.

        `rows` are those of a `training_set_id` (and its `split`), or a `snapshot_id` and the `label` in it; `columns`
        says which column fills an input of another name, `positive` which word is yes where labels are words.
        Returns the version with its `evaluations`. Raises NotReady where it could not be judged, with the reason."""
        begun = self.transport.call("training.judge_version", {"version_id": version, **rows})
        job = waited_for(
            lambda: cast(dict[str, Any], self.transport.call("compute.get_job", {"job_id": begun["id"]})),
            while_in=("queued", "running"),
            timeout=timeout,
            now=begun,
        )
        if job["state"] != "succeeded":
            message = f"{version} was not judged: {job['cause'] or job['state']}"
            raise NotReady(message, object_id=job["id"], state=job["state"])
        return cast(dict[str, Any], self.transport.call("registry.get_version", {"version_id": version}))


def _is_file(model: Any) -> bool:
    return is_content(model) or isinstance(model, str)


def _given(file: Any, example: Any) -> Converted:
    content = (
        file if isinstance(file, bytes) else Path(file).read_bytes() if isinstance(file, str | Path) else file.read()
    )
    return Converted(content=content, source="", rows=[] if example is None else as_rows(example))


def _by_name(expected: Any) -> dict[str, Any]:
    if hasattr(expected, "columns") and hasattr(expected, "to_dict"):
        return {str(name): list(expected[name]) for name in expected.columns}
    named = expected if isinstance(expected, Mapping) else {"": expected}
    return {name: values.tolist() if hasattr(values, "tolist") else list(values) for name, values in named.items()}


def _optional(converted: Converted, tolerance: Mapping[str, float] | None) -> dict[str, Any]:
    files = {"example": converted.rows, "expected": converted.expected}
    values = {"mapping": converted.mapping, "tolerance": dict(tolerance) if tolerance else None}
    encoded = {
        name: json.dumps(_without_nan(value), allow_nan=False).encode() for name, value in files.items() if value
    }
    return encoded | {name: value for name, value in values.items() if value}


def _without_nan(value: Any) -> Any:
    """JSON has no word for a number that is none."""
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _naming(name: str) -> dict[str, str]:
    """The model by its name; a new one has the name as its title."""
    identifier = "-".join(part for part in BEGINNINGS.split(name) if part).lower()
    return {"model": identifier, "title": name}
