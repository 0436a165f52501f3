"""The winner as any recipe gives its model: one of the candidates as it is, or several in one ONNX file that share its
raw inputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.registry.signature import Signature
from core.tasks.predictions import Outputs
from core.training.automatic.blend import Member
from core.training.automatic.contest import main_output
from core.training.automatic.scores import form_of, scores_of, value_of, write_scores, write_sum
from core.training.onnx_graph import Graph
from core.training.preparation import Preparation
from core.training.recipe import Fitted, Origins
from core.training.task_outputs import outputs_of, write_file

if TYPE_CHECKING:
    import pyarrow as pa


class FittedBest(Fitted):
    """`members` are one or several."""

    def __init__(self, members: Sequence[Member], *, preparation: Preparation, stopped: bool = False) -> None:
        self.members, self._preparation, self.stopped = tuple(members), preparation, stopped
        self.metrics = {}
        fitted = [member.finisher.fitted for member in members]
        if not fitted:
            return
        self.target = fitted[0].target
        self.keeps_missing = any(member.finisher.recipe.keeps_missing for member in members)
        self.is_judged = any(single.is_judged for single in fitted)
        self.device = next((single.device for single in fitted if single.device != "cpu"), "cpu")
        self.precision = next((single.precision for single in fitted if single.precision != "fp64"), "fp64")

    @property
    def _is_plain(self) -> bool:
        """Whether it is one of the candidates as it is."""
        return len(self.members) == 1 and self.members[0].weight == 1.0

    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        if self._is_plain:
            return self.members[0].finisher.fitted.export(origins)

        def write(graph: Graph) -> str:
            form = form_of(self.target)
            scores = [_write_member(graph, member, origins=origins, form=form) for member in self.members]
            return write_sum(graph, scores, weights=[member.weight for member in self.members], form=form)

        return write_file(
            self._preparation,
            target=self.target,
            origins=origins,
            write=write,
            keeps_missing=bool(self.keeps_missing),
        )

    def predict(self, table: "pa.Table") -> Outputs:
        if self._is_plain:
            return self.members[0].finisher.fitted.predict(table)
        form, total = form_of(self.target), np.zeros(1)
        for member in self.members:
            value = member.finisher.fitted.predict(table)[main_output(self.target)]
            total = total + member.weight * scores_of(value, form=form, unit=member.unit)
        return outputs_of(value_of(total, form=form), target=self.target)


def _write_member(graph: Graph, member: Member, *, origins: Origins, form: str) -> str:
    fitted = member.finisher.fitted
    value = graph.embed(fitted.export(origins)[0])[main_output(fitted.target)]
    return write_scores(graph, value, form=form, unit=member.unit)
