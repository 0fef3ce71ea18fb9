"""The API's stream of changes: read by those who follow it, and by the witness of what has become visible."""
