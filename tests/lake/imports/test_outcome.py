"""What an import says that it would do, before anybody confirms it, and which rows it leaves out."""

import pytest

from core.lake.import_values import ColumnOutcome, ImportOutcome
from core.lake.values import Dataset, RejectedRow
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported, read_here
from tests.lake.imports.test_imports import begin

FIRST = b"id,city,price\n1,Oslo,2\n2,Bonn,3\n"
ODD = b"9,dear,2013-01-01 10:00:00,oops\n"
NEXT = b"id,price,paid at,rate\n" + b"5,cheap,2013-01-01 10:00:00,0\n6,dear,2013-01-02 10:00:00,1\n" * 20 + ODD


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings")


def column(name: str, kind: str, **other: object) -> ColumnOutcome:
    plain = {"type_before": "", "name_before": "", "missing": 0, "need": "", "is_changed": False}
    return ColumnOutcome.model_validate({"column": name, "type": kind, **plain, **other})


def test_the_first_rows_of_a_dataset_change_nothing(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = begin(portal, people, dataset, FIRST)
    assert ready.outcome == ImportOutcome(
        rows_taken_in=2,
        rows_left_out=0,
        rows_before=0,
        rows_replaced=0,
        rows_after=2,
        version_before=0,
        types={"BIGINT": 2, "VARCHAR": 1},
        missing=0,
        columns=(column("id", "BIGINT"), column("city", "VARCHAR"), column("price", "BIGINT")),
    )
    portal.imports.confirm_import(people.engineer, import_id=ready.id)
    assert portal.imports.get_import(people.engineer, import_id=ready.id).outcome is None


def test_rows_that_replace_others_say_what_becomes_of_rows_and_columns(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    imported(portal, people.engineer, dataset_id=dataset.id, content=FIRST)
    outcome = begin(portal, people, dataset, NEXT, unfit={"rate": "reject"}).outcome
    assert outcome is not None
    assert (outcome.rows_taken_in, outcome.rows_left_out, outcome.rows_after) == (40, 1, 40)
    assert (outcome.rows_before, outcome.rows_replaced, outcome.version_before) == (2, 2, 1)
    assert outcome.columns == (
        column("id", "BIGINT", type_before="BIGINT"),
        column("price", "VARCHAR", type_before="BIGINT", need="look", is_changed=True),
        column("paid at", "TIMESTAMP", need="decision", is_changed=True),
        column("rate", "BIGINT", need="look", is_changed=True),
    )


def test_rows_that_are_added_come_to_those_that_are_there(portal: Portal, people: People, dataset: Dataset) -> None:
    imported(portal, people.engineer, dataset_id=dataset.id, content=FIRST)
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.csv", content=b"id,city,price\n3,,4\n", mode="append"
    )
    outcome = read_here(portal, begun).outcome
    assert outcome is not None
    assert (outcome.rows_taken_in, outcome.rows_before, outcome.rows_replaced, outcome.rows_after) == (1, 2, 0, 3)
    assert (outcome.missing, [item.missing for item in outcome.columns]) == (1, [0, 1, 0])


def test_values_and_names_that_are_other_than_in_the_file_are_changed(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    outcome = begin(portal, people, dataset, b'id;"a\nb";price\n1;x;1,5\n2;y;2,25\n').outcome
    assert outcome is not None
    assert outcome.columns == (
        column("id", "BIGINT"),
        column("a b", "VARCHAR", name_before="a\nb", is_changed=True),
        column("price", "DOUBLE", is_changed=True),
    )


def test_rows_that_were_left_out_are_kept_with_line_column_value_and_reason(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    """As long as the snapshot is, and for those who may read it."""
    content = b'id,amount,note\n1,5,"two\nlines"\n' + b"2,5,\n" * 300 + b"3,oops,x\n4,5\n5,late,\n"
    ready = begin(portal, people, dataset, content, unfit={"amount": "reject"})
    expected = (
        RejectedRow(line=304, column="amount", value="oops", reason="is no BIGINT"),
        RejectedRow(line=305, column="", value="4,5", reason="2 cells instead of 3"),
        RejectedRow(line=306, column="amount", value="late", reason="is no BIGINT"),
    )
    assert ready.report is not None
    assert (ready.report.rows_rejected, ready.report.reasons[1]) == (3, "Line 305: 2 cells instead of 3: 4,5")
    portal.imports.confirm_import(people.engineer, import_id=ready.id)
    listed = portal.imports.list_rejected_rows(people.viewer, import_id=ready.id)
    assert (listed.total, listed.items) == (3, expected)
    part = portal.imports.list_rejected_rows(people.viewer, import_id=ready.id, offset=1, limit=1)
    assert (part.total, part.items) == (3, expected[1:2])
    whole = begin(portal, people, dataset, FIRST)
    assert portal.imports.list_rejected_rows(people.viewer, import_id=whole.id).total == 0
