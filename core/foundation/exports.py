"""A package that exports its names without importing them: a job's process that starts `python -m core.training.job`
must not pay for the database of a service it never calls."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `names` maps each exported name to the module, relative to the package, that
    defines it."""

    def resolve(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{names[name]}"), name)

    return resolve
