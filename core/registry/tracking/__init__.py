"""MLflow, the record of runs and versions for those who work with it. Here it is told what happened, and answers what
its own client asks, about the projects of the caller alone."""
