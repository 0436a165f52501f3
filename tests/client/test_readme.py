"""What the README says of one's own data runs as it is written, and its limits are those of the code."""

import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.datasets import load_wine

import core.client
from core.features.training_sets.entities import LONGEST_VECTOR
from core.lake.column_types import MOST_COLUMNS
from core.lake.images.measuring import MOST_PIXELS
from core.lake.imports.service import MOST_BYTES
from core.lake.readers.zip import MOST_MEMBERS
from core.tasks.label_columns import MOST_CLASSES
from core.tasks.task import all_tasks
from core.training.recipe import all_recipes
from tests.features.versions.test_service import Scene, scene  # noqa: F401
from tests.served import Served

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def section_of(title: str) -> str:
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


def wine() -> pd.DataFrame:
    """As a person has it, with inputs that do not tell the grape alone."""
    loaded = load_wine(as_frame=True)
    columns = loaded.frame[["ash", "magnesium", "malic_acid"]]
    names = [("barolo", "grignolino", "barbera")[kind] for kind in loaded.target]
    return columns.assign(bottle=[f"b{number}" for number in range(len(columns))], grape=names)


def test_the_ten_lines_lead_from_a_file_to_a_run(
    scene: Scene,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wine().to_csv(tmp_path / "wine.csv", index=False)
    lines = re.search(r"```python\n(.*?)```", section_of("Your own data in ten lines"), re.DOTALL)
    assert lines is not None
    assert len([line for line in lines[1].splitlines() if line]) <= 11
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    monkeypatch.setenv("CAUSEWAY_TOKEN", scene.portal.sessions.begin(scene.people.engineer.person_id))
    namespace: dict[str, Any] = {}
    with Served(scene.portal) as address:
        monkeypatch.setenv("CAUSEWAY_ADDRESS", address)
        exec(lines[1], namespace)
    engineer = scene.people.engineer
    joined = scene.portal.training_sets.get_training_set(engineer, training_set_id=namespace["learned_from"].id)
    assert joined.state == "ready"
    assert sum(split.rows for split in joined.splits) == len(wine())
    run = scene.portal.training.get_run(engineer, run_id=namespace["run"]["id"])
    assert (run.recipe, run.training_set_id) == ("gradient_boosting", joined.id)


def test_every_task_and_recipe_is_named() -> None:
    section = section_of("Your own data in ten lines")
    missing = [name for name in (*all_tasks(), *all_recipes()) if f"`{name}`" not in section]
    assert missing == []


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ("columns", f"{MOST_COLUMNS:,}"),
        ("file that is sent", f"{MOST_BYTES // 2**20} MB"),
        ("files in a ZIP", f"{MOST_MEMBERS:,}"),
        ("classes of a label", f"{MOST_CLASSES:,}"),
        ("numbers of a vector", f"{LONGEST_VECTOR:,}"),
        ("pixels of an image", f"{MOST_PIXELS // 1_000_000} million"),
    ],
)
def test_a_limit_is_that_of_the_code(limit: str, most: str) -> None:
    assert f"| {limit} | {most} |" in section_of("Limits")


@pytest.mark.parametrize("term", ["kind of input", "task", "recipe", "baseline", "judging", "script", "importance"])
def test_a_term_is_explained(term: str) -> None:
    assert f"| **{term}** |" in section_of("Glossary")
