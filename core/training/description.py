"""What a model file says of itself, so that whoever finds it without the portal knows what it is and how to call it. It
lies in the standard places of the format, which every reader of ONNX shows. It is English in every installation:
the same training gives the same bytes wherever it runs."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from core.features.values import FeatureContract
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.tasks.task import task_of
from core.tasks.values import Target
from core.training.preparation import NumberMap, Preparation, Vocabulary
from core.training.values import Origin

PRODUCER = "causeway"
# What models of the first task predict, whose files say nothing about classes.
YES_OR_NO = Target()
LEARNED = "has learned what a missing number means"
OF_WORDS = "Text as it is, read by its words. The empty text is a missing one."
OUTPUT_TEXT = "The calibrated probability, from 0 to 1, that the label is 1."


class Description(Value):
    """`inputs` has a sentence for each input; `metadata` are names with texts, some of them JSON."""

    text: str
    number: int
    inputs: Mapping[str, str]
    output: str = OUTPUT_TEXT
    metadata: Mapping[str, str]

    @property
    def producer(self) -> tuple[str, str]:
        return PRODUCER, version(PRODUCER)


def describe(
    origin: Origin,
    *,
    preparation: Preparation,
    contract: FeatureContract,
    target: Target = YES_OR_NO,
    keeps_missing: bool = False,
) -> Description:
    """What the file of a model with these inputs says. One that `keeps_missing` numbers decides by itself what a
    missing one means; else the median stands in."""
    categories = {item.name: _category(item) for item in preparation.categories}
    numbers = {item.name: _number(item, is_kept=keeps_missing) for item in preparation.numbers}
    texts = {name: {"kind": "text", "missing": ""} for name in contract.texts()}
    images = {item.name: {"kind": "image", **item.image.model_dump(mode="json")} for item in preparation.images}
    about = origin.model_dump(exclude={"label"})
    facts: dict[str, Any] = {
        **{name: text for name, text in about.items() if text},
        "feature_versions": {view.version_id: view.digest for view in contract.views},
        "inputs": {**categories, **numbers, **texts, **images},
        "output": _output(origin, target=target),
    }
    return Description(
        text=_text(origin, target=target),
        number=origin.number,
        inputs={
            **dict.fromkeys(categories, _of_text()),
            **dict.fromkeys(contract.texts(), OF_WORDS),
            **{item.name: _of_number(item, is_kept=keeps_missing) for item in preparation.numbers},
            **{item.name: _of_image(item.image) for item in preparation.images},
        },
        output=OUTPUT_TEXT if target == YES_OR_NO else f"Of the task {target.task}.",
        metadata={f"{PRODUCER}.{name}": _plain(value) for name, value in facts.items()},
    )


def _output(origin: Origin, *, target: Target) -> dict[str, Any]:
    if target == YES_OR_NO:
        return {"name": "probability", "unit": "probability", "label": origin.label, "classes": [0, 1], "of": 1}
    outputs = [spec.model_dump(mode="json", exclude_none=True) for spec in task_of(target).outputs(target)]
    return {**target.model_dump(mode="json"), "label": origin.label, "outputs": outputs}


def _text(origin: Origin, *, target: Target) -> str:
    learned = f" on {origin.training_set} ({origin.training_set_title})" if origin.training_set else ""
    predicts = f"the probability that {origin.label} is 1" if target == YES_OR_NO else origin.label
    return (
        f"{origin.title or 'A model'}: {predicts}, by the recipe"
        f" {origin.recipe or 'unknown'}{learned}. Each input is the raw value of a feature, one a row. A missing"
        " text is the empty text, a missing number is NaN, and a text that training did not know may be sent as it is."
    )


def _category(vocabulary: Vocabulary) -> dict[str, Any]:
    missing = "a value of its own" if "" in vocabulary.values else "counts as unknown"
    return {
        "kind": "category",
        "missing": "",
        "if_missing": missing,
        "if_unknown": "every text that training did not know gets the same answer",
        "known": len(vocabulary.values),
        "example": next((value for value in vocabulary.values if value), ""),
    }


def _number(number: NumberMap, *, is_kept: bool) -> dict[str, Any]:
    flagged = ", with a flag that it was missing" if number.flagged else ""
    return {
        "kind": "number",
        "missing": "NaN",
        "if_missing": LEARNED if is_kept else f"{number.fill!r} stands in, the median of training{flagged}",
        "example": number.fill,
    }


def _of_text() -> str:
    return "Text as it is. The empty text is a missing one; a text that training did not know counts as unknown."


def _of_number(number: NumberMap, *, is_kept: bool) -> str:
    if is_kept:
        return f"A number as it is. NaN is a missing one; the model {LEARNED}."
    return f"A number as it is. NaN is a missing one, for which {number.fill!r} stands in."


def _of_image(image: ImageInput) -> str:
    colors = "gray" if image.channels == 1 else "red, green and blue"
    return f"The pixels of an image, row after row, {colors} from 0 to 255, as the decoder {image.decoder} gives them."


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
