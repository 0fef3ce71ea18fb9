"""What every process has: settings, logs, the admin port, the probe that asks it."""
