"""What is asked of chargers: by operators over Redis, by intents of the inventory, for missing statuses."""
