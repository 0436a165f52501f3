"""Training sets: entity rows joined with feature versions, split, and examined for leakage. The join runs as a job;
the manifest it leaves is what runs learn from."""
