"""Simulated chargers and benchmarks: black boxes that know the system only from outside."""
