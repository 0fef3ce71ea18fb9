"""Charge points that knock and are refused."""
