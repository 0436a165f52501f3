"""The command line: a few commands for the machine the portal runs on, and every action of the catalog, over REST."""

import json
import os
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from app.web.addresses import FILES
from core.client.errors import PortalError as Refusal
from core.foundation.actions.content import Content
from core.foundation.actions.run import Service
from core.foundation.actions.spec import ActionSpec
from core.foundation.errors import NotSignedIn, PortalError
from core.foundation.json_text import unambiguous
from core.foundation.settings import Settings, load_settings
from core.foundation.text import _
from core.foundation.validation import bare, fields_of, form_of, is_structured
from core.foundation.values import Part, Verification
from core.lake.readers.folders import files_below, write_zip
from core.portal import SESSION_FILE, Portal, connect

EXIT_REFUSED = 1


class Commands(click.Group):
    """Shows what is for this machine first, then the domains."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*(name for name in self.commands if name in LOCAL), *sorted(set(self.commands) - set(LOCAL))]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Causeway carries a model from a business goal to production, with the evidence attached.

    `causeway up` starts everything on this machine. The commands named after a domain (training, promotion, ...) call a
    running portal; sign in first with `causeway sign-in`, or set CAUSEWAY_ADDRESS and CAUSEWAY_TOKEN. All of them take
    --json. `causeway demo --list` says what can be looked at without data of one's own.
    """


@cli.command()
def migrate() -> None:
    """Create the database's tables, or bring them up to date."""
    from core.installation import migrate as run_migrations

    click.echo(_("The database is at {revision}.").format(revision=run_migrations(load_settings())))


@cli.command()
@click.option("--empty", is_flag=True, help="Without the demonstration.")
def up(empty: bool) -> None:
    """Start portal, worker and gateway; Ctrl-C stops them all."""
    from app.cli.processes import run_all

    sys.exit(run_all(load_settings(), with_demonstration=not empty))


