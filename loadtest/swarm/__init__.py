"""The load test by Locust: `loadtest/locustfile.py` puts it together, `loadtest/README.md` says how to use it.

Nothing here is imported by the simulator or the benchmarks: importing Locust patches the whole process.
"""
