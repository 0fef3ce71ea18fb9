"""Postgres and Redis: connections that notice a frozen server, and what several processes read and write there."""
