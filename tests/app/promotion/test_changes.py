"""A change is green or red by what its metric wants."""

import pytest

from app.promotion.changes import is_more_better


@pytest.mark.parametrize(
    ("part", "is_more"),
    [
        ("Expected AUC", True),
        ("Expected log loss", False),
        ("Expected mean absolute error", False),
        ("Expected R\u00b2", True),
        ("Expected top-3 accuracy", True),
        ("Capacity", False),
    ],
)
def test_more_is_better_where_the_metric_says_so(part: str, is_more: bool) -> None:
    assert is_more_better(part) is is_more
