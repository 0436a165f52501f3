"""The portal from a notebook: over real HTTP, with the README's own lines."""

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
import polars as pl
import pytest

import core.client
from core.client import Client, connect
from core.client.errors import Invalid, NotAllowed, NotFound, NotReady, NotSignedIn, Unavailable
from core.client.training_sets import Use
from core.foundation.parquet import read_parquet
from core.lake.images.decoding import decode
from core.lake.images.values import ImageInput
from tests.compute.running import wait_for_job
from tests.features.versions.test_service import Scene, scene  # noqa: F401
from tests.pictures import noise, png
from tests.served import Served

README = Path(__file__).parents[2] / "README.md"
NAME = "late_arrivals_2013"


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:  # noqa: F811
    scene.join(name=NAME)
    materialization = scene.portal.materialization.materialize(scene.people.engineer, version_id=scene.version.id)
    wait_for_job(scene.portal, materialization.job_id)
    with Served(scene.portal) as url:
        yield url


@pytest.fixture
def client(scene: Scene, address: str) -> Client:  # noqa: F811
    return connect(address, scene.portal.sessions.begin(scene.people.engineer.person_id))


def test_the_lines_of_the_readme_run(
    scene: Scene,  # noqa: F811
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAUSEWAY_ADDRESS", address)
    monkeypatch.setenv("CAUSEWAY_TOKEN", scene.portal.sessions.begin(scene.people.engineer.person_id))
    section = README.read_text(encoding="utf-8").partition("## From a notebook")[2]
    lines = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert lines is not None
    assert len(lines[1].splitlines()) <= 12
    monkeypatch.setitem(sys.modules, "causeway_client", core.client)
    namespace: dict[str, Any] = {}
    exec(lines[1], namespace)
    assert len(namespace["rows"]) == scene.training_set.splits[0].rows
    assert list(namespace["now"]["status"]) == ["not_found"]
    assert "mean_delay" in namespace["mine"].columns
    assert len(namespace["portal"].lake.get("my_flights")) == len(namespace["flights"])


def test_a_split_comes_as_it_is_kept(client: Client, scene: Scene) -> None:  # noqa: F811
    split = scene.training_set.splits[0]
    stored = read_parquet(scene.portal.foundation.store.path(split.digest))
    frame = client.features.get_training_set(scene.training_set.id, split=split.name)
    assert frame["event_time"].dt.tz is UTC or str(frame["event_time"].dt.tz) == "UTC"
    assert list(frame.columns) == stored.column_names
    for name in stored.column_names:
        cells = [None if pd.isna(cell) else cell for cell in frame[name]]
        assert cells == stored.column(name).to_pylist()
    assert client.features.get_training_set(scene.training_set.id, frame="arrow").equals(stored)
    as_polars = client.features.get_training_set(NAME, frame="polars")
    assert isinstance(as_polars, pl.DataFrame)
    assert as_polars.height == stored.num_rows


def test_a_set_without_a_label_comes_as_any_other(client: Client, scene: Scene) -> None:  # noqa: F811
    training_set = scene.join(name="to_score", entity={"label": ""})
    assert (training_set.state, training_set.cause) == ("ready", "")
    frame = client.features.get_training_set("to_score")
    assert list(frame.columns) == ["row_id", "event_time", "carrier", "distance", "carrier_mean_delay"]
    assert len(frame) == scene.training_set.splits[0].rows
    described = client.run("features.get_training_set", training_set_id=training_set.id)
    assert (described["entity"]["label"], described["manifest"]["label"]) == ("", "none")
    with pytest.raises(Invalid, match="it has no label"):
        client.run("training.start_run", project="PROJ-1", recipe="tabular", training_set_id=training_set.id)


def test_a_download_is_recorded(client: Client, scene: Scene) -> None:  # noqa: F811
    client.features.get_training_set(scene.training_set.id, split="test")
    event = scene.portal.audit.list_events(scene.people.approver, action="features.download_split").items[0]
    assert (event.subject, event.details["split"]) == (scene.training_set.id, "test")


def test_online_values_come_with_their_status(client: Client) -> None:
    now = datetime(2013, 1, 12, tzinfo=UTC)
    answers = client.features.get_online("carrier_delay", [{"carrier": "A"}, {"carrier": "Z"}], at=now)
    assert list(answers["carrier"]) == ["A", "Z"]
    assert answers["status"].iloc[1] == "not_found"
    assert "mean_delay" in answers.columns


def test_views_and_datasets_are_found_by_name(client: Client, scene: Scene) -> None:  # noqa: F811
    views = client.features.views()
    assert views.set_index("name").loc["carrier_delay", "id"] == scene.view.id
    assert len(client.lake.get(scene.snapshot.dataset)) == scene.snapshot.rows
    assert len(client.lake.get(scene.snapshot.id, frame="polars")) == scene.snapshot.rows


def test_a_title_names_a_dataset_a_view_and_a_set_too(client: Client, scene: Scene) -> None:  # noqa: F811
    mei, portal = scene.people.engineer, scene.portal
    portal.datasets.rename_dataset(mei, dataset_id=scene.snapshot.dataset_id, title="Alle Flüge")
    portal.feature_views.rename_view(mei, view_id=scene.view.id, title="Verspätung")
    portal.training_sets.rename_training_set(mei, training_set_id=scene.training_set.id, title="Späte")
    assert len(client.lake.get("Alle Flüge")) == scene.snapshot.rows
    assert len(client.features.get_training_set("Späte")) > 0
    assert list(client.features.get_online("Verspätung", [{"carrier": "A"}])["carrier"]) == ["A"]


def test_refusals_are_the_portals_own(client: Client, scene: Scene, address: str) -> None:  # noqa: F811
    with pytest.raises(Invalid, match="no split") as refusal:
        client.features.get_training_set(scene.training_set.id, split="nowhere")
    assert (refusal.value.field, "train" in refusal.value.hint) == ("split", True)
    for call in (client.lake.get, client.features.get_training_set):
        with pytest.raises(NotFound):
            call("nothing")
    with pytest.raises(NotFound):
        client.features.get_online("nothing", [{"carrier": "A"}])
    viewer = connect(address, scene.portal.sessions.begin(scene.people.viewer.person_id))
    with pytest.raises(NotAllowed):
        viewer.features.get_training_set(scene.training_set.id)
    outsider = connect(address, scene.portal.sessions.begin(scene.people.outsider.person_id))
    with pytest.raises(NotFound):
        outsider.features.get_training_set(scene.training_set.id)
    with pytest.raises(NotSignedIn):
        connect(address, "nobody").run("identity.whoami")
    with pytest.raises(Unavailable, match="No portal answers"):
        connect("http://127.0.0.1:1", "nobody").run("identity.whoami")


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_a_frame_becomes_a_snapshot(client: Client, scene: Scene, kind: type) -> None:  # noqa: F811
    dataset = scene.portal.datasets.create_dataset(
        scene.people.engineer, project="PROJ-1", name=f"frames_{kind.__module__.partition('.')[0]}"
    )
    imported = client.lake.import_frame(dataset.name, kind({"n": [2**53 + 1, 2], "word": ["a", "é"]}))
    assert imported["state"] == "confirmed"
    frame = client.lake.get(dataset.id)
    assert (list(frame["n"]), list(frame["word"])) == ([2**53 + 1, 2], ["a", "é"])
    with pytest.raises(Invalid, match="no data frame"):
        client.lake.import_frame(dataset.name, [1, 2])


def test_what_needs_a_person_is_said_and_what_was_answered_goes_through(client: Client) -> None:
    local = pd.DataFrame({"n": [1], "at": [datetime(2026, 11, 30, 14, 5)]})
    with pytest.raises(NotReady, match="needs an answer of yours for at") as waits:
        client.lake.import_frame("local_times", local)
    assert (waits.value.state, client.run("imports.get_import", import_id=waits.value.object_id)["unanswered"]) == (
        "needs confirmation",
        ["at"],
    )
    assert client.lake.import_frame("local_times", local, zones={"at": "Europe/Berlin"})["state"] == "confirmed"
    assert client.lake.get("local_times")["at"].iloc[0] == pd.Timestamp("2026-11-30T13:05:00Z")


def test_a_file_is_sent_by_its_path_as_bytes_or_open(client: Client, tmp_path: Path) -> None:
    (path := tmp_path / "numbers.csv").write_bytes(b"n\n1\n2\n")
    with path.open("rb") as file:
        for content, name in ((path, ""), (str(path), ""), (file, ""), (io.BytesIO(b"n\n1\n2\n"), "numbers.csv")):
            imported = client.lake.upload("numbers", content, filename=name)
            assert (imported["state"], imported["source"]["name"]) == ("confirmed", "numbers.csv")
    assert client.lake.upload("numbers", b"n\n3\n", filename="n.csv", mode="append")["state"] == "confirmed"
    assert list(client.lake.get("numbers")["n"]) == [1, 2, 3]
    client.lake.upload("Meine Zahlen", path)
    assert client.lake.dataset("Meine Zahlen")["name"] == "meine_zahlen"
    with pytest.raises(Invalid, match="no name"):
        client.lake.upload("numbers", b"n\n3\n")


def test_a_key_alone_is_looked_up_by_and_not_learned_from(client: Client) -> None:
    begun = client.features.create_training_set(
        "by_key",
        sql="SELECT id, due_at, distance AS far, carrier FROM flights",
        sources=["flights"],
        row_id="id",
        event_time="due_at",
        label="far",
        label_kind="any",
        keys_only=["carrier"],
        uses=[Use(view="carrier_delay", keys={"carrier": "carrier"}, prefix="v_")],
        splits={"train": (date(2013, 1, 1), date(2013, 2, 1))},
        project="PROJ-1",
    )
    assert list(begun.wait().read("train").columns) == ["row_id", "event_time", "label", "carrier", "v_mean_delay"]
    contract = client.run("features.get_training_set", training_set_id=begun.id)["contract"]
    assert [(field["name"], field["is_model_input"]) for field in contract["request"]] == [("carrier", False)]


def test_rows_without_time_are_split_by_share_for_any_task(client: Client) -> None:
    begun = client.features.create_training_set(
        "without_time",
        sql="SELECT id, distance, carrier FROM flights",
        sources=["flights"],
        row_id="id",
        label="carrier",
        task="multi_class",
        numbers=["distance"],
        shares={"train": 0.8, "test": 0.2},
        project="PROJ-1",
    )
    rows = begun.wait().read("train")
    assert list(rows.columns) == ["row_id", "label", "distance"]
    assert 0.7 < len(rows) / (len(rows) + len(begun.read("test"))) < 0.9


def test_texts_vectors_and_images_are_inputs(client: Client) -> None:
    pictures = {f"photos/{number}.png": png(noise(6, 4, seed=number)) for number in range(20)}
    client.lake.upload("photos", zipped(pictures), filename="photos.zip", project="PROJ-1")
    rows = [
        {
            "n": number,
            "photo": path,
            "words": f"a note of number {number}",
            "cracked": number % 2,
        }
        for number, path in enumerate(pictures)
    ]
    client.lake.import_frame("photo_index", pl.DataFrame(rows), project="PROJ-1")
    begun = client.features.create_training_set(
        "photographed",
        sql="SELECT *, [n::DOUBLE, 0.5] AS place FROM photo_index",
        sources=["photo_index"],
        row_id="n",
        label="cracked",
        texts=["words"],
        vectors=["place"],
        images={"photo": "photos"},
        image_sizes={"photo": {"width": 3, "height": 2}},
        shares={"train": 0.5, "test": 0.5},
        project="PROJ-1",
    )
    row = begun.wait().read("train").iloc[0]
    image = ImageInput(width=3, height=2)
    assert row["photo"] == decode(pictures[f"photos/{row['row_id']}.png"], image)
    assert (row["words"], list(row["place"])) == (f"a note of number {row['row_id']}", [float(row["row_id"]), 0.5])
    entity = begun.describe()["entity"]
    assert entity["images"] == {"photo": client.lake.snapshot("photos")["id"]}


def zipped(files: dict[str, bytes]) -> bytes:
    with ZipFile(content := io.BytesIO(), "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return content.getvalue()


def test_a_training_set_that_is_refused_says_why(client: Client) -> None:
    begun = client.features.create_training_set(
        "leaking",
        sql="SELECT id, due_at, (delay > 10)::int AS late, delay AS distance FROM flights",
        sources={"flights": "flights"},
        row_id="id",
        event_time="due_at",
        label="late",
        numbers=["distance"],
        splits={"train": (date(2013, 1, 1), date(2013, 1, 9)), "test": (date(2013, 1, 9), date(2013, 2, 1))},
        project="PROJ-1",
    )
    with pytest.raises(NotReady, match="distance") as refusal:
        begun.wait()
    assert (refusal.value.object_id, refusal.value.state) == (begun.id, begun.state)
