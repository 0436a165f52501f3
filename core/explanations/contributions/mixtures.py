"""Rows that are partly the row that is explained and partly another one, which is all that a model is asked."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


class Mixtures:
    """`table` has the explained row first and the background rows after it, `names` are the inputs."""

    def __init__(self, table: "pa.Table", names: tuple[str, ...]) -> None:
        self._table, self.names = table, names
        self.rows = table.num_rows - 1

    def of(self, is_own: Any, *, others: Any) -> "pa.Table":
        """A row for each row of `is_own`, bool [rows, inputs]: the explained row's value where it is true, else that
        of the background row whose place `others` has."""
        places = np.where(is_own, 0, others[:, None] + 1)
        columns = {name: self._table[name].take(places[:, at]) for at, name in enumerate(self.names)}
        return type(self._table).from_pydict(columns)

    def one_each(self) -> "pa.Table":
        """The explained row, then every background row as it is, then with its first input replaced, and so on."""
        inputs = len(self.names)
        steps = np.concatenate([np.zeros((1, inputs), dtype=bool), np.eye(inputs, dtype=bool)])
        is_own = np.concatenate([np.ones((1, inputs), dtype=bool), steps.repeat(self.rows, axis=0)])
        others = np.concatenate([[0], np.tile(np.arange(self.rows), inputs + 1)])
        return self.of(is_own, others=others)
