"""Benchmarks, run by `scripts/bench`: side by side with a peer or a limit in one run, medians and ratios. No tests."""
