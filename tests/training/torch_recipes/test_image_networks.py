"""Networks of images, with and without what else a row has, and their files."""

from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest

from core.features.values import FeatureContract, RequestField
from core.foundation.errors import Invalid
from core.lake.images.values import ImageInput
from core.tasks.task import task_called, task_of
from core.tasks.values import Target
from core.training.evaluation import OnnxModel, largest_difference
from core.training.preparation import pixels_of
from core.training.recipe import FitContext, Origins, inputs_of
from core.training.recipes.image import Image, ImageParams
from core.training.torch_recipes.fitted_network import FittedNetwork
from tests.training.flights import contract

IMAGE = ImageInput(width=10, height=9)
ROWS, SIDE = 260, slice(0, 4)
QUICK = {"epochs": 20, "batch_size": 20, "width": 4, "precision": "fp32", "minimum_count": 2, "learning_rate": 0.02}


def takes(*, beside: bool) -> FeatureContract:
    """An image, and a category and a number where they are wanted."""
    plain = contract(("place",), ("size",)) if beside else contract((), ())
    photo = RequestField(name="photo", kind="image", is_model_input=True, image=IMAGE)
    return plain.model_copy(update={"request": (*plain.request, photo)})


def pictures(task: str) -> tuple[dict[str, pa.Table], Target]:
    """Noise, of which the upper left is bright in some; how bright it is says what is learned."""
    random = np.random.default_rng(5)
    pixels = random.integers(0, 90, (ROWS, *IMAGE.shape), dtype=np.uint8)
    light = random.integers(0, 3, ROWS)
    pixels[:, SIDE, SIDE] += (light * 60).astype(np.uint8)[:, None, None, None]
    labels: dict[str, Any] = {
        "binary": (light > 1).astype(np.int32),
        "regression": light * 10.0 + 100,
        "multi_class": [f"light {value}" for value in light],
        "multi_label": [["lit"] * int(value > 0) + ["bright"] * int(value > 1) for value in light],
    }
    table = pa.table(
        {
            "row_id": [f"r{at}" for at in range(ROWS)],
            "label": labels[task],
            "photo": pa.array([row.tobytes() for row in pixels], type=pa.binary(IMAGE.bytes)),
            "place": [f"p{at % 3}" for at in range(ROWS)],
            "size": random.normal(size=ROWS),
        }
    )
    tables = {"train": table[:160], "validation": table[160:210], "test": table[210:]}
    return tables, task_called(task).target_of(table["label"], label="label", group="")


def fitted(task: str, *, beside: bool = False, **params: Any) -> tuple[FittedNetwork, dict[str, pa.Table]]:
    tables, target = pictures(task)
    prepared = Image.prepare(tables, contract=takes(beside=beside), target=target, threads=1)
    chosen = ImageParams.model_validate({**QUICK, **params})
    context = FitContext(prepared, chosen, target, seed=1, threads=1, report=lambda _step, _figures: None)
    learned = Image.fit(context)
    assert isinstance(learned, FittedNetwork)
    return learned, tables


@pytest.mark.parametrize(
    ("task", "params"),
    [
        ("binary", {"network": "resnet", "depth": 2}),
        ("multi_class", {}),
        ("multi_label", {"hidden_layers": 1}),
        ("regression", {"network": "resnet"}),
    ],
)
def test_it_learns_from_images_and_the_file_says_the_same(task: str, params: dict[str, Any]) -> None:
    beside = task in ("multi_label", "binary")
    learned, tables = fitted(task, beside=beside, **params)
    content, signature = learned.export(Origins(contract=takes(beside=beside)))
    outputs = OnnxModel(content, signature=signature, threads=1).outputs(tables["test"])
    assert largest_difference(outputs, learned.predict(tables["test"]), target=learned.target) <= 1e-5
    assert signature.inputs == inputs_of(takes(beside=beside)).inputs
    judge = task_of(learned.target)
    figure = learned.metrics[f"validation_{judge.leading[0]}"]
    assert figure < (4 if task == "regression" else 0.4)


def test_normalization_is_part_of_the_convolutions_and_the_file_is_the_same_twice() -> None:
    learned, _tables = fitted("multi_class", epochs=1)
    first, second = (learned.export(Origins(contract=takes(beside=False)))[0] for _time in range(2))
    assert first == second
    operators = {node.op_type for node in onnx.load_from_string(first).graph.node}
    assert "BatchNormalization" not in operators
    assert "Conv" in operators


def test_pixels_of_a_part_of_a_table_and_of_another_size() -> None:
    tables, _target = pictures("binary")
    whole = pixels_of(tables["train"], name="photo", image=IMAGE)
    assert np.array_equal(pixels_of(tables["train"][7:9], name="photo", image=IMAGE), whole[7:9])
    with pytest.raises(Invalid, match="photo has no images of the size"):
        pixels_of(tables["train"], name="photo", image=IMAGE.model_copy(update={"width": 3}))


def test_it_takes_one_image() -> None:
    twice = takes(beside=False).request
    two = takes(beside=True).model_copy(update={"request": (*twice, twice[0].model_copy(update={"name": "scan"}))})
    assert "no image" in Image.accepts(contract(), Target())
    assert "there are 2" in Image.accepts(two, Target())
    assert not Image.accepts(takes(beside=True), Target())
