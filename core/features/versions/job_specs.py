"""What can be checked of a version before its logic runs, and the job that builds it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from core.compute.values import JobSpec, Resources
from core.features.job_specs import BUILD, BuildJobSpec, SourceTable
from core.features.logic.definition import Logic
from core.features.tables import FeatureVersionRow
from core.features.values import VersionTests
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.values import Snapshot

# People's code ends sooner, in its sandbox; this is for what comes after it.
SECONDS = 3600


def source_tables(snapshots: Mapping[str, Snapshot]) -> tuple[SourceTable, ...]:
    """The tables of a query by the names it calls them."""
    return tuple(
        SourceTable(
            name=name,
            inputs=tuple(_inputs_of(name, snapshot)),
            known={column.name: column.known for column in snapshot.columns if column.known},
        )
        for name, snapshot in snapshots.items()
    )


def source_inputs(snapshots: Mapping[str, Snapshot]) -> dict[str, str]:
    return {key: digest for name, snapshot in snapshots.items() for key, digest in _inputs_of(name, snapshot).items()}


def _inputs_of(name: str, snapshot: Snapshot) -> dict[str, str]:
    """The files of a source, in their order, as inputs of a job."""
    return {f"source_{name}_{number}": file.digest for number, file in enumerate(snapshot.files)}


def build_job_spec(
    row: FeatureVersionRow | Logic,
    *,
    view: str,
    keys: Sequence[str],
    snapshots: Mapping[str, Snapshot],
    categories: Sequence[str],
    numbers: Sequence[str],
) -> BuildJobSpec:
    check_apart([*keys, row.event_time, *categories, *numbers], what=_("column"))
    return BuildJobSpec(
        view=view,
        sql=row.sql,
        sources=source_tables(snapshots),
        keys=tuple(keys),
        event_time=row.event_time,
        created_time=row.created_time,
        ttl_seconds=row.ttl_seconds,
        delay_seconds=row.delay_seconds,
        categories=tuple(categories),
        numbers=tuple(numbers),
        python=row.python,
        lookback_seconds=row.lookback_seconds,
        tests=VersionTests.model_validate(row.tests),
    )


def build_job(
    job_spec: BuildJobSpec, *, project: str, title: str, subject: str, snapshots: Mapping[str, Snapshot]
) -> JobSpec:
    """One core: versions of several views are built side by side."""
    return JobSpec(
        kind=BUILD,
        project=project,
        title=_("Build {what}").format(what=title),
        subject=subject,
        payload=job_spec.model_dump(mode="json"),
        inputs=source_inputs(snapshots),
        resources=Resources(cpus=1, memory_mb=job_spec.memory_mb, seconds=SECONDS),
    )


def check_apart(names: Sequence[str], *, what: str) -> None:
    """No name is used twice, in whatever case."""
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        raise Invalid(
            _("Two uses of the {what} {name}").format(what=what, name=repr(twice[0])),
            hint=_("Give each a name of its own, a view for instance by a prefix."),
        )
