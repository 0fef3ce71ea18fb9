"""How long lists, history and statistics take, by size: `python -m loadtest.list_latency`."""
