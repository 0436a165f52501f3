"""A trained model as ONNX, on the side of whoever has it: with the converter of its library, which has to be installed
there, and with the options of that converter that work. What it answers for some rows goes along, since conversions
can be wrong without a word."""

import copy
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .errors import Invalid
from .examples import INPUT, TEXT, are_texts, as_rows, by_input, plain, with_codes, with_texts

# What the portal's runtime reads, and what each converter can write.
OPSETS = {"": 20, "ai.onnx.ml": 3}
BOOSTERS_OPSET = 15
# Where onnxmltools has what converts a model inside a pipeline.
BOOSTERS = {
    "xgboost": ("xgboost.operator_converters.XGBoost", "convert_xgboost"),
    "lightgbm": ("lightgbm.operator_converters.LightGbm", "convert_lightgbm"),
}
FEW_ROWS = 2


@dataclass(frozen=True)
class Converted:
    """An ONNX file, its source in words, the example as rows, what the model answers for them by name, and the mapping
    of columns to tensors where it cannot be proposed."""

    content: bytes
    source: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    expected: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] | None = None


def convert(model: Any, example: Any) -> Converted:
    """A model of scikit-learn, XGBoost, LightGBM, CatBoost or PyTorch. Raises Invalid where its library is none of
    these, what converts it is not installed, or the converter refuses it."""
    library = next((root for root in _roots(model) if root in CONVERTERS), "")
    if not library:
        raise Invalid(
            f"{type(model).__name__} is no model that can be converted here",
            hint=f"Give an ONNX file as bytes or a path, or a model of: {', '.join(CONVERTERS)}.",
            field="model",
        )
    if example is None:
        hint = "Give some rows that differ, as a frame or an array: they show the columns, and test the conversion."
        raise Invalid("A conversion needs an example", hint=hint, field="example")
    return CONVERTERS[library](model, example)


def _roots(model: Any) -> list[str]:
    return [cls.__module__.partition(".")[0] for cls in type(model).__mro__]


