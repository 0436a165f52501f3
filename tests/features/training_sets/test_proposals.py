"""What is proposed for rows that nobody has described: each column's role with its reason, and the splits."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.features.job_specs import SourceTable
from core.features.training_sets.proposals.sandbox_entry import ProposalSpec, proposal_of
from core.features.training_sets.proposals.values import Role, SetProposal
from core.features.training_sets.values import ShareSplits, TrainingSetState
from core.foundation.digests import digest_of
from core.foundation.errors import Invalid
from core.portal import Portal
from core.training.splits import trainable
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.features.departures import LIMITS, flights, join
from tests.lake.imports.in_process import imported
from tests.lake.readers.test_dispatch import parquet
from tests.pictures import packed, png

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def proposed(
    folder: Path,
    table: pa.Table,
    *,
    sql: str = "SELECT * FROM flights",
    chosen: dict[str, Role] | None = None,
    task: str = "",
    **known: str,
) -> SetProposal:
    path = folder / "rows.parquet"
    pq.write_table(table, path)
    source = SourceTable(name="flights", inputs=("flights",), known=known)
    spec = ProposalSpec(sql=sql, sources=(source,), snapshots={"flights": "SNAP-1"}, roles=chosen or {}, task=task)
    return proposal_of(spec, inputs={"flights": path}, limits=LIMITS)


def roles(proposal: SetProposal) -> dict[str, str]:
    return {column.source: column.role for column in proposal.columns}


def reason(proposal: SetProposal, name: str) -> str:
    return next(column.reason for column in proposal.columns if column.source == name)


def wines(rows: int = 90) -> pa.Table:
    return pa.table(
        {
            "alcalinity of ash": [15.0 + number % 7 for number in range(rows)],
            "od280/od315": [1.0 + (number * 37 % 90) / 40 for number in range(rows)],
            "same": [1] * rows,
            "remark": [f"Wine number {number}, tasted and described at length" * 2 for number in range(rows)],
            "target": [number % 3 for number in range(rows)],
        }
    )


def test_a_table_with_time_is_split_by_time(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, flights(), delay="left_at", left_at="left_at")
    assert roles(proposal) == {
        "id": "id",
        "carrier": "input",
        "due_at": "moment",
        "distance": "input",
        "delay": "label",
        "left_at": "left out",
    }
    entity = proposal.entity
    assert (entity.row_id, entity.event_time, entity.label, entity.task) == ("id", "due_at", "delay", "regression")
    assert (entity.categories, entity.numbers) == (("carrier",), ("distance",))
    assert [(split.name, split.start, split.end) for split in proposal.splits] == [
        ("train", date(2013, 1, 1), date(2013, 1, 8)),
        ("validation", date(2013, 1, 8), date(2013, 1, 10)),
        ("test", date(2013, 1, 10), date(2013, 1, 13)),
    ]
    assert (proposal.shares, proposal.rows) == (None, 400)
    assert "known only at left_at" in reason(proposal, "delay")


def test_classes_without_time_are_stratified(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, wines())
    assert roles(proposal) == {
        "alcalinity of ash": "input",
        "od280/od315": "input",
        "same": "left out",
        "remark": "input",
        "target": "label",
    }
    assert (proposal.entity.task, proposal.entity.label, proposal.entity.row_id) == (
        "multi_class", "target", "row_number",
    )  # fmt: skip
    assert proposal.entity.numbers == ("alcalinity_of_ash", "od280_od315")
    assert proposal.shares == ShareSplits(shares=SHARES, by="stratified")
    assert "numbered" in proposal.notes[0]
    assert reason(proposal, "target").startswith("It is called like a label.")


def test_what_is_proposed_can_be_joined_as_it_is(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, wines())
    result = join(tmp_path, proposal.entity, shares=proposal.shares, table=wines(), marks={}, suspicious_auc=1.0)
    assert [(split.name, split.rows) for split in result.splits] == [("train", 63), ("validation", 15), ("test", 12)]
    assert result.target.classes == ("0", "1", "2")


def test_a_label_with_a_class_of_one_row_leaves_the_others_to_choose_from(tmp_path: Path) -> None:
    folders = pa.array(["parts", *("img" for _row in range(89))])
    table = wines().rename_columns(["alcalinity of ash", "od280/od315", "same", "remark", "kind"])
    table = table.append_column("category", folders)
    proposal = proposed(tmp_path, table)
    assert (proposal.entity.label, proposal.shares) == ("category", ShareSplits(shares=SHARES))
    other = proposed(tmp_path, table, chosen={"kind": "label", "category": "left out"})
    assert (other.entity.label, other.shares) == ("kind", ShareSplits(shares=SHARES, by="stratified"))


def test_rows_of_one_group_stay_together(tmp_path: Path) -> None:
    table = wines().append_column("patient_id", pa.array([f"P{number // 5}" for number in range(90)]))
    proposal = proposed(tmp_path, table)
    assert roles(proposal)["patient_id"] == "group"
    assert proposal.shares == ShareSplits(shares=SHARES, by="grouped", column="patient_id")
    assert "patient_id" not in proposal.entity.categories


@pytest.mark.parametrize(
    ("name", "cells", "task"),
    [
        ("paid", [number % 2 for number in range(90)], ""),
        ("grade", ["abc"[number % 3] for number in range(90)], "multi_class"),
        ("price", [number * 1.37 for number in range(90)], "regression"),
        ("won", [bool(number % 2) for number in range(90)], ""),
    ],
)
def test_the_last_column_is_the_label_where_none_is_called_so(
    tmp_path: Path, name: str, cells: list[Any], task: str
) -> None:
    proposal = proposed(tmp_path, wines().drop_columns(["target"]).append_column(name, pa.array(cells)))
    assert (proposal.entity.label, proposal.entity.task) == (name, task)


def test_a_day_is_read_as_a_moment_and_rows_without_label_are_left_out(tmp_path: Path) -> None:
    days = pa.array(range(90), pa.int32()).cast(pa.date32())
    target = pa.array([None if number < 9 else number % 3 for number in range(90)])
    table = wines().drop_columns(["target"]).append_column("day", days).append_column("target", target)
    proposal = proposed(tmp_path, table)
    assert (proposal.entity.event_time, len(proposal.splits)) == ("day", 3)
    assert "10.0 % of the rows have no label and are left out." in proposal.notes
    result = join(tmp_path, proposal.entity, splits=proposal.splits, table=table, marks={}, suspicious_auc=1.0)
    assert result.rows == 81


def test_three_columns_and_three_hundred_do(tmp_path: Path) -> None:
    few = proposed(tmp_path, pa.table({"x": [0.5, 1.5] * 40, "word": ["a", "b"] * 40, "y": [0, 1] * 40}))
    assert (few.entity.numbers, few.entity.categories, few.entity.label) == (("x",), ("word",), "y")
    many = {f"Feature {number}": [number + at * 0.5 for at in range(60)] for number in range(300)}
    wide = proposed(tmp_path, pa.table(many | {"class": ["a", "b"] * 30}))
    assert len(wide.entity.numbers) == 300
    assert wide.entity.numbers[0] == "Feature_0"


def test_names_that_only_one_column_may_have_are_changed(tmp_path: Path) -> None:
    cells = {"label": [0, 1] * 40, "weight": [1.5, 2.5] * 40, "1st": [3.5, 4.5] * 40, "Event_Time": [0.5, 1.5] * 40}
    proposal = proposed(tmp_path, pa.table(cells))
    assert proposal.entity.label == "label"
    assert [column.name for column in proposal.columns] == ["label", "weight", "c_1st", "Event_Time_2"]


def test_what_a_person_chooses_goes_before_what_is_guessed(tmp_path: Path) -> None:
    chosen: dict[str, Role] = {"delay": "input", "distance": "label", "carrier": "key"}
    proposal = proposed(tmp_path, flights(), chosen=chosen, task="regression", delay="left_at", left_at="left_at")
    assert roles(proposal) == {
        "id": "id",
        "carrier": "key",
        "due_at": "moment",
        "distance": "label",
        "delay": "input",
        "left_at": "left out",
    }
    entity = proposal.entity
    assert (entity.label, entity.numbers, entity.keys_only) == ("distance", ("delay",), ("carrier",))
    assert reason(proposal, "distance").startswith("Chosen. A number")
    assert "known only at left_at" in reason(proposal, "delay")
    unlabeled = proposed(tmp_path, flights(), chosen={"delay": "left out", "id": "left out"})
    assert (unlabeled.entity.label, unlabeled.entity.row_id) == ("", "row_number")


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"nope": "label"}, "gives no column 'nope'"),
        ({"distance": "label", "delay": "label"}, "distance and delay are both chosen as label"),
        ({"carrier": "moment"}, "a time is a TIMESTAMPTZ"),
        ({"due_at": "key"}, "keys are text, whole numbers"),
    ],
)
def test_choices_that_cannot_be_are_refused_in_words(tmp_path: Path, chosen: dict[str, Role], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        proposed(tmp_path, flights(), chosen=chosen)


def test_a_label_that_fits_no_task_is_kept_and_teaches_nothing(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, wines(), chosen={"remark": "label"}, task="any")
    assert (proposal.entity.label, proposal.entity.label_kind, proposal.entity.task) == ("remark", "any", "")
    assert proposal.entity.sql.count("IS NOT NULL") == 0


def test_columns_are_shown_with_their_values(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, flights())
    bins = {column.source: column.bins for column in proposal.columns}
    assert all(sum(counts) == 400 for name, counts in bins.items() if name not in ("id", "left_at"))
    assert len(bins["distance"]) == len(bins["due_at"]) == 16
    assert proposal.preview is not None
    assert (proposal.preview.columns[0], len(proposal.preview.rows), proposal.preview.total) == ("id", 20, 400)


def test_what_is_wrong_with_a_query_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="column nope not found"):
        proposed(tmp_path, wines(), sql="SELECT nope FROM flights")


def test_a_table_becomes_a_set_that_teaches_its_classes(portal: Portal, people: People) -> None:
    """From a file that nobody has described to what a run is given, by what people, REST and scripts call."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="wines")
    content = parquet(wines().append_column("grape", pa.array(["abc"[number % 3] for number in range(90)])))
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="wines.parquet", content=content)
    sets = portal.training_sets
    proposal = sets.propose_training_set(people.engineer, project="PROJ-1", snapshot_id=snapshot.id)
    assert (proposal.entity.label, proposal.entity.sources) == ("target", {"wines": snapshot.id})
    by_sql = sets.propose_training_set(people.engineer, project="PROJ-1", sql='SELECT * FROM "wines"')
    assert by_sql.entity == proposal.entity
    counted = sets.preview_splits(people.engineer, project="PROJ-1", entity=proposal.entity, shares=proposal.shares)
    assert [(split.name, split.rows) for split in counted.splits] == [("train", 63), ("validation", 15), ("test", 12)]
    begun = sets.create_training_set(
        people.engineer, project="PROJ-1", name="wines", entity=proposal.entity, shares=proposal.shares
    )
    assert (begun.shares, begun.asked) == (proposal.shares, ())
    run_job_here(portal, begun.job_id)
    joined = sets.get_training_set(people.viewer, training_set_id=begun.id)
    assert (joined.state, [leak.column for leak in joined.leaks]) == (TrainingSetState.NEEDS_REVIEW, ["grape"])
    ready = sets.accept_inputs(people.engineer, training_set_id=begun.id, reason="Known in advance.")
    assert (ready.target.task, ready.target.classes, ready.target.label) == ("multi_class", ("0", "1", "2"), "target")
    assert ready.manifest is not None
    assert (ready.manifest.shares, digest_of(ready.manifest)) == (proposal.shares, ready.digest)
    with pytest.raises(Invalid, match="the split validation has 15 rows and 20 are the least"):
        trainable(ready, now=ready.created_at)


