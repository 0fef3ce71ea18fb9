"""The inventory as a file: import and export."""
