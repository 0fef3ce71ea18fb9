"""State in Postgres: its rows, the one transaction of a batch, who is marked OFFLINE."""
