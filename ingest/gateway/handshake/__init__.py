"""Who may come in: from the first byte of a socket to the upgrade."""
