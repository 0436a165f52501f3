"""The process that reads an import: what people send is opened here and nowhere else."""

from core.compute.process import JobContext, JobFailed, run_job
from core.foundation.errors import PortalError
from core.lake.imports.job_spec import RESULT, ImportSpec
from core.lake.imports.read import Workspace, read_import


def main(context: JobContext) -> None:
    job_spec = ImportSpec.model_validate(context.payload["order"])
    workspace = Workspace(
        inputs=context.inputs,
        outputs=context.outputs,
        now=context.payload["now"],
        access=context.payload.get("access", {}),
        on_progress=lambda share, stage: context.progress(share, stage=stage),
    )
    try:
        result = read_import(job_spec, workspace)
    except PortalError as error:
        raise JobFailed(error.in_full) from error
    (context.outputs / RESULT).write_text(result.model_dump_json())


if __name__ == "__main__":
    run_job(main)
