"""An import in the browser: what to look at, and the buttons of those who may decide."""

import pytest
from streamlit.testing.v1 import AppTest

from core.lake.import_values import Import
from core.lake.values import Dataset
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import read_here
from tests.lake.readers.test_xlsx import book
from tests.pages.conftest import PROJECT
from tests.pages.running import drawn, page, text_of

PRICES = b"price;day\n1.100;03/04/2026\n2.250;05/06/2026\n"


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project=PROJECT, name="readings")


def begun(portal: Portal, people: People, dataset: Dataset, *, content: bytes) -> Import:
    return portal.imports.start_upload(people.engineer, dataset_id=dataset.id, filename="readings.csv", content=content)


def press(test: AppTest, label: str) -> None:
    next(button for button in test.button if button.label == label).click()
    drawn(test)


def test_an_import_under_way_is_found_on_the_page_of_datasets(portal: Portal, people: People, dataset: Dataset) -> None:
    reading = begun(portal, people, dataset, content=b"id,at\n1,2013-01-01 10:00\n")
    assert "readings.csv into readings" in text_of(page(portal, people.viewer, "datasets"))
    assert "The report comes" in text_of(page(portal, people.viewer, "import", id=reading.id))


def test_a_report_is_shown_and_confirmed_by_who_may(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content=b"id,at\n1,2013-01-01 10:00\n"))
    viewer = page(portal, people.viewer, "import", id=ready.id)
    assert "at has times without a zone" in text_of(viewer)
    assert "The first 1 of 1 rows" in text_of(viewer)
    assert "Confirm" not in [button.label for button in viewer.button]
    engineer = page(portal, people.engineer, "import", id=ready.id)
    press(engineer, "Confirm")
    assert "Times without a zone: at" in text_of(engineer)
    engineer.checkbox[0].check()
    press(engineer, "Confirm")
    assert portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).snapshots == 1


def test_an_import_says_which_columns_go_come_and_change_before_it_is_confirmed(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    first = read_here(portal, begun(portal, people, dataset, content=b"id,city,price\n1,Oslo,2\n2,Bonn,3\n"))
    assert page(portal, people.engineer, "import", id=first.id).warning.len == 0
    portal.imports.confirm_import(people.engineer, import_id=first.id)
    other = read_here(portal, begun(portal, people, dataset, content=b"id,price,weight\n1,cheap,2\n2,dear,4\n"))
    shown = page(portal, people.engineer, "import", id=other.id).warning[0].value.splitlines()
    assert [line.strip() for line in shown] == [
        "**It replaces the columns of readings.**",
        "Gone: `city`",
        "Of another type: `price` bigint \u2192 varchar",
        "New: `weight`",
        "What reads a column that is gone or of another type fails: features, training sets and queries.",
    ]
    more = read_here(portal, begun(portal, people, dataset, content=b"id,city,price,weight\n1,Oslo,2,3\n2,Bonn,3,4\n"))
    test = page(portal, people.engineer, "import", id=more.id)
    assert (test.warning.len, "New: `weight`" in test.info[0].value) == (0, True)
    portal.imports.confirm_import(people.engineer, import_id=more.id)
    assert page(portal, people.engineer, "import", id=more.id).info.len == 0


def test_what_cannot_be_read_says_why_and_can_be_corrected(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content="id,city\n1,Zürich\n".encode("windows-1252")))
    choices = ready.choices.model_copy(update={"encoding": "utf-8"})
    failed = read_here(portal, portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices))
    test = page(portal, people.engineer, "import", id=failed.id)
    assert "Line 2 is not UTF-8" in text_of(test)
    test.selectbox(key="import_encoding").select("windows-1252")
    drawn(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=failed.id))
    assert again.preview.rows == ((1, "Zürich"),)


def test_cells_that_do_not_fit_and_words_for_nothing_are_decided_about(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    content = b"amount,city\n" + b"5,Oslo\n" * 30 + b"oops,NA\n"
    ready = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=ready.id)
    assert "amount is text because of 1 of 31 values: 'oops' in line 32. The others are BIGINT." in text_of(test)
    words = test.multiselect(key=f"import_missing_{ready.job_id}")
    assert (words.options, words.value) == (["NA"], [])
    words.select("NA")
    test.segmented_control(key=f"import_unfit_{ready.job_id}_amount").set_value("missing")
    drawn(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert again.preview.rows[-1] == (None, None)
    assert again.choices.unfit == {"amount": "missing"}
    assert [column.type for column in again.report.columns] == ["BIGINT", "VARCHAR"]
    test = page(portal, people.engineer, "import", id=ready.id)
    test.segmented_control(key=f"import_unfit_{again.job_id}_amount").set_value("")
    drawn(test)
    press(test, "Read again")
    last = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert (last.preview.rows[-1], last.choices.unfit) == (("oops", None), {})


def test_a_type_chosen_in_a_card_is_read_again_and_takes_what_does_not_fit_as_missing(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    content = b"built,land\n" + b'1950,"1,200"\n' * 30 + b'n/a,"1,300"\n'
    ready = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=ready.id)
    assert "**1 question is open** before this can be confirmed: land" in text_of(test)
    built, land = ready.report.readings
    test.radio(key=f"import_reading_{ready.job_id}_land").set_value(land.reading)
    test.radio(key=f"import_reading_{ready.job_id}_built").set_value(built.others[0])
    drawn(test)
    assert "is open" not in text_of(test)
    assert "Read the file again to have them so: built" in text_of(test)
    assert "Confirm" not in [button.label for button in test.button]
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert again.choices.unfit == {"built": "missing"}
    assert [column.type for column in again.report.columns] == ["BIGINT", "BIGINT"]
    assert again.preview.rows[-1] == (None, 1300)
    press(page(portal, people.engineer, "import", id=ready.id), "Confirm")
    assert portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).snapshots == 1


