"""Benchmarks: each a figure beside its rival in the same run."""
