"""An import in a real browser: a file whose times and numbers are not what they look like, corrected before it counts,
and the next file, which is read like the first."""

import re
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import TimeoutError, expect

from tests.e2e.conftest import Running, Visitor

FIRST = b"id,left_at,flight\n1,2013-07-01 06:00,15\n2,2013-07-02 07:30,16\n3,2013-07-02 09:00,16\n"
SECOND = b"id,left_at,flight\n4,2013-08-01 06:00,17\n"
COLUMNS = {"Column": 0, "Type": 1, "Time zone": 2}
ROW_PX = 34
TRIES, EDITOR_MS = 5, 3000


def test_zone_and_type_are_corrected_before_a_file_counts(mei: Visitor, running: Running) -> None:
    portal, me = running.portal, running.people.engineer
    dataset = portal.datasets.create_dataset(me, project="PROJ-1", name="departed")
    mei.go(f"/dataset?id={dataset.id}")
    read(mei, "departed.csv", FIRST)
    mei.sees_in_the_end("left_at has times without a zone: choose one, or UTC will be meant.")
    mei.press("Confirm")
    mei.sees("Times without a zone: left_at")
    choose_in_table(mei, row=1, column="Time zone", value="America/New_York")
    choose_in_table(mei, row=2, column="Type", value="VARCHAR")
    mei.press("Read again")
    mei.sees_in_the_end("left_at is read as local time of America/New_York.", re.compile("flight is VARCHAR"))
    mei.press("Confirm")
    first = mei.at("SNAP")
    mei.sees(re.compile("3 rows, 3 columns"))
    assert {column.name: column.type for column in portal.datasets.get_snapshot(me, snapshot_id=first).columns} == {
        "id": "BIGINT",
        "left_at": "TIMESTAMP WITH TIME ZONE",
        "flight": "VARCHAR",
    }
    read(mei, "august.csv", SECOND, adds=True)
    mei.sees_in_the_end("left_at is read as local time of America/New_York.")
    mei.press("Confirm")
    mei.at("SNAP")
    mei.sees(re.compile("4 rows, 3 columns"))
    mei.tab("Versions")
    mei.sees(re.compile("1 of 2 files shared with v1"))


def test_times_without_a_zone_may_be_meant_as_utc(mei: Visitor, running: Running) -> None:
    dataset = running.portal.datasets.create_dataset(running.people.engineer, project="PROJ-1", name="departed_utc")
    mei.go(f"/dataset?id={dataset.id}")
    read(mei, "departed.csv", FIRST)
    mei.sees_in_the_end("Read the times without a zone as UTC")
    mei.page.get_by_text("Read the times without a zone as UTC").click()
    expect(mei.page.get_by_label("Read the times without a zone as UTC")).to_be_checked()
    mei.press("Confirm")
    mei.at("SNAP")


def test_a_folder_becomes_items_with_its_folders_as_labels(mei: Visitor, running: Running, tmp_path: Path) -> None:
    for path in ("notes/good/a.txt", "notes/bad/b.txt"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("A note.")
    portal, me = running.portal, running.people.engineer
    dataset = portal.datasets.create_dataset(me, project="PROJ-1", name="notes")
    mei.go(f"/dataset?id={dataset.id}")
    mei.press("Add a snapshot")
    mei.page.get_by_role("radio", name="A folder").click()
    mei.settled()
    mei.page.locator("input[type=file][webkitdirectory]").set_input_files(tmp_path / "notes")
    mei.settled()
    mei.press("Read")
    mei.at("IMP")
    mei.sees_in_the_end("The first 2 of 2 rows")
    mei.press("Confirm")
    snapshot = mei.at("SNAP")
    rows = portal.datasets.preview(me, snapshot_id=snapshot)
    labels = [row[rows.columns.index("label")] for row in rows.rows]
    assert sorted(labels) == ["bad", "good"]


def read(mei: Visitor, name: str, content: bytes, *, adds: bool = False) -> None:
    mei.press("Add a snapshot")
    if adds:
        mei.page.get_by_role("radio", name="Append").click()
    mei.upload(name, content)
    mei.press("Read")
    mei.at("IMP")


def choose_in_table(mei: Visitor, *, row: int, column: str, value: str) -> None:
    """Chooses from the list in a cell of the table of columns, which is a picture that only keys and clicks reach."""
    table = mei.page.locator('[data-testid="stDataFrame"]').last
    mei.settled()
    editor = mei.page.locator("#portal input")
    for _try in range(TRIES):
        table.scroll_into_view_if_needed()
        table.click(position={"x": 40, "y": 36 + ROW_PX // 2})
        for _step in range(row):
            mei.page.keyboard.press("ArrowDown")
        for _step in range(COLUMNS[column]):
            mei.page.keyboard.press("ArrowRight")
        mei.page.keyboard.press("Enter")
        # A table that is drawn anew meanwhile has forgotten its cell: choose it again.
        with suppress(TimeoutError):
            editor.wait_for(timeout=EDITOR_MS)
            break
    editor.fill(value)
    mei.page.keyboard.press("Enter")
    # The portal knows of it a moment later, and says so.
    mei.sees(re.compile(f"To be read as: .*{value}"))
    mei.settled()
