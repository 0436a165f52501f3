"""What people choose about a script of their own."""

import tomllib
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from core.foundation.json_text import unambiguous
from core.foundation.naming.texts import ONE_LINE
from core.foundation.plugins import Params
from core.foundation.text import N_, _
from core.foundation.validation import shaped

Line = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), ONE_LINE]
EntryPoint = Annotated[
    str,
    StringConstraints(max_length=200, strip_whitespace=True),
    shaped(
        r"^[A-Za-z0-9_][A-Za-z0-9_-]*([./][A-Za-z0-9_][A-Za-z0-9_-]*)*(\.py|:[A-Za-z_][A-Za-z0-9_]*)$",
        allowed=N_("a path of a Python file, or module:function"),
        example="train.py",
    ),
]


class ScriptParams(Params):
    """The choices. Without a repository the code is the archive that comes with the request."""

    repository: Line = Field(
        default="",
        title=N_("Repository"),
        description=N_("The https address of a git repository. Empty: the archive that you upload."),
    )
    commit: Line = Field(
        default="",
        title=N_("Commit"),
        description=N_("The id of a commit, or a branch or tag, whose commit is looked up when the run starts."),
    )
    entry_point: EntryPoint = Field(
        default="train.py",
        title=N_("Entry point"),
        description=N_("A Python file of it, or module:function, which is called without arguments."),
    )
    arguments: Annotated[str, StringConstraints(max_length=20_000)] = Field(
        default="",
        title=N_("Arguments"),
        description=N_("What it finds in params.json: lines of name = value, or a JSON object."),
    )
    minutes: int = Field(
        default=60, ge=1, le=1_440, title=N_("Time limit"), description=N_("Minutes after which it is ended.")
    )
    memory_gb: int = Field(
        default=4,
        ge=2,
        le=1_024,
        title=N_("Memory"),
        description=N_("GB it may have; one of them is the portal's own."),
    )

    @field_validator("arguments", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """A caller may send the object itself."""
        import json

        return json.dumps(value) if isinstance(value, dict) else value

    @field_validator("arguments")
    @classmethod
    def _is_read(cls, text: str) -> str:
        arguments_in(text)
        return text

    @model_validator(mode="after")
    def _names_a_commit(self) -> Self:
        if bool(self.repository) != bool(self.commit):
            raise ValueError(_("a repository is named with a commit of it"))
        return self


def arguments_in(text: str) -> dict[str, Any]:
    """The names and values of a JSON object, or of lines of `name = value`. ValueError where it is neither."""
    stripped = text.strip()
    if stripped.startswith("{"):
        arguments = unambiguous(stripped)
        assert isinstance(arguments, dict)  # It began like one.
        return arguments
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_("neither name = value nor JSON: {why}").format(why=error)) from error
