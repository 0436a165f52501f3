"""The model card that every version begins with: what it is, what it learned from, how good it is and what it must not
be used for. People add to it; the figures are the evaluations'."""

from collections.abc import Mapping
from typing import Any

from core.features.values import FeatureContract
from core.foundation.text import _, percent, thousands
from core.tasks.metrics import Metric
from core.tasks.task import followed_by, task_of
from core.tasks.values import Interval, Target
from core.training.recipe import Recipe
from core.training.result import SplitResult

YES_OR_NO = Target()


def write_card(
    *,
    title: str,
    recipe: type[Recipe],
    params: Mapping[str, Any],
    contract: FeatureContract,
    splits: list[SplitResult],
    target: Target = YES_OR_NO,
    keeps_missing: bool | None = None,
) -> str:
    """Markdown. Whether missing numbers are learned from is known of the recipe, unless the model says it itself."""
    lines = [f"# {_plain(title)}", "", _(recipe.title), "", "## " + _("How good it is"), ""]
    lines += _quality(splits, target=target)
    lines += ["", "## " + _("What it takes"), ""]
    lines += [_("- categories: {names}").format(names=", ".join(contract.categories()) or "-")]
    lines += [_("- numbers: {names}").format(names=", ".join(contract.numbers()) or "-")]
    lines += [_("- texts: {names}").format(names=", ".join(texts)) for texts in [contract.texts()] if texts]
    lines += [_("- images: {names}").format(names=", ".join(images)) for images in [contract.images()] if images]
    lines += [_("- vectors: {names}").format(names=", ".join(vectors)) for vectors in [contract.vectors()] if vectors]
    lines += ["", _missing(recipe.keeps_missing if keeps_missing is None else keeps_missing)]
    lines += ["", "## " + _("Parameters"), ""]
    lines += [f"- {name}: {value}" for name, value in params.items()]
    lines += ["", "## " + _("Limits"), ""]
    lines += [_("Judged on the rows above only. The base rate of other periods may differ.")]
    return "\n".join(lines) + "\n"


def _missing(is_kept: bool) -> str:
    if is_kept:
        return _("Text that was rare or unseen in training counts as unknown. What a missing number means was learned.")
    return _("Text that was rare or unseen in training counts as unknown, a missing number as the median.")


def _quality(splits: list[SplitResult], *, target: Target) -> list[str]:
    """The figures that are followed where a model serves; labels of 0 and 1 have their share beside them."""
    task = task_of(target)
    known = {metric.name: metric for metric in task.metrics}
    metrics = [known[name] for name in followed_by(task) if any(name in split.metrics for split in splits)]
    shares = [_("positive")] if _has_positives(splits) else []
    names = [_("rows"), _("number"), *shares, *(_(metric.short or metric.in_words) for metric in metrics)]
    return [_row(names), "|---" * len(names) + "|", *(_row(_cells(split, metrics)) for split in splits)]


def _has_positives(splits: list[SplitResult]) -> bool:
    return all(split.spread is None for split in splits)


def _cells(split: SplitResult, metrics: list[Metric]) -> list[str]:
    shares = [percent(split.positive_share or 0.0)] if split.spread is None else []
    return [split.split, thousands(split.rows), *shares, *(_figure(split.metrics.get(item.name)) for item in metrics)]


def _figure(interval: Interval | None) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})" if interval else "-"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """A title as text: nothing in it is Markdown."""
    bare = "".join(character for character in text if character not in "[]()<>`*#|\n\r")
    return bare.replace("_", r"\_")
