"""Benchmarks that anyone can repeat: `python -m loadtest.benchmarks NAME`."""
