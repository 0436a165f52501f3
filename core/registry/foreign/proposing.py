"""A mapping from the columns of an example to the inputs of a file, and from its outputs to answers, as a person would
write it most likely, the answers called as their task calls them. It is a proposal: whoever knows better corrects
it."""

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.values import Activation, Answer, Column, ColumnKind, File, FilledTensor, Role, Tensor
from core.tasks.kinds.binary import OUTPUT
from core.tasks.kinds.multi_class import PREDICTED, PROBABILITIES
from core.tasks.kinds.regression import VALUE

if TYPE_CHECKING:
    from core.registry.foreign.examples import Array

PROBABILITY, LOGIT = "prob", "logit"


def proposed_inputs(file: File, columns: "Mapping[str, Array] | None" = None) -> tuple[FilledTensor, ...]:
    """Columns by name where the file has an input for each; else in order, texts where texts are taken and whole
    numbers where whole ones are. Without an example inputs name their columns. Invalid where columns are missing or
    too many."""
    if columns is None:
        return tuple(_named_after(tensor) for tensor in file.inputs)
    by_name = {tensor.name for tensor in file.inputs if size_of(tensor) in (1, None) and tensor.name in columns}
    rest = {name: values for name, values in columns.items() if name not in by_name}
    takers = [tensor for tensor in file.inputs if tensor.name not in by_name]
    shares = _shares(takers, rest)
    return tuple(
        filled(tensor, [tensor.name] if tensor.name in by_name else shares[tensor.name], columns=columns)
        for tensor in file.inputs
    )


def proposed_answers(file: File, *, columns: Iterable[str] = ()) -> tuple[Answer, ...]:
    """Probabilities rather than labels, of two classes that of the second; numbers else. None is called as one of the
    columns."""
    numbers = [output for output in file.outputs if output.datatype.startswith("FP")]
    labels = [output for output in file.outputs if not output.datatype.startswith("FP")]
    answers = [answer for output in numbers for answer in _answers(output)]
    is_classified = any(answer.role in ("probability", "probabilities") for answer in answers)
    if not is_classified:
        answers += [_named(output) for output in labels]
    return tuple(_with_names_of_their_own(answers, set(columns)))


def size_of(tensor: Tensor) -> int | None:
    """How many values a row has; None where any number will do."""
    return None if None in tensor.shape else prod(size or 1 for size in tensor.shape)


def _named_after(tensor: Tensor) -> FilledTensor:
    size = size_of(tensor)
    if size is None:
        raise Invalid(
            _("Nothing says which columns fill {tensor}").format(tensor=tensor.name),
            hint=_("Send an example, or a mapping."),
            field="example",
        )
    names = [tensor.name] if size == 1 else [f"{tensor.name}_{number}" for number in range(size)]
    kind: ColumnKind = "text" if tensor.datatype == "BYTES" else "number"
    columns = tuple(Column(name=name, kind=kind, missing=_stand_in(tensor)) for name in names)
    return FilledTensor(tensor=tensor.name, columns=columns)


def filled(tensor: Tensor, names: Iterable[str], *, columns: "Mapping[str, Array]") -> FilledTensor:
    kinds: dict[str, ColumnKind] = {name: "text" if columns[name].dtype == object else "number" for name in names}
    filling = (
        Column(name=name, kind=kind, missing=_stand_in(tensor) if kind == "number" else None)
        for name, kind in kinds.items()
    )
    return FilledTensor(tensor=tensor.name, columns=tuple(filling))


def _stand_in(tensor: Tensor) -> float | None:
    """A whole number cannot be missing: it would be the smallest one that there is."""
    return None if tensor.datatype.startswith("FP") or tensor.datatype == "BYTES" else 0.0


def _shares(takers: list[Tensor], columns: "Mapping[str, Array]") -> dict[str, list[str]]:
    """The columns of each tensor: by kind where their numbers say so, else one after the other."""
    groups = _by_kind(takers, columns) or [(takers, list(columns))]
    shares: dict[str, list[str]] = {}
    for tensors, names in groups:
        shares |= _in_order(tensors, names)
    return shares


