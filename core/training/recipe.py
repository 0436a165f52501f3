"""What a recipe is: a way to learn from the tables of a training set. Runs and sweeps take the same path through it
(prepare, fit, export, judge), and everything around it is the same for all, so no recipe can get it wrong."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ValidationError

from core.compute.values import Resources
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract, Kind
from core.foundation.errors import Invalid, NotAllowed
from core.foundation.plugins import Plugin, choose, discover
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _
from core.foundation.validation import invalid_of
from core.registry.signature import ANY, Signature, TensorSpec
from core.tasks.predictions import Outputs
from core.tasks.values import BINARY, Target
from core.training import recipes as folder
from core.training.automatic.values import Candidate, Leaderboard
from core.training.values import Origin, RecipeCard

if TYPE_CHECKING:
    import pyarrow as pa

ENTRY_POINTS = "causeway.recipes"
# The recipe that all others stand beside.
BASELINE = "linear"
# How the rows of the splits were drawn, among what a fit is supplied with; missing where that is not known.
DRAWN_BY = "drawn_by"

Tables = Mapping[str, "pa.Table"]
Report = Callable[[int, dict[str, float]], None]
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class FitContext:
    """What a fit is given. `prepared` is what the recipe made of the tables, `params` are of its own class. It reports
    `(step, metrics)` as often as it likes, the figures of validation rows as `validation_<metric>`, asks `should_stop`
    after each step, and says `progress(share, seconds left)`. In `checkpoints` it may leave what a later attempt goes
    on from. `supplies` is what the worker has supplied."""

    prepared: Any
    params: Any
    target: Target
    seed: int
    threads: int
    report: Report
    should_stop: Callable[[], bool] = lambda: False
    progress: Progress = lambda _share, _seconds: None
    checkpoints: Path | None = None
    supplies: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Origins:
    """What a model file says of itself besides what it is."""

    contract: FeatureContract
    origin: Origin = field(default_factory=Origin)


class Fitted(ABC):
    """What came out of a fit. `target` is what it predicts, with what the recipe adds to it; `metrics` are figures of
    the fit itself; `stopped` says that a stop was requested, and then nothing else is used.

    One that is not `is_servable` has no file: it is judged by what it predicts of all rows but those it learned from.
    Where there is nothing to hold the file against it is not `is_compared`. One that `is_judged` predicts where it
    was trained, sooner than the file does: the splits are judged by it, and the file is held against it on a sample.
    `history` are metrics by step that were not reported, `logged` parameters that the fit chose itself, and
    `environment` says more of what it was made with. `leaderboard` is of a recipe that tried others, and
    `keeps_missing` what its recipe cannot say before."""

    target: Target = Target()
    metrics: Mapping[str, float]
    steps: int = 0
    stopped: bool = False
    device: str = "cpu"
    precision: str = "fp64"
    is_servable: bool = True
    is_compared: bool = True
    is_judged: bool = False
    history: Sequence[tuple[int, Mapping[str, float]]] = ()
    logged: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}
    leaderboard: Leaderboard | None = None
    keeps_missing: bool | None = None

    @abstractmethod
    def export(self, origins: Origins) -> tuple[bytes, Signature]:
        """The ONNX file over raw values, with the outputs that the task says, and its signature."""

    @abstractmethod
    def predict(self, table: "pa.Table") -> Outputs:
        """The same by the library that trained it. The file is held against it on rows that training has not seen."""


class Recipe(Plugin, ABC):
    """A way to train a model from a training set. `tasks` names those it can learn, `kinds` the inputs it learns from,
    `on_all_rows` the parameters with which it leaves no row out, however few were enough while parameters were
    searched. One that `keeps_missing` numbers learns what they mean. One that `takes_source` may be sent an archive of
    code, and what is not `is_searchable` has no parameters that a sweep could choose. `candidates`
    are what the recipe `automatic` tries of it; without any it takes no part. One with a parameter `start_from` goes on
    from the model of an earlier run that had the same of the parameters in `same_at_start`."""

    tasks: ClassVar[tuple[str, ...]] = (BINARY,)
    kinds: ClassVar[tuple[Kind, ...]] = ("category", "number", "vector")
    Params: ClassVar[type[BaseModel]]
    on_all_rows: ClassVar[Mapping[str, Any]] = {}
    keeps_missing: ClassVar[bool] = False
    takes_source: ClassVar[bool] = False
    is_searchable: ClassVar[bool] = True
    same_at_start: ClassVar[tuple[str, ...]] = ()
    candidates: ClassVar[tuple[Candidate, ...]] = ()

    @classmethod
    def refuse_source(cls, _params: Any, *, has_archive: bool, settings: Settings) -> None:
        """Invalid where code is missing that it runs, or comes from where it may not."""
        if has_archive:
            raise Invalid(_("{recipe} runs no code of yours").format(recipe=cls.name), field="source")

    @classmethod
    def supply(cls, _params: Any, *, store: Store, settings: Settings) -> Mapping[str, Any]:
        """What a fit needs beside the tables, supplied by the worker when it starts the job: it knows the settings, and
        the job does not. PortalError says why there is none."""
        return {}

    @classmethod
    def accepts(cls, _contract: FeatureContract, _target: Target) -> str:
        """Why these inputs cannot be learned from; empty when they can. The task was asked for before."""
        return ""

    @classmethod
    def check_columns(cls, _params: Any, *, contract: FeatureContract) -> None:
        """Invalid where a parameter names an input that is none, or of another kind than it needs."""

    @classmethod
    def resources(cls, _params: Any, *, offered: Resources) -> Resources:
        """What a fit takes of what one run may have: everything but a GPU, unless the recipe says otherwise."""
        return offered.model_copy(update={"gpus": 0})

    @classmethod
    @abstractmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> Any:
        """What every fit on these tables shares, so that a warm worker makes it once. Nothing is learned from any split
        but `train`."""

    @classmethod
    @abstractmethod
    def fit(cls, context: FitContext) -> Fitted:
        """Learns. JobFailed says in words why it cannot."""


def all_recipes() -> Mapping[str, type[Recipe]]:
    return discover(folder, Recipe, group=ENTRY_POINTS)  # type: ignore[type-abstract]


def recipe_called(name: str) -> type[Recipe]:
    """The recipe of that name. NotFound lists the names there are."""
    return choose(all_recipes(), name)


def check_params(recipe: type[Recipe], *, params: Mapping[str, Any]) -> BaseModel:
    """The parameters with their defaults. Invalid names the first wrong one as `params.<name>`."""
    try:
        return recipe.Params.model_validate(dict(params))
    except ValidationError as error:
        raise invalid_of(error, model=recipe.Params, prefix=("params",)) from error


def inputs_of(contract: FeatureContract) -> Signature:
    """What the file of a model with this contract takes: a text is a text like a category, a vector and an image are
    tensors."""
    tensors = [
        TensorSpec.of_image(field.name, image)
        for field in map(contract.field, contract.images())
        if (image := field.image) is not None
    ]
    vectors = map(contract.field, contract.vectors())
    tensors += [TensorSpec(name=field.name, datatype="FP64", shape=(ANY, field.size)) for field in vectors]
    texts = (*contract.categories(), *contract.texts())
    return Signature.of_columns(texts, contract.numbers(), tensors=tensors)


def recipes_off(settings: Settings) -> frozenset[str]:
    """The names of those that nobody may train with in this installation."""
    return frozenset(name.strip() for name in settings.recipes_off.split(","))


def permitted_recipe(name: str, *, settings: Settings, is_sweep: bool = False) -> type[Recipe]:
    """The recipe of that name. NotAllowed for one that is switched off, Invalid for a sweep over one that has nothing
    to search."""
    recipe = recipe_called(name)
    if recipe.name in recipes_off(settings):
        raise NotAllowed(
            _("Nobody may train with {recipe} here").format(recipe=recipe.name),
            hint=_("An administrator switches it on: CAUSEWAY_RECIPES_OFF."),
        )
    if is_sweep and not recipe.is_searchable:
        raise Invalid(
            _("A sweep cannot search the parameters of {recipe}").format(recipe=recipe.name),
            hint=_("Choose another recipe, or search in your own code."),
            field="recipe",
        )
    return recipe


def can_learn(recipe: type[Recipe], *, contract: FeatureContract, target: Target) -> bool:
    """Whether it learns such a task from such inputs."""
    knows_kinds = {*contract.kinds().values()} <= {*recipe.kinds}
    return target.task in recipe.tasks and knows_kinds and not recipe.accepts(contract, target)


def refuse_other_inputs(recipe: type[Recipe], training_set: TrainingSet, *, params: Mapping[str, Any]) -> None:
    """Invalid where the recipe learns no such task, or not from such inputs, or a parameter names others."""
    task = training_set.target.task
    if task not in recipe.tasks:
        able = [other.name for other in all_recipes().values() if task in other.tasks]
        raise Invalid(
            _("{recipe} does not learn the task {task}").format(recipe=recipe.name, task=task),
            hint=_("Choose one of: {names}.").format(names=", ".join(able)) if able else _("No recipe here does."),
            field="recipe",
        )
    assert training_set.contract is not None  # It was found to be ready.
    _refuse_other_kinds(recipe, training_set.contract, task=task)
    if reason := recipe.accepts(training_set.contract, training_set.target):
        raise Invalid(reason, hint=_("Choose another recipe."), field="recipe")
    recipe.check_columns(check_params(recipe, params=params), contract=training_set.contract)


def _refuse_other_kinds(recipe: type[Recipe], contract: FeatureContract, *, task: str) -> None:
    kinds = contract.kinds()
    unknown = next((name for name, kind in kinds.items() if kind not in recipe.kinds), "")
    if not unknown:
        return
    able = [
        other.name for other in all_recipes().values() if task in other.tasks and {*kinds.values()} <= {*other.kinds}
    ]
    raise Invalid(
        _("{recipe} does not learn from the input {name}, which is of the kind {kind}").format(
            recipe=recipe.name, name=unknown, kind=kinds[unknown]
        ),
        hint=_("Choose one of: {names}.").format(names=", ".join(able)) if able else _("No recipe here does."),
        field="recipe",
    )


def card_of(recipe: type[Recipe]) -> RecipeCard:
    return RecipeCard(
        name=recipe.name,
        title=_(recipe.title),
        help=recipe.help(),
        tasks=recipe.tasks,
        kinds=recipe.kinds,
        parameters=recipe.Params.model_json_schema(),
        takes_source=recipe.takes_source,
        is_searchable=recipe.is_searchable,
    )
