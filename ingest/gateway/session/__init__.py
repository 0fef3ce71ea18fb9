"""One open socket: frames in, answers out, its timers and its back-pressure."""
