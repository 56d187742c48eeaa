"""What lies beside a file's place under other names: unfinished downloads, other packings, copies moved aside.

None of it hurts while the file itself is right. Where it is not, these names tell how that came to be.
"""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple

# Browsers, curl and wget, aria2, download managers; wget numbers a second download; the last are steadyset's own.
_UNFINISHED = re.compile(r"\.(?:part|partial|incomplete|crdownload|download|aria2|tmp|\d{1,2}|\d+-[0-9a-f]{8}\.tmp)")
_YOUNG = 600.0  # seconds; somebody may be writing to it


class Beside(NamedTuple):
    """One thing beside a place: its path, the code for it and what it is, as ``NAME is …`` goes on."""

    path: str
    code: str
    what: str


def beside(path: str) -> list[Beside]:
    """Return what lies beside a place and would have been the file there, by name."""
    folder, name = os.path.split(path)
    try:
        listed = sorted(os.listdir(folder))
    except OSError:
        return []
    variants = _variants(name)
    found = []
    for other in listed:
        where = os.path.join(folder, other)
        if other.startswith(name) and _UNFINISHED.fullmatch(other[len(name) :]):
            if _is_old(where):
                found.append(Beside(where, "SS202", f"an unfinished copy of {name}"))
        elif other in variants:
            found.append(Beside(where, *variants[other]))
    return found


def was_moved_aside(path: str) -> bool:
    """Whether a bad copy was moved aside here and nothing put in its place: a healing that was interrupted."""
    folder, name = os.path.split(path)
    try:
        return any(other.startswith(f"{name}.corrupt-") for other in os.listdir(folder))
    except OSError:
        return False


def _variants(name: str) -> dict[str, tuple[str, str]]:
    """Return the names that unpacking, packing and saving give a file, with a code and what they are."""
    packed = ("SS205", f"{name} packed once more")
    found = {f"{name}.gz": packed, f"{name}.zip": packed, f"{name}.html": ("SS204", f"a page saved as {name}")}
    if name.endswith(".gz"):
        plain = name.removesuffix(".gz")
        found[plain] = ("SS211", f"{name}, unpacked")
        # 7-Zip gives it the name that the gzip header holds: train-images.idx3-ubyte (RFC 1952, 2.3.1, FNAME)
        found[re.sub(r"-(idx\d-)", r".\1", plain)] = ("SS211", f"{name}, unpacked")
    return found


def _is_old(path: str) -> bool:
    try:
        return time.time() - os.lstat(path).st_mtime > _YOUNG
    except OSError:
        return False