def test_a_refused_type_can_be_had_without_the_cells_that_do_not_fit(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content=b"price\n1.5\n1.005\n"))
    choices = ready.choices.model_copy(update={"types": {"price": "DECIMAL(18,2)"}})
    failed = read_here(portal, portal.imports.correct_import(people.engineer, import_id=ready.id, choices=choices))
    assert "price has values that are no DECIMAL(18,2) (1 of 2 values: '1.005' in line 3)" in failed.cause
    test = page(portal, people.engineer, "import", id=failed.id)
    test.segmented_control(key=f"import_unfit_{failed.job_id}_price").set_value("reject")
    drawn(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert (again.preview.rows, again.report.rows_rejected) == ((("1.50",),), 1)


def test_a_word_for_nothing_has_its_limit(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content=b"price\n1.5\nNA\n"))
    test = page(portal, people.engineer, "import", id=ready.id)
    test.multiselect(key=f"import_missing_{ready.job_id}").set_value(["x" * 41])
    drawn(test)
    press(test, "Read again")
    assert "40 characters" in text_of(test) + " ".join(error.value for error in test.error)
    assert portal.imports.get_import(people.engineer, import_id=ready.id).choices.missing == ("",)


def test_what_can_be_read_in_two_ways_is_asked_and_answered_by_a_card(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    ready = read_here(
        portal, begun(portal, people, dataset, content=b"price;day\n1.100;03/04/2026\n2.250;05/06/2026\n")
    )
    assert page(portal, people.viewer, "import", id=ready.id).radio.len == 0
    test = page(portal, people.engineer, "import", id=ready.id)
    price = test.radio(key=f"import_reading_{ready.job_id}_price")
    assert price.value is None
    assert price.options == [
        "double (decimal point) · 1.100 → 1.1",
        "bigint (decimal comma) · 1.100 → 1100",
        "varchar · 1.100 → 1.100",
    ]
    press(test, "Confirm")
    assert "Columns that can be read in more than one way: price, day" in text_of(test)
    test.radio(key=f"import_reading_{ready.job_id}_price").set_value(ready.report.readings[0].others[0])
    test.radio(key=f"import_reading_{ready.job_id}_day").set_value(ready.report.readings[1].others[0])
    drawn(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert again.choices.notations == {"price": "1.234,5", "day": "mm/dd/yyyy"}
    assert again.preview.rows == ((1100, "2026-03-04"), (2250, "2026-05-06"))
    press(page(portal, people.engineer, "import", id=ready.id), "Confirm")
    assert portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).snapshots == 1


def test_the_box_for_times_answers_for_times_alone(portal: Portal, people: People, dataset: Dataset) -> None:
    content = b"at;rebate\n2013-01-01 10:00;13,3 %\n2013-01-02 10:00;5,1 %\n"
    ready = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=ready.id)
    test.checkbox[0].check()
    drawn(test)
    press(test, "Confirm")
    assert "Columns that can be read in more than one way: rebate" in text_of(test)
    assert "Times without a zone: at" not in text_of(test)
    [reading] = [item for item in ready.report.readings if item.column == "rebate"]
    test.radio(key=f"import_reading_{ready.job_id}_rebate").set_value(reading.reading)
    drawn(test)
    press(test, "Confirm")
    assert portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).snapshots == 1


def test_what_is_proposed_is_confirmed_without_reading_again(portal: Portal, people: People, dataset: Dataset) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content=b"price\n1.100\n2.250\n"))
    test = page(portal, people.engineer, "import", id=ready.id)
    test.radio(key=f"import_reading_{ready.job_id}_price").set_value(ready.report.readings[0].reading)
    drawn(test)
    press(test, "Confirm")
    newest = portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).latest
    assert [column.type for column in newest.columns] == ["DOUBLE"]


