"""The Locust users, chargers and readers, and what those of one process share."""
