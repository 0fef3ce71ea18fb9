"""The copy in Redis: what is published, and whether readers may trust it."""