def _needed(module: str, *, install: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        message = f"{library} is not installed, which converts this model"
        raise Invalid(message, hint=f"pip install {install}", field="model") from error


def _source_of(model: Any, library: str) -> str:
    distributions = {"sklearn": "scikit-learn"}
    try:
        release = version(distributions.get(library, library))
    except PackageNotFoundError:
        release = getattr(import_module(library), "__version__", "")
    return f"{library} {release} {type(model).__name__}".strip()


def _answers(model: Any, example: Any) -> dict[str, Any]:
    if hasattr(model, "predict_proba"):
        return {"probabilities": plain(model.predict_proba(example))}
    return {"label" if _classifies(model) else "prediction": plain(model.predict(example))}


def _classifies(model: Any) -> bool:
    return getattr(model, "_estimator_type", "") == "classifier" or hasattr(model, "classes_")


def _width(example: Any) -> int:
    return int(example.shape[1])


def _of_sklearn(model: Any, example: Any) -> Converted:
    """Numbers alone are one tensor; a frame with texts, or a pipeline that names columns, has an input for each."""
    skl2onnx = _needed("skl2onnx", install="skl2onnx")
    types = _needed("skl2onnx.common.data_types", install="skl2onnx")
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    with _refused_in_words(model):
        _teach_boosters(model, skl2onnx)
        onnx = skl2onnx.convert_sklearn(
            model,
            initial_types=_types_of(model, example, types),
            options=options,
            target_opset=OPSETS,
        )
    converted = _complete(model, example, onnx.SerializeToString(), library="sklearn")
    if "label" not in converted.expected:
        return converted
    # What such a model calls probabilities are distances.
    label = {"name": "label", "tensor": onnx.graph.output[0].name, "role": "label"}
    return replace(converted, mapping={"answers": [label]})


def _teach_boosters(model: Any, skl2onnx: Any) -> None:
    """Models of XGBoost and LightGBM at the end of a pipeline, which its converter does not know by itself."""
    last = getattr(model, "steps", [("", model)])[-1][1]
    library = next((root for root in _roots(last) if root in BOOSTERS), "")
    if not library:
        return
    module, function = BOOSTERS[library]
    shapes = import_module("skl2onnx.common.shape_calculator")
    kind, options = "regressor", {}
    if hasattr(last, "predict_proba"):
        kind, options = "classifier", {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    skl2onnx.update_registered_converter(
        type(last),
        f"Causeway{type(last).__name__}",
        getattr(shapes, f"calculate_linear_{kind}_output_shapes"),
        getattr(_needed(f"onnxmltools.convert.{module}", install="onnxmltools"), function),
        options=options,
    )


def _types_of(model: Any, example: Any, types: Any) -> list[tuple[str, Any]]:
    if are_texts(example):
        return [(TEXT, types.StringTensorType([None, 1]))]
    if not _has_named_columns(model, example):
        return [(INPUT, types.FloatTensorType([None, _width(example)]))]
    kinds = {name: example[name].dtype.kind in "fiub" for name in example.columns}
    # Doubles are refused by some operators, and the portal casts.
    return [
        (name, types.FloatTensorType([None, 1]) if is_number else types.StringTensorType([None, 1]))
        for name, is_number in kinds.items()
    ]


def _has_named_columns(model: Any, example: Any) -> bool:
    if not hasattr(example, "columns"):
        return False
    parts = [step for _name, step in getattr(model, "steps", [])] or [model]
    names_columns = any(type(part).__name__ == "ColumnTransformer" for part in parts)
    return names_columns or any(dtype.kind not in "fiub" for dtype in example.dtypes)


def _of_lightgbm(model: Any, example: Any) -> Converted:
    booster = getattr(model, "booster_", model)
    categories = getattr(booster, "pandas_categorical", None) or []
    convert_lightgbm = _needed("onnxmltools.convert", install="onnxmltools").convert_lightgbm
    with _refused_in_words(model):
        onnx = convert_lightgbm(model, initial_types=_float_input(example), zipmap=False, target_opset=BOOSTERS_OPSET)
    return _complete(model, example, onnx.SerializeToString(), library="lightgbm", categories=categories)


def _of_xgboost(model: Any, example: Any) -> Converted:
    """The converter knows features by number alone, so a copy forgets their names."""
    convert_xgboost = _needed("onnxmltools.convert", install="onnxmltools").convert_xgboost
    nameless = copy.deepcopy(model)
    booster = nameless.get_booster() if hasattr(nameless, "get_booster") else nameless
    booster.feature_names = [f"f{number}" for number in range(_width(example))]
    with _refused_in_words(model):
        onnx = convert_xgboost(nameless, initial_types=_float_input(example), target_opset=BOOSTERS_OPSET)
    if hasattr(model, "get_booster"):
        return _complete(model, example, onnx.SerializeToString(), library="xgboost")
    data = import_module("xgboost").DMatrix(example, enable_categorical=True)
    expected = {"prediction": plain(model.predict(data))}
    return _complete(model, example, onnx.SerializeToString(), library="xgboost", expected=expected)


def _float_input(example: Any) -> list[tuple[str, Any]]:
    types = _needed("onnxmltools.convert.common.data_types", install="onnxmltools")
    return [(INPUT, types.FloatTensorType([None, _width(example)]))]


def _of_catboost(model: Any, example: Any) -> Converted:
    with tempfile.TemporaryDirectory() as folder, _refused_in_words(model):
        model.save_model(str(path := Path(folder) / "model.onnx"), format="onnx")
        content = path.read_bytes()
    return _complete(model, example, content, library="catboost")


def _of_torch(model: Any, example: Any) -> Converted:
    """By the exporter that needs onnxscript: the older one writes the length of the example into some models."""
    _needed("onnxscript", install="onnxscript")
    torch = _needed("torch", install="torch")
    tensors = _tensors(torch, example)
    # A second export of the same module may fail.
    exported = copy.deepcopy(model).eval()
    rows = {0: torch.export.Dim("batch")}
    with _refused_in_words(model), torch.no_grad():
        program = torch.onnx.export(
            exported,
            tuple(tensors.values()),
            dynamo=True,
            external_data=False,
            input_names=list(tensors),
            dynamic_shapes=tuple(rows for _tensor in tensors),
            verbose=False,
        )
        answers = copy.deepcopy(model).eval()(*tensors.values())
    names = [value.name for value in program.model_proto.graph.output]
    outputs = answers if isinstance(answers, tuple | list) else [answers]
    return Converted(
        content=program.model_proto.SerializeToString(),
        source=_source_of(model, "torch"),
        rows=as_rows(example),
        expected={name: plain(output) for name, output in zip(names, outputs, strict=True)},
        mapping=by_input(example),
    )


def _tensors(torch: Any, example: Any) -> dict[str, Any]:
    """The inputs by name, whole numbers as int64 and others as float32."""
    numpy = import_module("numpy")
    named = example if isinstance(example, Mapping) else {"x": example}
    arrays = {name: numpy.asarray(values) for name, values in named.items()}
    if min(len(array) for array in arrays.values()) < FEW_ROWS:
        raise Invalid("The example has one row", hint="Give two at least: one would be built in.", field="example")
    wanted = {name: numpy.int64 if array.dtype.kind in "iu" else numpy.float32 for name, array in arrays.items()}
    return {name: torch.from_numpy(array.astype(wanted[name])) for name, array in arrays.items()}


def _complete(
    model: Any,
    example: Any,
    content: bytes,
    *,
    library: str,
    expected: dict[str, Any] | None = None,
    categories: list[list[Any]] | None = None,
) -> Converted:
    return Converted(
        content=content,
        source=_source_of(model, library),
        rows=as_rows(with_texts(example)),
        expected=expected or _answers(model, example),
        mapping=with_codes(example, categories or []),
    )


class _refused_in_words:  # Reads as a statement where it is used.
    """What a converter raises, as a refusal that names the model."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception):
            first = str(error).strip().partition("\n")[0][:300]
            raise Invalid(
                f"The converter refuses {type(self._model).__name__}: {first}",
                hint="Convert it yourself, and give the ONNX file with an example and the expected answers.",
                field="model",
            ) from error


Converter = Callable[[Any, Any], Converted]
# A wrapper with the manners of scikit-learn is of its own library first.
CONVERTERS: dict[str, Converter] = {
    "xgboost": _of_xgboost,
    "lightgbm": _of_lightgbm,
    "catboost": _of_catboost,
    "torch": _of_torch,
    "sklearn": _of_sklearn,
}
