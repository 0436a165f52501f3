"""Plug-ins: one file, one class. Its attributes are its card, its docstring the user's help, its `Params` draws the
form.
They are found in a folder of ours and among the entry points of installed packages; nothing is imported by a user's
word."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, distributions
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from core.foundation.errors import NotFound
from core.foundation.text import _


class Params(BaseModel):
    """The parameters of a plug-in. Unknown ones, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Plugin:
    """What every plug-in says about itself."""

    name: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[BaseModel]] = Params

    @classmethod
    def help(cls) -> str:
        return inspect.getdoc(cls) or ""


class OneOf:
    """For the annotation of an argument that names a plug-in: the names there are, looked up when they are asked for,
    in the check and in the schema that callers see."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        self._names = names

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        names = list(self._names())
        return {**handler(schema), **({"const": names[0]} if len(names) == 1 else {"enum": names})}

    def _check(self, name: str) -> str:
        if name not in self._names():
            raise ValueError(_("Choose one of: {names}.").format(names=", ".join(self._names())))
        return name


PluginType = TypeVar("PluginType", bound=Plugin)


def discover(package: ModuleType, kind: type[PluginType], *, group: str) -> Mapping[str, type[PluginType]]:
    """The plug-ins of `kind` by name: the modules of `package`, then the entry points of `group`. ValueError on a
    name twice."""
    classes = [cls for module in _modules(package) for cls in _classes_of(module, kind)]
    classes += [entry.load() for entry in _entry_points(group, path=tuple(sys.path))]
    by_name: dict[str, type[PluginType]] = {}
    for cls in classes:
        if by_name.setdefault(cls.name, cls) is not cls:
            raise ValueError(f"two plug-ins of {group} are called {cls.name}")
    return by_name


def choose(plugins: Mapping[str, type[PluginType]], name: str) -> type[PluginType]:
    """The plug-in of that name. NotFound lists the names there are."""
    if name not in plugins:
        raise NotFound(
            _("There is no {name} to choose").format(name=repr(name[:60])),
            hint=_("Choose one of: {names}.").format(names=", ".join(sorted(plugins))),
        )
    return plugins[name]


@cache
def _entry_points(group: str, *, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Those of the packages on that path; to read them takes longer than most of what is asked of a plug-in."""
    packages = distributions(path=list(path))
    return tuple(entry for package in packages for entry in package.entry_points.select(group=group))


def _modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


def _classes_of(module: ModuleType, kind: type[PluginType]) -> list[type[PluginType]]:
    members = vars(module).values()
    own = [cls for cls in members if inspect.isclass(cls) and cls.__module__ == module.__name__]
    return [cls for cls in own if issubclass(cls, kind) and cls is not kind and hasattr(cls, "name")]
