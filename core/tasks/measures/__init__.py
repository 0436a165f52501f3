"""Figures with their 95 % intervals, and differences of two models on the same rows. Plain functions over arrays, which
the tasks put together."""
