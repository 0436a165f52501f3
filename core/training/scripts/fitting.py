"""One run of a script: its code is unpacked, its libraries are installed, it runs in the sandbox, and what it left is
read."""

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.compute.process import JobFailed
from core.foundation.errors import Invalid
from core.foundation.source_trees.trees import unpack
from core.foundation.text import _
from core.sandbox.limits import Limits, Stopped
from core.sandbox.programs.running import Program, run_program
from core.training.recipe import FitContext
from core.training.scripts.environments import installed
from core.training.scripts.exchange import read_output, write_input
from core.training.scripts.fitted_script import FittedScript
from core.training.scripts.lock_file import Requirements, requirements_in
from core.training.scripts.script_params import ScriptParams, arguments_in
from core.training.scripts.served_model import Wanted
from core.training.scripts.supplies import Supplies, refuse_no_entry
from core.training.scripts.tracked import tracked_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from core.features.values import FeatureContract

# What the portal itself needs beside the script's process, in MB.
OWN_MEMORY_MB = 1_024
INSTALLED_SHARE = 0.1


class Prepared(NamedTuple):
    """The rows as they are: a script prepares them itself."""

    tables: "Mapping[str, pa.Table]"
    contract: "FeatureContract"


class Places(NamedTuple):
    """The folders of one run."""

    code: Path
    input: Path
    writable: Path

    @property
    def output(self) -> Path:
        return self.writable / "output"

    @property
    def tracking(self) -> Path:
        return self.writable / "mlruns"


def fit_script(context: FitContext) -> FittedScript:
    """JobFailed says in words what was wrong with the code, or with what it left."""
    supplies = Supplies.model_validate(context.supplies)
    try:
        with _places(context) as places:
            return _fit(context, places, supplies=supplies)
    except Stopped:
        return _stopped()
    except Invalid as error:
        raise JobFailed(error.in_full) from error


def _fit(context: FitContext, places: Places, *, supplies: Supplies) -> FittedScript:
    prepared, params = context.prepared, context.params
    unpack(Path(supplies.tree), into=places.code)
    refuse_no_entry(places.code, entry_point=params.entry_point)
    requirements = requirements_in(places.code, index=supplies.index)
    wanted = Wanted(prepared.contract, context.target)
    given = {"seed": context.seed, "threads": context.threads, "arguments": arguments_in(params.arguments)}
    write_input(places.input, tables=prepared.tables, contract=prepared.contract, target=context.target, params=given)
    context.progress(0.0, None)
    with _libraries(context, places, requirements, supplies=supplies) as libraries:
        context.progress(INSTALLED_SHARE, None)
        _run(context, places, libraries=libraries, supplies=supplies)
    results = read_output(places.output, tables=prepared.tables, target=context.target)
    return FittedScript(
        results,
        tables=prepared.tables,
        wanted=wanted,
        tracked=tracked_in(places.tracking),
        environment=_environment(params, supplies, requirements),
    )


@contextmanager
def _places(context: FitContext) -> "Iterator[Places]":
    """New folders, which go when the block ends."""
    assert context.checkpoints is not None  # A script runs in a job.
    folder = context.checkpoints / "script"
    shutil.rmtree(folder, ignore_errors=True)
    places = Places(folder / "code", folder / "input", folder / "writable")
    for path in (places.code, places.output, places.writable / "temporary"):
        path.mkdir(parents=True)
    try:
        yield places
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _libraries(context: FitContext, places: Places, requirements: Requirements | None, *, supplies: Supplies) -> Any:
    """Without requirements of its own it has the portal's."""
    if requirements is None:
        return nullcontext(Path(sysconfig.get_path("purelib")))
    return installed(places.code, requirements, supplies=supplies, show=_show, stop=context.should_stop)


def _run(context: FitContext, places: Places, *, libraries: Path, supplies: Supplies) -> None:
    params = context.params
    program = Program(
        code=places.code,
        entry=params.entry_point,
        libraries=[libraries],
        readable=[places.input],
        writable=places.writable,
        environment=_variables(places),
    )
    run_program(
        program,
        limits=Limits(
            seconds=60.0 * params.minutes,
            memory_mb=params.memory_gb * 1024 - OWN_MEMORY_MB,
            threads=context.threads,
            sandboxed=supplies.sandboxed,
        ),
        files_mb=supplies.files_mb,
        # Where on this machine it lies is nothing to people.
        show=lambda text: _show(text.replace(f"{places.code}/", "")),
        stop=context.should_stop,
    )


def _variables(places: Places) -> dict[str, str]:
    temporary = str(places.writable / "temporary")
    return {
        "CAUSEWAY_INPUT": str(places.input),
        "CAUSEWAY_OUTPUT": str(places.output),
        "MLFLOW_TRACKING_URI": places.tracking.as_uri(),
        # Its store of files is what can be read without loading anything.
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HOME": temporary,
        "TMPDIR": temporary,
        "MPLCONFIGDIR": temporary,
    }


def _environment(params: ScriptParams, supplies: Supplies, requirements: Requirements | None) -> dict[str, str]:
    """Which code it was, and with what."""
    known = {
        "repository": params.repository,
        "commit": supplies.commit,
        "source": supplies.digest,
        "entry point": params.entry_point,
        "requirements": requirements.digest if requirements else "",
        "packages": str(len(requirements.packages)) if requirements else _("the portal's own"),
    }
    return {name: text for name, text in known.items() if text}


def _stopped() -> FittedScript:
    fitted = FittedScript.__new__(FittedScript)
    fitted.metrics, fitted.stopped = {}, True
    return fitted


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
