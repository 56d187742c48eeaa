from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from steadyset.show.png import png


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Read a PNG file as its specification has it, and check every CRC."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", data, at + 8 + length)
        assert crc == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (3, 257)])
def test_the_pixels_come_back(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    (ihdr, header), (idat, data), (iend, end) = chunks(png(pixels))
    assert (ihdr, idat, iend, end) == (b"IHDR", b"IDAT", b"IEND", b"")
    assert struct.unpack(">IIBBBBB", header) == (shape[1], shape[0], 8, 0, 0, 0, 0)
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape[0], shape[1] + 1)
    assert not rows[:, 0].any()
    assert np.array_equal(rows[:, 1:], pixels)


def test_what_is_not_in_one_piece_is_written_all_the_same() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)[::2, ::-1]
    assert png(pixels) == png(pixels.copy())


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2)), np.zeros((2, 2, 3), np.uint8), np.zeros((0, 2), np.uint8), np.zeros(4, np.uint8)]
)
def test_anything_else_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        png(pixels)
