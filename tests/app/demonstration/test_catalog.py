"""What there is to be shown: its list, its names, and data that are the same for everybody."""

import io
import json
import random
import sys
import zipfile

import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from app.cli.commands import cli
from app.demonstration import digits, docstrings, prices
from app.demonstration.catalog import DEMONSTRATIONS, demonstration_called
from app.demonstration.walk import Demonstration
from core.foundation.errors import NotFound, NotSignedIn, Unavailable

TWO_MINUTES = 120
SHORT = [demonstration for demonstration in DEMONSTRATIONS if not demonstration.takes_first_project]


def test_the_list_says_what_there_is_and_how_long_it_takes() -> None:
    answered = CliRunner().invoke(cli, ["demo", "--list", "--json"])
    assert answered.exit_code == 0
    listed = {row["name"]: row for row in json.loads(answered.output)}
    assert list(listed) == ["flights", "digits", "prices", "docstrings"]
    assert all(row["shows"] and row["takes"].startswith("about ") for row in listed.values())
    printed = CliRunner().invoke(cli, ["demo", "--list"]).output
    assert "…" not in printed, "a terminal of 80 columns has room for all of it"
    assert "causeway demo --list" in " ".join(CliRunner().invoke(cli, ["--help"]).output.split())


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    assert demonstration_called("") is DEMONSTRATIONS[0]
    assert demonstration_called("prices").name == "prices"
    with pytest.raises(NotFound, match="'iris'") as refusal:
        demonstration_called("iris")
    assert refusal.value.hint == "There are: flights, digits, prices, docstrings."


@pytest.mark.parametrize("has_database", [False, True])
def test_without_a_portal_nothing_begins(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, has_database: bool
) -> None:
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    monkeypatch.setenv("CAUSEWAY_PORTAL_PORT", "9")
    monkeypatch.setenv("CAUSEWAY_DATABASE_URL", "sqlite://" if has_database else "")
    refused = CliRunner().invoke(cli, ["demo", "digits"]).exception
    assert isinstance(refused, Unavailable if has_database else NotSignedIn)
    assert "causeway up" in refused.hint


@pytest.mark.parametrize("demonstration", SHORT, ids=lambda demonstration: demonstration.name)
def test_a_short_one_takes_less_than_two_minutes_in_the_same_steps(demonstration: Demonstration) -> None:
    titles = [step.title for step in demonstration.steps]
    assert demonstration.seconds < TWO_MINUTES
    assert titles == [step.title for step in SHORT[0].steps]
    assert len(set(titles)) == len(titles)


def test_projects_and_names_are_their_own() -> None:
    for field in ("name", "title", "shows"):
        assert len({getattr(demonstration, field) for demonstration in DEMONSTRATIONS}) == len(DEMONSTRATIONS)


def test_digits_are_pictures_in_a_folder_for_each() -> None:
    from sklearn.datasets import load_digits

    known = load_digits()
    with zipfile.ZipFile(io.BytesIO(digits.content())) as archive:
        names = archive.namelist()
        assert [int(name[0]) for name in names] == known.target.tolist()
        for place in random.Random(1).sample(range(len(names)), 20):
            with Image.open(io.BytesIO(archive.read(names[place]))) as picture:
                assert picture.size == (8, 8)
                shades = [min(int(shade) * 16, 255) for shade in known.images[place].ravel()]
                assert list(picture.get_flattened_data()) == shades


def test_the_sheet_of_digits_says_whose_it_is() -> None:
    with Image.open(digits.SHEET) as sheet:
        assert "UCI Machine Learning Repository" in sheet.info["Source"]
        assert "CC BY 4.0" in sheet.info["Copyright"]


def test_homes_are_generated_and_the_same_every_time() -> None:
    content = prices.content()
    assert content == prices.content()
    homes = pd.read_csv(io.BytesIO(content))
    assert homes.home.is_unique
    assert len(homes) == prices.ROWS
    assert 0.03 < homes.built.isna().mean() < 0.07
    # No input tells the price alone, so the training set needs no review.
    assert homes.corr("spearman", numeric_only=True).price.drop("price").abs().max() < 0.55


def test_docstrings_are_those_of_this_python() -> None:
    rows = [json.loads(line) for line in docstrings.content().splitlines()]
    assert {row["area"] for row in rows} == set(docstrings.AREAS)
    assert len({row["text"] for row in rows}) == len({row["place"] for row in rows}) == len(rows) > 3_000
    assert any(sys.modules["random"].__doc__.strip().startswith(row["text"][:30]) for row in rows)
