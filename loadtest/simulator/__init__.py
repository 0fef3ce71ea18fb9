"""Simulated chargers for demos and days on end: `python -m loadtest.simulator`."""
