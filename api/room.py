"""What a room gives: its routes, those that read apart from those that write."""

from fastapi import APIRouter


class Room:
    """The routes of one feature under ``prefix``; without ``writes`` the API is one that only reads."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.reads = APIRouter(prefix=prefix, tags=[tag])
        self.writes = APIRouter(prefix=prefix, tags=[tag])
