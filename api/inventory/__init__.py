"""The road of every write: locks, one merge, the audit trail, and the way to Redis after the commit."""