def test_a_sheet_is_chosen_and_changed_names_are_shown(portal: Portal, people: People, dataset: Dataset) -> None:
    content = book(("First", [["a"], [1]]), ("Second", [["b\nc", "d"], [2, "x"]]))
    begun_import = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="t.xlsx", content=content
    )
    ready = read_here(portal, begun_import)
    test = page(portal, people.engineer, "import", id=ready.id)
    sheet = test.selectbox(key=f"import_sheet_{ready.job_id}")
    assert (sheet.options, sheet.value) == (["First", "Second"], None)
    press(test, "Confirm")
    assert "The workbook has several sheets: First, Second" in text_of(test)
    test.selectbox(key=f"import_sheet_{ready.job_id}").select("Second")
    drawn(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert (again.preview.rows, again.report.renamed) == (((2, "x"),), {"b c": "b\nc"})
    test = page(portal, people.engineer, "import", id=ready.id)
    assert test.selectbox(key=f"import_sheet_{again.job_id}").value == "Second"
    assert list(test.dataframe[0].value.iloc[0]) == ["b\nc", "b c"]


def wide(count: int) -> bytes:
    """A table with so many columns of prices that can be read in two ways."""
    head = ";".join(f"price_{number}" for number in range(count))
    return "\n".join([head, ";".join(["1.100"] * count), ";".join(["2.250"] * count)]).encode()


def test_every_column_of_a_wide_file_is_reached_and_what_was_said_of_others_stays(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    ready = read_here(portal, begun(portal, people, dataset, content=wide(70)))
    test = page(portal, people.engineer, "import", id=ready.id)
    assert "30 of 70 shown" in text_of(test)
    key = f"import_reading_{ready.job_id}_price_"
    test.radio(key=f"{key}0").set_value(ready.report.readings[0].others[0])
    drawn(test)
    test.session_state["columns_70"] = 3
    drawn(test)
    assert [radio.key for radio in test.radio] == [f"{key}{number}" for number in range(60, 70)]
    test.text_input(key="column").set_value("price_5")
    drawn(test)
    assert [radio.key for radio in test.radio] == [f"{key}{number}" for number in (5, *range(50, 60))]
    test.text_input(key="column").set_value("nothing")
    drawn(test)
    assert "No column matches" in text_of(test)
    press(test, "Clear filters")
    press(test, "Take what is proposed for all 69")
    assert "Read the file again to have them so: price_0" in text_of(test)
    press(test, "Read again")
    again = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert again.choices.notations["price_0"] == "1.234,5"


def test_columns_are_narrowed_by_what_they_want_and_by_their_type(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    content = b'id;price;"a\nb";word\n' + b"1;1.100;x;5\n2;2.250;y;6\n" * 15 + b"3;1.100;z;oops\n"
    ready = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=ready.id)

    def cards() -> list[str]:
        heads = [item.value.split("**") for item in test.markdown if "** \u00b7" in item.value]
        return [parts[1] for parts in heads]

    assert cards() == ["price", "word", "a b", "id"]
    for shown, names in {"decision": ["price"], "look": ["word"], "changed": ["a b"], "clear": ["id"]}.items():
        test.segmented_control(key="shown").set_value(shown)
        drawn(test)
        assert cards() == names
    test.segmented_control(key="shown").set_value("")
    test.selectbox(key="type").select("BIGINT")
    drawn(test)
    assert cards() == ["id"]


def test_what_an_import_would_do_stands_beside_its_button(portal: Portal, people: People, dataset: Dataset) -> None:
    first = read_here(portal, begun(portal, people, dataset, content=b"id,city\n1,Oslo\n2,Bonn\n"))
    portal.imports.confirm_import(people.engineer, import_id=first.id)
    content = b"id,city\n" + b"3,Rome\n4,\n" * 100 + b"5\n"
    other = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=other.id)
    facts, rejects = test.table[0].value, test.table[1].value
    assert dict(zip(facts[""], facts[" "], strict=True)) == {
        "Taken in": "200 rows",
        "Left out": ":orange[1 row]",
        "Dataset": "2 → 200 rows",
        "Columns": "2",
        "Types": "1 bigint, 1 varchar",
        "Missing": "100 values in 1 column",
    }
    assert rejects.iloc[0].to_list() == ["202", "`5`", "1 cells instead of 2"]
    assert "CSV" in [button.label for button in test.get("download_button")]


def test_an_encoding_is_shown_by_what_it_makes_of_the_text_and_is_answered_in_its_card(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    content = "id,city\n1,Zürich\n2,Genève\n".encode("windows-1252")
    ready = read_here(portal, begun(portal, people, dataset, content=content))
    test = page(portal, people.engineer, "import", id=ready.id)
    card = test.radio(key=f"import_encoding_{ready.job_id}")
    assert (card.value, card.options[0]) == (None, "**windows-1252** · Zürich · Genève")
    assert "1 question is open" in text_of(test)
    press(test, "Confirm")
    assert "The file does not say its encoding: windows-1252 is proposed" in text_of(test)
    test.radio(key=f"import_encoding_{ready.job_id}").set_value("ibm850")
    drawn(test)
    press(test, "Read again")
    wrong = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert (wrong.choices.encoding, wrong.preview.rows[0]) == ("ibm850", (1, "Z³rich"))
    test = page(portal, people.engineer, "import", id=ready.id)
    test.radio(key=f"import_encoding_{wrong.job_id}").set_value("windows-1252")
    drawn(test)
    press(test, "Read again")
    right = read_here(portal, portal.imports.get_import(people.engineer, import_id=ready.id))
    assert (right.unanswered, right.preview.rows) == ((), ((1, "Zürich"), (2, "Genève")))
