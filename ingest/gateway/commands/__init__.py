"""What is asked of chargers: by operators over Redis, by wishes of the inventory, for missing statuses."""
