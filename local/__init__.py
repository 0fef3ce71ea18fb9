"""The embedded stack: Postgres, Redis and a Kafka-protocol broker from wheels, for `make run` and the tests.

A black box: it imports nothing of ours and starts our programs as anyone would, by `python -m`.
"""
