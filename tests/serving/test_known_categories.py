"""Which texts the graph of a model knows."""

import pytest
from onnx import TensorProto, helper

from core.registry.onnx_safety import signature_of
from core.registry.signature import Signature
from core.serving.model_server.known_categories import known_categories
from tests.registry.onnx_files import EFFECTS, tiny_model


def model_of(*nodes: tuple[str, list[str], list[str], dict[str, object]]) -> bytes:
    node_protos = [helper.make_node(kind, given, gives, **attributes) for kind, given, gives, attributes in nodes]
    inputs = [helper.make_tensor_value_info("text", TensorProto.STRING, ["batch"])]
    graph = helper.make_graph(node_protos, "g", inputs, [])
    return helper.make_model(graph).SerializeToString()


def test_each_text_input_of_a_model_of_ours_knows_its_categories() -> None:
    signature = signature_of(tiny_model())
    assert known_categories(tiny_model(), signature=signature) == dict.fromkeys(
        ("carrier", "origin"), frozenset(EFFECTS)
    )


@pytest.mark.parametrize(
    ("nodes", "known"),
    [
        ([("OneHotEncoder", ["text"], ["x"], {"cats_strings": ["a", "b"]})], {"a", "b"}),
        (
            [
                ("Reshape", ["text", "shape"], ["column"], {}),
                ("Identity", ["column"], ["same"], {}),
                ("LabelEncoder", ["same"], ["x"], {"keys_strings": ["é"]}),
            ],
            {"é"},
        ),
        (
            [
                ("LabelEncoder", ["text"], ["x"], {"keys_strings": ["a"]}),
                ("CategoryMapper", ["text"], ["y"], {"cats_strings": ["b"]}),
            ],
            {"a", "b"},
        ),
        ([("TfIdfVectorizer", ["text"], ["x"], {})], None),
        (
            [("LabelEncoder", ["text"], ["x"], {"keys_strings": ["a"]}), ("StringNormalizer", ["text"], ["y"], {})],
            None,
        ),
        ([("LabelEncoder", ["text"], ["x"], {"keys_int64s": [1]})], None),
        ([("Relu", ["other"], ["x"], {})], None),
    ],
    ids=["one-hot", "reshaped", "two lists", "no list", "read by something else too", "no texts", "read by nobody"],
)
def test_what_a_graph_lists_is_known_and_of_others_nothing_is_said(
    nodes: list[tuple[str, list[str], list[str], dict[str, object]]], known: set[str] | None
) -> None:
    signature = Signature.of_columns(("text",), ())
    assert known_categories(model_of(*nodes), signature=signature) == (
        {} if known is None else {"text": frozenset(known)}
    )
