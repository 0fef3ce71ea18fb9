"""The routes under ``/v1``: one resource a file, those that read apart from those that write."""
