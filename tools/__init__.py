"""Clients of a running system, and generators: none of them is part of it."""
