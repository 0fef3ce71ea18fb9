"""Ingest: the gateway that takes charger events in, and the rollup that folds them into state."""
