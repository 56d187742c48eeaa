"""The demonstration: real failures on a server of our own, and what becomes of them. Wholly offline."""

from .playing import play

__all__ = ["play"]
