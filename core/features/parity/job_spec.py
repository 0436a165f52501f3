"""What a parity check of the online store is asked for and what it answers."""

from core.features.job_specs import BuildJobSpec
from core.features.materialization.values import FeatureParityReport
from core.features.values import ServedView
from core.foundation.values import Value

FEATURE_PARITY = "features.parity"
REPORT = "report.json"


class ParityJobSpec(Value):
    """Compares up to `rows` keys, drawn by `seed`, at the instant `at_us`, or where that is None at the newest instant
    of the rows that is not after `now_us`. The offline rows are built anew by `build`; `parts` are the job's inputs
    with the rows that were put online until `as_of_us`, `others` those with the rows of other versions of the view.
    `online` is added at launch."""

    build: BuildJobSpec
    view: ServedView
    version_digest: str
    snapshots: dict[str, str]
    parts: tuple[str, ...]
    others: tuple[str, ...]
    rows: int
    seed: int
    at_us: int | None
    now_us: int
    watermark_us: int | None
    as_of_us: int | None = None
    memory_mb: int = 4096
    cage: bool = True
    online: str = ""


class ParityResult(Value):
    """The report, whose digest the taker makes."""

    report: FeatureParityReport
