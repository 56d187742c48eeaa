"""The pen: soft round stamps laid along the strokes, kept by maximum, as ink that touches itself grows no darker.

A stamp is seven rows of two 8-byte words. It is stored for every horizontal phase within a word, so that stamping reads
and writes aligned words instead of single pixels: fourteen memory accesses in place of forty-nine.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIDE = 28
LEVELS = 24
"""Thicknesses the pen comes in."""

THINNEST, THICKEST = 0.7, 2.3
"""Radius at half ink of the first and the last level, in pixels."""

SOFTNESS = 0.7
"""Half the width of the edge over which ink fades out, in pixels; radius plus softness may reach 3."""

_PHASES = 4
"""Subpixel positions per pixel, in each direction."""

_ROWS, _EDGE, _MARGIN = 7, 32, 2
"""Rows of a stamp; bytes in a canvas row, and rows in a canvas; where the picture lies in it, from the top and left."""

_WORDS = _EDGE // 8


def level_of(radius: NDArray[np.float32]) -> NDArray[np.int64]:
    """Find the pen nearest to a radius in pixels: any shape, int64 in [0, LEVELS)."""
    steps = (radius - np.float32(THINNEST)) * np.float32((LEVELS - 1) / (THICKEST - THINNEST))
    return _hold(np.rint(steps), LEVELS - 1)


@cache
def _stamps() -> NDArray[np.uint64]:
    """Draw every stamp: shape (LEVELS * 4 vertical * 32 horizontal positions, 14), uint64 words of 8 pixels."""
    stamps = np.zeros((LEVELS, _PHASES, 8 * _PHASES, _ROWS, 16), dtype=np.uint8)
    thicker = np.arange(LEVELS, dtype=np.float64) * ((THICKEST - THINNEST) / (LEVELS - 1))
    reach = (thicker + (THINNEST + SOFTNESS)).reshape(-1, 1, 1)
    offsets = np.arange(_ROWS, dtype=np.float64) - float(_ROWS // 2)
    for down in range(_PHASES):
        for right in range(_PHASES):
            y = (offsets - (down + 0.5) / _PHASES + 0.5).reshape(-1, 1)
            x = offsets - (right + 0.5) / _PHASES + 0.5
            ink = (reach - np.sqrt(x * x + y * y)) / (2.0 * SOFTNESS)
            pixels = np.rint(np.minimum(np.maximum(ink, 0.0), 1.0) * 255.0).astype(np.uint8)
            for column in range(8):
                stamps[:, down, column * _PHASES + right, :, column : column + _ROWS] = pixels
    return stamps.reshape(-1, _ROWS * 16).view(np.uint64)


def stamp(x: NDArray[np.float32], y: NDArray[np.float32], level: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Draw a batch of images from the points their pens visit.

    Args:
        x: Columns of the pen points, in pixels of the picture (0 is the centre of the first), shape (points, n).
        y: Rows of the pen points, in the same way.
        level: Thickness of the pen at each point, shape (points, n), int64.

    Returns:
        The pictures, shape (n, 28, 28), uint8, 255 is full ink.
    """
    count = x.shape[1]
    right = _subpixels(x)
    down = _subpixels(y)
    word = right // (8 * _PHASES)
    which = (level * _PHASES + down % _PHASES) * (8 * _PHASES) + right % (8 * _PHASES)
    corner = np.arange(count, dtype=np.int64) * (_EDGE * _WORDS) + (down // _PHASES) * _WORDS + word
    window = (np.arange(_ROWS, dtype=np.int64)[:, None] * _WORDS + np.arange(2, dtype=np.int64)).reshape(-1)
    canvas, stamps = np.zeros(count * _EDGE * _WORDS + 1, dtype=np.uint64), _stamps()
    for point in range(len(x)):
        cells = corner[point][:, None] + window
        ink = canvas[cells].view(np.uint8)
        np.maximum(ink, stamps[which[point]].view(np.uint8), out=ink)
        canvas[cells] = ink.view(np.uint64)
    pictures = canvas[:-1].view(np.uint8).reshape(count, _EDGE, _EDGE)
    return pictures[:, _MARGIN : _MARGIN + SIDE, _MARGIN : _MARGIN + SIDE]


def _subpixels(at: NDArray[np.float32]) -> NDArray[np.int64]:
    """Turn pixel positions into whole subpixels of the canvas at which a stamp begins, held inside the canvas."""
    steps = np.floor((at + np.float32(_MARGIN - _ROWS // 2 + 0.5)) * np.float32(_PHASES))
    return _hold(steps, (_EDGE - _ROWS + 1) * _PHASES - 1)


def _hold(steps: NDArray[np.float32], last: int) -> NDArray[np.int64]:
    """Hold whole numbers between 0 and ``last``."""
    return np.minimum(np.maximum(steps, np.float32(0)), np.float32(last)).astype(np.int64)
