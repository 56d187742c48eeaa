"""Verified files at rest, under their SHA-256. What lies here under a good name was proved before."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Container
from stat import S_ISREG

from ..manifests.records import FileSpec
from .layout import Layout

_BLOCK = 1 << 20
GONE = "gone"
# Too many open files or too little memory: the file is not to blame.
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def find(layouts: tuple[Layout, ...], file: FileSpec, *, besides: Container[str] = ()) -> str | None:
    """Return the path of an object of the right size, from the first store that has it.

    The size is checked, not the digest: whoever reads the bytes proves them. ``besides`` are paths that
    were found to be bad and could not be moved.
    """
    for layout in layouts:
        path = layout.object(file.sha256)
        if path in besides:
            continue
        try:
            stat = os.stat(path)
        except OSError:
            continue
        if stat.st_size == file.size and S_ISREG(stat.st_mode):
            return path
    return None


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file in hex, reading it in blocks."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def damage_of(path: str, sha256: str) -> str:
    """Return in a word why a file is not what its name says.

    Returns:
        Nothing when it is, or when this process cannot tell now; ``gone`` when there is no such file.
    """
    try:
        return "" if sha256_of(path) == sha256 else "digest-mismatch"
    except FileNotFoundError:
        return GONE
    except OSError as error:
        return "" if error.errno in _PASSING else f"unreadable-{type(error).__name__}"
