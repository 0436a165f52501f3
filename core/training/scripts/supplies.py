"""What a script needs beside the tables, supplied by the worker: the tree of its code, which git fetches with what the
worker alone knows, and where and within which limits its libraries are installed."""

from functools import partial
from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from core.foundation.source_trees.archives import tree_of
from core.foundation.source_trees.git import GitAccess, access_of, fetch, refuse_repository, refuse_revision
from core.foundation.source_trees.trees import TreeLimits
from core.foundation.storage import Store
from core.foundation.text import _
from core.foundation.values import Value
from core.training.scripts.script_params import ScriptParams

LIMITS = TreeLimits()
ENVIRONMENTS = "script-environments"


class Supplies(Value):
    """`tree` is the file with the code, `digest` its SHA-256, and `commit` where it comes from; the rest says how
    libraries are installed and how much the program may take."""

    tree: str = ""
    digest: str = ""
    commit: str = ""
    environments: str
    index: str
    environment_mb: int
    install_seconds: float
    files_mb: int
    sandboxed: bool


def supply(params: ScriptParams, *, store: Store, settings: Settings) -> Supplies:
    """Raises Invalid where the code may not be fetched or is not there, Unavailable where nobody answers."""
    supplies = Supplies(
        environments=str(settings.home / ENVIRONMENTS),
        index=settings.script_index,
        environment_mb=settings.script_environment_mb,
        install_seconds=settings.script_install_seconds,
        files_mb=settings.script_files_mb,
        sandboxed=settings.user_code == "caged",
    )
    if not params.repository:
        return supplies
    fetched = fetch(params.repository, revision=params.commit, access=access_in(settings), limits=LIMITS)
    digest = store.put_bytes(fetched.tree)
    tree = str(store.verified_path(digest))
    return supplies.model_copy(update={"tree": tree, "digest": digest, "commit": fetched.commit})


def refuse_source(params: ScriptParams, *, has_archive: bool, settings: Settings) -> None:
    """Invalid where there is no code, or it comes from where nothing is fetched."""
    if has_archive and params.repository:
        raise Invalid(_("The code is in a repository or in an archive, not in both"), field="params.repository")
    if params.repository:
        refuse_repository(params.repository, access=access_in(settings))
        refuse_revision(params.commit)
    elif not has_archive:
        raise Invalid(
            _("There is no code to run"),
            hint=_("Name a repository and a commit, or upload an archive."),
            field="params.repository",
        )


def access_in(settings: Settings) -> GitAccess:
    return access_of(
        hosts=settings.git_hosts,
        credentials=settings.git_credentials.get_secret_value(),
        folder=settings.git_folder,
        authorities=settings.git_authorities,
    )


# An archive that somebody sends, as the tree that a job gets.
tree_in = partial(tree_of, limits=LIMITS)


def refuse_no_entry(code: Path, *, entry_point: str) -> None:
    """Invalid where the code has no such file or module."""
    path, colon, _function = entry_point.partition(":")
    module = path.replace(".", "/")
    places = [f"{module}.py", f"{module}/__init__.py"] if colon else [path]
    if not any((code / place).is_file() for place in places):
        names = sorted(file.name for file in code.iterdir())
        raise Invalid(
            _("The code has no {name}").format(name=places[0]),
            hint=_("It has: {names}.").format(names=", ".join(names)[:300]),
            field="params.entry_point",
        )
