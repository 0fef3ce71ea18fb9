"""Tokens and passwords: compared in constant time, stored salted, never given out."""
