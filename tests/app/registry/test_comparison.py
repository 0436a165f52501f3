"""What is claimed of differences between versions, and how figures are laid on axes."""

import pytest

from app.registry.comparison import Line, _change, sentence
from app.registry.version import shown
from app.sweeps.space_editor import suggested
from app.ui.panels.parallel import axis, shades
from core.registry.values import Comparison, ModelVersion
from core.tasks.values import Interval

VERSIONS = tuple(
    ModelVersion.model_construct(id=version_id, model_id="M-1", version=number)
    for number, version_id in enumerate(("base", "a"), start=1)
)


def line(up: bool, *, delta: Interval, values: dict[str, float] | None = None, **more: object) -> Line:
    figures = values or {"MV-1": 0.5, "MV-2": 0.5 + delta.value}
    return Line.model_validate(
        {
            "metric": "auc",
            "name": "AUC",
            "phrase": "AUC",
            "up": up,
            "values": figures,
            "deltas": {"MV-2": delta},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("up", "delta", "color"),
    [
        (True, Interval(value=0.1, low=0.05, high=0.15), ":green[+20.0"),
        (False, Interval(value=0.1, low=0.05, high=0.15), ":red[+20.0"),
        (False, Interval(value=-0.1, low=-0.15, high=-0.05), ":green[\u221220.0"),
        (True, Interval(value=0.1, low=-0.01, high=0.21), ":gray[+20.0"),
        (True, Interval(value=0.0001, low=0.00005, high=0.00015), ":gray[same]"),
    ],
)
def test_a_difference_is_green_or_red_only_when_it_is_sure(up: bool, delta: Interval, color: str) -> None:
    assert _change(line(up, delta=delta), "MV-2", baseline="MV-1").startswith(color)


def among(*, baseline: float, **others: tuple[float, float]) -> Line:
    """A line of which more is better: the baseline's value, and by how much each other differs, with a half-width."""
    values = {"base": baseline} | {name: baseline + delta for name, (delta, _half) in others.items()}
    deltas = {
        name: Interval(value=delta, low=delta - half, high=delta + half) for name, (delta, half) in others.items()
    }
    return Line(metric="auc", name="AUC", phrase="AUC", up=True, values=values, deltas=deltas)


def test_only_what_is_surely_better_than_each_other_is_the_best() -> None:
    assert among(baseline=0.6, a=(0.1, 0.02)).best == {"a"}
    assert among(baseline=0.6, a=(-0.1, 0.02)).best == {"base"}
    assert among(baseline=0.6, a=(0.1, 0.11)).best == frozenset()
    # Both are surely better than the baseline, and neither surely than the other.
    assert among(baseline=0.6, a=(0.1, 0.02), b=(0.09, 0.02)).best == frozenset()
    assert among(baseline=0.6, a=(0.1, 0.02), b=(0.05, 0.02)).best == {"a"}
    assert among(baseline=9.0).best == frozenset()


def test_ties_all_win_and_nobody_wins_where_all_are_the_same_or_nothing_is_known_of_the_difference() -> None:
    assert among(baseline=0.7, a=(0.00001, 0.01), b=(-0.1, 0.02)).best == {"base", "a"}
    assert among(baseline=0.7, a=(0.00001, 0.000001)).best == frozenset()
    without = {"metric": "auc", "name": "AUC", "phrase": "AUC", "up": True}
    assert Line(**without, values={"a": 0.9, "b": 0.5}).best == frozenset()
    assert Line(**without, values={"a": 9.0, "b": 5.0}, comparable=False).best == frozenset()


def test_axes_take_figures_powers_and_words() -> None:
    assert axis("p", [1, 3]).ticks == [(1, "1"), (2.0, "2"), (3, "3")]
    powers = axis("rate", [0.002, 0.5], log=True)
    assert [text for _place, text in powers.ticks] == ["0.001", "0.01", "0.1", "1"]
    words = axis("kind", ["a", "b", "a"])
    assert (list(words.values), list(words.ticks)) == ([0, 1, 0], [(0, "a"), (1, "b")])
    assert list(axis("flag", [True, False]).texts) == ["True", "False"]


def test_the_best_line_is_the_strongest() -> None:
    assert shades([0.5, 0.4, 0.6], up=False) == [0.5, 1.0, 0.0]
    assert shades([0.5, 0.4, 0.6], up=True) == [0.5, 0.0, 1.0]
    assert shades([0.5], up=True) == [0.0]


@pytest.mark.parametrize(
    ("prop", "wanted"),
    [
        ({"type": "number", "default": 0.002, "exclusiveMinimum": 0, "maximum": 1}, (0.0002, 0.02, True)),
        ({"type": "number", "default": 0.1, "minimum": 0, "maximum": 0.9}, (0.0, 0.4, False)),
        ({"type": "integer", "default": 8, "minimum": 1, "maximum": 256}, (4, 16, False)),
        ({"type": "integer", "default": 2, "minimum": 0, "maximum": 3}, (1, 3, False)),
    ],
)
def test_a_range_is_suggested_around_the_default_within_the_limits(
    prop: dict[str, object], wanted: tuple[float, float, bool]
) -> None:
    assert suggested(prop) == pytest.approx(wanted)


def test_a_card_keeps_its_words_and_fetches_nothing() -> None:
    assert shown("# Title\n![x](http://elsewhere.example/a.png)") == "**Title**\n\\![x](http://elsewhere.example/a.png)"


def test_the_sentence_counts_the_lines_of_the_table() -> None:
    comparison = Comparison.model_construct(baseline="base", candidate="a", sentence="", versions=VERSIONS)
    surely = among(baseline=0.5, a=(0.1, 0.02))
    size = Line(
        metric="bytes",
        name="Model size",
        phrase="model size",
        up=False,
        judges=False,
        values={"base": 100.0, "a": 120.0},
        deltas={"a": Interval(value=20.0, low=20.0, high=20.0)},
    )
    unknown = Line(metric="p99_ms", name="p99 latency", phrase="p99 latency", up=False, values={"base": 9.0, "a": 5.0})
    words = "v2 wins 1 of 2 metrics. It is 20.0 % better in AUC than v1."
    assert sentence(comparison, [surely, size, unknown]) == words
    assert sentence(comparison, [surely]) == "v2 wins 1 of 1 metrics. It is 20.0 % better in AUC than v1."


def test_the_size_of_a_file_is_told_and_neither_won_nor_lost() -> None:
    smaller = Interval(value=-60.0, low=-60.0, high=-60.0)
    size = line(False, delta=smaller, values={"MV-1": 100.0, "MV-2": 40.0}, unit="kB", judges=False)
    assert size.best == frozenset()
    assert size.title == "AUC (kB)"
    assert _change(size, "MV-2", baseline="MV-1") == ":gray[\u221260.0\u202f%]"
