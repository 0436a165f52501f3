"""What judges a model is its task's to say: outside of the tasks no code names one of their metrics."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.tasks.task import quality_metrics
from tests.house.test_style import PRODUCT, ROOT, named, nodes_in, of_each_file, parsed, tree_of

ALONE = "How well one input alone predicts the label is an AUC, whatever judges models."
# Where a metric is named all the same, and why.
EXCEPTIONS = {
    "app/training_sets/report.py": ALONE,
    "core/features/training_sets/label_leakage.py": ALONE,
    "core/promotion/gates/inputs.py": ALONE,
    "core/promotion/gates/quality.py": "The margins of policies that name none: approvals are bound to their digest.",
}
# The tasks themselves, and the demonstration, which has one.
AT_HOME = ("core/tasks", "app/demonstration")
EXAMINED = [path for path in PRODUCT if not any(path.is_relative_to(ROOT / home) for home in AT_HOME)]
# A metric's name that is a word of everybody's too, and says nothing where it stands in a text.
ORDINARY = frozenset({"map"})
# What a training reports of the rows that it learns from, and of those that it does not, begins so.
REPORTED = "(?:validation_|train_)?"


@cache
def pattern() -> re.Pattern[str]:
    """A metric by its name, its title or its name within a sentence, as a word of its own."""
    metrics = quality_metrics().values()
    words = {word for metric in metrics for word in (metric.name, metric.title, metric.in_words, metric.short) if word}
    words -= ORDINARY
    return re.compile(rf"(?<!\w){REPORTED}({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})(?!\w)")


def metrics_named(tree: ast.Module) -> Iterator[str]:
    """In the texts of the code; what docstrings tell people is not looked at."""
    documents = {id(node.value) for node in nodes_in(tree) if isinstance(node, ast.Expr)}
    for node in nodes_in(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield from pattern().findall(node.value)


@of_each_file(EXAMINED)
def test_no_metric_is_named_outside_of_its_task(path: Path) -> None:
    assert bool(list(metrics_named(tree_of(path)))) is (named(path) in EXCEPTIONS)


def test_a_metric_is_seen_by_its_name_its_title_and_where_a_run_reports_it() -> None:
    code = """
METRICS = ("log_loss", "accuracy")
name = _("AUC {value}")
reported = "validation_mae"
def mean():
    \"\"\"The log loss.\"\"\"
    return f"{value} log loss", "accuracy_of_clocks", "map", "latency"
"""
    assert sorted(metrics_named(parsed(code))) == ["AUC", "accuracy", "log loss", "log_loss", "mae"]
