"""Clients of a running system; none of them is part of it."""
