"""What is declared of an action: its name, permission and sentence, and its arguments as a model that refuses what is
wrong."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from core.foundation.actions.content import Content
from core.foundation.actions.parameters import description_of
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.validation import bare, invalid_of, label_of, refuse_booleans

LONGEST_TEXT, MOST_ENTRIES = 1_000, 10_000
SENTENCE_END = re.compile(r"(?<=[.?!])\s(?=[A-Z`])")
UNWRITABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class ActionSpec:
    """An entry of the catalog. `says` is what the audit log says of it, between who did it and to what: "started".
    `repeats` is true of an action whose only effect is its answer and the event that it was given: sent again, it is
    done again. `shown_once` is what to do for whoever lost an answer that is kept nowhere."""

    name: str
    permission: str
    reads: bool
    function: Callable[..., Any]
    prepare: Callable[..., Any] | None = None
    says: str = ""
    repeats: bool = False
    shown_once: str = ""

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
                described = Field(default=default, description=description_of(self.name, name))
                fields[name] = (bounded(self.hints[name]), described)
        config = ConfigDict(extra="forbid", allow_inf_nan=False, val_json_bytes="base64")
        words = re.split(r"[._]", self.name)
        return create_model("".join(word.capitalize() for word in words), __config__=config, **fields)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The parameters that are files."""
        fields = self.parameters.model_fields.items()
        return tuple(name for name, field in fields if bare(field.annotation) is Content)

    @property
    def file(self) -> str:
        """The file that has to come, which a call is about; empty where there is none."""
        return next((name for name in self.files if self.parameters.model_fields[name].is_required()), "")

    @property
    def returns(self) -> Any:
        return self.hints.get("return")

    @property
    def summary(self) -> str:
        """The first sentence of the docstring, on one line."""
        return self._sentences[0]

    @property
    def details(self) -> str:
        """What is said after it, in paragraphs."""
        return "\n\n".join(part for part in (*self._sentences[1:], self.help.partition("\n\n")[2].strip()) if part)

    @cached_property
    def _sentences(self) -> list[str]:
        """The first one of the first paragraph, and the others of it."""
        return SENTENCE_END.split(" ".join(self.help.partition("\n\n")[0].split()), maxsplit=1)

    @property
    def help(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def is_internal(self) -> bool:
        """For the portal's own processes; in no API and no command line."""
        return self.permission == "system"

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments with their types. Raises Invalid naming the first wrong one."""
        refuse_unwritable(arguments)
        refuse_booleans(arguments, model=self.parameters)
        try:
            model = self.parameters.model_validate(arguments)
        except ValidationError as error:
            raise invalid_of(error, model=self.parameters) from error
        return {name: getattr(model, name) for name in self.parameters.model_fields}


def bounded(kind: Any, *, has_end: bool = False) -> Any:
    """The same type with an end to its texts and lists: where nothing is said of their length, more than anyone means
    is refused before a database is asked about it."""
    whole, parts = get_origin(kind), get_args(kind)
    if whole is Annotated:
        notes = [note for part in parts[1:] for note in getattr(part, "metadata", (part,))]
        ends = any(getattr(note, "max_length", None) or getattr(note, "pattern", None) for note in notes)
        return Annotated[(bounded(parts[0], has_end=ends), *parts[1:])]
    if whole in (Union, UnionType):
        return Union[tuple(bounded(part) for part in parts)]  # noqa: UP007
    if whole in (tuple, dict):
        kind = whole[tuple(part if part is Ellipsis else bounded(part) for part in parts)]
    most = {str: LONGEST_TEXT, tuple: MOST_ENTRIES}.get(whole or kind)
    return kind if has_end or most is None else Annotated[kind, Field(max_length=most)]


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
