"""What nobody can learn from, from the uploaded file to the words that people see: the training set is not made, or it
is made and refused by training and by sweeps before any job of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.features.training_sets.values import EntityQuery, Split, TrainingSet, TrainingSetState
from core.foundation.errors import Invalid
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.installed import People, installed, settings_in
from tests.lake.imports.in_process import imported
from tests.sweeps.running import start as start_sweep
from tests.training.sets import start

Row = dict[str, Any]
READY, FAILED = TrainingSetState.READY, TrainingSetState.FAILED
REFUSED = "This training set cannot be learned from: "
WITHOUT = {"label": ""}
LIKE_IT = "Make one like it "
SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 3)),
    Split(name="validation", start=date(2013, 1, 3), end=date(2013, 1, 5)),
)
LATER = tuple(Split(name=s.name, start=s.start.replace(year=2999), end=s.end.replace(year=2999)) for s in SPLITS)


def rows(*, hours: int = 1, year: int = 2013) -> list[Row]:
    """A flight every so many hours of four days; every third is late."""
    begin = datetime(year, 1, 1)
    return [
        {
            "id": f"F{number}",
            "due": f"{begin + timedelta(hours=hours * number):%Y-%m-%dT%H:%M:%SZ}",
            "late": int(number % 3 == 0),
            "distance": 300 + (number * 37) % 900,
            "delay": (number * 29) % 90 - 9,
            "cause": "weather" if number % 2 else "",
        }
        for number in range(96 // hours)
    ]


def with_label(rows: list[Row], value: Any, *, since: int = 0) -> list[Row]:
    return [row | ({"late": value} if place >= since else {}) for place, row in enumerate(rows)]


def without(rows: list[Row], name: str) -> list[Row]:
    return [{column: cell for column, cell in row.items() if column != name} for row in rows]


@dataclass(frozen=True)
class Case:
    """Rows of a file, what is asked of them, the state of the set that comes of it, and the words."""

    rows: list[Row]
    state: TrainingSetState
    words: str
    entity: dict[str, Any]
    splits: tuple[Split, ...] = SPLITS


CASES = {
    "the label column is absent": Case(
        without(rows(), "late"),
        FAILED,
        "The query gives no column 'late'. It gives: id, due, distance, delay, cause.",
        {},
    ),
    "no label was named": Case(without(rows(), "late"), READY, "it has no label", WITHOUT),
    "the label is a number": Case(
        rows(), READY, "its label delay belongs to no task", {"label": "delay", "label_kind": "any"}
    ),
    "the label is text with gaps": Case(
        rows(), READY, "its label cause belongs to no task", {"label": "cause", "label_kind": "any"}
    ),
    "a number is said to be 0 and 1": Case(
        rows(),
        FAILED,
        "94 rows have a label that is neither 0 nor 1. Name the task of another label",
        {"label": "delay"},
    ),
    "the label is constant": Case(
        with_label(rows(), 1),
        FAILED,
        "Nothing can be learned from the split train: all labels are 1. Its rows: 48.",
        {},
    ),
    "every label is missing": Case(
        with_label(rows(), ""), FAILED, "96 rows have no label: leave them out with WHERE", {}
    ),
    "a split has one class": Case(
        with_label(rows(), 0, since=48),
        FAILED,
        "Nothing can be learned from the split validation: all labels are 0. Its rows: 48.",
        {},
    ),
    "there is one row": Case(
        rows()[:1], FAILED, "The split validation has no rows. The rows run from 2013-01-01 to 2013-01-01.", {}
    ),
    "there is one row without a label": Case(
        rows()[:1], FAILED, "The split validation has no rows. The rows run from 2013-01-01 to 2013-01-01.", WITHOUT
    ),
    "there are few rows": Case(rows(hours=4), READY, "the split train has 12 rows and 20 are the least", {}),
    "the rows are of the future": Case(
        rows(year=2999), READY, "the split train has rows of the future (2999-01-02", {}, LATER
    ),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, People]]:
    with installed(settings_in(tmp_path_factory.mktemp("refusals") / "home")) as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_training_and_sweeps_refuse_with_the_reason(opened: tuple[Portal, People], name: str) -> None:
    (portal, people), case = opened, CASES[name]
    training_set = joined(portal, people, case, name=name.replace(" ", "_"))
    assert training_set.state is case.state, training_set.cause
    if training_set.state is FAILED:
        assert training_set.cause.startswith(case.words)
        assert training_set.splits == ()
        return
    jobs = portal.compute.list_jobs(people.viewer).total
    for begin in (start, start_sweep):
        with pytest.raises(Invalid) as refusal:
            begin(portal, people, training_set.id)
        assert refusal.value.message.startswith(REFUSED + case.words)
        assert refusal.value.field == "training_set_id"
        assert refusal.value.hint.startswith(LIKE_IT if "label" in case.words else "Look at its rows")
    assert portal.compute.list_jobs(people.viewer).total == jobs


def joined(portal: Portal, people: People, case: Case, *, name: str) -> TrainingSet:
    """The training set that comes of an uploaded file, once its job is over."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name=name)
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, content=csv(case.rows))
    entity = {
        "sql": "SELECT * FROM flights",
        "sources": {"flights": snapshot.id},
        "row_id": "id",
        "event_time": "due",
        "label": "late",
        "numbers": ("distance",),
    }
    training_set = portal.training_sets.create_training_set(
        people.engineer,
        project="PROJ-1",
        name=name,
        entity=EntityQuery(**entity | case.entity),
        splits=case.splits,
    )
    run_job_here(portal, training_set.job_id)
    return portal.training_sets.get_training_set(people.viewer, training_set_id=training_set.id)


def csv(rows: list[Row]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(str(cell) for cell in row.values()) for row in rows)]
    return "\n".join(lines).encode()
