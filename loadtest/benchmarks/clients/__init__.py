"""Chargers, readers and a witness that do as little as possible, so that the servers show."""
