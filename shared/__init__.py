"""The floor that gateway, rollup and API stand on; it imports nothing of ours."""
