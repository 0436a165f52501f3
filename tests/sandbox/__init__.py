"""Tests of the sandbox: what people write can do its work and nothing else."""
