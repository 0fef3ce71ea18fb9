"""The floor of all rooms: what happens to every request, whatever it asks for."""
