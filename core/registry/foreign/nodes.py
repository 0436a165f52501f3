"""Nodes and constants written one by one, each under a name of its own."""

from typing import Any


class Nodes:
    """Nodes under way. Every method returns the name of the value that it makes, which begins with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.written: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = prefix

    def node(self, operator: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{self._prefix}{operator.lower()}_{len(self.written)}"
        # The place of a node in the list is what it is called by in the messages of the runtime.
        node = helper.make_node(operator, list(inputs), [name], domain=domain, **attributes)
        self.written.append(node)
        return name

    def constant(self, array: Any) -> str:
        from onnx import numpy_helper

        name = f"{self._prefix}constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def whole(self, *numbers: int) -> str:
        """A list of whole numbers."""
        import numpy as np

        return self.constant(np.array(numbers, dtype=np.int64))

    def texts(self, *texts: str) -> str:
        import numpy as np

        return self.constant(np.array(texts, dtype=object))
