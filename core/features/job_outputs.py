"""How the portal launches the jobs of features and takes in what they leave."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.compute.values import Job, JobState
from core.foundation.errors import Invalid
from core.foundation.parquet import row_count
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _

Result = TypeVar("Result", bound=BaseModel)


def sandbox_settings(settings: Settings) -> dict[str, Any]:
    """What the administrator says of people's code when the job is launched, whatever was said when it was ordered."""
    return {"cage": settings.user_code == "caged"}


def engine_settings(settings: Settings) -> dict[str, Any]:
    """The same of sandbox and engine. The cluster's address may hold a token, so it is in no database."""
    engine = {"engine": settings.feature_engine, "spark_address": settings.spark_address}
    return sandbox_settings(settings) | engine


def read_result(path: Path, result: type[Result]) -> Result:
    try:
        return result.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise Invalid(_("The job left no result that can be read")) from error


def ingest_rows(store: Store, path: Path, *, rows: int) -> str:
    """The digest of a Parquet file that is in the store now. Invalid when it is not the one the result speaks of."""
    if path.is_symlink() or not path.is_file() or row_count(path) != rows:
        raise Invalid(_("The job's file {name} is not what its result says").format(name=path.name))
    return store.put_file(path)


def cause_of(job: Job) -> str:
    """Why a job ended badly, for people."""
    return _("Cancelled.") if job.state is JobState.CANCELLED else job.cause
