"""What came out of a script, as the portal judges it: by its file where there is one, else by its predictions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.training.recipe import Fitted, Origins
from core.training.scripts.exchange import Results
from core.training.scripts.served_model import Wanted, mapped_model, signed
from core.training.scripts.tracked import Tracked
from core.training.splits import ROW_ID, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pyarrow as pa


class FittedScript(Fitted):
    """`environment` says which code it was, with which libraries."""

    precision = "its own"

    def __init__(
        self,
        results: Results,
        *,
        tables: "Mapping[str, pa.Table]",
        wanted: Wanted,
        tracked: Tracked,
        environment: Mapping[str, str],
    ) -> None:
        self.target, self.metrics, self.environment = wanted.target, {}, environment
        self.history, self.logged = tracked.history, tracked.params
        self.is_servable = results.model is not None
        self._wanted = wanted
        self._rows = {name: tables[name][ROW_ID].to_pylist() for name in results.predictions}
        self._predictions = results.predictions
        self.is_compared = tables.keys() - {TRAIN} <= results.predictions.keys()
        self._model = b""
        if results.model is not None:
            self._model = mapped_model(results.model, rows=tables[VALIDATION], wanted=wanted, mapping=results.mapping)

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        return signed(self._model, wanted=self._wanted, origins=origins)

    def predict(self, table: "pa.Table") -> Outputs:
        """What it wrote down itself of these rows."""
        import numpy as np

        ids = table[ROW_ID].to_pylist()
        name = next(name for name, rows in self._rows.items() if rows == ids)
        return {output: np.asarray(values) for output, values in self._predictions[name].items()}
