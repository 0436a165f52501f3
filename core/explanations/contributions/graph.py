"""What a model file computes at its end: the value before a probability is made of it, and the trees whose sum that is,
where it is one."""

from dataclasses import dataclass, field
from typing import Any

from core.tasks.task import task_of
from core.tasks.values import Target

THROUGH = ("Identity", "Cast", "Squeeze")
SQUASHED = {"Sigmoid": "log odds", "Softmax": "score"}


@dataclass(frozen=True)
class End:
    """The `output` that is explained and what stands before it: `raw`, in `unit`, is `scale` times the sum of the trees
    of the node `ensemble`, plus a constant; None where it is no such sum. The names are those of values in the graph,
    and all of them are outputs of the file `content`."""

    content: bytes = field(repr=False)
    output: str
    raw: str
    unit: str
    ensemble: Any = None
    scale: float = 1.0

    @property
    def features(self) -> str:
        """What the trees take, [batch, inputs]."""
        return str(self.ensemble.input[0])


def end_of(content: bytes, *, target: Target) -> End:
    import onnx

    model = onnx.load_from_string(content)
    made_by = {name: node for node in model.graph.node for name in node.output}
    output = main_output(model, target)
    last = _back(output, made_by)
    node = made_by.get(last)
    unit = SQUASHED.get(node.op_type, "") if node is not None else ""
    raw = node.input[0] if node is not None and unit else last
    ensemble, scale = _sum_of_trees(raw, made_by, constants=_constants(model))
    given = [value.name for value in model.graph.output]
    for name in (raw, *(ensemble.input if ensemble is not None else ())):
        if name not in given:
            given.append(name)
            model.graph.output.append(onnx.ValueInfoProto(name=name))
    return End(model.SerializeToString(), output, raw, unit, ensemble, scale)


def main_output(model: Any, target: Target) -> str:
    """The first number that the task promises; of a task that promises nothing the first output."""
    promised = [spec.name for spec in task_of(target).outputs(target) if spec.datatype == "FP64"]
    given = [value.name for value in model.graph.output]
    return next((name for name in promised if name in given), given[0])


def _back(name: str, made_by: dict[str, Any]) -> str:
    while (node := made_by.get(name)) is not None and node.op_type in THROUGH:
        name = node.input[0]
    return name


def _constants(model: Any) -> dict[str, Any]:
    from onnx import numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return {name: float(array.item()) for name, array in arrays.items() if array.size == 1 and array.dtype.kind == "f"}


def _sum_of_trees(name: str, made_by: dict[str, Any], *, constants: dict[str, float]) -> tuple[Any, float]:
    """The node of the trees behind what multiplies and shifts their sum, and what it is multiplied by."""
    scale = 1.0
    while (node := made_by.get(name := _back(name, made_by))) is not None:
        if node.op_type == "TreeEnsemble":
            return node, scale
        if node.op_type not in ("Add", "Mul") or node.input[1] not in constants:
            break
        scale *= constants[node.input[1]] if node.op_type == "Mul" else 1.0
        name = node.input[0]
    return None, scale
