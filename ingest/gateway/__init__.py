"""The gateway: chargers' websockets in, durable events out, and only then the answers."""
