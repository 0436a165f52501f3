"""The model card that every version begins with: what it is, what it learned from, how good it is and what it must not
be used for. People add to it; the figures are the evaluations'."""

from collections.abc import Mapping
from typing import Any

from core.features.values import FeatureContract
from core.foundation.text import _, percent, thousands
from core.training.recipe import Recipe
from core.training.result import SplitResult


def write_card(
    *, title: str, recipe: type[Recipe], params: Mapping[str, Any], contract: FeatureContract, splits: list[SplitResult]
) -> str:
    """Markdown."""
    lines = [f"# {_plain(title)}", "", _(recipe.title), "", "## " + _("How good it is"), ""]
    lines += _quality(splits)
    lines += ["", "## " + _("What it takes"), ""]
    lines += [_("- categories: {names}").format(names=", ".join(contract.categories()) or "-")]
    lines += [_("- numbers: {names}").format(names=", ".join(contract.numbers()) or "-")]
    lines += ["", _("Text that was rare or unseen in training counts as unknown, a missing number as the median.")]
    lines += ["", "## " + _("Parameters"), ""]
    lines += [f"- {name}: {value}" for name, value in params.items()]
    lines += ["", "## " + _("Limits"), ""]
    lines += [_("Judged on the rows above only. The base rate of other periods may differ.")]
    return "\n".join(lines) + "\n"


def _quality(splits: list[SplitResult]) -> list[str]:
    names = (_("rows"), _("number"), _("positive"), "AUC", _("log loss"), "ECE")
    header = f"| {' | '.join(names)} |"
    return [header, "|---|---|---|---|---|---|", *(_line(split) for split in splits)]


def _line(split: SplitResult) -> str:
    figures = " | ".join(
        f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"
        for interval in (split.metrics[name] for name in ("auc", "log_loss", "ece"))
    )
    return f"| {split.split} | {thousands(split.rows)} | {percent(split.positive_share)} | {figures} |"


def _plain(text: str) -> str:
    """A title as text: nothing in it is Markdown."""
    bare = "".join(character for character in text if character not in "[]()<>`*#|\n\r")
    return bare.replace("_", r"\_")
