"""The way to the log."""
