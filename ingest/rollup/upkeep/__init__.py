"""What is kept in order beside the log: months of history, the topic's retention, the fleet's gauges."""
