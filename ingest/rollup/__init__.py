"""The rollup: charger events from the log into the state of every plug, exactly once."""
