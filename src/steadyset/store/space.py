"""Whether there is room, asked before the first byte: a full disk is better met before the work than in it."""

from __future__ import annotations

import os
import shutil

from ..errors import DiskFullError


def require(place: str, size: int, what: str) -> None:
    """Refuse to begin what has no room.

    Where the system tells nothing about free space, or nothing sensible, there is room until a write fails.

    Args:
        place: a directory, which need not exist yet.
        size: bytes that will be written below it.
        what: what they are, for the message.

    Raises:
        DiskFullError: SS208, with what is needed and what is free.
    """
    free = free_bytes(place)
    if free is not None and free < size:
        raise DiskFullError(
            f"there is no room for {what}: {size:,} bytes are needed, {free:,} are free",
            evidence=[("path", place), ("needed", f"{size:,} bytes"), ("free", f"{free:,} bytes")],
        )


def free_bytes(place: str) -> int | None:
    """Return the bytes free for this user where a directory is or will be; None when that cannot be told."""
    while place and not os.path.isdir(place):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    try:
        usage = shutil.disk_usage(place or os.curdir)
    except OSError:
        return None
    return usage.free if usage.total else None  # some network file systems say that they have nothing at all
