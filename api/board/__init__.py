"""The status board: the whole network in one answer, and the page that shows it."""
