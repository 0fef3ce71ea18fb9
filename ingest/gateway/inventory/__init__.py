"""The charge points that there are, in memory."""
