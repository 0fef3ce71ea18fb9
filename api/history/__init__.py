"""What was: lines of history, the numbers of now, and those over time."""
