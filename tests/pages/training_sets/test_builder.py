"""The training-set builder: what is proposed can be changed in every step, and what is made is what was shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.training_sets.builder.axis import drawing, splits_from
from app.training_sets.builder.columns import chosen_role
from app.training_sets.builder.draft import Draft, read_draft
from app.training_sets.builder.keys import guessed_keys, likeness
from app.training_sets.builder.windows import gap_of, windows_of, with_gap
from core.features.training_sets.proposals.values import ColumnProposal, DayRows, SplitsPreview
from core.features.training_sets.values import Split, TrainingSet
from core.lake.images.values import ImageInput
from core.portal import Portal
from tests.installed import People, installed, settings_in
from tests.lake.imports.in_process import imported
from tests.pages.conftest import PROJECT, build_view, flights
from tests.pages.running import drawn, page, text_of, write_code
from tests.pictures import packed, png

NUMBERED = "(SELECT row_number() OVER () AS n FROM flights)"
WINES = f"SELECT 'R' || n AS glass, n % 7 AS ash, n % 5 AS alkali, ['a', 'b', 'c'][1 + n % 3] AS grape FROM {NUMBERED}"
WIDE = f"SELECT id, late, {', '.join(f'distance % {at + 2} AS sensor_{at}' for at in range(298))} FROM flights"


@dataclass(frozen=True)
class Data:
    """A portal with rows that have a time, and a view."""

    portal: Portal
    people: People
    flights: str
    version: str

    def page(self, **query: str) -> AppTest:
        return page(self.portal, self.people.engineer, "new-training-set", **query)

    def of_sql(self, sql: str, **query: str) -> AppTest:
        """The page with the rows of some SQL, which run in the sandbox."""
        test = self.page(**query)
        test.session_state["set_draft"] = test.session_state["set_draft"].model_copy(
            update={"is_sql": True, "sql": sql}
        )
        return drawn(test)

    def set_called(self, title: str) -> TrainingSet:
        return self.portal.training_sets.list_training_sets(self.people.engineer, search=title).items[0]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    with installed(settings_in(tmp_path_factory.mktemp("builder") / "home")) as (portal, people):
        mei = people.engineer
        dataset = portal.datasets.create_dataset(mei, project=PROJECT, name="flights")
        snapshot = imported(portal, mei, dataset_id=dataset.id, filename="flights.csv", content=flights()).id
        yield Data(portal, people, snapshot, build_view(portal, people, snapshot))


def go(test: AppTest, step: str) -> AppTest:
    test.query_params["step"] = step
    return drawn(test)


def named(test: AppTest, title: str) -> AppTest:
    test.text_input(key="set_name").input(title)
    return drawn(test)


def test_a_dataset_becomes_a_training_set_without_a_name_typed_but_its_own(data: Data) -> None:
    test = data.page(dataset=data.flights)
    assert test.selectbox(key="role_id").value == "id"
    assert test.selectbox(key="role_due").value == "moment"
    assert test.selectbox(key="role_late").value == "label"
    assert "It is called like a label." in text_of(test)
    go(test, "features")
    test.checkbox[0].check()
    shown = text_of(drawn(test))
    assert ":material/key: `carrier`" in shown
    assert "2 sent with each request, 2 looked up" in shown
    assert "**Train**" in text_of(go(test, "splits"))
    named(go(test, "join"), "Late again")
    test.button(key="join").click()
    test.run()
    created = data.set_called("Late again")
    assert (created.state, [split.name for split in created.asked]) == ("building", ["train", "validation", "test"])
    assert created.entity.sources == {"flights": data.flights}
    assert (created.entity.label, created.entity.event_time, created.uses[0].keys) == (
        "late",
        "due",
        {"carrier": "carrier"},
    )


def test_another_label_takes_its_task_and_the_splits_follow(data: Data) -> None:
    test = data.page(dataset=data.flights)
    test.selectbox(key="role_distance").select("label")
    shown = text_of(drawn(test))
    assert (test.selectbox(key="role_late").value, test.selectbox(key="role_distance").value) == ("number", "label")
    assert "Chosen." in shown
    test.selectbox(key="set_task").select("any")
    assert "which no model learns" in text_of(drawn(test))
    test.selectbox(key="role_due").select("left out")
    drawn(test)
    shown = text_of(go(test, "splits"))
    assert "chance decides" in shown
    assert "time" not in test.get("button_group")[0].options


def test_classes_without_a_time_are_split_by_share(data: Data) -> None:
    test = data.of_sql(WINES, step="splits")
    assert "Each class of the label has the same share in all." in text_of(test)
    assert "168 (70 %) :gray[·] " in text_of(test)
    test.number_input(key="share_test").set_value(40.0)
    shown = text_of(drawn(test))
    assert "The shares of the splits add up to 1.25" in shown
    assert test.button(key="set_next").disabled
    test.number_input(key="share_train").set_value(45.0)
    drawn(test)
    assert not test.button(key="set_next").disabled
    named(go(test, "join"), "Grapes")
    test.button(key="join").click()
    test.run()
    created = data.set_called("Grapes")
    assert created.shares is not None
    assert (created.entity.task, created.entity.row_id) == ("multi_class", "glass")
    assert created.shares.shares == {"train": 0.45, "validation": 0.15, "test": 0.4}


def test_days_of_a_split_can_be_typed_and_an_empty_one_is_refused(data: Data) -> None:
    test = data.page(dataset=data.flights, step="splits")
    end = test.date_input(key="split_test_end").value
    test.date_input(key="split_test_end").set_value(end - timedelta(days=1))
    shown = text_of(drawn(test))
    assert "rows lie in no split" in shown
    test.date_input(key="split_test_end").set_value(date(2012, 1, 1))
    assert "ends before it begins" in text_of(drawn(test))
    assert test.button(key="set_next").disabled


def test_hundreds_of_columns_are_searched_and_turned_by_thirty(data: Data) -> None:
    test = data.of_sql(WIDE)
    assert len([box for box in test.selectbox if str(box.key).startswith("role_")]) == 30
    assert "30 of 300 shown" in text_of(test)
    test.text_input(key="set_q").input("sensor_29")
    drawn(test)
    assert len([box for box in test.selectbox if str(box.key).startswith("role_")]) == 9
    test.text_input(key="set_q").input("nothing like it")
    assert "No column matches" in text_of(drawn(test))


def test_sql_is_run_and_what_is_wrong_with_it_is_shown(data: Data) -> None:
    test = data.page(dataset=data.flights)
    test.session_state["set_kind"] = "sql"
    test.query_params["step"] = "rows"
    drawn(test)
    test = data.page()
    assert "Choose a dataset, or write SQL" in text_of(test)
    assert test.button(key="set_next").disabled
    test.session_state["set_draft"] = Draft(project=PROJECT, is_sql=True)
    drawn(test)
    write_code(test, "set_sql", "SELECT nope FROM flights")
    test.button(key="set_run").click()
    assert "column nope not found" in text_of(drawn(test))
    write_code(test, "set_sql", "SELECT id, due, late FROM flights")
    test.button(key="set_run").click()
    drawn(test)
    assert test.selectbox(key="role_late").value == "label"
    assert "There is nothing to learn from" in text_of(go(test, "features"))


def test_a_view_whose_key_is_nowhere_waits_for_a_column(data: Data) -> None:
    test = data.of_sql(WINES, add=data.version, step="features")
    assert "no column for carrier" in text_of(test)
    assert "Choose the column of carrier for carrier_delay." in text_of(test)
    assert test.button(key="set_next").disabled
    test.selectbox(key="use_0_carrier").select("ash")
    shown = text_of(drawn(test))
    assert ":material/key: `ash`" in shown
    assert test.selectbox(key="use_0_carrier").value == "ash"
    # A number is no key that matches exactly: it is sent for look-up only.
    go(test, "rows")
    assert test.selectbox(key="role_ash").value == "key"


def test_a_column_of_paths_is_learned_as_images_of_the_dataset_and_the_size_that_are_chosen(data: Data) -> None:
    mei, ids = data.people.engineer, {}
    contents = {f"{at:02}.png": png([[at] * 3] * 2) for at in range(60)}
    rows = "scan,other,label\n" + "".join(f"{name},no{name},{at % 2}\n" for at, name in enumerate(contents))
    for filename, content in {"scans.zip": packed(contents), "read.csv": rows.encode()}.items():
        dataset = data.portal.datasets.create_dataset(mei, project=PROJECT, name=filename.partition(".")[0])
        ids[filename] = imported(data.portal, mei, dataset_id=dataset.id, filename=filename, content=content).id
    test = data.page(dataset=ids["read.csv"])
    assert test.selectbox(key="role_scan").value == "image"
    assert "60 of 60 values are files of scans v1." in text_of(test)
    assert test.selectbox(key="files_of_scan").value == ids["scans.zip"]
    assert len(test.get("image")) == 12
    test.selectbox(key="role_other").select("image")
    drawn(test)
    assert "Choose the dataset of the files of other." in text_of(test)
    assert test.button(key="set_next").disabled
    test.selectbox(key="files_of_other").select(ids["scans.zip"])
    assert "No value of other is a path or a digest of a file of scans v1" in text_of(drawn(test))
    test.selectbox(key="role_other").select("left out")
    drawn(test)
    test.selectbox(key="size_scan").select((28, 28))
    drawn(test)
    test.selectbox(key="colors_scan").select(1)
    drawn(test)
    assert not test.button(key="set_next").disabled
    named(go(test, "join"), "Scans")
    test.button(key="join").click()
    test.run()
    entity = data.set_called("Scans").entity
    assert (entity.images, entity.image_sizes) == (
        {"scan": ids["scans.zip"]},
        {"scan": ImageInput(width=28, height=28, channels=1)},
    )


def test_people_without_the_right_are_told_so(data: Data) -> None:
    shown = text_of(page(data.portal, data.people.viewer, "new-training-set", dataset=data.flights))
    assert "Training sets are made by engineers" in shown


def test_a_draft_is_what_the_browser_kept_where_it_can_be_read() -> None:
    draft = Draft(project="PROJ-1", title="From before")
    assert read_draft(draft.model_dump_json()) == draft
    assert read_draft("{not a draft") is None


def proposed(name: str, *, type: str = "VARCHAR", role: str = "input") -> ColumnProposal:
    return ColumnProposal.model_validate(
        {
            "name": name, "source": name, "type": type, "role": role, "reason": "", "kind": "category", "tasks": (),
            "missing": 0.0, "distinct": 5, "examples": (),
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "name"),
    [("customer_id", "Customer_ID"), ("customer_id", "custId"), ("customer", "customer_key"), ("shop", "city")],
)
def test_keys_are_guessed_by_their_names(key: str, name: str) -> None:
    columns = (proposed("due", role="moment"), proposed("amount", type="DOUBLE"), proposed(name))
    guess = guessed_keys((key,), columns)[key]
    is_alike = key == name.lower() or likeness(key, name) >= 0.5
    assert (guess.column.name if guess.column else "") == (name if is_alike else "")
    assert guess.reason


def test_what_only_one_column_can_be_goes_from_one_to_the_other() -> None:
    before = Draft(project="PROJ-1", roles={"a": "label"}, uses_as={"b": "weight", "c": "left out"})
    assert chosen_role(before, proposed("c"), choice="label")["roles"] == {"c": "label"}
    assert chosen_role(before, proposed("c"), choice="weight")["uses_as"] == {"c": "weight"}
    assert chosen_role(before, proposed("a", role="label"), choice="number") == {
        "roles": {"a": "input"},
        "uses_as": {"b": "weight", "c": "left out", "a": "number"},
        "task": "",
        "label_from": None,
    }


def days(*rows: int) -> tuple[DayRows, ...]:
    return tuple(DayRows(day=date(2026, 1, 1 + at), rows=count) for at, count in enumerate(rows))


def test_windows_have_the_wanted_shares_in_whole_days() -> None:
    splits = windows_of(days(*[10] * 20), {"train": 0.7, "validation": 0.15, "test": 0.15})
    assert [(split.start.day, split.end.day) for split in splits] == [(1, 15), (15, 18), (18, 21)]
    apart = windows_of(days(*[10] * 20), {"train": 0.7, "test": 0.3}, gap=2)
    assert (gap_of(apart), apart[1].end.day) == (2, 21)
    assert [split.name for split in windows_of(days(10), {"train": 0.7, "test": 0.3})] == ["train"]
    assert gap_of(with_gap(splits, 2)) == 2
    assert gap_of(with_gap(splits, 0)) == 0


def test_the_axis_counts_in_days_and_gives_splits_back() -> None:
    splits = (Split(name="train", start=date(2026, 1, 1), end=date(2026, 1, 3)),)
    data = drawing(SplitsPreview(rows=30, splits=(), days=days(10, 20), level_of="1"), splits)
    assert (data["first"], data["last"], data["isShare"]) == (20454, 20456, True)
    assert splits_from([["train", "2026-01-01", "2026-01-03"]]) == splits
