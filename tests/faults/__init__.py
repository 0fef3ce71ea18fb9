"""The ledger: chargers that keep a book of what was acknowledged, a system under faults, and the reckoning."""
