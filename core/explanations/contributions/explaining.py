"""One prediction explained, by the first way that is exact: trees, then sums, else by sampling."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.explanations.contributions.graph import End, end_of
from core.explanations.contributions.mixtures import Mixtures
from core.explanations.contributions.sampling import additive_contributions, sampled_contributions
from core.explanations.contributions.trees import Trees, tree_contributions
from core.explanations.values import Contribution, Explanation
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.signature import Signature
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.evaluation import OnnxModel

if TYPE_CHECKING:
    import pyarrow as pa

Unit = Literal["log odds", "score", "probability", "value"]
# What is summed up must be what was predicted, or it is not shown as exact.
SAME = 1e-9
# How outputs that are probabilities begin, of one or of several classes.
PROBABILITY = "probabilit"


def explained(
    content: bytes, table: "pa.Table", *, signature: Signature, output: str = "", seed: int = 1
) -> Explanation:
    """`table` has the row that is explained first, and background rows after it. Of several classes `output` names the
    one, else it is the one that is predicted."""
    target, end = signature.target, end_of(content, target=signature.target)
    model = OnnxModel(end.content, signature=signature, threads=1)
    mixtures = Mixtures(table, tuple(signature.filled))
    known = {name: np.asarray(values) for name, values in model.outputs(mixtures.one_each()).items()}
    column, name = _column(known[end.output][0], target=target, output=output)
    exact = _exact(end, known, mixtures, column=column)
    if exact is not None:
        method, raw, parts = exact
        return Explanation(
            version_id="",
            method=method,
            unit=_unit(end.unit, output=end.output),
            output=name,
            base=float(raw[1 : mixtures.rows + 1].mean()),
            prediction=float(raw[0]),
            rows=mixtures.rows,
            contributions=_contributions(table, mixtures.names, parts, None),
        )
    parts, errors, base, prediction, rows = sampled_contributions(
        mixtures, lambda rows: _of(model.outputs(rows)[end.output], column), seed=seed
    )
    return Explanation(
        version_id="",
        method="sampled",
        unit=_unit("", output=end.output),
        output=name,
        base=base,
        prediction=prediction,
        rows=rows,
        contributions=_contributions(table, mixtures.names, parts, errors),
    )


def _exact(
    end: End, known: dict[str, Any], mixtures: Mixtures, *, column: int | None
) -> tuple[Literal["trees", "additive"], Any, Any] | None:
    """The way, the raw values of all rows that were asked, and the contributions to the first."""
    raw = _of(known[end.raw], column)
    ways: tuple[tuple[Literal["trees", "additive"], Any], ...] = (
        ("trees", _by_trees(end, known, mixtures, column=column)),
        ("additive", _by_steps(raw, mixtures)),
    )
    return next(((way, raw, parts) for way, parts in ways if _adds_up(raw, parts, rows=mixtures.rows)), None)


def _adds_up(raw: Any, parts: Any, *, rows: int) -> bool:
    if parts is None:
        return False
    return bool(abs(raw[1 : rows + 1].mean() + parts.sum() - raw[0]) <= SAME * (1 + abs(raw[0])))


def _by_trees(end: End, known: dict[str, Any], mixtures: Mixtures, *, column: int | None) -> Any:
    """None where it is no sum of trees, or a tree asks for something that two inputs make."""
    if end.ensemble is None:
        return None
    features, rows = known[end.features].astype(np.float64), mixtures.rows
    plain = features[1 : rows + 1]
    if features.shape[1] != len(mixtures.names) or not _is_one_each(plain, features[rows + 1 :]):
        return None
    return end.scale * tree_contributions(Trees(end.ensemble), features[0], background=plain, target=column or 0)


def _is_one_each(plain: Any, replaced: Any) -> bool:
    """Whether each input changes its own feature alone."""
    inputs = plain.shape[1]
    steps = replaced.reshape(inputs, *plain.shape)
    same = (steps == plain) | (np.isnan(steps) & np.isnan(plain))
    return bool((same | np.eye(inputs, dtype=bool)[:, None, :]).all())


def _by_steps(raw: Any, mixtures: Mixtures) -> Any:
    rows = mixtures.rows
    replaced = raw[rows + 1 :].reshape(len(mixtures.names), rows)
    return additive_contributions(float(raw[0]), plain=raw[1 : rows + 1], replaced=replaced)


def _column(first: Any, *, target: Target, output: str) -> tuple[int | None, str]:
    """The place of a class among the outputs, and its name; nothing where there is one number. Invalid for a class that
    it does not know."""
    names = next((spec.names for spec in task_of(target).outputs(target) if spec.names), None) or ()
    if output and output not in names:
        raise Invalid(
            _("It knows no class called {name}").format(name=repr(output[:60])),
            hint=_("Choose one of: {names}.").format(names=", ".join(names)[:500]) if names else "",
            field="output",
        )
    if np.ndim(first) == 0 or np.size(first) == 1:
        return None, ""
    column = names.index(output) if output else int(np.argmax(first))
    return column, names[column] if column < len(names) else ""


def _of(values: Any, column: int | None) -> Any:
    flat = values.reshape(len(values), -1)
    return flat[:, column or 0].astype(np.float64)


def _unit(unit: str, *, output: str) -> Unit:
    if unit:
        return "log odds" if unit == "log odds" else "score"
    return "probability" if output.startswith(PROBABILITY) else "value"


def _contributions(table: "pa.Table", names: tuple[str, ...], parts: Any, errors: Any) -> tuple[Contribution, ...]:
    """The largest push first."""
    entries = [
        Contribution(
            name=name,
            value=_shown(table[name][0].as_py()),
            contribution=float(parts[place]),
            error=None if errors is None else float(errors[place]),
        )
        for place, name in enumerate(names)
    ]
    return tuple(sorted(entries, key=lambda entry: (-abs(entry.contribution), entry.name)))


def _shown(value: Any) -> str | float | None:
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, bytes):
        return _("an image")
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)[:200]
