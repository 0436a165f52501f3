"""What is declared of an action: its name, permission and sentence, and its arguments as a model that refuses what is
wrong."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.validation import invalid_of, label_of, refuse_booleans

UNWRITABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class ActionSpec:
    """An entry of the catalog. `says` is what the audit log says of it, between who did it and to what: "started"."""

    name: str
    permission: str
    reads: bool
    function: Callable[..., Any]
    prepare: Callable[..., Any] | None = None
    says: str = ""

    @cached_property
    def hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def parameters(self) -> type[BaseModel]:
        """The arguments as a model: unknown ones are refused."""
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                default = ... if parameter.default is inspect.Parameter.empty else parameter.default
                fields[name] = (self.hints[name], Field(default=default))
        config = ConfigDict(extra="forbid", allow_inf_nan=False, val_json_bytes="base64")
        return create_model(self.name, __config__=config, **fields)

    @property
    def returns(self) -> Any:
        return self.hints.get("return")

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.help.partition("\n")[0]

    @property
    def help(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def is_internal(self) -> bool:
        """For the portal's own processes; in no API and no command line."""
        return self.permission == "system"

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with their types. Raises Invalid naming the first wrong one."""
        refuse_booleans(arguments, model=self.parameters)
        try:
            model = self.parameters.model_validate(arguments)
        except ValidationError as error:
            raise invalid_of(error, model=self.parameters) from error
        values = {name: getattr(model, name) for name in self.parameters.model_fields}
        refuse_unwritable(values)
        return values


def refuse_unwritable(value: Any, *, field: str = "") -> None:
    """Invalid for a text with a NUL or half a character in it, however deep: no name has one, and no database can keep
    it."""
    if isinstance(value, str) and UNWRITABLE.search(value):
        message = _("{label} has a NUL or half a character in it").format(label=label_of(field.split(".")))
        raise Invalid(message, hint=_("Remove it."), field=field)
    # Through iter(), for a model with a field called `keys` would pass for a mapping.
    whole = dict(iter(value)) if isinstance(value, BaseModel) else value
    named = whole if isinstance(whole, dict) else dict(enumerate(whole)) if isinstance(whole, list | tuple) else {}
    for name, part in named.items():
        refuse_unwritable(part, field=f"{field}.{name}".strip("."))