def _by_kind(takers: list[Tensor], columns: "Mapping[str, Array]") -> list[tuple[list[Tensor], list[str]]]:
    """Tensors and columns of texts, of whole numbers and of others, where each kind of column has a tensor."""
    kinds_of_columns = {name: _kind(values) for name, values in columns.items()}
    kinds_of_takers = {tensor.name: _taker_kind(tensor) for tensor in takers}
    kinds = set(kinds_of_takers.values())
    if "number" in kinds and "whole" not in kinds:
        kinds_of_columns = {name: "text" if kind == "text" else "number" for name, kind in kinds_of_columns.items()}
    if "whole" in kinds and "number" not in kinds:
        kinds_of_columns = {name: "text" if kind == "text" else "whole" for name, kind in kinds_of_columns.items()}
    groups = [
        (
            [tensor for tensor in takers if kinds_of_takers[tensor.name] == kind],
            [name for name, of_kind in kinds_of_columns.items() if of_kind == kind],
        )
        for kind in sorted(kinds)
    ]
    is_complete = kinds >= set(kinds_of_columns.values())
    return groups if is_complete and all(_fits(tensors, names) for tensors, names in groups) else []


def _taker_kind(tensor: Tensor) -> str:
    if tensor.datatype == "BYTES":
        return "text"
    return "number" if tensor.datatype.startswith("FP") else "whole"


def _kind(values: "Array") -> str:
    import numpy as np

    if values.dtype == object:
        return "text"
    return "whole" if bool((np.nan_to_num(values) % 1 == 0).all()) else "number"


def _fits(tensors: list[Tensor], names: list[str]) -> bool:
    sizes = [size_of(tensor) for tensor in tensors]
    known = sum(size for size in sizes if size is not None)
    open_ended = sizes.count(None)
    return known == len(names) if not open_ended else open_ended == 1 and known < len(names)


def _in_order(tensors: list[Tensor], names: list[str]) -> dict[str, list[str]]:
    """One after the other; a tensor of any size takes what the others leave."""
    if not _fits(tensors, names):
        sizes = ", ".join(f"{tensor.name} [{size_of(tensor) or 'n'}]" for tensor in tensors) or _("nothing more")
        raise Invalid(
            _("The file takes {sizes}, and {count} columns of the example remain").format(
                sizes=sizes[:300], count=len(names)
            ),
            hint=_("Leave out what it does not take, such as ids and labels: {names}.").format(
                names=", ".join(names)[:300]
            ),
            field="example",
        )
    known = sum(size_of(tensor) or 0 for tensor in tensors)
    shares: dict[str, list[str]] = {}
    start = 0
    for tensor in tensors:
        size = size_of(tensor) or len(names) - known
        shares[tensor.name] = names[start : start + size]
        start += size
    return shares


def _named(output: Tensor) -> Answer:
    """A whole number or a text is the name of a class; several are what they are."""
    role: Role = "values" if size_of(output) != 1 else "label"
    return Answer(name=role, tensor=output.name, role=role)


def _answers(output: Tensor) -> list[Answer]:
    size, name = size_of(output) or 1, output.name.lower()
    activation: Activation = "none"
    if LOGIT in name:
        activation = "sigmoid" if size == 1 else "softmax"
    is_probability = PROBABILITY in name or activation != "none" or bool(output.classes and size > 1)
    if not is_probability:
        role: Role = "value" if size == 1 else "values"
        return [Answer(name=VALUE if size == 1 else "values", tensor=output.name, role=role)]
    classes = output.classes or tuple(str(number) for number in range(max(size, 2)))
    about = {"tensor": output.name, "activation": activation, "classes": classes}
    if size <= 2:
        return [Answer(name=OUTPUT, role="probability", positive=1, **about)]
    return [Answer(name=PROBABILITIES, role="probabilities", **about), Answer(name=PREDICTED, role="label", **about)]


def _with_names_of_their_own(answers: list[Answer], columns: set[str]) -> Iterable[Answer]:
    names = [answer.name for answer in answers]
    for answer in answers:
        is_shared = names.count(answer.name) > 1 or answer.name in columns
        yield answer.model_copy(update={"name": f"{answer.tensor}_{answer.role}"}) if is_shared else answer
