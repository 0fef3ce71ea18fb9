"""What events make of a charge point. Pure: no clock, no socket, no database."""
