"""What a terminal shows of a list: the telling columns first, and no more than fit."""

import pytest

from app.cli.output import columns_that_fit, show

ROWS = [
    {
        "project": "PROJ-1",
        "note": "x" * 30,
        "plan": {"steps": []},
        "title": "Promote",
        "id": "PR-1",
        "state": "applied",
    },
    {"project": "PROJ-1", "note": "y" * 30, "plan": {"steps": []}, "title": "Withdraw", "id": "PR-2", "state": "stale"},
]


@pytest.mark.parametrize("title", ["Preise [/x] [red]rot", "[x](y)", "a :smile: b", "[bold]Umsatz[/bold]"])
def test_what_people_have_named_is_shown_as_they_wrote_it(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in ([{"id": "DS-1", "title": title}], {"id": "DS-1", "title": title}, title):
        show(answer)
        assert title in capsys.readouterr().out


def test_the_telling_columns_come_first_and_structures_are_left_out() -> None:
    assert columns_that_fit(ROWS, width=200) == ["id", "title", "state", "note", "project"]


def test_a_narrow_terminal_gets_what_fits_and_at_least_one_column() -> None:
    assert columns_that_fit(ROWS, width=30) == ["id", "title", "state"]
    assert columns_that_fit(ROWS, width=1) == ["id"]
