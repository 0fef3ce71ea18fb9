"""What the API's stream shows, and which statuses are still waited for. Pure: no socket, no clock."""
