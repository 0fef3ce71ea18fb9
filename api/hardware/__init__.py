"""Hardware behind an id: a device swapped on purpose, a place that is no longer there."""
