"""The run that another one goes on from, checked before anything is queued."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.compute.values import JobSpec
from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import _
from core.registry.service import RegistryService
from core.training.recipe import Recipe
from core.training.result import START
from core.training.tables import RunRow

FIELD = "params.start_from"


@dataclass(frozen=True)
class Start:
    """The model that a run goes on from: what people called it, its file, and what its weights are of. Without a `ref`
    it begins from nothing."""

    ref: str = ""
    digest: str = ""
    texts: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def added_to(self, spec: JobSpec) -> JobSpec:
        if not self.ref:
            return spec
        payload = {**spec.payload, "start": {"texts": self.texts, "classes": self.classes}}
        return spec.model_copy(update={"payload": payload, "inputs": {**spec.inputs, START: self.digest}})


class Beginnings:
    """What runs may begin from."""

    def __init__(self, training_sets: TrainingSetService, *, registry: RegistryService) -> None:
        self._training_sets, self._registry = training_sets, registry

    def of(self, call: Call, recipe: type[Recipe], *, params: Mapping[str, Any], training_set: TrainingSet) -> Start:
        """The start that the parameters name. Invalid where this training cannot go on from it, Conflict where it has
        no model."""
        ref = str(params.get("start_from", "")) if recipe.same_at_start else ""
        if not ref:
            return Start()
        call.may_reach(ref)
        run_id = ref if call.session.get(RunRow, ref) else self._registry.version(call, ref).run_id
        row = call.session.get(RunRow, run_id)
        if row is None or row.project != training_set.project:
            raise _refusal(ref, _("it is no model that this project trained"))
        before = self._training_sets.training_set(call, row.training_set_id)
        refuse_start(row, ref=ref, recipe=recipe, params=params, before=before, now=training_set)
        if not row.model_digest:
            raise Conflict(_("{id} has no model yet").format(id=ref), hint=_("Wait until it has succeeded."))
        return Start(ref, row.model_digest, texts=_texts(before.contract), classes=before.target.classes)


def refuse_start(
    row: RunRow,
    *,
    ref: str,
    recipe: type[Recipe],
    params: Mapping[str, Any],
    before: TrainingSet,
    now: TrainingSet,
) -> None:
    """Invalid unless weights of the one mean the same in the other."""
    if row.recipe != recipe.name:
        raise _refusal(ref, _("it was trained by {recipe}").format(recipe=row.recipe))
    for name in recipe.same_at_start:
        if row.params.get(name) != params[name]:
            raise _refusal(ref, _("its {name} is {value}").format(name=name, value=row.params.get(name)))
    if before.target.task != now.target.task:
        raise _refusal(ref, _("it learned the task {task}").format(task=before.target.task))
    if before.target.classes and not {*before.target.classes} & {*now.target.classes}:
        raise _refusal(ref, _("it knows none of these classes"))
    if not {*_texts(before.contract)} & {*_texts(now.contract)}:
        raise _refusal(ref, _("it read none of these texts"))


def _texts(contract: FeatureContract | None) -> tuple[str, ...]:
    return contract.texts() if contract else ()


def _refusal(ref: str, why: str) -> Invalid:
    return Invalid(
        _("{id} is nothing to start from here: {why}").format(id=ref, why=why),
        hint=_("Name a run or a version of this project that was trained by the same recipe and reads texts alike."),
        field=FIELD,
    )
