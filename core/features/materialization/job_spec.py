"""What a materialization's job is asked for and what it answers: the files that cross between portal and job."""

from typing import Annotated

from pydantic import Field

from core.features.job_specs import BuildJobSpec
from core.features.values import ServedView
from core.foundation.values import Value

MATERIALIZE = "features.materialize"


class TimeWindowJobSpec(Value):
    """Rows to compute: the version's logic over the files that they depend on, kept where their event time lies in
    [from_us, to_us) and split into `parts`: days, or the one part called "", each with the digest of its sources. None
    is open."""

    build: BuildJobSpec
    parts: dict[str, str]
    from_us: int | None
    to_us: int | None


class MaterializeJobSpec(Value):
    """Compute the time windows, then put what became known after `since_us` and until `at_us`. `kept` are the parts
    that stay as they are, `replaced` those whose rows are computed again or are gone, each with the job's input that
    holds its rows. With `whole` everything is put again and what no part has is forgotten. `online` is added at
    launch."""

    view: ServedView
    stretches: tuple[TimeWindowJobSpec, ...]
    kept: dict[str, str]
    replaced: dict[str, str]
    gone: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    since_us: int | None = None
    at_us: int
    snapshots: dict[str, str]
    whole: bool = False
    memory_mb: int = 4096
    cage: bool = True
    online: str = ""


class PartResult(Value):
    """A part that was computed. Its file is `part-<name>.parquet`; an empty part has none. Times are microseconds."""

    name: str
    sources: str
    rows: int
    newest_event_us: int | None = None
    newest_known_us: int | None = None

    @property
    def file(self) -> str:
        return f"part-{self.name or 'whole'}.parquet"


class MaterializeResult(Value):
    """The parts that were computed and those that are no more, how many rows were put and how many were taken back, the
    keys that the store now has of the view, and the newest event time among the rows that were known by then."""

    at_us: int
    snapshots: dict[str, str]
    parts: tuple[PartResult, ...]
    gone: tuple[str, ...]
    put: Annotated[int, Field(ge=0)]
    withdrawn: Annotated[int, Field(ge=0)]
    keys: Annotated[int, Field(ge=0)]
    watermark_us: int | None = None