@cli.command()
@click.argument("name", default="")
@click.option("--list", "lists", is_flag=True, help="What there is, and how long each takes.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def demo(name: str, lists: bool, as_json: bool) -> None:
    """Walk from data to a model that answers, on data that comes along; `--list` says which there are.

    Needs what `causeway up` has started. NAME is one of the list; without it the first is walked, the whole chain from
    a goal to an approved model in production. Each has a project of its own, and what an earlier walk has made is not
    made again.
    """
    from app.cli.processes import expect_portal
    from app.demonstration.run import listed, run_demonstration

    if lists:
        _print(listed(), as_json=as_json)
        return
    loaded = load_settings()
    if not loaded.has_database:
        raise _no_portal_here("")
    expect_portal(loaded)
    sys.exit(run_demonstration(loaded, name=name))


@cli.command()
def worker() -> None:
    """Run one worker: it makes what is wanted of jobs, endpoints and rollouts come true."""
    from core.worker import main as run_worker

    sys.exit(run_worker())


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings(as_json: bool) -> None:
    """List every setting with its value and meaning."""
    loaded = load_settings()
    rows = [
        {"setting": f"CAUSEWAY_{name.upper()}", "value": loaded.shown(name), "meaning": field.description}
        for name, field in Settings.model_fields.items()
    ]
    _print(rows, as_json=as_json)


@cli.command("sign-in")
@click.option("--as", "handle", required=True, help="The handle of a development identity, for instance mei.")
def sign_in(handle: str) -> None:
    """Choose who to be (development, on this machine only)."""
    from core.portal import build_portal

    loaded = load_settings()
    if not loaded.has_database:
        raise _no_portal_here(os.environ.get("CAUSEWAY_ADDRESS", ""))
    sessions = build_portal(loaded).sessions
    people = {person.handle: person for person in sessions.people()}
    if handle not in people:
        raise NotSignedIn(
            _("There is nobody called {handle}").format(handle=handle),
            hint=_("Choose one of: {names}.").format(names=", ".join(sorted(people))),
        )
    file = loaded.home / SESSION_FILE
    file.touch(mode=0o600)
    file.write_text(sessions.sign_in_as(people[handle].id))
    click.echo(_("You are {name} now.").format(name=people[handle].name))


def _no_portal_here(address: str) -> NotSignedIn:
    if not address:
        return NotSignedIn(_("There is no portal on this machine yet"), hint=_("Run `causeway up` first."))
    return NotSignedIn(
        _("Nobody signs in to {address} in this way: it is no portal of this machine").format(address=address),
        hint=_("Mint a token on its page People, and set CAUSEWAY_TOKEN to it."),
    )


def add_domains(group: click.Group) -> None:
    """One group for each domain, one command for each of its actions. Services may share a domain."""
    for service in Portal.service_types():
        if (domain := group.commands.get(service.domain)) is None:
            domain = click.Group(service.domain, help=(service.__doc__ or sys.modules[service.__module__].__doc__))
            group.add_command(domain)
        _add_actions(cast(click.Group, domain), service)


def _add_actions(domain: click.Group, service: type[Service]) -> None:
    for spec in service.actions():
        if not spec.is_internal:
            domain.add_command(command_of(spec))


def command_of(spec: ActionSpec) -> click.Command:
    """An action as a command: one option for each parameter."""
    fields = spec.parameters.model_fields
    options = [_option(name, field) for name, field in fields.items()]
    for option in options:
        # A file brings its name along.
        option.required &= option.name != "filename" or not spec.file
    options += [] if spec.reads else [_key_option()]
    options += [_output_option()] if spec.name in FILES else []
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")
    return click.Command(
        spec.name.partition(".")[2].replace("_", "-"),
        callback=_caller(spec),
        params=[*options, as_json],
        help=spec.help,
    )


def _option(name: str, field: FieldInfo) -> click.Option:
    kind, structured = bare(field.annotation), is_structured(field.annotation)
    types: dict[Any, click.ParamType[Any]] = {True: _Json(), False: _File() if kind is Content else click.STRING}
    return click.Option(
        [f"--{name.replace('_', '-')}", name],
        required=field.is_required(),
        help=". ".join(filter(None, (field.description, _form_of(kind) if structured else ""))) or None,
        type=types[structured],
        metavar=_metavar(kind, structured=structured),
    )


def _key_option() -> click.Option:
    return click.Option(
        ["--idempotency-key"],
        metavar="TEXT",
        help=_("Names this call: sent again with the same key it is done once. A new one where none is given."),
    )


def _output_option() -> click.Option:
    return click.Option(
        ["--output"],
        type=click.Path(path_type=Path),
        help=_("Writes what it is about to this file, or under its own name into this folder."),
    )


def _form_of(kind: Any) -> str:
    """How a value with parts is written; a list of words needs no JSON."""
    form = form_of(kind)
    is_flat = not fields_of(kind) and get_origin(kind) is not dict and not is_structured(get_args(kind)[0])
    return _("Words with commas between them, or {form}").format(form=form) if is_flat else form


class _File(click.ParamType[Any]):
    """The path of a file (a leading @ is allowed), whose bytes are sent; a folder is sent as a ZIP of its files."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(str(value).removeprefix("@"))
        if path.is_dir():
            archive = (ctx or click.get_current_context()).with_resource(TemporaryFile())  # noqa: SIM115
            write_zip(files_below(path), archive)
            return archive
        if not path.is_file():
            self.fail(f"there is no file {path}", param, ctx)
        return path


class _Json(click.ParamType[Any]):
    """JSON text, `@file` for the content of a file, or a comma-separated list of words."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = Path(value[1:]).read_text(encoding="utf-8") if str(value).startswith("@") else str(value)
        if text[:1] not in '[{"':
            return text.split(",")
        try:
            return unambiguous(text)
        except ValueError as error:
            self.fail(f"not JSON: {error}", param, ctx)


def _metavar(kind: Any, *, structured: bool) -> str:
    choices = get_args(kind)
    if choices and all(isinstance(choice, str) for choice in choices):
        return "|".join(choice for choice in choices if choice)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    names = {str: "TEXT", Content: "FILE", int: "NUMBER", float: "NUMBER", bool: "true|false"}
    return "JSON" if structured else names.get(kind, "TEXT")


def _caller(spec: ActionSpec) -> Callable[..., None]:
    def call(*, as_json: bool, idempotency_key: str | None = None, output: Path | None = None, **options: Any) -> None:
        arguments = {name: value for name, value in options.items() if value is not None}
        if output is not None:
            path = FILES[spec.name].of(_defaults(spec) | arguments)
            _print({"file": str(connect().download(path, output))}, as_json=as_json)
            return
        answer = _whole_answer(spec, arguments, key=idempotency_key or "")
        _print(answer, as_json=as_json)
        if _returns(spec, Verification) and answer["problems"]:
            sys.exit(EXIT_REFUSED)

    return call


def _defaults(spec: ActionSpec) -> dict[str, Any]:
    fields = spec.parameters.model_fields.items()
    return {name: field.default for name, field in fields if not field.is_required()}


def _returns(spec: ActionSpec, kind: type[Verification]) -> bool:
    return isinstance(spec.returns, type) and issubclass(spec.returns, kind)


def _whole_answer(spec: ActionSpec, arguments: dict[str, Any], *, key: str) -> Any:
    """What comes in parts is put together; how far it is goes to the standard error."""
    answer = request(spec, arguments, key=key)
    while _returns(spec, Part) and answer["next"]:
        click.echo(f"{answer['progress']:.0%}", err=True)
        part = request(spec, {**arguments, "after": answer["next"]})
        sums = {name: answer[name] + part[name] for name in part.keys() - Part.model_fields.keys() | {"problems"}}
        answer = part | sums
    return answer


def request(spec: ActionSpec, arguments: dict[str, Any], *, key: str = "") -> Any:
    """Calls a running portal and returns its answer. Raises the error it answers with."""
    return connect().run(spec.name, idempotency_key=key, **arguments)


def _print(answer: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
        return
    from app.cli.output import show

    show(answer)


LOCAL = tuple(cli.commands)
add_domains(cli)


def main() -> None:
    """Runs the command line; refusals are said in one line and its hint, without a traceback."""
    try:
        cli(standalone_mode=True)
    except (PortalError, Refusal) as error:
        click.echo(error.message, err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
