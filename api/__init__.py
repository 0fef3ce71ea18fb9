"""The read and inventory API: a separate service over the state that the rollup writes."""