def test_a_proposal_is_of_a_snapshot_or_of_a_query(portal: Portal, people: People) -> None:
    with pytest.raises(Invalid, match="Name either a snapshot or a query"):
        portal.training_sets.propose_training_set(people.engineer, project="PROJ-1")


def test_what_says_something_is_a_text_and_a_list_of_numbers_a_vector(tmp_path: Path) -> None:
    rows = wines()
    names = [f"Winery {max(1, number)}, Ms. Ann" for number in range(rows.num_rows)]
    lists = {"place": [[number, 2.0] for number in range(rows.num_rows)], "ragged": [[1.0]] * 89 + [[1.0, 2.0]]}
    proposal = proposed(tmp_path, pa.table({"name": names, **lists, **dict(zip(rows.column_names, rows, strict=True))}))
    assert (proposal.entity.texts, proposal.entity.vectors) == (("remark",), ("place",))
    assert {"name": "left out", "ragged": "left out"}.items() <= roles(proposal).items()
    assert "by its words" in reason(proposal, "remark")
    assert {column.source: column.kind for column in proposal.columns}["remark"] == "text"


def test_a_column_of_paths_is_proposed_as_images_or_texts_of_the_files_that_it_names(
    portal: Portal, people: People
) -> None:
    mei, sets, stored = people.engineer, portal.training_sets, {}
    files = {f"{at:02}.png": png([[at]]) for at in range(24)}, {f"{at:02}.txt": b"Note %d" % at for at in range(24)}
    rows = "picture,note,label,remark\n" + "".join(f"{at:02}.png,{at:02}.txt,{at % 2},r{at}\n" for at in range(25))
    uploads = {"pictures.zip": packed(files[0]), "notes.zip": packed(files[1]), "rows.csv": rows.encode()}
    for filename, content in uploads.items():
        name = filename.partition(".")[0]
        dataset = portal.datasets.create_dataset(mei, project="PROJ-1", name=name)
        stored[name] = imported(portal, mei, dataset_id=dataset.id, filename=filename, content=content).id
    proposal = sets.propose_training_set(mei, project="PROJ-1", snapshot_id=stored["rows"])
    assert (proposal.entity.images, proposal.entity.text_items) == (
        {"picture": stored["pictures"]},
        {"note": stored["notes"]},
    )
    assert "24 of 25 values are files of pictures v1." in reason(proposal, "picture")
    assert "1 values of picture are no files: leave their rows out with WHERE." in proposal.notes
    items = next(column.items for column in proposal.columns if column.source == "picture")
    assert items is not None
    assert (items.kind, items.width, items.others, len(items.shown)) == ("image", 1, ("24.png",), 12)
    assert next(column.items for column in proposal.columns if column.source == "remark") is None
    chosen = sets.propose_training_set(
        mei, project="PROJ-1", snapshot_id=stored["rows"], files={"picture": stored["notes"]}
    )
    named = next(column.items for column in chosen.columns if column.source == "picture")
    assert named is not None
    assert (named.named, named.values, len(named.others)) == (0, 25, 3)
    with pytest.raises(Invalid, match="has no files") as refusal:
        sets.propose_training_set(mei, project="PROJ-1", snapshot_id=stored["rows"], files={"picture": stored["rows"]})
    assert refusal.value.field == "files"
