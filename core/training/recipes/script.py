"""The recipe of people's own code."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from core.compute.values import Resources
from core.features.values import FeatureContract
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import N_
from core.tasks.values import Target
from core.training.recipe import FitContext, Fitted, Recipe, Tables
from core.training.scripts.script_params import ScriptParams
from core.training.scripts.supplies import refuse_source, supply

if TYPE_CHECKING:
    from core.training.scripts.fitting import Prepared


class Script(Recipe):
    """Your own code, from a commit of a git repository or an archive, in the sandbox.

    In the folder that the variable CAUSEWAY_INPUT names it finds contract.json, params.json and a Parquet file for each
    split; those of train and validation have labels, the others none. Into CAUSEWAY_OUTPUT it writes model.onnx, with
    a mapping.json where its inputs are not the columns by name, or predictions/<split>.parquet with row_id and the
    outputs that contract.json names: such a run is judged and compared, and gives no version.

    With a pyproject.toml and its uv.lock it has libraries of its own, only wheels; without them the portal's. It has
    no network and starts no other processes. What it prints is the log; what it tells MLflow is taken in."""

    name = "script"
    title = N_("Script: your own code")
    tasks = ("binary", "multi_class", "multi_label", "regression", "ranking")
    kinds = ("category", "number", "text")
    keeps_missing = True
    is_searchable = False
    takes_source = True
    Params: ClassVar[type[ScriptParams]] = ScriptParams

    @classmethod
    def resources(cls, params: Any, *, offered: Resources) -> Resources:
        return offered.model_copy(update={"gpus": 0, "memory_mb": params.memory_gb * 1024})

    @classmethod
    def refuse_source(cls, params: Any, *, has_archive: bool, settings: Settings) -> None:
        refuse_source(params, has_archive=has_archive, settings=settings)

    @classmethod
    def supply(cls, params: Any, *, store: Store, settings: Settings) -> Mapping[str, Any]:
        return supply(params, store=store, settings=settings).model_dump(mode="json")

    @classmethod
    def prepare(cls, tables: Tables, *, contract: FeatureContract, target: Target, threads: int) -> "Prepared":
        from core.training.scripts.fitting import Prepared

        return Prepared(tables, contract)

    @classmethod
    def fit(cls, context: FitContext) -> Fitted:
        from core.training.scripts.fitting import fit_script

        return fit_script(context)
