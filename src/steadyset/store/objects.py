"""Verified files at rest, under their SHA-256. What lies here under a good name was proved before."""

from __future__ import annotations

import hashlib
import os

from ..manifests.records import FileSpec
from .layout import Layout

_BLOCK = 1 << 20


def find(layouts: tuple[Layout, ...], file: FileSpec) -> str | None:
    """Return the path of an object of the right size, from the first store that has it.

    The size is checked, not the digest: whoever reads the bytes proves them.
    """
    for layout in layouts:
        path = layout.object(file.sha256)
        try:
            stat = os.stat(path)
        except OSError:
            continue
        if stat.st_size == file.size:
            return path
    return None


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file in hex, reading it in blocks."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
