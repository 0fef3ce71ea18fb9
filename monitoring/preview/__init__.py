"""Pictures of the dashboards and of an alert, of a system that really ran: `python -m monitoring.preview --help`."""
