"""Stations and charge points: documents, lists, and their inventory one by one."""
