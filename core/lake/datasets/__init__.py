"""Datasets, their snapshots and what can be read of them. A snapshot is Parquet files and a manifest of their
digests, and never changes."""
