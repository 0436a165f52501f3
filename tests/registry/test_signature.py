"""What a model takes and gives: the signatures of today keep their bytes, and others say what they are."""

from collections.abc import Callable
from typing import Any

import pytest
from onnx import TensorProto, helper
from pydantic import ValidationError

from core.foundation.digests import canonical, digest_of
from core.foundation.errors import Invalid
from core.registry.onnx_safety import signature_of
from core.registry.signature import MOST_INPUTS, Signature, TensorSpec
from tests.registry.onnx_files import changed

# The signature.json of a version as it lies in stores, and its digest.
STORED = b'{"inputs":[{"datatype":"BYTES","name":"carrier"},{"datatype":"FP64","name":"wind"}],"output":"probability"}'
DIGEST = "6a6a00b46df1ca35c1a19559fbd7ffce2993173332bfa52db4411a749eadccae"


def test_a_stored_signature_parses_unchanged_and_keeps_its_digest() -> None:
    signature = Signature.model_validate_json(STORED)
    assert canonical(signature) == STORED
    assert digest_of(signature) == DIGEST
    assert signature == Signature.of_columns(("carrier",), ("wind",))
    assert signature.gives == (TensorSpec(name="probability", datatype="FP64"),)


def test_a_signature_says_only_what_differs_from_one_value_a_row() -> None:
    image = TensorSpec(name="image", datatype="UINT8", shape=(-1, 8, 8, 3))
    outputs = (TensorSpec(name="label", datatype="BYTES"), TensorSpec(name="scores", datatype="FP32", shape=(-1, 10)))
    signature = Signature.of((image,), outputs)
    assert canonical(signature) == (
        b'{"inputs":[{"datatype":"UINT8","name":"image","shape":[-1,8,8,3]}],"output":"label",'
        b'"outputs":[{"datatype":"BYTES","name":"label"},{"datatype":"FP32","name":"scores","shape":[-1,10]}]}'
    )
    assert Signature.model_validate_json(canonical(signature)) == signature
    assert (image.values, signature.columns) == (192, {})


def test_many_columns_are_one_tensor_of_texts_and_one_of_numbers() -> None:
    numbers = [f"n{at}" for at in range(MOST_INPUTS)]
    assert len(Signature.of_columns((), numbers).inputs) == MOST_INPUTS
    wide = Signature.of_columns(("carrier",), numbers)
    assert [(spec.name, spec.datatype, spec.shape) for spec in wide.inputs] == [
        ("texts", "BYTES", (-1, 1)),
        ("numbers", "FP64", (-1, MOST_INPUTS)),
    ]
    assert list(wide.columns) == ["carrier", *numbers]


@pytest.mark.parametrize(
    "spec",
    [
        {"shape": (2,)},
        {"shape": ()},
        {"shape": (-1, 0)},
        {"shape": (-1, 2), "columns": ("a",)},
        {"shape": (-1, 2), "columns": ("a", "a")},
        {"columns": ("a",)},
        {"datatype": "FP99"},
    ],
)
def test_a_tensor_that_cannot_be_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TensorSpec.model_validate({"name": "x", "datatype": "FP64", **spec})


def test_a_name_stands_for_one_tensor_or_column() -> None:
    wide = TensorSpec(name="numbers", datatype="FP64", shape=(-1, 1), columns=("wind",))
    for other in (TensorSpec(name="wind", datatype="FP64"), TensorSpec(name="numbers", datatype="FP32")):
        with pytest.raises(ValidationError, match="two tensors or columns"):
            Signature(inputs=(wide, other))


def give_a_number(model: Any) -> None:
    model.graph.input[2].type.tensor_type.elem_type = TensorProto.FLOAT


def give_a_matrix(model: Any) -> None:
    model.graph.input[2].type.tensor_type.shape.dim.add(dim_value=3)


def name_the_output(model: Any) -> None:
    model.graph.node[-1].output[0] = model.graph.output[0].name = "score"


def give_another_output(model: Any) -> None:
    model.graph.output.append(helper.make_tensor_value_info("label", TensorProto.INT64, ["batch", "classes"]))


@pytest.mark.parametrize(
    ("change", "tensor"),
    [
        (give_a_number, TensorSpec(name="distance", datatype="FP32")),
        (give_a_matrix, TensorSpec(name="distance", datatype="FP64", shape=(-1, 3))),
        (name_the_output, TensorSpec(name="score", datatype="FP64")),
        (give_another_output, TensorSpec(name="label", datatype="INT64", shape=(-1, -1))),
    ],
)
def test_the_signature_says_which_tensors_a_graph_takes_and_gives(
    change: Callable[[Any], None], tensor: TensorSpec
) -> None:
    signature = signature_of(changed(change))
    assert tensor in (*signature.inputs, *signature.gives)
    assert signature.output == signature.gives[0].name


def fix_the_batch(model: Any) -> None:
    model.graph.input[2].type.tensor_type.shape.dim[0].dim_value = 1


def take_complex_numbers(model: Any) -> None:
    model.graph.input[2].type.tensor_type.elem_type = TensorProto.COMPLEX128


def give_maps(model: Any) -> None:
    """What scikit-learn's converter gives unless it is told otherwise."""
    model.graph.output[0].type.sequence_type.elem_type.map_type.key_type = TensorProto.STRING


def give_nothing(model: Any) -> None:
    del model.graph.output[:]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (fix_the_batch, "with a dynamic batch"),
        (take_complex_numbers, "Cast it to float32"),
        (give_maps, "zipmap=False"),
        (give_nothing, "the inputs and outputs"),
    ],
)
def test_a_model_that_could_not_be_served_is_refused_with_what_would_help(
    change: Callable[[Any], None], hint: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        signature_of(changed(change))
    assert hint in refusal.value.hint
