"""A PNG file from grey pixels, with the standard library alone."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY = 0
_NO_FILTER = 0


def png(pixels: NDArray[Any]) -> bytes:
    """Return a grey picture as a PNG file.

    As in the Portable Network Graphics specification, W3C (third edition, 2025): the signature (5.2),
    the header (11.2.1) for 8 bits of grey, the rows without filter (9.2) in one zlib stream (10), the end.

    Args:
        pixels: ``(height, width)`` ``uint8``, neither of them 0, 0 black to 255 white.

    Raises:
        ValueError: the pixels have another shape or dtype.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"a picture is (height, width) uint8, not {pixels.shape} {pixels.dtype}")
    height, width = pixels.shape
    rows = np.pad(pixels, ((0, 0), (1, 0)), constant_values=_NO_FILTER)
    header = struct.pack(">IIBBBBB", width, height, 8, _GREY, 0, 0, 0)
    data = zlib.compress(rows.tobytes(), 9)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk: its length, type, data and the CRC of the last two (5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
